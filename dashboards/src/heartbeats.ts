import { LIVENESS_STATES } from '../../backend/contract/index.ts';
import { at, boardOf, grid, ownerVariable, startsMarked, zoneVariable } from './lib/dashboard.ts';
import { APP, ROW_TARGET, SERIES_TARGET, targetLinks, UIDS } from './lib/links.ts';
import { falling, mapStates, NO_COLLECTOR, NONE_IS_FINE, only, rising, STATE_COLORS } from './lib/looks.ts';
import { graph, stat } from './lib/panels.ts';
import { CHOSEN, fewest, fleet, inRange, perSecond, quantile, ZONES, OWNERS } from './lib/queries.ts';
import { table } from './lib/table.ts';

const NO_PUBLISHER = 'No publisher says how it fares';
const OR_NOT_FULL = 'or the collector does not expose the level full (metrics.perTarget)';
const LATENCY = 'openclaw_collector_heartbeat_duration_seconds_bucket';
const OK = 'openclaw_fleet_publish_success_total';
const FAILED = 'openclaw_fleet_publish_failure_total';
const LINKS = targetLinks(SERIES_TARGET);
const grown = (metric: string, by: string, range: string): string =>
  `max by (target) (increase(${metric}[${range}] ${by}))`;

const numbers = [
  stat({
    title: 'Nodes',
    description: 'Registered nodes that are not retired.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: `sum(${fleet('openclaw_fleet_targets{state!="retired"}', 'state')})`, legend: 'Nodes' }],
  }),
  stat({
    title: 'Online',
    description: 'Nodes whose last heartbeat is no older than their interval and the grace.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: 'max(openclaw_fleet_online_targets)', legend: 'Online' }],
  }),
  stat({
    title: 'Stale',
    description: 'Nodes between one and two intervals late.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: 'max(openclaw_fleet_targets{state="stale"})', legend: 'Stale' }],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
    links: [{ title: 'Stale nodes', url: `${APP}/fleet?state=stale` }],
  }),
  stat({
    title: 'Expired',
    description: 'Nodes that sent nothing for two intervals and the grace.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: 'max(openclaw_fleet_targets{state="expired"})', legend: 'Expired' }],
    steps: NONE_IS_FINE,
    links: [{ title: 'Expired nodes', url: `${APP}/fleet?state=expired` }],
  }),
  stat({
    title: 'Publish success rate',
    description:
      'Share of all attempts of the publishers in the time range that were taken, as they say themselves. What failed is sent again.',
    unit: 'percentunit',
    decimals: 2,
    min: 0,
    max: 1,
    empty: 'None reports',
    spark: false,
    queries: [
      {
        expr: `sum(increase(${OK}[$__range])) / (sum(increase(${OK}[$__range])) + (sum(increase(${FAILED}[$__range])) or vector(0)) > 0)`,
        legend: 'Taken',
      },
    ],
    steps: falling(0.95, 0.99),
  }),
  stat({
    title: 'Dropped heartbeats',
    description:
      'Heartbeats that publishers dropped in the time range, because their buffers were full: they are lost.',
    unit: 'none',
    decimals: 0,
    empty: 'None reports',
    spark: false,
    queries: [{ expr: inRange('openclaw_fleet_publish_dropped_total'), legend: 'Dropped' }],
    steps: NONE_IS_FINE,
  }),
  stat({
    title: 'Answer time, 95 %',
    description: 'What 95 % of the heartbeats did not exceed, from the first byte at the collector to its answer.',
    unit: 's',
    empty: 'No heartbeat came',
    queries: [{ expr: quantile(0.95, LATENCY), legend: '95 %' }],
    steps: rising(0.25, 1),
  }),
  stat({
    title: 'Refused',
    description:
      'Heartbeats that the collector refused in the time range: who sent them, or what, was not right. See "Refused, by problem".',
    unit: 'none',
    decimals: 0,
    empty: NO_COLLECTOR,
    spark: false,
    queries: [{ expr: inRange('openclaw_collector_heartbeats_refused_total'), legend: 'Refused' }],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
  }),
];

const counts = graph({
  title: 'Nodes by liveness',
  description: 'How many nodes are online, stale, expired and so on.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: NO_COLLECTOR,
  stack: true,
  queries: [{ expr: `${fleet('openclaw_fleet_targets', 'state')} > 0`, legend: '{{state}}' }],
  colors: only(LIVENESS_STATES, STATE_COLORS),
});

