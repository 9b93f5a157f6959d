import { BANDS, LIVENESS_STATES, VERDICTS } from '../../backend/contract/index.ts';
import { at, boardOf, grid, ownerVariable, repairsMarked, startsMarked, zoneVariable } from './lib/dashboard.ts';
import { APP, board, ROW_TARGET, SERIES_TARGET, targetLinks, UIDS } from './lib/links.ts';
import {
  BAND_COLORS,
  falling,
  mapStates,
  mapValues,
  NO_COLLECTOR,
  NONE_IS_FINE,
  only,
  SCORE,
  STATE_COLORS,
  VERDICT_COLORS,
} from './lib/looks.ts';
import { graph, nested, stat, timeline } from './lib/panels.ts';
import { CHOSEN, fewest, fleet, stateNumber, ZONES } from './lib/queries.ts';
import { table } from './lib/table.ts';

const SCORE_NOW = 'max by (target, zone) (openclaw_target_health_score)';
const WORST = `bottomk(20, ${SCORE_NOW} ${CHOSEN})`;
const CRITICAL_VIOLATIONS = 'openclaw_fleet_violation_targets{severity="critical"}';

const numbers = [
  stat({
    title: 'Verdict',
    description:
      'The blindness verdict: normal, partial (many of it are not online), full (none is), blind (the collector cannot tell). While it is not normal, automation is held back.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: stateNumber('openclaw_fleet_verdict', 'verdict', VERDICTS) }],
    mappings: [mapStates(VERDICT_COLORS)],
    spark: false,
  }),
  stat({
    title: 'Online of expected',
    description:
      'Share of the targets that reported within the expected window, and were not stopped or retired, that are online. Under 45 % of at least 3 a zone is partial; under 15 % the fleet is blind.',
    unit: 'percentunit',
    decimals: 0,
    min: 0,
    max: 1,
    empty: 'No target is expected',
    queries: [
      { expr: 'max(openclaw_fleet_online_targets) / (max(openclaw_fleet_expected_targets) > 0)', legend: 'Online' },
    ],
    steps: falling(0.45, 0.95),
  }),
  stat({
    title: 'Expired',
    description: 'Targets that sent nothing for two intervals and the grace: nobody knows how they are.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: 'max(openclaw_fleet_targets{state="expired"})', legend: 'Expired' }],
    steps: NONE_IS_FINE,
    links: [{ title: 'Expired targets', url: `${APP}/fleet?state=expired` }],
  }),
  stat({
    title: 'Median health score',
    description:
      'The score in the middle of all known ones: 90 is healthy, 70 a warning, 40 degraded, less is critical.',
    unit: 'none',
    decimals: 0,
    min: 0,
    max: 100,
    empty: 'No score is known yet',
    queries: [{ expr: 'max(openclaw_fleet_health_score{quantile="0.5"})', legend: 'Median' }],
    steps: SCORE,
  }),
  stat({
    title: 'Critical targets',
    description: 'Targets with a health score under 40.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: 'max(openclaw_fleet_health_targets{band="critical"})', legend: 'Critical' }],
    steps: NONE_IS_FINE,
    links: [{ title: 'Critical targets', url: `${APP}/fleet?band=critical` }],
  }),
  stat({
    title: 'Critical violations',
    description: 'Open policy violations of severity critical, one for each target and code.',
    unit: 'none',
    empty: '0',
    queries: [
      {
        expr: `sum(${fleet(CRITICAL_VIOLATIONS, 'code')}) or max(openclaw_fleet_expected_targets) * 0`,
        legend: 'Critical',
      },
    ],
    steps: NONE_IS_FINE,
    links: [{ title: 'Critical violations', url: `${APP}/violations?severity=critical` }],
  }),
  stat({
    title: 'Waiting for approval',
    description: 'Repairs that somebody must approve or deny: see the remediation dashboard.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [
      { expr: `sum(${fleet('openclaw_fleet_repairs_open{state="pending_approval"}', 'playbook')})`, legend: 'Waiting' },
    ],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
    links: [{ title: 'Remediation dashboard', url: board(UIDS.remediation) }],
  }),
  stat({
    title: 'Repairs in flight',
    description: 'Repairs that run or are being verified now.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: 'max(openclaw_fleet_repairs_in_flight)', legend: 'In flight' }],
    links: [{ title: 'Remediation dashboard', url: board(UIDS.remediation) }],
  }),
];

