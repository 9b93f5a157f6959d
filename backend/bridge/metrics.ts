import { GATEWAY_STATES, HEALTH_STATUSES } from '@openclaw-fleet/contract';
import { healthOf } from './gateway/health.ts';
import type { Observed } from './gateway/observed.ts';
import type { Endpoint, ProbeRound } from './gateway/probe.ts';
import { ENDPOINTS } from './gateway/probe.ts';

/** Upper bounds in seconds; a probe is given up after 2 s. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];
const FAILURES = ['refused', 'timeout', 'failed'] as const;

/** Counts of the probes since the bridge started. */
export interface ProbeMetrics {
  probed(round: ProbeRound): void;
  lines(): string[];
}

export function createProbeMetrics(): ProbeMetrics {
  const counted = new Map(
    ENDPOINTS.map((endpoint) => [
      endpoint,
      { buckets: BUCKETS.map(() => 0), sum: 0, count: 0, failures: { refused: 0, timeout: 0, failed: 0 } },
    ])
  );
  const each = (line: (endpoint: Endpoint, one: NonNullable<ReturnType<typeof counted.get>>) => string[]): string[] =>
    [...counted].flatMap(([endpoint, one]) => line(endpoint, one));

  return {
    probed: (round) => {
      for (const [endpoint, one] of counted) {
        const seconds = round.durations[endpoint] / 1000;
        one.sum += seconds;
        one.count += 1;
        one.buckets = one.buckets.map((count, index) => (seconds <= (BUCKETS[index] ?? 0) ? count + 1 : count));
        const { kind } = round.outcomes[endpoint];
        if (kind !== 'answer') one.failures[kind] += 1;
      }
    },
    lines: () => [
      ...head('probe_duration_seconds', 'histogram', 'Time until the gateway answered a probe, or it was given up.'),
      ...each((endpoint, one) => [
        ...BUCKETS.map((bound, index) =>
          sample('probe_duration_seconds_bucket', one.buckets[index] ?? 0, { endpoint, le: String(bound) })
        ),
        sample('probe_duration_seconds_bucket', one.count, { endpoint, le: '+Inf' }),
        sample('probe_duration_seconds_sum', one.sum, { endpoint }),
        sample('probe_duration_seconds_count', one.count, { endpoint }),
      ]),
      ...head('probe_failures_total', 'counter', 'Probes that the gateway did not answer, by reason.'),
      ...each((endpoint, one) =>
        FAILURES.map((reason) => sample('probe_failures_total', one.failures[reason], { endpoint, reason }))
      ),
    ],
  };
}

export interface MetricsInput {
  readonly observed: Observed;
  readonly bridgeVersion: string;
  readonly reconnects: number;
  readonly probes: ProbeMetrics;
  /** The client's own metrics, in the same format. */
  readonly publisher: string;
}

/** Everything under /metrics, in the Prometheus text format 0.0.4. */
export function renderMetrics({ observed, bridgeVersion, reconnects, probes, publisher }: MetricsInput): string {
  const { status } = healthOf(observed);
  const { state } = observed.judgement;
  const { lanes, work, jobs, config } = observed;
  const gauge = (name: string, help: string, value: number | null | undefined): string[] =>
    value === null || value === undefined ? [] : [...head(name, 'gauge', help), sample(name, value)];

  const lines = [
    ...head('build_info', 'gauge', 'Version of the bridge; always 1.'),
    sample('build_info', 1, { version: bridgeVersion }),
    ...head('gateway_info', 'gauge', 'What the gateway says of itself; always 1.'),
    sample('gateway_info', 1, { version: observed.version ?? '', build: observed.build ?? '' }),
    ...head('gateway_state', 'gauge', 'State of the gateway: 1 for the one it is in.'),
    ...GATEWAY_STATES.map((one) => sample('gateway_state', Number(one === state), { state: one })),
    ...head('gateway_health', 'gauge', 'Health of the gateway: 1 for what it is.'),
    ...HEALTH_STATUSES.map((one) => sample('gateway_health', Number(one === status), { status: one })),
    ...gauge('gateway_connected', 'Whether the read connection is open.', Number(observed.connected)),
    ...head('reconnects_total', 'counter', 'Read connections opened after the first.'),
    sample('reconnects_total', reconnects),
    ...gauge('sync_lag_seconds', 'Age of the last state read from the gateway.', observed.syncLagMs / 1000),
    ...gauge('gateway_cpu_ratio', 'CPU the gateway uses, of one core.', ratio(observed.system?.cpuPct)),
    ...gauge('gateway_memory_bytes', 'Resident memory of the gateway.', observed.system?.memUsedBytes),
    ...gauge('gateway_config_valid', 'Whether the saved configuration is valid.', config && Number(config.valid)),
    ...gauge(
      'gateway_config_converged',
      'Whether the saved configuration is the active one.',
      config && Number(config.converged)
    ),
    ...(lanes === null
      ? []
      : [
          ...head('lane_queued', 'gauge', 'Work that waits in a lane of the gateway.'),
          ...lanes.map((lane) => sample('lane_queued', lane.queued, { lane: lane.name })),
          ...head('lane_active', 'gauge', 'Work under way in a lane of the gateway.'),
          ...lanes.map((lane) => sample('lane_active', lane.active, { lane: lane.name })),
        ]),
    ...(work === null
      ? []
      : [
          ...head('gateway_work', 'gauge', 'Work that a restart would interrupt, by kind.'),
          ...Object.entries(work).map(([kind, count]) => sample('gateway_work', count, { kind })),
        ]),
    ...gauge('jobs', 'Scheduled jobs of the gateway.', jobs?.list.total),
    ...gauge('jobs_failing', 'Enabled jobs whose last run failed.', jobs?.list.failing),
    ...gauge('job_results_last_hour', 'Finished runs of scheduled jobs in the last hour.', jobs?.counts.results1h),
    ...gauge('job_failures_last_hour', 'Failed runs of scheduled jobs in the last hour.', jobs?.counts.failures1h),
    ...gauge('undelivered_last_hour', 'Results of the last hour that were not delivered.', jobs?.counts.undelivered1h),
    ...probes.lines(),
  ];
  return `${lines.join('\n')}\n${publisher}`;
}

const PREFIX = 'openclaw_bridge_';

function head(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): string[] {
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`];
}

function sample(name: string, value: number, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${PREFIX}${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
const ratio = (percent: number | null | undefined): number | null | undefined => percent && percent / 100;
