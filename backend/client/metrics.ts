import type { PublisherBlock } from '@openclaw-fleet/contract';
import { FAILURE_REASONS } from './retry.ts';
import type { FailureReason } from './retry.ts';

/** Upper bounds of the latency histogram, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The publisher's own counters since it was made. */
export interface Metrics {
  succeeded(): void;
  failed(reason: FailureReason): void;
  /** Beats that will never be delivered. */
  dropped(beats: number): void;
  /** Seconds from the start of an attempt to the end of the reply. */
  observe(seconds: number): void;
  readonly success: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly droppedTotal: number;
  /** As a beat carries them. */
  block(buffered: number): PublisherBlock;
  /** Prometheus text format 0.0.4. */
  render(buffered: number): string;
}

export function createMetrics(): Metrics {
  let success = 0;
  let droppedTotal = 0;
  let sum = 0;
  let observed = 0;
  const counts = BUCKETS.map(() => 0);
  const failures = new Map<FailureReason, number>();

  const family = (name: string, type: string, help: string, samples: readonly string[]): string[] => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples,
  ];

  return {
    succeeded: () => {
      success++;
    },
    failed: (reason) => failures.set(reason, (failures.get(reason) ?? 0) + 1),
    dropped: (beats) => {
      droppedTotal += beats;
    },
    observe: (seconds) => {
      sum += seconds;
      observed++;
      BUCKETS.forEach((bound, index) => {
        if (seconds <= bound) counts[index] = (counts[index] ?? 0) + 1;
      });
    },
    get success() {
      return success;
    },
    get failures() {
      return Object.fromEntries(failures);
    },
    get droppedTotal() {
      return droppedTotal;
    },
    block: (buffered) => ({
      success_total: success,
      failure_total: Object.fromEntries(failures),
      dropped_total: droppedTotal,
      buffered,
      latency_seconds_sum: Math.round(sum * 1e6) / 1e6,
      latency_seconds_count: observed,
    }),
    render: (buffered) => {
      const latency = 'openclaw_latency_seconds';
      return [
        ...family('openclaw_publish_success_total', 'counter', 'Heartbeats delivered, replayed ones too.', [
          `openclaw_publish_success_total ${success}`,
        ]),
        ...family(
          'openclaw_publish_failure_total',
          'counter',
          'Attempts to deliver a heartbeat that failed, by reason.',
          FAILURE_REASONS.map(
            (reason) => `openclaw_publish_failure_total{reason="${reason}"} ${failures.get(reason) ?? 0}`
          )
        ),
        ...family(latency, 'histogram', 'Time from the start of an attempt to the end of its reply.', [
          ...BUCKETS.map((bound, index) => `${latency}_bucket{le="${bound}"} ${counts[index] ?? 0}`),
          `${latency}_bucket{le="+Inf"} ${observed}`,
          `${latency}_sum ${sum}`,
          `${latency}_count ${observed}`,
        ]),
        ...family('openclaw_publish_dropped_total', 'counter', 'Heartbeats that will never be delivered.', [
          `openclaw_publish_dropped_total ${droppedTotal}`,
        ]),
        ...family('openclaw_publish_buffered', 'gauge', 'Undelivered heartbeats kept for a replay.', [
          `openclaw_publish_buffered ${buffered}`,
        ]),
        '',
      ].join('\n');
    },
  };
}