const map = nested(
  'openclaw-fleetmap-panel',
  'Every target',
  'The fleet by zone, each target with the band of its score. Choose one to open it in the app.',
  { zones: '$zone', groupByZone: true, onlyTrouble: false }
);

const bands = graph({
  title: 'Targets by health',
  description:
    'How many targets are in each band of the score: healthy from 90, warning from 70, degraded from 40, critical below.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: 'No zone matches',
  stack: true,
  queries: [
    {
      expr: `sum by (band) (${fleet(`openclaw_fleet_zone_health_targets{${ZONES}}`, 'zone', 'band')})`,
      legend: '{{band}}',
    },
  ],
  colors: only(BANDS, BAND_COLORS),
});

const states = graph({
  title: 'Targets by liveness',
  description: 'How many targets of the whole fleet are online, stale, expired and so on.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: NO_COLLECTOR,
  stack: true,
  queries: [{ expr: `${fleet('openclaw_fleet_targets', 'state')} > 0`, legend: '{{state}}' }],
  colors: only(LIVENESS_STATES, STATE_COLORS),
});

const verdicts = timeline({
  title: 'Verdict by zone',
  description:
    'Whether what is not heard of a zone can be believed. At most 20 zones: those that were least online in the time range. Zones of under 3 targets are judged together.',
  unit: 'none',
  empty: 'No zone matches',
  queries: [
    {
      expr: `(${VERDICTS.slice(1)
        .map(
          (verdict, index) =>
            `${index + 1} * ${fleet(`openclaw_fleet_zone_verdict{${ZONES}, verdict="${verdict}"}`, 'zone')}`
        )
        .join(
          ' + '
        )}) and on (zone) bottomk(20, max by (zone) (min_over_time(openclaw_fleet_zone_online_targets{${ZONES}}[$__range] @ end())) / max by (zone) (openclaw_fleet_zone_targets @ end()))`,
      legend: '{{zone}}',
    },
  ],
  mappings: [mapStates(VERDICT_COLORS)],
});

const zones = table({
  title: 'Zones',
  description:
    'The 20 zones with the lowest share of targets online, the worst first; the mean and the lowest of their health scores.',
  empty: 'No zone matches',
  labels: { zone: 'Zone' },
  columns: [
    {
      title: 'Online',
      expr: `bottomk(20, ${fleet(`openclaw_fleet_zone_online_targets{${ZONES}}`, 'zone')} / (${fleet('openclaw_fleet_zone_expected_targets', 'zone')} > 0))`,
      unit: 'percentunit',
      decimals: 0,
      steps: falling(0.45, 0.95),
    },
    { title: 'Targets', expr: zoneOf('openclaw_fleet_zone_targets') },
    {
      title: 'Mean',
      expr: `(${zoneOf('openclaw_fleet_zone_health_score_sum')}) / (${zoneOf('openclaw_fleet_zone_health_score_count')})`,
      decimals: 0,
      steps: SCORE,
    },
    {
      title: 'Lowest',
      expr: zoneOf('openclaw_fleet_zone_health_score{quantile="0"}'),
      decimals: 0,
      steps: SCORE,
    },
  ],
  sort: { by: 'Online', desc: false },
  links: {
    zone: [{ title: 'This zone in the fleet app', url: `${APP}/fleet?zone=\${__data.fields.zone:percentencode}` }],
  },
});

function zoneOf(metric: string): string {
  return `${fleet(metric, 'zone')} and on (zone) bottomk(20, ${fleet(`openclaw_fleet_zone_online_targets{${ZONES}}`, 'zone')} / (${fleet('openclaw_fleet_zone_expected_targets', 'zone')} > 0))`;
}

