import {
  APPLY_STATUSES,
  COMPONENTS,
  GATEWAY_STATES,
  HEALTH_STATUSES,
  LIVENESS_STATES,
} from '../../backend/contract/index.ts';
import {
  at,
  boardOf,
  grid,
  ownerVariable,
  repairsMarked,
  startsMarked,
  targetVariable,
  zoneVariable,
} from './lib/dashboard.ts';
import { APP, SERIES_TARGET, targetLinks, UIDS, type Link } from './lib/links.ts';
import {
  APPLY_COLORS,
  falling,
  GATEWAY_COLORS,
  HEALTH_COLORS,
  mapStates,
  mapValues,
  SCORE,
  STATE_COLORS,
  type Words,
} from './lib/looks.ts';
import { graph, nested, stat, timeline, type GraphAbout } from './lib/panels.ts';
import { stateNumber, type Query } from './lib/queries.ts';

const ONE = 'target="$target"';
const UNKNOWN = 'Not reported';
const FULL_ONLY = 'Not reported, or the collector does not expose the level full (metrics.perTarget)';
const DAY = 86_400;
const LINKS = targetLinks(SERIES_TARGET).slice(0, 1);

/** One series of the target, whatever the number of collectors. */
const of = (metric: string, ...by: string[]): string => `max by (${['target', ...by].join(', ')}) (${metric}{${ONE}})`;
const query = (metric: string, legend: string): Query => ({ expr: of(metric), legend });
const rate = (metric: string, ...by: string[]): string =>
  `max by (${['target', ...by].join(', ')}) (rate(${metric}{${ONE}}[$__rate_interval]))`;

/** The state that holds, in its word and colour. */
function state(
  title: string,
  description: string,
  metric: string,
  label: string,
  states: readonly string[],
  words: Words
) {
  return stat({
    title,
    description,
    unit: 'none',
    empty: UNKNOWN,
    queries: [{ expr: stateNumber(metric, label, states, ONE), legend: title }],
    mappings: [mapStates(words)],
    spark: false,
  });
}

const numbers = [
  stat({
    title: 'Health score',
    description: '90 is healthy, 70 a warning, 40 degraded, less is critical. The app says what it is made of.',
    unit: 'none',
    decimals: 0,
    min: 0,
    max: 100,
    empty: 'Unknown',
    queries: [query('openclaw_target_health_score', 'Score')],
    steps: SCORE,
    links: LINKS,
  }),
  state('Liveness', 'Whether its heartbeats come.', 'openclaw_target_state', 'state', LIVENESS_STATES, STATE_COLORS),
  state(
    'Gateway',
    'What the bridge sees of the gateway.',
    'openclaw_target_gateway_state',
    'state',
    GATEWAY_STATES,
    GATEWAY_COLORS
  ),
  state(
    'Its own health',
    'Health of the gateway as its bridge reports it.',
    'openclaw_target_health_status',
    'status',
    HEALTH_STATUSES,
    HEALTH_COLORS
  ),
  stat({
    title: 'Last heartbeat',
    description: 'When the last accepted heartbeat came, by the clock of the collector.',
    unit: 'dateTimeFromNow',
    empty: 'None came yet',
    queries: [{ expr: `1000 * ${of('openclaw_target_last_seen_timestamp_seconds')}`, legend: 'Last heartbeat' }],
    spark: false,
  }),
  stat({
    title: 'Sync lag',
    description:
      'Age of the last state that the bridge read from the gateway and delivered. The limit is of its policy, twice the interval by default.',
    unit: 's',
    decimals: 0,
    empty: UNKNOWN,
    queries: [query('openclaw_target_sync_lag_seconds', 'Lag')],
  }),
  stat({
    title: 'Isolated',
    description: 'Whether a critical drift excludes it from discovery and automation.',
    unit: 'none',
    empty: 'No such target',
    queries: [query('openclaw_target_isolated', 'Isolated')],
    mappings: [mapValues({ 0: ['no', 'green'], 1: ['yes', 'red'] })],
    spark: false,
  }),
  stat({
    title: 'Certificate expires in',
    description:
      'Until the newest valid certificate of the node expires. Nodes renew by themselves; under 7 days something keeps this one from it.',
    unit: 's',
    decimals: 0,
    empty: 'No valid certificate',
    queries: [{ expr: `${of('openclaw_target_certificate_expiry_timestamp_seconds')} - time()`, legend: 'Left' }],
    steps: falling(DAY, 7 * DAY),
    spark: false,
  }),
];

