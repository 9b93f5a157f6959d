import { APPLY_STATUSES, GATEWAY_STATES, HEALTH_STATUSES, LIVENESS_STATES, syncLagMs } from '@openclaw-fleet/contract';
import type { MetricsLevel, TargetFamily } from './family.ts';
import { hashNumber } from './hash-number.ts';
import { SEVERITY_LABELS } from './severity.ts';
import { HEALTH_FAMILIES } from './target-health.ts';

/** Labels of every per-target series, before those of the family. */
export const TARGET_LABELS = ['target', 'zone'] as const;

/** Names of queues and of failure reasons that become label values, over the whole fleet. */
export const MAX_NAMES = 64;

function sum(amounts: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const name in amounts) total += amounts[name] ?? 0;
  return total;
}

function hashOf(hash: string | undefined): number | undefined {
  return hash === undefined ? undefined : hashNumber(hash);
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function ratio(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : percent / 100;
}

/** Every per-target family there is, in the order they are exposed. docs/metrics.md is generated from this table. */
export const TARGET_FAMILIES: readonly TargetFamily[] = [
  {
    shape: 'info',
    name: 'openclaw_target_info',
    type: 'gauge',
    help: 'Who a target is, always 1: host name, versions of its sender, bridge and OpenClaw, policy profile, and the team that its alerts are for (empty when unknown or nobody).',
    level: 'core',
    labels: ['name', 'version', 'bridge_version', 'openclaw_version', 'policy', 'owner'],
    values: (node, { fleet }) => {
      const { hostname, version, reported } = node.report;
      const { profileId, owner } = fleet.expectation(node);
      return [
        hostname,
        version,
        reported?.bridge_version ?? '',
        reported?.openclaw_version ?? '',
        profileId,
        owner ?? '',
      ];
    },
  },
  {
    shape: 'states',
    name: 'openclaw_target_state',
    type: 'gauge',
    help: 'Liveness of a target, one series a state: 1 for the one it is in.',
    level: 'core',
    label: 'state',
    states: LIVENESS_STATES,
    state: (node, { fleet, nowMs }) => fleet.liveness(node, nowMs).state,
  },
  {
    shape: 'value',
    name: 'openclaw_target_flapping',
    type: 'gauge',
    help: 'Whether a target keeps leaving and returning (1) or not (0).',
    level: 'core',
    value: (node, { fleet, nowMs }) => (fleet.flapping(node, nowMs) ? 1 : 0),
  },
  ...HEALTH_FAMILIES,
  {
    shape: 'value',
    name: 'openclaw_target_last_seen_timestamp_seconds',
    type: 'gauge',
    help: "When a target's last accepted heartbeat came, by the collector's clock; absent before one came.",
    level: 'core',
    millis: true,
    value: ({ seenMs }) => seenMs ?? undefined,
  },
  {
    shape: 'value',
    name: 'openclaw_target_interval_seconds',
    type: 'gauge',
    help: 'The pace of heartbeats a target is judged by.',
    level: 'core',
    millis: true,
    value: ({ intervalMs }) => intervalMs,
  },
  {
    shape: 'value',
    name: 'openclaw_target_clock_skew_seconds',
    type: 'gauge',
    help: "How far a target's clock is ahead of the collector's (negative: behind).",
    level: 'core',
    millis: true,
    value: ({ seenMs, skewMs }) => (seenMs === null ? undefined : skewMs),
  },
  {
    shape: 'value',
    name: 'openclaw_target_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When the newest certificate of a target expires; absent where it is not enrolled, revoked or retired.',
    level: 'core',
    value: ({ id, state }, { certificates }) => (state === 'retired' ? undefined : certificates.certificateEndS(id)),
  },
  {
    shape: 'value',
    name: 'openclaw_target_capacity_workers',
    type: 'gauge',
    help: 'Workers a target says it has.',
    level: 'core',
    value: ({ report }) => report.capacity['workers'],
  },
  {
    shape: 'value',
    name: 'openclaw_target_available_slots',
    type: 'gauge',
    help: 'Slots a target says are free.',
    level: 'core',
    value: ({ report }) => report.capacity['available_slots'],
  },
  {
    shape: 'value',
    name: 'openclaw_target_queue_depth',
    type: 'gauge',
    help: 'Items that wait in all queues of a target.',
    level: 'core',
    value: ({ report }) => sum(report.queue_depth),
  },
  {
    shape: 'states',
    name: 'openclaw_target_gateway_state',
    type: 'gauge',
    help: 'What the bridge beside a gateway sees of it, one series a state: 1 for the one it is in.',
    level: 'core',
    label: 'state',
    states: GATEWAY_STATES,
    state: ({ report }) => report.reported?.gateway_state,
  },
  {
    shape: 'states',
    name: 'openclaw_target_health_status',
    type: 'gauge',
    help: 'Health of a gateway as its bridge reports it, one series a status: 1 for the one that holds.',
    level: 'core',
    label: 'status',
    states: HEALTH_STATUSES,
    state: ({ report }) => report.reported?.health_status,
  },
  {
    shape: 'value',
    name: 'openclaw_target_sync_lag_seconds',
    type: 'gauge',
    help: "Age, by the collector's clock, of the last state that a bridge read from its gateway and delivered.",
    level: 'core',
    millis: true,
    value: ({ report: { reported }, seenMs }, { nowMs }) =>
      reported === undefined || seenMs === null ? undefined : syncLagMs(nowMs, seenMs, reported.sync_lag_ms),
  },
  {
    shape: 'value',
    name: 'openclaw_target_config_hash',
    type: 'gauge',
    help: "First 48 bits of the hash of a gateway's managed configuration, as a number: equal means equal configuration.",
    level: 'core',
    value: ({ report }) => hashOf(report.reported?.config_hash),
  },
  {
    shape: 'value',
    name: 'openclaw_target_cpu_usage_ratio',
    type: 'gauge',
    help: 'CPU a gateway uses; 1 is 100 percent.',
    level: 'core',
    value: ({ report }) => ratio(report.reported?.metrics.cpu_pct),
  },
  {
    shape: 'value',
    name: 'openclaw_target_memory_used_bytes',
    type: 'gauge',
    help: 'Memory a gateway uses.',
    level: 'core',
    value: ({ report }) => report.reported?.metrics.mem_used_bytes,
  },
  {
    shape: 'value',
    name: 'openclaw_target_failed_pushes_last_hour',
    type: 'gauge',
    help: 'Deliveries of a gateway that failed in the sliding last hour.',
    level: 'core',
    value: ({ report }) => report.reported?.metrics.failed_pushes_1h,
  },
  {
    shape: 'value',
    name: 'openclaw_target_jobs_failing',
    type: 'gauge',
    help: 'Scheduled jobs of a gateway whose last result is a failure.',
    level: 'core',
    value: ({ report }) => report.jobs?.failing,
  },
  {
    shape: 'value',
    name: 'openclaw_target_job_results_last_hour',
    type: 'gauge',
    help: 'Results of scheduled jobs in the sliding last hour.',
    level: 'core',
    value: ({ report }) => report.jobs?.results_1h,
  },
  {
    shape: 'value',
    name: 'openclaw_target_job_failures_last_hour',
    type: 'gauge',
    help: 'Failures of scheduled jobs in the sliding last hour.',
    level: 'core',
    value: ({ report }) => report.jobs?.failures_1h,
  },
  {
    shape: 'states',
    name: 'openclaw_target_apply_status',
    type: 'gauge',
    help: 'How far a gateway is with its desired configuration, one series a status: 1 for the one that holds.',
    level: 'full',
    label: 'status',
    states: APPLY_STATUSES,
    state: ({ report }) => report.reported?.apply_status,
  },
  {
    shape: 'value',
    name: 'openclaw_target_full_config_hash',
    type: 'gauge',
    help: "First 48 bits of the hash of a gateway's whole configuration, as a number: it changes with any change.",
    level: 'full',
    value: ({ report }) => hashOf(report.reported?.full_config_hash),
  },
  {
    shape: 'value',
    name: 'openclaw_target_config_valid',
    type: 'gauge',
    help: "Whether a gateway's saved configuration is valid (1) or not (0).",
    level: 'full',
    value: ({ report }) => flag(report.reported?.config_valid),
  },
  {
    shape: 'value',
    name: 'openclaw_target_config_converged',
    type: 'gauge',
    help: "Whether a gateway's saved configuration is the active one (1) or not (0).",
    level: 'full',
    value: ({ report }) => flag(report.reported?.config_converged),
  },
  {
    shape: 'value',
    name: 'openclaw_target_uptime_seconds',
    type: 'gauge',
    help: 'How long a sender says it has been up.',
    level: 'full',
    value: ({ report }) => report.uptime_seconds,
  },
  {
    shape: 'value',
    name: 'openclaw_target_missed_beats_total',
    type: 'counter',
    help: 'Heartbeats missing by their sequence numbers since the collector started.',
    level: 'full',
    value: ({ missedBeats }) => missedBeats,
  },
  {
    shape: 'entries',
    name: 'openclaw_target_queue_depth_by_queue',
    type: 'gauge',
    help: 'Items that wait in one queue of a target; queues past the first 64 names of the fleet are `other`.',
    level: 'full',
    label: 'queue',
    maxNames: MAX_NAMES,
    entries: ({ report }) => report.queue_depth,
  },
  {
    shape: 'value',
    name: 'openclaw_target_gateway_queue_depth',
    type: 'gauge',
    help: "Items that wait in a gateway's own queues.",
    level: 'full',
    value: ({ report }) => report.reported?.metrics.queue_depth,
  },
  {
    shape: 'value',
    name: 'openclaw_target_jobs',
    type: 'gauge',
    help: 'Scheduled jobs of a gateway.',
    level: 'full',
    value: ({ report }) => report.jobs?.total,
  },
  {
    shape: 'value',
    name: 'openclaw_target_jobs_enabled',
    type: 'gauge',
    help: 'Scheduled jobs of a gateway that are enabled.',
    level: 'full',
    value: ({ report }) => report.jobs?.enabled,
  },
  {
    shape: 'value',
    name: 'openclaw_target_job_results_last_day',
    type: 'gauge',
    help: 'Results of scheduled jobs in the 24 hours before now.',
    level: 'full',
    value: ({ report }) => report.jobs?.results_24h,
  },
  {
    shape: 'value',
    name: 'openclaw_target_job_failures_last_day',
    type: 'gauge',
    help: 'Failures of scheduled jobs in the 24 hours before now.',
    level: 'full',
    value: ({ report }) => report.jobs?.failures_24h,
  },
  {
    shape: 'value',
    name: 'openclaw_target_publish_success_total',
    type: 'counter',
    help: 'Heartbeats a publisher says were taken, since it started.',
    level: 'full',
    value: ({ report }) => report.publisher?.success_total,
  },
  {
    shape: 'entries',
    name: 'openclaw_target_publish_failure_total',
    type: 'counter',
    help: 'Attempts a publisher says failed, by reason; reasons past the first 64 of the fleet are `other`.',
    level: 'full',
    label: 'reason',
    maxNames: MAX_NAMES,
    entries: ({ report }) => report.publisher?.failure_total,
  },
  {
    shape: 'value',
    name: 'openclaw_target_publish_dropped_total',
    type: 'counter',
    help: 'Heartbeats a publisher dropped from its full buffer.',
    level: 'full',
    value: ({ report }) => report.publisher?.dropped_total,
  },
  {
    shape: 'value',
    name: 'openclaw_target_publish_buffered',
    type: 'gauge',
    help: 'Heartbeats that wait in the buffer of a publisher.',
    level: 'full',
    value: ({ report }) => report.publisher?.buffered,
  },
  {
    shape: 'summary',
    name: 'openclaw_target_publish_latency_seconds',
    type: 'summary',
    help: 'How long a publisher waited for the answers to its heartbeats.',
    level: 'full',
    sum: ({ report }) => report.publisher?.latency_seconds_sum,
    count: ({ report }) => report.publisher?.latency_seconds_count,
  },
];

/** The families exposed at `level`. */
export function familiesAt(level: MetricsLevel): readonly TargetFamily[] {
  if (level === 'off') return [];
  return level === 'full' ? TARGET_FAMILIES : TARGET_FAMILIES.filter((family) => family.level === 'core');
}

/** The labels of a family's series beyond those every per-target series has. */
export function extraLabels(family: TargetFamily): readonly string[] {
  switch (family.shape) {
    case 'info':
      return family.labels;
    case 'states':
    case 'entries':
    case 'parts':
      return [family.label];
    case 'faults':
      return [family.label, ...SEVERITY_LABELS];
    case 'value':
    case 'summary':
      return [];
  }
}
