import { PLAYBOOK_IDS, RUN_STATES, runPageSchema, TRIGGERS } from '@openclaw-fleet/contract';
import type { Run } from '@openclaw-fleet/contract';
import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { findTarget } from '../find-target.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import { table } from '../terminal/table.ts';
import type { Cell, Column } from '../terminal/table.ts';
import { age, toned } from '../terminal/words.ts';
import {
  filterOptions,
  filterQuery,
  moreNotice,
  PAGE_OPTIONS,
  PAGE_USAGE,
  pages,
  printJson,
  printView,
  viewArguments,
} from '../view.ts';
import { namesOf } from './repair.ts';
import { marksOf, RUN_TONES } from './words.ts';

const FILTERS = ['state', 'playbook', 'trigger', 'batch'] as const;

const COLUMNS: readonly Column[] = [
  { title: 'RUN' },
  { title: 'STATE' },
  { title: 'AGE', align: 'right' },
  { title: 'TARGET', least: 10 },
  { title: 'PLAYBOOK', optional: true },
  { title: 'FAULT', optional: true },
  { title: 'BY', least: 8, optional: true },
  { title: 'WHY', wraps: true, least: 20 },
];

function row(run: Run, name: (id: string) => string, nowMs: number): Cell[] {
  const { id, targetId, playbook, fault, state, createdAt, trigger, requestedBy, reason } = run;
  const by = trigger === 'manual' ? requestedBy : `${requestedBy} (${trigger})`;
  const why = [...marksOf(run), reason].join('; ');
  return [id, toned(state, RUN_TONES), age(createdAt, nowMs), name(targetId), playbook, fault, by, why];
}

export const runs: Command = {
  name: 'runs',
  summary: 'list repairs of a running fleet, the newest first, refused ones among them',
  usage: [
    `[--state <${RUN_STATES.join('|')}>]  may be given several times`,
    `[--target <id or name>] [--playbook <${PLAYBOOK_IDS.join('|')}>] [--trigger <${TRIGGERS.join('|')}>] [--batch <id>]`,
    ...PAGE_USAGE,
    ...CONNECTION_USAGE,
  ],
  async run(args, context) {
    const options = { ...filterOptions(FILTERS), target: { type: 'string' }, ...PAGE_OPTIONS } as const;
    const { values, client } = viewArguments(args, context, options);
    const target = values.target === undefined ? undefined : (await findTarget(client, values.target)).id;
    const query = { ...filterQuery(FILTERS, values), target };
    const { body, nowMs } = await pages(values, (page) =>
      client.get('/fleet/remediations/runs', runPageSchema, { ...query, ...page })
    );
    if (values.json) printJson(context, body);
    else {
      const name = await namesOf(
        client,
        body.items.map(({ targetId }) => targetId)
      );
      await printView(client, context, body, (page) =>
        page.items.length === 0
          ? ['No repair matches.']
          : [
              table(
                COLUMNS,
                page.items.map((each) => row(each, name, nowMs)),
                context.screen
              ),
              ...moreNotice(page),
            ]
      );
    }
    return EXIT.fine;
  },
};