const score = graph({
  title: 'Health score',
  description: 'Under 90 is a warning, under 70 degraded, under 40 critical. No line: unknown.',
  unit: 'none',
  min: 0,
  max: 100,
  empty: 'The score is unknown',
  legend: 'none',
  marks: true,
  steps: SCORE,
  queries: [query('openclaw_target_health_score', 'Score')],
  links: LINKS,
});

const components = graph({
  title: 'What the score is made of',
  description:
    'Points of each part, 0 to 20. A part that does not apply has no line, and the score is scaled to the others.',
  unit: 'none',
  min: 0,
  max: 20,
  empty: FULL_ONLY,
  queries: [{ expr: of('openclaw_target_health_component_points', 'component'), legend: '{{component}}' }],
  colors: Object.fromEntries(
    COMPONENTS.map((name, index) => [name, ['blue', 'purple', 'orange', 'green', 'yellow'][index] ?? ''])
  ),
});

const states = timeline({
  title: 'States',
  description:
    'Liveness, what the bridge sees of the gateway, its own health, and how far it is with its desired configuration.',
  unit: 'none',
  empty: 'No such target',
  // One mapping for the whole panel: each StateSet has numbers of its own.
  queries: [
    { expr: stateNumber('openclaw_target_state', 'state', LIVENESS_STATES, ONE), legend: 'Liveness' },
    { expr: `100 + ${stateNumber('openclaw_target_gateway_state', 'state', GATEWAY_STATES, ONE)}`, legend: 'Gateway' },
    { expr: `200 + ${stateNumber('openclaw_target_health_status', 'status', HEALTH_STATUSES, ONE)}`, legend: 'Health' },
    {
      expr: `300 + ${stateNumber('openclaw_target_apply_status', 'status', APPLY_STATUSES, ONE)}`,
      legend: 'Configuration',
    },
  ],
  mappings: [
    mapValues(
      Object.fromEntries(
        [STATE_COLORS, GATEWAY_COLORS, HEALTH_COLORS, APPLY_COLORS].flatMap((words, set) =>
          Object.entries(words).map(([text, color], index) => [String(100 * set + index), [text, color]] as const)
        )
      )
    ),
  ],
});

/** A row of its own for the times when there was nothing to show: an empty timeline would be an error. */
const unless = (legend: string, ...families: readonly string[]): Query => ({
  expr: `2 * ${of('openclaw_target_interval_seconds')} ^ 0 unless on (target) (${families
    .map((family) => `${family}{${ONE}}`)
    .join(' or ')})`,
  legend,
});

const faults = timeline({
  title: 'Open drift and violations',
  description: 'A row for each while it was open, with its severity.',
  unit: 'none',
  empty: 'Nothing drifted, and no policy was violated',
  queries: [
    { expr: of('openclaw_target_drift', 'category', 'severity'), legend: 'drift of {{category}}, {{severity}}' },
    { expr: of('openclaw_target_violation', 'code', 'severity'), legend: '{{code}}, {{severity}}' },
    unless('nothing open', 'openclaw_target_drift', 'openclaw_target_violation'),
  ],
  mappings: [mapValues({ 1: ['open', 'orange'], 2: ['none', 'green'] })],
});

