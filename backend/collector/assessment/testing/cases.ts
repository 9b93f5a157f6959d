import type { Heartbeat, JobsBlock, ReportedBlock } from '@openclaw-fleet/contract';
import type { Expectation, Subject } from '../types.ts';

/** An instant for tests, in milliseconds. */
export const NOW = 1_790_000_000_000;
export const MINUTE = 60_000;
export const REVISION = 'b'.repeat(64);
export const EXPECTED_HASH = 'a'.repeat(64);
export const ISSUED_HASH = 'c'.repeat(64);
export const EDITED_HASH = 'd'.repeat(64);

/** A bridge that reports what `expectationOf()` expects. */
export function reportedOf(over: Partial<ReportedBlock> = {}): ReportedBlock {
  return {
    bridge_version: '1.4.0',
    gateway_state: 'running',
    config_hash: EXPECTED_HASH,
    revision: REVISION,
    apply_status: 'APPLIED',
    sync_lag_ms: 0,
    health_status: 'ok',
    health_reasons: [],
    metrics: { cpu_pct: 10, mem_used_bytes: 1024, queue_depth: 1, failed_pushes_1h: 0 },
    ...over,
  };
}

export function jobsOf(over: Partial<JobsBlock> = {}): JobsBlock {
  return { total: 3, enabled: 3, failing: 0, results_1h: 10, failures_1h: 0, ...over };
}

/** A plain sender's beat. */
export function plainOf(over: Partial<Heartbeat> = {}): Heartbeat {
  return {
    node_id: 'n1',
    hostname: 'host-1',
    version: '1.0.0',
    capacity: {},
    queue_depth: {},
    last_heartbeat: new Date(NOW).toISOString(),
    tags: ['prod'],
    ...over,
  };
}

/** A bridge's beat. */
export function bridgedOf(reported: Partial<ReportedBlock> = {}, over: Partial<Heartbeat> = {}): Heartbeat {
  return plainOf({ reported: reportedOf(reported), jobs: jobsOf(), capabilities: ['restart', 'reload'], ...over });
}

/** A healthy bridged target that has just reported. */
export function subjectOf(over: Partial<Subject> = {}): Subject {
  return {
    id: 'n1',
    report: bridgedOf(),
    state: 'online',
    seenMs: NOW,
    intervalMs: MINUTE,
    flapping: false,
    overdue: false,
    ...over,
  };
}

/** A profile that expects something of everything. */
export function expectationOf(over: Partial<Expectation> = {}): Expectation {
  return {
    profileId: 'default',
    profileVersion: 1,
    owner: null,
    desired: desiredOf(),
    revision: REVISION,
    revisionSinceMs: NOW - 60 * MINUTE,
    minimumBridgeVersion: '1.2.0',
    limits: { cpuPct: 90, memUsedBytes: 2048, queueDepth: 10, failedPushes1h: 3 },
    requiredTags: ['prod'],
    driftMode: 'Audit',
    unknownConfigSeverity: 'major',
    requireSignature: false,
    waivers: [],
    issued: (hash) => hash === EXPECTED_HASH || hash === ISSUED_HASH,
    ...over,
  };
}

export function desiredOf(over: Partial<Expectation['desired']> = {}): Expectation['desired'] {
  return {
    bridgeVersion: '1.4.0',
    configHash: EXPECTED_HASH,
    maxSyncLagMs: 2 * MINUTE,
    allowAutoRemediation: false,
    requiredCapabilities: ['restart'],
    ...over,
  };
}
