import fc from 'fast-check';
import {
  APPLY_STATUSES,
  GATEWAY_STATES,
  HEALTH_STATUSES,
  LIVENESS_STATES,
  VIOLATION_CODES,
} from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import type { Expectation, Subject } from '../types.ts';
import {
  desiredOf,
  EDITED_HASH,
  EXPECTED_HASH,
  expectationOf,
  ISSUED_HASH,
  MINUTE,
  NOW,
  plainOf,
  reportedOf,
  REVISION,
} from './cases.ts';

const version = fc.constantFrom('0.9.0', '1.1.0', '1.2.0', '1.3.9', '1.4.0', '1.5.0', '2025.9.6', '2026.9.5', 'banana');
const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
/** Removes what is undefined, as a parsed body has it. */
const present = <T extends object>(of: T): T =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

const metrics = fc
  .record({
    cpu_pct: some(fc.integer({ min: 85, max: 95 })),
    mem_used_bytes: some(fc.integer({ min: 2000, max: 2100 })),
    queue_depth: some(fc.integer({ min: 8, max: 12 })),
    failed_pushes_1h: some(fc.integer({ min: 2, max: 5 })),
  })
  .map(present);
const reported = fc
  .record({
    bridge_version: version,
    gateway_state: fc.constantFrom(...GATEWAY_STATES),
    config_hash: some(fc.constantFrom(EXPECTED_HASH, ISSUED_HASH, EDITED_HASH)),
    revision: some(fc.constantFrom(REVISION, 'e'.repeat(64))),
    apply_status: fc.constantFrom(...APPLY_STATUSES),
    sync_lag_ms: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * MINUTE })),
    health_status: fc.constantFrom(...HEALTH_STATUSES),
    health_reasons: fc.array(fc.constantFrom('no answer for 6 s', 'no answer for 7 s'), { maxLength: 3 }),
    metrics,
  })
  .map((of) => present(reportedOf(of as Parameters<typeof reportedOf>[0])));
const jobs = fc
  .record({
    total: fc.constant(3),
    enabled: fc.constant(3),
    failing: fc.nat(3),
    results_1h: fc.integer({ min: 3, max: 20 }),
    failures_1h: fc.nat(20),
    results_24h: some(fc.integer({ min: 3, max: 200 })),
    failures_24h: some(fc.nat(200)),
  })
  .map(present);

export const report: fc.Arbitrary<Heartbeat> = fc
  .record({
    reported: some(reported),
    jobs: some(jobs),
    capabilities: some(fc.subarray(['restart', 'reload'])),
    tags: fc.subarray(['prod', 'gpu']),
  })
  .map((of) => present(plainOf(of as Partial<Heartbeat>)));

export const subject: fc.Arbitrary<Subject> = fc.record({
  id: fc.constant('n1'),
  report,
  state: fc.constantFrom(...LIVENESS_STATES),
  seenMs: fc.option(fc.integer({ min: NOW - 40 * MINUTE, max: NOW + MINUTE })),
  intervalMs: fc.constant(MINUTE),
  flapping: fc.boolean(),
  overdue: fc.boolean(),
});

export const expectation: fc.Arbitrary<Expectation> = fc
  .record({
    desired: fc
      .record({
        bridgeVersion: fc.option(version),
        configHash: fc.option(fc.constant(EXPECTED_HASH)),
        maxSyncLagMs: fc.constantFrom(10_000, 2 * MINUTE),
        requiredCapabilities: fc.subarray(['restart', 'doctor']),
      })
      .map(desiredOf),
    revisionSinceMs: fc.integer({ min: NOW - 20 * MINUTE, max: NOW }),
    minimumBridgeVersion: fc.option(version),
    limits: fc
      .record({
        cpuPct: some(fc.integer({ min: 85, max: 95 })),
        memUsedBytes: some(fc.integer({ min: 2000, max: 2100 })),
        queueDepth: some(fc.constant(10)),
        failedPushes1h: some(fc.constant(3)),
        jobFailureRatio: some(fc.constantFrom(0, 0.2, 1)),
        minimumScore: some(fc.integer({ min: 0, max: 100 })),
      })
      .map(present),
    requiredTags: fc.subarray(['prod', 'gpu']),
    unknownConfigSeverity: fc.constantFrom('major' as const, 'critical' as const),
    waivers: fc.array(
      fc.record({
        code: fc.constantFrom(...VIOLATION_CODES),
        untilMs: fc.integer({ min: NOW - 10 * MINUTE, max: NOW + 30 * MINUTE }),
      }),
      { maxLength: 3 }
    ),
  })
  .map((of) => expectationOf(of as Partial<Expectation>));
