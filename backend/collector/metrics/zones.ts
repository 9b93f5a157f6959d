import { BANDS, VERDICTS } from '@openclaw-fleet/contract';
import type { FleetSummary } from '@openclaw-fleet/contract';
import { escapeHelp, escapeLabelValue } from './format.ts';

/** Zones come from the network: past this many, the smallest ones have no series of their own. */
export const MAX_ZONES = 1000;
/** A piece of text covers this many zones of one family. */
const PIECE_ZONES = 100;

type Zone = FleetSummary['zones'][number];

interface ZoneFamily {
  readonly name: string;
  readonly type: 'gauge' | 'summary';
  readonly help: string;
  /** Labels beside `zone`. */
  readonly labels: readonly string[];
  /** The samples of one zone. @param label `zone="…"` */
  readonly write: (zone: Zone, label: string) => string;
}

function amount(name: string, help: string, value: (zone: Zone) => number): ZoneFamily {
  return { name, type: 'gauge', help, labels: [], write: (zone, label) => `${name}{${label}} ${value(zone)}\n` };
}

function perKey<K extends string>(
  name: string,
  help: string,
  { label: key, keys }: { readonly label: string; readonly keys: readonly K[] },
  value: (zone: Zone, key: K) => number
): ZoneFamily {
  const heads = keys.map((each) => [each, `${name}{${key}="${each}",`] as const);
  return {
    name,
    type: 'gauge',
    help,
    labels: [key],
    write(zone, label) {
      let text = '';
      for (const [each, head] of heads) text += `${head}${label}} ${value(zone, each)}\n`;
      return text;
    },
  };
}

/** The quantiles of a spread of scores, as Prometheus names them; none when nobody has a score. */
export function scoreQuantiles({ lowest, p05, median }: Zone['scores']): [quantile: string, score: number][] {
  return lowest === null || p05 === null || median === null
    ? []
    : [
        ['0', lowest],
        ['0.05', p05],
        ['0.5', median],
      ];
}

const scores: ZoneFamily = {
  name: 'openclaw_fleet_zone_health_score',
  type: 'summary',
  help: 'Health scores of the targets of a zone now: the lowest, the 5 % quantile and the median; sum over count is the mean.',
  labels: ['quantile'],
  write: (zone, label) =>
    scoreQuantiles(zone.scores)
      .map(([quantile, score]) => `${scores.name}{${label},quantile="${quantile}"} ${score}\n`)
      .join('') +
    `${scores.name}_sum{${label}} ${zone.scores.sum}\n${scores.name}_count{${label}} ${zone.scores.count}\n`,
};

/** The families with a series for each zone. */
export const ZONE_FAMILIES: readonly ZoneFamily[] = [
  amount('openclaw_fleet_zone_targets', 'Registered targets of a zone.', ({ total }) => total),
  amount(
    'openclaw_fleet_zone_expected_targets',
    'Targets of a zone that are expected to report.',
    ({ expected }) => expected
  ),
  amount('openclaw_fleet_zone_online_targets', 'Targets of a zone that are online.', ({ online }) => online),
  perKey(
    'openclaw_fleet_zone_verdict',
    'The blindness verdict of a zone, one series a verdict: 1 for the one that holds.',
    { label: 'verdict', keys: VERDICTS },
    (zone, verdict) => (zone.verdict === verdict ? 1 : 0)
  ),
  perKey(
    'openclaw_fleet_zone_health_targets',
    'Registered targets of a zone by the band of their health score.',
    { label: 'band', keys: BANDS },
    ({ bands }, band) => bands[band]
  ),
  scores,
];

/** The series of each zone as pieces of text, family by family. A registry would hold the event loop for all of them. */
export function* renderZones(all: FleetSummary['zones']): Generator<string, void, void> {
  const zones = all.length <= MAX_ZONES ? all : all.toSorted((a, b) => b.total - a.total).slice(0, MAX_ZONES);
  const labels = zones.map(({ zone }) => `zone="${escapeLabelValue(zone)}"`);
  for (const { name, type, help, write } of ZONE_FAMILIES) {
    let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const [at, zone] of zones.entries()) {
      text += write(zone, labels[at] ?? '');
      if ((at + 1) % PIECE_ZONES !== 0) continue;
      yield text;
      text = '';
    }
    yield text;
  }
}