const repairs = timeline({
  title: 'Repairs and what holds them back',
  description: 'A row for each playbook and state while it was open, and for each hold of this target.',
  unit: 'none',
  empty: 'No repair was open, and nothing held one back',
  queries: [
    { expr: of('openclaw_target_repair', 'playbook', 'state'), legend: '{{playbook}}: {{state}}' },
    { expr: of('openclaw_target_repair_hold', 'kind'), legend: 'held by {{kind}}' },
    unless('no repair, no hold', 'openclaw_target_repair', 'openclaw_target_repair_hold'),
  ],
  mappings: [mapValues({ 1: ['yes', 'blue'], 2: ['none', 'green'] })],
});

const violations = nested(
  'openclaw-violations-panel',
  'What is wrong now',
  'Open violations of this target, with what to do about each. A repair begins with its plan, as in the app.',
  { zones: '', target: '$target', limit: 20 }
);

const plain = (about: Omit<GraphAbout, 'min'>) => graph({ min: 0, links: LINKS, ...about });

const work = [
  plain({
    title: 'Items that wait',
    description: 'Items in each queue of the target. The limit is of its policy.',
    unit: 'none',
    empty: FULL_ONLY,
    queries: [
      {
        expr: `${of('openclaw_target_queue_depth_by_queue', 'queue')} and on (queue) topk(10, max by (queue) (max_over_time(openclaw_target_queue_depth_by_queue{${ONE}}[$__range] @ end())))`,
        legend: '{{queue}}',
      },
      query('openclaw_target_queue_depth', 'all queues'),
    ],
  }),
  plain({
    title: 'Workers and free slots',
    description:
      'What the target says it has. With long queues it reports fewer free slots, so that less is sent to it.',
    unit: 'none',
    empty: UNKNOWN,
    queries: [
      query('openclaw_target_capacity_workers', 'workers'),
      query('openclaw_target_available_slots', 'free slots'),
    ],
  }),
  plain({
    title: 'Jobs in the last hour',
    description:
      'Results of scheduled jobs. From 5 results on, failures cost points; FailureBurst may throttle jobs that keep failing.',
    unit: 'none',
    empty: UNKNOWN,
    queries: [
      query('openclaw_target_job_results_last_hour', 'results'),
      query('openclaw_target_job_failures_last_hour', 'failures'),
      query('openclaw_target_jobs_failing', 'jobs that fail now'),
    ],
    colors: { results: 'blue', failures: 'orange', 'jobs that fail now': 'red' },
  }),
  plain({
    title: 'Failed pushes in the last hour',
    description: 'Deliveries of the gateway that failed. The limit is of its policy.',
    unit: 'none',
    empty: UNKNOWN,
    legend: 'none',
    queries: [query('openclaw_target_failed_pushes_last_hour', 'failed')],
  }),
  plain({
    title: 'CPU',
    description: 'CPU that the gateway uses; 100 % is one core. The limit is of its policy.',
    unit: 'percentunit',
    empty: UNKNOWN,
    legend: 'none',
    queries: [query('openclaw_target_cpu_usage_ratio', 'CPU')],
  }),
  plain({
    title: 'Memory',
    description: 'Memory that the gateway uses. The limit is of its policy.',
    unit: 'bytes',
    empty: UNKNOWN,
    legend: 'none',
    queries: [query('openclaw_target_memory_used_bytes', 'memory')],
  }),
];

