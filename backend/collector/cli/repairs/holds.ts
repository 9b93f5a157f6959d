import { HOLD_KINDS, holdListSchema } from '@openclaw-fleet/contract';
import type { Hold, HoldKind } from '@openclaw-fleet/contract';
import type { Command, Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { findTarget } from '../find-target.ts';
import type { ApiClient } from '../remote/client.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import type { Tone } from '../terminal/screen.ts';
import { table } from '../terminal/table.ts';
import type { Cell, Column } from '../terminal/table.ts';
import { age, toned } from '../terminal/words.ts';
import { filterOptions, filterQuery, printJson, printView, viewArguments } from '../view.ts';
import { namesOf } from './repair.ts';

const HOLD_TONES: Readonly<Record<HoldKind, Tone>> = {
  pause: 'bad',
  cordon: 'notice',
  quarantine: 'worst',
  breaker: 'worst',
};

const COLUMNS: readonly Column[] = [
  { title: 'HOLD' },
  { title: 'TARGET', least: 10 },
  { title: 'OF', least: 12 },
  { title: 'FOR', align: 'right' },
  { title: 'BY', least: 10 },
  { title: 'WHY', wraps: true, least: 20 },
];

/** What holds repairs back, as a table. Its text must be safe to print. */
export function holdTable(
  holds: readonly Hold[],
  name: (id: string) => string,
  { screen, nowMs }: Pick<Context, 'screen' | 'nowMs'>
): string {
  const rows = holds.map(({ kind, targetId, subject, reason, by, since }): Cell[] => [
    toned(kind, HOLD_TONES),
    targetId === null ? 'all' : name(targetId),
    subject ?? '',
    age(since, nowMs),
    by,
    reason,
  ]);
  return table(COLUMNS, rows, screen);
}

/** Names of those who are held. */
export function heldNames(client: ApiClient, holds: readonly Hold[]): Promise<(id: string) => string> {
  return namesOf(
    client,
    holds.flatMap(({ targetId }) => targetId ?? [])
  );
}

const FILTERS = ['kind'] as const;

export const holds: Command = {
  name: 'holds',
  summary: 'list what holds repairs back: pauses, cordons, quarantines and open breakers',
  usage: [`[--target <id or name>] [--kind <${HOLD_KINDS.join('|')}>]`, ...CONNECTION_USAGE],
  async run(args, context) {
    const options = { ...filterOptions(FILTERS), target: { type: 'string' } } as const;
    const { values, client } = viewArguments(args, context, options);
    const target = values.target === undefined ? undefined : (await findTarget(client, values.target)).id;
    const { body, nowMs } = await client.get('/fleet/holds', holdListSchema, {
      ...filterQuery(FILTERS, values),
      target,
    });
    if (values.json) printJson(context, body);
    else {
      const name = await heldNames(client, body.items);
      const { screen } = context;
      await printView(client, context, body, ({ items }) =>
        items.length === 0 ? ['Nothing holds repairs back.'] : [holdTable(items, name, { screen, nowMs })]
      );
    }
    return EXIT.fine;
  },
};