const expired = graph({
  title: 'Expired nodes by zone',
  description:
    'The 10 zones that had the most expired nodes in the time range. A zone that is expired as a whole is an outage of the zone.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: 'No node of these zones expired',
  shades: 'red',
  stack: true,
  queries: [
    {
      expr: `(count by (zone) (max by (target, zone) (openclaw_target_state{${ZONES}, state="expired"}) == 1)) and on (zone) topk(10, sum by (zone) (max by (target, zone) (max_over_time(openclaw_target_state{${ZONES}, state="expired"}[$__range] @ end()))))`,
      legend: '{{zone}}',
    },
  ],
});

const rates = graph({
  title: 'Publish success rate',
  description:
    'Share of the attempts that were taken, as the publishers say themselves. Under 99 % is worth a look, under 95 % is bad.',
  unit: 'percentunit',
  max: 1,
  softMin: 0.9,
  empty: NO_PUBLISHER,
  legend: 'none',
  marks: true,
  steps: falling(0.95, 0.99),
  queries: [
    { expr: `${perSecond(OK)} / (${perSecond(OK)} + (${perSecond(FAILED)} or vector(0)) > 0)`, legend: 'taken' },
  ],
});

const failures = graph({
  title: 'Failed attempts, by reason',
  description:
    'Attempts that failed for the publishers: network and 5xx are tried again, other 4xx are not (the 10 reasons with the most).',
  unit: 'none',
  min: 0,
  empty: 'No attempt failed',
  bars: true,
  stack: true,
  queries: [
    {
      expr: `round(sum by (reason) (increase(${FAILED}[$__rate_interval]))) and on (reason) topk(10, sum by (reason) (increase(${FAILED}[$__range] @ end())) > 0)`,
      legend: '{{reason}}',
    },
  ],
});

const latency = graph({
  title: 'Time to answer a heartbeat',
  description:
    'From the first byte at the collector to its answer; it is durable by then. Publishers give up after 10 s.',
  unit: 's',
  min: 0,
  empty: 'No heartbeat came',
  queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, LATENCY), legend: `${q * 100} %` })),
  colors: { '50 %': 'green', '95 %': 'orange', '99 %': 'red' },
});

const waiting = graph({
  title: 'Time to publish, as publishers see it',
  description: 'How long publishers waited for an answer, on average: network, TLS and the collector together.',
  unit: 's',
  min: 0,
  empty: `No publisher measures it, ${OR_NOT_FULL}`,
  legend: 'none',
  queries: [
    {
      expr: `sum(max by (target) (rate(openclaw_target_publish_latency_seconds_sum{${ZONES}}[$__rate_interval]))) / (sum(max by (target) (rate(openclaw_target_publish_latency_seconds_count{${ZONES}}[$__rate_interval]))) > 0)`,
      legend: 'mean',
    },
  ],
});

const intake = graph({
  title: 'Heartbeats by what became of them',
  description:
    'accepted: new; duplicate: a repeat of the same; superseded: older than one that came; conflict and refused: not taken.',
  unit: 'reqps',
  min: 0,
  empty: NO_COLLECTOR,
  stack: true,
  queries: [{ expr: perSecond('openclaw_collector_heartbeats_total', 'outcome'), legend: '{{outcome}}' }],
  colors: { accepted: 'green', duplicate: 'blue', superseded: 'purple', conflict: 'orange', refused: 'red' },
});

const refused = graph({
  title: 'Refused, by problem',
  description:
    'Heartbeats that the collector did not take; docs/problems.md says what to do about each problem (the 10 with the most).',
  unit: 'none',
  min: 0,
  empty: 'None was refused',
  bars: true,
  stack: true,
  queries: [
    {
      expr: `round(sum by (problem) (increase(openclaw_collector_heartbeats_refused_total[$__rate_interval]))) and on (problem) topk(10, sum by (problem) (increase(openclaw_collector_heartbeats_refused_total[$__range] @ end())) > 0)`,
      legend: '{{problem}}',
    },
  ],
});

