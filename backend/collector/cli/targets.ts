import { BANDS, targetPageSchema } from '@openclaw-fleet/contract';
import type { FleetTarget } from '@openclaw-fleet/contract';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import { table } from './terminal/table.ts';
import type { Cell, Column } from './terminal/table.ts';
import { BAND_TONES, span, STATE_TONES, toned } from './terminal/words.ts';
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
} from './view.ts';

const FILTERS = [
  'state',
  'band',
  'risk',
  'isolated',
  'zone',
  'tag',
  'bridged',
  'drift',
  'driftSeverity',
  'violation',
  'violationSeverity',
  'profile',
  'owner',
  'q',
  'sort',
] as const;

const COLUMNS: readonly Column[] = [
  { title: 'NAME', least: 12 },
  { title: 'ZONE', least: 6 },
  { title: 'STATE' },
  { title: 'HEALTH' },
  { title: 'SCORE', align: 'right' },
  { title: 'SEEN', align: 'right' },
  { title: 'NOTE' },
  { title: 'OWNER', least: 8, optional: true },
  { title: 'ID', optional: true },
];

/** What an on-call should know of a target before its score. */
export function notesOf({ isolated, liveness, bridged }: FleetTarget): string {
  return [
    ...(isolated ? ['isolated'] : []),
    ...(liveness.flapping ? ['flapping'] : []),
    ...(bridged ? [] : ['no bridge']),
  ].join(', ');
}

function row(target: FleetTarget): Cell[] {
  const { liveness, band, fleetHealthScore } = target;
  return [
    target.name,
    target.zone,
    toned(liveness.state, STATE_TONES),
    toned(band, BAND_TONES),
    String(fleetHealthScore ?? '–'),
    liveness.ageSeconds === null ? 'never' : span(liveness.ageSeconds),
    { text: notesOf(target), tone: target.isolated ? 'worst' : undefined },
    target.owner ?? '',
    target.id,
  ];
}

export const targets: Command = {
  name: 'targets',
  summary: 'list targets of a running fleet',
  usage: [
    `[--state <state>] [--band <${BANDS.join('|')}>] [--risk <level>] [--isolated <true|false>]`,
    '[--zone <zone>] [--tag <tag>] [--bridged <true|false>] [--profile <id>] [--owner <team>] [--q <part of id or name>]',
    '[--drift <category>] [--drift-severity <severity>] [--violation <code>] [--violation-severity <severity>]',
    '[--sort <name|zone|state|lastSeenAt|score>]  with - in front (--sort=-score): the other way round',
    'a filter given several times matches any of them, --tag all',
    ...PAGE_USAGE,
    ...CONNECTION_USAGE,
  ],
  async run(args, context) {
    const { values, client } = viewArguments(args, context, { ...filterOptions(FILTERS), ...PAGE_OPTIONS });
    const query = filterQuery(FILTERS, values);
    const { body } = await pages(values, (page) =>
      client.get('/fleet/targets', targetPageSchema, { ...query, ...page })
    );
    if (values.json) printJson(context, body);
    else {
      await printView(client, context, body, (page) =>
        page.items.length === 0
          ? ['No target matches.']
          : [table(COLUMNS, page.items.map(row), context.screen), ...moreNotice(page)]
      );
    }
    return EXIT.fine;
  },
};