const violations = nested(
  'openclaw-violations-panel',
  'Open violations',
  'What breaks its policy, with what to do about each. A repair begins with its plan, as in the app.',
  { zones: '$zone', target: '', limit: 25 }
);

const codes = graph({
  title: 'Targets by violation',
  description: 'Targets with an open policy violation, by its code: the 10 with the most now.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: 'No violation was open',
  stack: true,
  queries: [
    {
      expr: `(sum by (code) (${fleet('openclaw_fleet_violation_targets', 'code', 'severity')}) > 0) and on (code) topk(10, max by (code) (max_over_time(openclaw_fleet_violation_targets[$__range] @ end())))`,
      legend: '{{code}}',
    },
  ],
});

const drift = graph({
  title: 'Targets by drift',
  description: 'Targets whose version, configuration, sync or runtime is not as it should be, by severity.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: 'Nothing drifted',
  stack: true,
  queries: [
    {
      expr: `${fleet('openclaw_fleet_drift_targets', 'category', 'severity')} > 0`,
      legend: '{{category}}, {{severity}}',
    },
  ],
});

const lowest = table({
  title: 'Lowest scores',
  description: 'The 20 targets with the lowest health score now, the worst first: where to look first.',
  empty: 'No target has a score. At metrics.perTarget: off, the collector exposes no series of single targets.',
  labels: { target: 'Target', zone: 'Zone', owner: 'Owner' },
  columns: [
    { title: 'Score', expr: WORST, decimals: 0, steps: SCORE },
    {
      title: 'Who',
      expr: `max by (target, zone, owner) (openclaw_target_info) and on (target) ${WORST}`,
      hidden: true,
    },
    {
      title: 'Last seen',
      expr: `1000 * max by (target, zone) (openclaw_target_last_seen_timestamp_seconds) and on (target) ${WORST}`,
      unit: 'dateTimeFromNow',
    },
    {
      title: 'Isolated',
      expr: `max by (target, zone) (openclaw_target_isolated) and on (target) ${WORST}`,
      mappings: [mapValues({ 0: ['no', 'green'], 1: ['yes', 'red'] })],
    },
  ],
  sort: { by: 'Score', desc: false },
  widths: { target: 110, 'Last seen': 140 },
  links: { target: targetLinks(ROW_TARGET) },
});

const scores = graph({
  title: 'Scores of the worst targets',
  description:
    'The 10 targets that had the lowest score in the time range. Under 90 is a warning, under 70 degraded, under 40 critical.',
  unit: 'none',
  min: 0,
  max: 100,
  empty: 'No target has a score',
  legend: 'table',
  marks: true,
  steps: SCORE,
  queries: [
    {
      expr: fewest(
        'bottomk',
        10,
        'max by (target) (openclaw_target_health_score)',
        'max by (target) (min_over_time(openclaw_target_health_score[$__range] @ end()))'
      ),
      legend: '{{target}}',
    },
  ],
  links: targetLinks(SERIES_TARGET),
});

export const overview = boardOf({
  uid: UIDS.overview,
  title: 'OpenClaw Fleet: overview',
  description: 'How the fleet is, where it is worst, and what to do about it.',
  variables: [zoneVariable(), ownerVariable()],
  annotations: [repairsMarked(ZONES), startsMarked()],
  rows: [
    { panels: grid(numbers, 4, 3) },
    { panels: [at(0, 0, 10, 9, map), at(10, 0, 7, 9, bands), at(17, 0, 7, 9, states)] },
    { title: 'Zones', panels: [at(0, 0, 12, 7, zones), at(12, 0, 12, 7, verdicts)] },
    {
      title: 'Violations and drift',
      panels: [at(0, 0, 14, 14, violations), at(14, 0, 10, 7, codes), at(14, 7, 10, 7, drift)],
    },
    { title: 'Targets that need a look', panels: [at(0, 0, 12, 10, lowest), at(12, 0, 12, 10, scores)] },
  ],
});
