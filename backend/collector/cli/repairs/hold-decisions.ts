import { fleetTargetSchema, holdListSchema, holdSchema, PLAYBOOK_IDS } from '@openclaw-fleet/contract';
import type { Role } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { need, oneOf } from '../command.ts';
import type { Command } from '../command.ts';
import { findTarget, pathOf } from '../find-target.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import { printable } from '../terminal/text.ts';
import { printJson, viewArguments } from '../view.ts';

/** One decision about a target, or about all, that has a reason and an address of its own. */
interface Decision {
  readonly name: string;
  readonly summary: string;
  readonly role: Role;
  /** Only a person may. */
  readonly person?: true;
  /** What the API answers; null: nothing. */
  readonly answer: z.ZodType | null;
  /** Says that it is done. @param target null: all */
  readonly done: (target: string | null) => string;
  /** It can be for everything too, at `/fleet/<name>`. */
  readonly all?: true;
  /** It may be for one fault alone. */
  readonly fault?: true;
}

const text = { type: 'string' } as const;
const REASON_USAGE = '--reason <text>  why, for the audit';

function decisionCommand({ name, summary, role, person, answer, done, all, fault }: Decision): Command {
  const target = all ? '[<id or name>]' : '<id or name>';
  return {
    name,
    summary,
    usage: [
      `${target.padEnd(15)}  as targets shows it${all ? '; without it all' : ''}`,
      ...(fault ? ['[--fault <fault>] one alone, such as drift.config'] : []),
      REASON_USAGE,
      ...CONNECTION_USAGE,
    ],
    async run(args, context) {
      const options = { reason: text, ...(fault && { fault: text }) };
      const needed = { role, person: person === true };
      const { values, positionals, client } = viewArguments(args, context, options, [target], needed);
      const body = {
        reason: need(values.reason, 'reason'),
        ...(values.fault !== undefined && { fault: values.fault }),
      };
      const [reference] = positionals;
      const found = reference === undefined ? null : await findTarget(client, reference);
      const path = found === null ? `/fleet/${name}` : `${pathOf(found.id)}/${name}`;
      const { body: answered } = await client.post<unknown>(path, body, answer);
      if (!values.json) context.print(done(found === null ? null : printable(found.name)));
      else if (answer !== null) printJson(context, answered);
    },
  };
}

const WHO = 'all repairs';

const closeBreaker: Command = {
  name: 'close-breaker',
  summary: 'close the breaker of a playbook that helped too rarely on a fault',
  usage: [
    '<playbook>       as holds shows it',
    '<fault>          as holds shows it',
    REASON_USAGE,
    ...CONNECTION_USAGE,
  ],
  async run(args, context) {
    const { values, positionals, client } = viewArguments(args, context, { reason: text }, ['<playbook>', '<fault>'], {
      role: 'approver',
      person: true,
    });
    const [given = '', fault = ''] = positionals;
    const playbook = oneOf(given, PLAYBOOK_IDS, 'playbook');
    const body = { playbook, fault, reason: need(values.reason, 'reason') };
    const { body: left } = await client.post('/fleet/breakers/close', body, holdListSchema);
    if (values.json) printJson(context, left);
    else context.print(`Closed: ${playbook} is tried on ${fault} again, and what it did before is counted no more.`);
  },
};

/** What people decide about what holds repairs back, and about a target. */
export const HOLD_DECISIONS: readonly Command[] = [
  ...(
    [
      {
        name: 'pause',
        summary: 'let no repair begin, of a target or of all; what runs finishes',
        role: 'operator',
        answer: holdSchema,
        all: true,
        done: (target) =>
          `Paused ${target ?? WHO}: nothing new begins. It ends with openclaw-fleet resume ${target === null ? '' : `${target} `}--reason <why>`,
      },
      {
        name: 'resume',
        summary: 'end a pause, of a target or of all',
        role: 'operator',
        answer: holdListSchema,
        all: true,
        done: (target) =>
          `Resumed ${target ?? WHO}. What else holds back: openclaw-fleet holds${target === null ? '' : ` --target ${target}`}`,
      },
      {
        name: 'cordon',
        summary: 'keep automation and routers off a target; it is still watched',
        role: 'operator',
        answer: holdSchema,
        done: (target) =>
          `Cordoned ${target ?? ''}. It ends with openclaw-fleet uncordon ${target ?? ''} --reason <why>`,
      },
      {
        name: 'uncordon',
        summary: 'end the cordon of a target',
        role: 'operator',
        answer: holdListSchema,
        done: (target) => `Uncordoned ${target ?? ''}: automation and routers have it again.`,
      },
      {
        name: 'clear-quarantine',
        summary: 'clear the quarantine of a target, once it is known why its repairs did not help',
        role: 'approver',
        person: true,
        answer: holdListSchema,
        fault: true,
        done: (target) => `Cleared the quarantine of ${target ?? ''}: its attempts are counted anew.`,
      },
      {
        name: 'lift-isolation',
        summary: 'lift the isolation of a target, for the critical drift that is open now',
        role: 'approver',
        person: true,
        answer: fleetTargetSchema,
        done: (target) => `Lifted the isolation of ${target ?? ''}; a new critical drift isolates it again.`,
      },
      {
        name: 'retire',
        summary: 'manage a target no more: nothing is told of it, and nothing is done to it',
        role: 'approver',
        answer: null,
        done: (target) =>
          `Retired ${target ?? ''}. It ends with openclaw-fleet reinstate ${target ?? ''} --reason <why>`,
      },
      {
        name: 'reinstate',
        summary: 'manage a retired target again',
        role: 'approver',
        answer: null,
        done: (target) => `Reinstated ${target ?? ''}: it is judged by what it reports from now on.`,
      },
    ] satisfies Decision[]
  ).map(decisionCommand),
  closeBreaker,
];
