import { randomUUID } from 'node:crypto';
import { batchSchema, dryRunSchema, idempotencyKeySchema, PLAYBOOK_IDS, runSchema } from '@openclaw-fleet/contract';
import type { DryRun, FleetTarget, PlaybookId } from '@openclaw-fleet/contract';
import { need, oneOf, UsageError } from '../command.ts';
import type { Command, Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { findTarget, pathOf } from '../find-target.ts';
import type { ApiClient, PostOptions } from '../remote/client.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import { printable, printableAll } from '../terminal/text.ts';
import { notices, printJson, viewArguments } from '../view.ts';
import { REPAIR_EXIT_USAGE, show } from './following.ts';
import { dryRunLines } from './plan-lines.ts';
import { explained } from './refusals.ts';
import { namesOf, readBatch, readRun, targetsOf } from './repair.ts';
import type { Repair } from './repair.ts';

const HELD_BACK = 1;

/** What is asked for: where, and with which body. */
interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
  /** How it is called in commands; null: several targets. */
  readonly target: string | null;
}

interface Selected {
  readonly targets: readonly FleetTarget[];
  readonly selector: Readonly<Record<string, string[]>>;
  readonly playbook: PlaybookId | undefined;
  readonly reason: string;
}

/** @throws UsageError when it is not said for what, or in two ways */
function asked({ targets, selector, playbook, reason }: Selected): Asked {
  const chosen = Object.keys(selector).length > 0;
  if (chosen && targets.length > 0) throw new UsageError('targets go without --zone, --tag and --profile');
  const [only] = targets;
  if (!chosen && only === undefined) throw new UsageError('a target is missing, or one of --zone, --tag and --profile');
  const why = { reason, ...(playbook !== undefined && { playbook }) };
  if (only !== undefined && targets.length === 1)
    return { path: `${pathOf(only.id)}/reconcile`, body: why, target: printable(only.name) };
  if (playbook === undefined)
    throw new UsageError(`--playbook is missing: several targets are repaired by one of ${PLAYBOOK_IDS.join(', ')}`);
  const which = chosen ? { selector } : { targetIds: [...new Set(targets.map(({ id }) => id))] };
  return { path: '/fleet/remediations/batches', body: { ...why, ...which }, target: null };
}

async function dryRun(client: ApiClient, context: Context, { path, body }: Asked, json: boolean): Promise<number> {
  const { body: answer } = await client.post(path, { ...body, dryRun: true }, dryRunSchema);
  if (json) printJson(context, answer);
  else {
    const name = await namesOf(client, targetsOf(answer.plan));
    const saying = { screen: context.screen, nowMs: context.nowMs, name };
    context.print([...(await notices(client)), ...dryRunLines(printableAll(answer), saying)].join('\n'));
  }
  return dryRunExit(answer);
}

function dryRunExit({ plan, refusals }: DryRun): number {
  if (refusals.length > 0) return HELD_BACK;
  return plan.approvalsNeeded > 0 ? EXIT.attention : EXIT.fine;
}

/** Asks for it. The key is said before, since after a broken connection it is the only way to ask for the same. */
async function request(
  client: ApiClient,
  context: Context,
  { path, body, target }: Asked,
  key: string
): Promise<Repair> {
  context.warn(`Idempotency-Key: ${key}`);
  const options: PostOptions = {
    headers: { 'idempotency-key': key },
    again: `Ask again with --idempotency-key ${key}: nothing is done twice.`,
  };
  const repeated = (status: number): void => {
    if (status === 200) context.warn('This key asked for it before: it is the same repair, and nothing new began.');
  };
  if (target !== null) {
    const { body: made, status } = await client.post(path, body, runSchema, options);
    repeated(status);
    return readRun(client, made.id);
  }
  const { body: made, status } = await client.post(path, body, batchSchema, options);
  repeated(status);
  return readBatch(client, made.id);
}

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

export const reconcile: Command = {
  name: 'reconcile',
  summary: 'ask for a repair of one target or of several',
  usage: [
    '<target>...                    ids or names; several become one batch: canaries first, then waves',
    '[--zone <zone>] [--tag <tag>] [--profile <id>]  instead of targets: those of them with a fault of the playbook',
    `[--playbook <${PLAYBOOK_IDS.join('|')}>]  of one target: the one that its worst fault suggests`,
    '--reason <text>                why, for the audit and whoever approves',
    '[--dry-run]                    the plan, and what would hold it back; exits with 0 (would begin), 3 (would wait for approvals) or 1 (held back)',
    '[--follow]                     until it ends',
    '[--idempotency-key <key>]      of a request whose answer was lost; it is made and printed on stderr without it',
    ...CONNECTION_USAGE,
    REPAIR_EXIT_USAGE,
  ],
  async run(args, context) {
    const options = {
      playbook: text,
      reason: text,
      zone: texts,
      tag: texts,
      profile: texts,
      'dry-run': flag,
      follow: flag,
      'idempotency-key': text,
    } as const;
    const { values, positionals, client } = viewArguments(args, context, options, ['[<target>...]'], {
      role: 'operator',
      person: false,
    });
    const { zone, tag, profile, json = false, follow = false } = values;
    const reason = need(values.reason, 'reason');
    const playbook = values.playbook === undefined ? undefined : oneOf(values.playbook, PLAYBOOK_IDS, 'playbook');
    const key = values['idempotency-key'] ?? randomUUID();
    const wrong = idempotencyKeySchema.safeParse(key).error?.issues[0];
    if (wrong !== undefined) throw new UsageError(`--idempotency-key ${wrong.message}`);
    const targets: FleetTarget[] = [];
    for (const reference of positionals) targets.push(await findTarget(client, reference));
    const selector = { ...(zone && { zone }), ...(tag && { tag }), ...(profile && { profile }) };
    const what = asked({ targets, selector, playbook, reason });
    try {
      if (values['dry-run']) return await dryRun(client, context, what, json);
      return await show(client, context, await request(client, context, what, key), { json, follow, evidence: false });
    } catch (error) {
      throw explained(error, what.target);
    }
  },
};