const SILENT = `topk(20, time() - max by (target, zone) (openclaw_target_last_seen_timestamp_seconds) ${CHOSEN})`;
const silent = table({
  title: 'Longest without a heartbeat',
  description:
    'The 20 nodes that have been silent for the longest, with their own interval. Twice the interval and 10 s of grace is expired.',
  empty: 'No node sent one yet. At metrics.perTarget: off, the collector exposes no series of single nodes.',
  labels: { target: 'Target', zone: 'Zone' },
  columns: [
    { title: 'Silent for', expr: SILENT, unit: 's', decimals: 0 },
    {
      title: 'Interval',
      expr: `max by (target, zone) (openclaw_target_interval_seconds) and on (target) ${SILENT}`,
      unit: 's',
      decimals: 0,
    },
    {
      title: 'State',
      expr: `(${LIVENESS_STATES.map((state, index) => `${index} * max by (target, zone) (openclaw_target_state{state="${state}"})`).join(' + ')}) and on (target) ${SILENT}`,
      mappings: [mapStates(STATE_COLORS)],
    },
    {
      title: 'Clock ahead',
      expr: `max by (target, zone) (openclaw_target_clock_skew_seconds) and on (target) ${SILENT}`,
      unit: 's',
      decimals: 1,
    },
  ],
  sort: { by: 'Silent for', desc: true },
  links: { target: targetLinks(ROW_TARGET) },
});

const missed = graph({
  title: 'Most missing heartbeats',
  description:
    'Missing by their sequence numbers: sent, and never arrived. The 10 nodes with the most in the time range.',
  unit: 'none',
  min: 0,
  empty: `No heartbeat is missing, ${OR_NOT_FULL}`,
  legend: 'table',
  bars: true,
  queries: [
    {
      expr: fewest(
        'topk',
        10,
        `round(${grown('openclaw_target_missed_beats_total', '', '$__rate_interval')})`,
        `(${grown('openclaw_target_missed_beats_total', '@ end()', '$__range')} > 0)`
      ),
      legend: '{{target}}',
    },
  ],
  links: LINKS,
});

const failing = graph({
  title: 'Most failed attempts',
  description: 'The 10 nodes whose publishers failed most often in the time range.',
  unit: 'none',
  min: 0,
  empty: `No attempt failed, ${OR_NOT_FULL}`,
  legend: 'table',
  bars: true,
  queries: [
    {
      expr: fewest(
        'topk',
        10,
        'round(sum by (target) (max by (target, reason) (increase(openclaw_target_publish_failure_total[$__rate_interval]))))',
        '(sum by (target) (max by (target, reason) (increase(openclaw_target_publish_failure_total[$__range] @ end()))) > 0)'
      ),
      legend: '{{target}}',
    },
  ],
  links: LINKS,
});

const buffered = graph({
  title: 'Most heartbeats in the buffer',
  description:
    'Heartbeats that wait to be sent again. A full buffer drops the oldest. The 10 nodes with the most in the time range.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: `No buffer held any, ${OR_NOT_FULL}`,
  legend: 'table',
  queries: [
    {
      expr: fewest(
        'topk',
        10,
        'max by (target) (openclaw_target_publish_buffered)',
        '(max by (target) (max_over_time(openclaw_target_publish_buffered[$__range] @ end())) > 0)'
      ),
      legend: '{{target}}',
    },
  ],
  links: LINKS,
});

const versions = table({
  title: 'Versions of the senders',
  description:
    'How many nodes send with which version: the 20 with the most. In a gradual rollout, compare with expired nodes and failures.',
  empty: 'No node of these zones reported',
  labels: { version: 'Version', bridge_version: 'Bridge' },
  columns: [
    {
      title: 'Nodes',
      expr: `topk(20, count by (version, bridge_version) (max by (target, version, bridge_version) (openclaw_target_info{${ZONES}, ${OWNERS}})))`,
    },
  ],
  sort: { by: 'Nodes', desc: true },
});

export const heartbeats = boardOf({
  uid: UIDS.heartbeats,
  title: 'OpenClaw Fleet: heartbeats',
  description:
    'Node counts, publish success rate, expired nodes and latency: whether heartbeats come, and what keeps them.',
  variables: [zoneVariable(), ownerVariable()],
  annotations: [startsMarked()],
  rows: [
    { panels: grid(numbers, 4, 3) },
    { panels: [at(0, 0, 12, 8, counts), at(12, 0, 12, 8, expired)] },
    { title: 'Publishing', panels: [at(0, 0, 12, 8, rates), at(12, 0, 12, 8, failures)] },
    { title: 'Latency', panels: [at(0, 0, 12, 8, latency), at(12, 0, 12, 8, waiting)] },
    { title: 'Intake', panels: [at(0, 0, 12, 8, intake), at(12, 0, 12, 8, refused)] },
    {
      title: 'Nodes that need a look',
      panels: [
        at(0, 0, 14, 9, silent),
        at(14, 0, 10, 9, versions),
        at(0, 9, 8, 8, missed),
        at(8, 9, 8, 8, failing),
        at(16, 9, 8, 8, buffered),
      ],
    },
  ],
});
