import { boardOf, collectorVariable, grid, startsMarked } from './lib/dashboard.ts';
import { UIDS } from './lib/links.ts';
import { falling, mapValues, NO_COLLECTOR, NONE_IS_FINE, PLAIN, rising } from './lib/looks.ts';
import { graph, stat } from './lib/panels.ts';
import { INSTANCES } from './lib/queries.ts';
import { table } from './lib/table.ts';

const DAY = 86_400;

/** The collectors that were chosen, of whatever Prometheus calls their job. */
const own = (metric: string): string => `${metric} and on (job, instance) openclaw_collector_build_info{${INSTANCES}}`;
const perSecond = (metric: string, ...by: string[]): string =>
  `sum by (${by.join(', ')}) (rate(${metric}{${INSTANCES}}[$__rate_interval]))`;
const grown = (metric: string): string => `round(sum(increase(${metric}{${INSTANCES}}[$__range])))`;
const quantile = (q: number, histogram: string): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${histogram}_bucket{${INSTANCES}}[$__rate_interval]))) >= 0`;
const quantiles = (histogram: string) =>
  [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, histogram), legend: `${q * 100} %` }));
const QUANTILE_COLORS = { '50 %': 'green', '95 %': 'orange', '99 %': 'red' };

const numbers = [
  stat({
    title: 'Collectors',
    description: 'Collectors whose last scrape was answered, and all that Prometheus knows.',
    unit: 'none',
    empty: NO_COLLECTOR,
    named: true,
    spark: false,
    queries: [
      {
        expr: `sum(up and on (job, instance) last_over_time(openclaw_collector_build_info{${INSTANCES}}[$__range]))`,
        legend: 'answer',
      },
      { expr: `count(last_over_time(openclaw_collector_build_info{${INSTANCES}}[$__range]))`, legend: 'known' },
    ],
  }),
  stat({
    title: 'Runs since',
    description: 'When the collector that started last started. Starts are marked in every graph.',
    unit: 'dateTimeFromNow',
    empty: NO_COLLECTOR,
    spark: false,
    queries: [{ expr: `1000 * max(${own('process_start_time_seconds')})`, legend: 'Start' }],
  }),
  stat({
    title: 'Starts within 15 min',
    description: 'Three of them are a loop: something ends the collector.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: `max(openclaw_collector_recent_starts{${INSTANCES}})`, legend: 'Starts' }],
    steps: rising(2, 3),
  }),
  stat({
    title: 'Storage failures',
    description:
      'Reads and writes that storage refused or failed in the time range. A heartbeat that is not durable is not acknowledged.',
    unit: 'none',
    decimals: 0,
    empty: NO_COLLECTOR,
    spark: false,
    queries: [{ expr: grown('openclaw_collector_storage_failures_total'), legend: 'Failures' }],
    steps: NONE_IS_FINE,
  }),
  stat({
    title: 'Next expiry',
    description:
      'The first to expire of the own certificates of the collectors and of their authority. The collector renews its own.',
    unit: 's',
    decimals: 0,
    empty: NO_COLLECTOR,
    spark: false,
    queries: [
      { expr: `min(openclaw_collector_certificate_expiry_timestamp_seconds{${INSTANCES}}) - time()`, legend: 'Left' },
    ],
    steps: falling(7 * DAY, 30 * DAY),
  }),
  stat({
    title: 'Audit chain',
    description: 'Whether the records that the collector verified of its own audit chain are unbroken.',
    unit: 'none',
    empty: 'Not verified yet',
    spark: false,
    queries: [{ expr: 'min(openclaw_fleet_audit_intact)', legend: 'Intact' }],
    mappings: [mapValues({ 0: ['broken', 'red'], 1: ['intact', 'green'] })],
  }),
  stat({
    title: 'Audit chain verified',
    description: 'When the collector last verified it: what is new once an hour, the whole of it once a day.',
    unit: 'dateTimeFromNow',
    empty: 'Not yet',
    spark: false,
    queries: [{ expr: '1000 * max(openclaw_fleet_audit_verified_timestamp_seconds)', legend: 'Verified' }],
  }),
  stat({
    title: 'Left out of scrapes',
    description: 'Parts of the collector that failed to say a value when they were scraped, in the time range.',
    unit: 'none',
    decimals: 0,
    empty: NO_COLLECTOR,
    spark: false,
    queries: [{ expr: grown('openclaw_collector_source_failures_total'), legend: 'Failures' }],
    steps: NONE_IS_FINE,
  }),
];

const intake = [
  graph({
    title: 'Heartbeats taken in',
    description:
      'By what became of them. accepted: new; duplicate: a repeat; superseded: older than one that came; conflict and refused: not taken.',
    unit: 'reqps',
    min: 0,
    empty: NO_COLLECTOR,
    stack: true,
    queries: [{ expr: perSecond('openclaw_collector_heartbeats_total', 'outcome'), legend: '{{outcome}}' }],
    colors: { accepted: 'green', duplicate: 'blue', superseded: 'purple', conflict: 'orange', refused: 'red' },
  }),
  graph({
    title: 'Refused, by problem',
    description: 'docs/problems.md says what to do about each problem (the 10 with the most in the time range).',
    unit: 'reqps',
    min: 0,
    empty: 'None was refused',
    stack: true,
    queries: [
      {
        expr: `${perSecond('openclaw_collector_heartbeats_refused_total', 'problem')} and on (problem) topk(10, sum by (problem) (increase(openclaw_collector_heartbeats_refused_total{${INSTANCES}}[$__range] @ end())) > 0)`,
        legend: '{{problem}}',
      },
    ],
  }),
  graph({
    title: 'Time to answer a heartbeat',
    description: 'From the first byte to the answer, with the commit.',
    unit: 's',
    min: 0,
    empty: 'No heartbeat came',
    queries: quantiles('openclaw_collector_heartbeat_duration_seconds'),
    colors: QUANTILE_COLORS,
  }),
  graph({
    title: 'Time to commit',
    description: 'Until a group commit was durable: mostly the disk.',
    unit: 's',
    min: 0,
    empty: 'Nothing was committed',
    queries: quantiles('openclaw_collector_commit_duration_seconds'),
    colors: QUANTILE_COLORS,
  }),
  graph({
    title: 'Heartbeats in a commit',
    description: 'The mean: under load, many heartbeats share one commit.',
    unit: 'none',
    min: 0,
    empty: 'Nothing was committed',
    legend: 'none',
    queries: [
      {
        expr: `sum(rate(openclaw_collector_commit_heartbeats_sum{${INSTANCES}}[$__rate_interval])) / (sum(rate(openclaw_collector_commit_heartbeats_count{${INSTANCES}}[$__rate_interval])) > 0)`,
        legend: 'mean',
      },
    ],
  }),
  graph({
    title: 'Tokens found in the cache',
    description:
      'Share of the heartbeats whose token had been verified before. A low share costs CPU: clients should use a token for its lifetime.',
    unit: 'percentunit',
    min: 0,
    max: 1,
    empty: 'No token was looked up',
    legend: 'none',
    queries: [
      {
        expr: `sum(rate(openclaw_collector_token_cache_total{${INSTANCES}, result="hit"}[$__rate_interval])) / (sum(rate(openclaw_collector_token_cache_total{${INSTANCES}}[$__rate_interval])) > 0)`,
        legend: 'found',
      },
    ],
  }),
];

const process = [
  graph({
    title: 'Event loop delay',
    description: 'How late the event loop is, 99 %: over 0.1 s everything waits, over 1 s heartbeats come too late.',
    unit: 's',
    min: 0,
    empty: NO_COLLECTOR,
    marks: true,
    steps: rising(0.1, 1),
    queries: [{ expr: `max by (instance) (${own('nodejs_eventloop_lag_p99_seconds')})`, legend: '{{instance}}' }],
  }),
  graph({
    title: 'CPU',
    description: '100 % is one core. The collector takes heartbeats on one.',
    unit: 'percentunit',
    min: 0,
    empty: NO_COLLECTOR,
    queries: [
      {
        expr: `sum by (instance) (rate(process_cpu_seconds_total[$__rate_interval]) and on (job, instance) openclaw_collector_build_info{${INSTANCES}})`,
        legend: '{{instance}}',
      },
    ],
  }),
  graph({
    title: 'Memory',
    description: 'Resident memory of the process, and the part of it that is JavaScript.',
    unit: 'bytes',
    min: 0,
    empty: NO_COLLECTOR,
    queries: [
      { expr: `max by (instance) (${own('process_resident_memory_bytes')})`, legend: '{{instance}}, all' },
      { expr: `max by (instance) (${own('nodejs_heap_size_used_bytes')})`, legend: '{{instance}}, JavaScript' },
    ],
  }),
  graph({
    title: 'Open files and connections',
    description: 'Descriptors of the process: each node that keeps its connection is one.',
    unit: 'none',
    decimals: 0,
    min: 0,
    empty: NO_COLLECTOR,
    queries: [{ expr: `max by (instance) (${own('process_open_fds')})`, legend: '{{instance}}' }],
  }),
  graph({
    title: 'Size of the database',
    description: 'By file. The write-ahead log is folded into the database now and then.',
    unit: 'bytes',
    min: 0,
    empty: NO_COLLECTOR,
    stack: true,
    queries: [{ expr: `max by (file) (openclaw_collector_storage_size_bytes{${INSTANCES}})`, legend: '{{file}}' }],
    colors: { database: 'blue', wal: 'orange' },
  }),
  graph({
    title: 'Scrapes',
    description:
      'How long the collector took for a scrape (95 %), and how long Prometheus waited for it. Prometheus gives up after 10 s.',
    unit: 's',
    min: 0,
    empty: 'No scrape was answered',
    queries: [
      { expr: quantile(0.95, 'openclaw_collector_scrape_duration_seconds'), legend: 'collector' },
      { expr: `max(${own('scrape_duration_seconds')})`, legend: 'Prometheus' },
    ],
    colors: { collector: 'blue', Prometheus: 'orange' },
  }),
  graph({
    title: 'Samples in a scrape',
    description: 'They grow with the fleet and with the level of metrics.perTarget.',
    unit: 'none',
    decimals: 0,
    min: 0,
    empty: 'No scrape was answered',
    queries: [{ expr: `max by (instance) (${own('scrape_samples_scraped')})`, legend: '{{instance}}' }],
  }),
  graph({
    title: 'Time to assess a change',
    description: 'From a change of what is expected of targets until they were assessed anew, 95 %.',
    unit: 's',
    min: 0,
    empty: 'Nothing that is expected changed',
    legend: 'none',
    queries: [{ expr: quantile(0.95, 'openclaw_collector_reassess_seconds'), legend: '95 %' }],
  }),
  graph({
    title: 'Assessments and changes',
    description:
      'Times a target was assessed, health changes, and drift and violations that opened, changed or were resolved, a second.',
    unit: 'ops',
    min: 0,
    empty: NO_COLLECTOR,
    queries: [
      {
        expr: `sum(rate(openclaw_collector_assessments_total{${INSTANCES}}[$__rate_interval]))`,
        legend: 'assessments',
      },
      {
        expr: `sum(rate(openclaw_collector_health_changes_total{${INSTANCES}}[$__rate_interval]))`,
        legend: 'health changes',
      },
      { expr: `sum(rate(openclaw_collector_fault_changes_total{${INSTANCES}}[$__rate_interval]))`, legend: 'faults' },
    ],
    colors: { assessments: 'blue', 'health changes': 'purple', faults: 'orange' },
  }),
];

const neighbours = [
  graph({
    title: 'API requests, by status',
    description: 'Of people, of Grafana, of Prometheus and of Alertmanager.',
    unit: 'reqps',
    min: 0,
    empty: 'Nobody asked',
    stack: true,
    queries: [{ expr: perSecond('openclaw_collector_api_requests_total', 'code'), legend: '{{code}}' }],
  }),
  graph({
    title: 'Requests to bridges',
    description: 'Looks, verbs and receipts, by their outcome.',
    unit: 'reqps',
    min: 0,
    empty: 'No bridge was asked',
    stack: true,
    queries: [{ expr: perSecond('openclaw_collector_bridge_requests_total', 'outcome'), legend: '{{outcome}}' }],
    colors: {
      ok: 'green',
      'no-bridge': '#8e8e8e',
      unreachable: 'red',
      untrusted: 'dark-red',
      refused: 'orange',
      protocol: 'purple',
    },
  }),
  graph({
    title: 'Time a bridge took, 95 %',
    description: 'By transport: its own port, or a tunnel.',
    unit: 's',
    min: 0,
    empty: 'No bridge was asked',
    queries: [
      {
        expr: `histogram_quantile(0.95, sum by (le, transport) (rate(openclaw_collector_bridge_request_duration_seconds_bucket{${INSTANCES}}[$__rate_interval]))) >= 0`,
        legend: '{{transport}}',
      },
    ],
  }),
  graph({
    title: 'Event stream',
    description:
      'Who reads the stream of events now; and readers that were cut off for being too slow, or refused because there were too many.',
    unit: 'none',
    decimals: 0,
    min: 0,
    empty: NO_COLLECTOR,
    queries: [
      { expr: `sum(openclaw_collector_stream_subscribers{${INSTANCES}})`, legend: 'readers' },
      {
        expr: `round(sum(increase(openclaw_collector_stream_dropped_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'cut off',
      },
      {
        expr: `round(sum(increase(openclaw_collector_stream_refused_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'refused',
      },
    ],
    colors: { readers: 'blue', 'cut off': 'orange', refused: 'red' },
  }),
  graph({
    title: 'Alertmanager',
    description:
      'Silences that the collector holds while repairs act, those that it failed to make or lift, and alerts that came to its webhook.',
    unit: 'none',
    decimals: 0,
    min: 0,
    empty: 'The collector knows no Alertmanager',
    queries: [
      { expr: `max(openclaw_collector_silences{${INSTANCES}})`, legend: 'silences held' },
      {
        expr: `round(sum(increase(openclaw_collector_silence_failures_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'silences failed',
      },
      {
        expr: `round(sum by (outcome) (increase(openclaw_collector_alerts_received_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'alerts {{outcome}}',
      },
    ],
  }),
  graph({
    title: 'What was turned away',
    description:
      'Fields of heartbeats that nobody knows, scrapes refused because too many were under way, and scrapes whose reader went away.',
    unit: 'none',
    decimals: 0,
    min: 0,
    empty: NO_COLLECTOR,
    queries: [
      {
        expr: `round(sum(increase(openclaw_collector_unknown_fields_dropped_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'unknown fields',
      },
      {
        expr: `round(sum(increase(openclaw_collector_scrapes_refused_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'scrapes refused',
      },
      {
        expr: `round(sum(increase(openclaw_collector_scrapes_aborted_total{${INSTANCES}}[$__rate_interval])))`,
        legend: 'scrapes given up',
      },
    ],
  }),
];

const left = (metric: string, ...by: string[]): string => `min by (${by.join(', ')}) (${metric}) - time()`;
const trust = [
  table({
    title: 'Certificates of the collector',
    description:
      'When its own and those of its authority expire. It renews its own by itself; the authority is renewed by hand (docs/credentials.md).',
    empty: NO_COLLECTOR,
    labels: { certificate: 'Certificate' },
    columns: [
      {
        title: 'Expires in',
        expr: left(`openclaw_collector_certificate_expiry_timestamp_seconds{${INSTANCES}}`, 'certificate'),
        unit: 's',
        decimals: 0,
        steps: falling(7 * DAY, 30 * DAY),
      },
    ],
    sort: { by: 'Expires in', desc: false },
  }),
  table({
    title: 'API tokens that expire',
    description: 'The 20 that expire first: whoever uses one needs a new one by then (docs/credentials.md).',
    empty: 'No token expires',
    labels: { name: 'Token' },
    columns: [
      {
        title: 'Expires in',
        expr: `bottomk(20, ${left(`openclaw_collector_api_token_expiry_timestamp_seconds{${INSTANCES}}`, 'name')})`,
        unit: 's',
        decimals: 0,
        steps: falling(DAY, 7 * DAY),
      },
    ],
    sort: { by: 'Expires in', desc: false },
  }),
  graph({
    title: 'Records of the audit chain',
    description:
      'It never goes back. Compare it, and the hash of its head, with what is kept outside the collector (docs/audit.md).',
    unit: 'none',
    decimals: 0,
    empty: 'There is no record yet',
    legend: 'none',
    queries: [{ expr: 'max(openclaw_fleet_audit_records_total)', legend: 'records' }],
  }),
  table({
    title: 'Versions',
    description: 'What runs. Timings other than production are for demos.',
    empty: NO_COLLECTOR,
    labels: { instance: 'Collector', version: 'Version', node_version: 'Node.js', timings: 'Timings' },
    columns: [
      {
        title: 'Runs',
        expr: `max by (instance, version, node_version, timings) (openclaw_collector_build_info{${INSTANCES}})`,
        hidden: true,
        steps: PLAIN,
      },
    ],
  }),
];

export const collector = boardOf({
  uid: UIDS.collector,
  title: 'OpenClaw Fleet: collector',
  description:
    'How the collector itself is: its intake, its process and storage, who asks it and whom it asks, and what it is trusted by.',
  variables: [collectorVariable()],
  annotations: [startsMarked(INSTANCES)],
  rows: [
    { panels: grid(numbers, 4, 3) },
    { title: 'Intake', panels: grid(intake, 3, 7) },
    { title: 'Process, storage and scrapes', panels: grid(process, 3, 7) },
    { title: 'Neighbours', panels: grid(neighbours, 3, 7) },
    {
      title: 'Certificates, tokens and audit',
      panels: grid(trust, 2, 6),
    },
  ],
});