const heartbeats = [
  graph({
    title: 'Publish success rate',
    description:
      'Share of the attempts of its publisher that were taken. Under 99 % heartbeats come late; they are sent again.',
    unit: 'percentunit',
    softMin: 0.9,
    max: 1,
    empty: FULL_ONLY,
    legend: 'none',
    marks: true,
    steps: falling(0.95, 0.99),
    queries: [
      {
        expr: `${rate('openclaw_target_publish_success_total')} / (${rate('openclaw_target_publish_success_total')} + (sum by (target) (${rate('openclaw_target_publish_failure_total', 'reason')}) or 0 * ${rate('openclaw_target_publish_success_total')}))`,
        legend: 'taken',
      },
    ],
  }),
  plain({
    title: 'Time to publish',
    description: 'How long its publisher waited for an answer, on average.',
    unit: 's',
    empty: `${FULL_ONLY}; not every client measures it`,
    legend: 'none',
    queries: [
      {
        expr: `${rate('openclaw_target_publish_latency_seconds_sum')} / (${rate('openclaw_target_publish_latency_seconds_count')} > 0)`,
        legend: 'mean',
      },
    ],
  }),
  plain({
    title: 'Heartbeats that did not come',
    description: 'Missing by their sequence numbers, waiting in its buffer, and dropped from it when it was full.',
    unit: 'none',
    empty: FULL_ONLY,
    queries: [
      {
        expr: `round(max by (target) (increase(openclaw_target_missed_beats_total{${ONE}}[$__rate_interval])))`,
        legend: 'missing',
      },
      query('openclaw_target_publish_buffered', 'in the buffer'),
      {
        expr: `round(max by (target) (increase(openclaw_target_publish_dropped_total{${ONE}}[$__rate_interval])))`,
        legend: 'dropped',
      },
    ],
    colors: { missing: 'orange', 'in the buffer': 'blue', dropped: 'red' },
  }),
  graph({
    title: 'Sync lag',
    description:
      'Age of the last state that the bridge read from the gateway and delivered; and the interval of its heartbeats.',
    unit: 's',
    min: 0,
    empty: UNKNOWN,
    queries: [query('openclaw_target_sync_lag_seconds', 'lag'), query('openclaw_target_interval_seconds', 'interval')],
    colors: { lag: 'blue', interval: '#8e8e8e' },
    links: LINKS,
  }),
  graph({
    title: 'Clock skew',
    description:
      'How far its clock is ahead of the clock of the collector (below 0: behind). Past 5 min ahead, heartbeats are refused.',
    unit: 's',
    empty: UNKNOWN,
    legend: 'none',
    marks: true,
    steps: [
      [null, 'red'],
      [-300, 'green'],
      [300, 'red'],
    ],
    queries: [query('openclaw_target_clock_skew_seconds', 'ahead')],
    links: LINKS,
  }),
  timeline({
    title: 'Configuration',
    description:
      'Whether the saved configuration is valid, whether it is the active one, and when the managed part changed.',
    unit: 'none',
    empty: FULL_ONLY,
    queries: [
      query('openclaw_target_config_valid', 'saved one is valid'),
      query('openclaw_target_config_converged', 'saved one is active'),
      {
        expr: `2 + (max by (target) (changes(openclaw_target_config_hash{${ONE}}[$__rate_interval])) > bool 0)`,
        legend: 'managed part',
      },
    ],
    mappings: [
      mapValues({ 0: ['no', 'red'], 1: ['yes', 'green'], 2: ['the same', 'green'], 3: ['changed', 'orange'] }),
    ],
  }),
];

const APP_TARGET: Link = { title: 'This target in the app', url: `${APP}/targets/\${target}` };

export const target = boardOf({
  uid: UIDS.target,
  title: 'OpenClaw Fleet: target',
  description: 'One target over time: its score, states, faults and repairs, its work, and its heartbeats.',
  variables: [zoneVariable(), ownerVariable(), targetVariable()],
  annotations: [repairsMarked(ONE), startsMarked()],
  links: [APP_TARGET],
  rows: [
    { panels: grid(numbers, 4, 3) },
    { panels: [at(0, 0, 12, 8, score), at(12, 0, 12, 8, components)] },
    {
      title: 'States, faults and repairs',
      panels: [
        at(0, 0, 12, 8, states),
        at(12, 0, 12, 8, violations),
        at(0, 8, 12, 7, faults),
        at(12, 8, 12, 7, repairs),
      ],
    },
    { title: 'Work', panels: grid(work, 3, 7) },
    {
      title: 'Heartbeats and configuration',
      panels: grid(heartbeats, 3, 7),
    },
  ],
});
