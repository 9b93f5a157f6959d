import { BANDS, LIVENESS_STATES, summarySchema } from '@openclaw-fleet/contract';
import type { FleetSummary } from '@openclaw-fleet/contract';
import type { Command } from './command.ts';
import { EXIT, EXIT_USAGE } from './exit.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import { tinted } from './terminal/screen.ts';
import type { Screen, Tone } from './terminal/screen.ts';
import { table } from './terminal/table.ts';
import type { Column } from './terminal/table.ts';
import { paragraph, printableAll, wrap } from './terminal/text.ts';
import { age, BAND_TONES, demoNotice, SEVERITY_TONES, STATE_TONES, toned, VERDICT_TONES } from './terminal/words.ts';
import { printJson, viewArguments } from './view.ts';

type Zone = FleetSummary['zones'][number];

/** Zones shown; `--json` has all. */
const MOST_ZONES = 20;
const LABEL_WIDTH = 12;

/** What a fleet in this state makes `status` exit with. */
export function statusExit({ verdict, bands, isolated }: FleetSummary): number {
  if (verdict.value === 'blind' || verdict.value === 'full' || bands.critical > 0 || isolated > 0) return EXIT.critical;
  return verdict.value === 'partial' || bands.degraded > 0 || bands.warning > 0 ? EXIT.attention : EXIT.fine;
}

interface Amount {
  readonly word: string;
  readonly amount: number;
  readonly tone: Tone | undefined;
}

/** `healthy 3, critical 1`: those that are not 0, as lines under a label. */
function amounts(label: string, all: readonly Amount[], none: string, screen: Screen): string {
  const found = all.filter(({ amount }) => amount > 0);
  const pieces = found.map(({ word, amount }) => `${word}\u00a0${amount}`);
  // Broken before it is coloured, since a colour has no width; words of one amount stay together.
  const lines = wrap(found.length === 0 ? none : pieces.join(', '), screen.columns - LABEL_WIDTH).join('\n');
  let text = lines.replaceAll('\n', `\n${' '.repeat(LABEL_WIDTH)}`);
  for (const { word, amount, tone } of found)
    text = text.replace(`${word}\u00a0${amount}`, () => tinted(`${word} ${amount}`, tone, screen));
  return tinted(label.padEnd(LABEL_WIDTH), 'title', screen) + text;
}

/** Severities go up in the API, and the worst is named first. */
function faults(counts: Readonly<Record<string, Readonly<Record<string, number>>>>): Amount[] {
  return Object.entries(counts).flatMap(([name, bySeverity]) =>
    Object.entries(bySeverity)
      .toReversed()
      .map(([severity, amount]) => ({
        word: `${name} (${severity})`,
        amount,
        tone: SEVERITY_TONES[severity as keyof typeof SEVERITY_TONES],
      }))
  );
}

const ZONE_COLUMNS: readonly Column[] = [
  { title: 'ZONE', least: 8 },
  { title: 'VERDICT' },
  { title: 'TARGETS', align: 'right' },
  { title: 'ONLINE', align: 'right' },
  { title: 'HEALTHY', align: 'right' },
  { title: 'WARNING', align: 'right' },
  { title: 'DEGRADED', align: 'right' },
  { title: 'CRITICAL', align: 'right' },
  { title: 'LOWEST', align: 'right', optional: true },
  { title: 'MEDIAN', align: 'right', optional: true },
];

/** Worse ones first. */
function byTrouble(a: Zone, b: Zone): number {
  const weight = ({ verdict, bands }: Zone): number[] => [
    verdict === 'normal' ? 0 : 1,
    bands.critical,
    bands.degraded,
    bands.warning,
  ];
  const [left, right] = [weight(a), weight(b)];
  for (const [at, mine] of left.entries()) if (mine !== right[at]) return (right[at] ?? 0) - mine;
  return a.zone < b.zone ? -1 : 1;
}

function zoneTable(zones: readonly Zone[], screen: Screen): string[] {
  if (zones.length === 0) return [];
  const rows = zones
    .toSorted(byTrouble)
    .slice(0, MOST_ZONES)
    .map(({ zone, verdict, total, online, bands, scores }) => [
      zone,
      toned(verdict, VERDICT_TONES),
      String(total),
      String(online),
      ...(['healthy', 'warning', 'degraded', 'critical'] as const).map((band) => ({
        text: String(bands[band]),
        tone: bands[band] > 0 ? BAND_TONES[band] : undefined,
      })),
      String(scores.lowest ?? '–'),
      String(scores.median ?? '–'),
    ]);
  const more = zones.length - MOST_ZONES;
  return ['', table(ZONE_COLUMNS, rows, screen), ...(more > 0 ? [`${more} more zones: --json has all`] : [])];
}

/** The fleet in lines. */
function lines(summary: FleetSummary, screen: Screen, nowMs: number): string[] {
  const { verdict, total, expected, online, bridged, flapping, isolated, states, bands, scores } = summary;
  const label = (text: string): string => tinted(text.padEnd(LABEL_WIDTH), 'title', screen);
  const amount = <K extends string>(
    counts: Readonly<Record<K, number>>,
    keys: readonly K[],
    tones: Readonly<Record<K, Tone | undefined>>
  ): Amount[] => keys.map((word) => ({ word, amount: counts[word], tone: tones[word] }));
  const reason = (text: string): string => paragraph(text, screen.columns, ' '.repeat(LABEL_WIDTH));
  const spread =
    scores.median === null ? 'none yet' : `median ${scores.median}, 5 % at most ${scores.p05}, lowest ${scores.lowest}`;
  const verdictWord = tinted(verdict.value, VERDICT_TONES[verdict.value], screen);
  return [
    ...demoNotice(summary),
    `${label('Fleet')}${verdictWord}, for ${age(verdict.since, nowMs)}`,
    reason(verdict.reason),
    ...(summary.expiryHeld === null ? [] : [reason(`Nothing expires now: ${summary.expiryHeld}`)]),
    label('Targets') +
      (total === 0
        ? 'none has reported yet: openclaw-fleet enroll <name> enrols one'
        : `${total}, of which ${expected} are expected and ${online} online`),
    amounts(
      '',
      [
        { word: 'with a bridge', amount: bridged, tone: undefined },
        { word: 'flapping', amount: flapping, tone: 'bad' },
        { word: 'isolated', amount: isolated, tone: 'worst' },
      ],
      'none with a bridge',
      screen
    ),
    amounts('States', amount(states, LIVENESS_STATES, STATE_TONES), 'none', screen),
    amounts('Health', amount(bands, BANDS, BAND_TONES), 'none', screen),
    `${label('Scores')}${spread}`,
    amounts('Drift', faults(summary.drift), 'none', screen),
    amounts('Violations', faults(summary.violations), 'none', screen),
    ...zoneTable(summary.zones, screen),
  ];
}

export const status: Command = {
  name: 'status',
  summary: 'show a running fleet in numbers: verdict, health, drift, violations, zones',
  usage: [
    ...CONNECTION_USAGE,
    EXIT_USAGE,
    'critical: the verdict is blind or full, or a target is critical or isolated; needs attention: partial, degraded, warning',
  ],
  async run(args, context) {
    const { values, client } = viewArguments(args, context, {});
    const { body, nowMs } = await client.get('/fleet/summary', summarySchema);
    if (values.json) printJson(context, body);
    else context.print(lines(printableAll(body), context.screen, nowMs).join('\n'));
    return statusExit(body);
  },
};
