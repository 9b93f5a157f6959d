import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '@openclaw-fleet/client';
import type { JobsBlock, ReportedBlock } from '@openclaw-fleet/contract';
import type { Lane } from './gateway/facts.ts';
import { UNMANAGED } from './configuration/sync.ts';
import type { ManagedFacts } from './configuration/sync.ts';
import { healthOf } from './gateway/health.ts';
import type { Observed } from './gateway/observed.ts';

// Bounds of contract/heartbeat.ts; beyond them a text is cut rather than a beat lost.
const MAX_REASONS = 8;
const MAX_REASON_LENGTH = 200;
const MAX_TEXT = 128;
const MAX_LANES = 31;

/** What the bridge says of itself, from its settings. */
export interface BridgeIdentity {
  readonly version: string;
  /** Shown as the target's host name. Absent: the client's default. */
  readonly name?: string;
  readonly transport: NonNullable<ReportedBlock['transport']>;
  readonly environment?: NonNullable<ReportedBlock['environment']>;
}

/** What the bridge can do here, and where it takes requests. */
export interface Reach {
  /** Verbs and the like, such as `restart`; only what works. */
  readonly capabilities: readonly string[];
  /** `ip:port` of the door for actions; null: there is none, or none to tell. */
  readonly actionsAddress: string | null;
  /** Of the tunnel's host; absent: no tunnel is open. */
  readonly tunnelPort?: number | null;
  /** `ip:port` of the bridge's own metrics; absent or null: none to tell. */
  readonly metricsAddress?: string | null;
}
const NO_REACH: Reach = { capabilities: [], actionsAddress: null };

/** Everything observed, as one heartbeat says it. Pure. */
export function snapshotOf(
  observed: Observed,
  identity: BridgeIdentity,
  managed: ManagedFacts = UNMANAGED,
  reach: Reach = NO_REACH
): Snapshot {
  const jobs = jobsOf(observed);
  return {
    ...(identity.name !== undefined && { hostname: identity.name }),
    version: identity.version,
    capacity: capacityOf(observed),
    queue_depth: queueDepthOf(observed.lanes ?? []),
    reported: {
      ...reportedOf(observed, identity, managed),
      ...optional('actions_address', reach.actionsAddress),
      ...optional('tunnel_port', reach.tunnelPort),
      ...optional('metrics_address', reach.metricsAddress),
    },
    capabilities: [...reach.capabilities, `transport:${identity.transport}`],
    ...(jobs !== null && { jobs }),
  };
}

function reportedOf(observed: Observed, identity: BridgeIdentity, managed: ManagedFacts): ReportedBlock {
  const { config, judgement, jobs } = observed;
  const { status, reasons } = healthOf(observed);
  // What was measured before a gateway went away says nothing about now.
  const live = judgement.state === 'running' ? observed : null;
  return {
    bridge_version: identity.version,
    ...optional('openclaw_version', shortened(observed.version)),
    ...optional('openclaw_build', shortened(observed.build)),
    ...optional('gateway_boot_id', shortened(observed.bootId)),
    gateway_state: judgement.state,
    transport: identity.transport,
    ...optional('environment', identity.environment),
    ...optional('full_config_hash', config?.fullHash),
    ...optional('config_valid', config?.valid),
    ...optional('config_converged', config?.converged),
    ...optional('revision', managed.revision),
    ...optional('config_hash', managed.configHash),
    apply_status: managed.applyStatus,
    sync_lag_ms: Math.round(observed.syncLagMs),
    health_status: status,
    health_reasons: reasons.slice(0, MAX_REASONS).map((reason) => reason.slice(0, MAX_REASON_LENGTH)),
    metrics: {
      ...optional('cpu_pct', live?.system?.cpuPct),
      ...optional('mem_used_bytes', live?.system?.memUsedBytes),
      ...optional(
        'queue_depth',
        live?.lanes?.reduce((sum, lane) => sum + lane.queued, 0)
      ),
      ...optional('failed_pushes_1h', jobs?.counts.undelivered1h),
    },
  };
}

function jobsOf({ jobs }: Observed): JobsBlock | null {
  if (jobs === null) return null;
  const { list, counts } = jobs;
  return {
    ...list,
    results_1h: counts.results1h,
    failures_1h: counts.failures1h,
    results_24h: counts.results24h,
    failures_24h: counts.failures24h,
  };
}

/**
 * Room for more work: that of the lane `main`, in which agents take their turns; the others serve the gateway's own
 * chores. No slot is free unless the gateway runs, is ready and can be read, and the lane takes work.
 */
function capacityOf(observed: Observed): Record<string, number> {
  const main = observed.lanes?.find((lane) => lane.name === 'main');
  const workers = main?.workers ?? 0;
  const able = observed.judgement.state === 'running' && observed.readiness?.ready === true;
  const open = able && observed.connected && main?.closed === false;
  return { workers, available_slots: open ? Math.max(0, workers - main.active - main.queued) : 0 };
}

/** What waits, by lane; lanes that do not fit are summed as `other`. */
function queueDepthOf(lanes: readonly Lane[]): Record<string, number> {
  // A map: a lane may be called as a member of every object is.
  const depths = new Map<string, number>();
  lanes.forEach((lane, index) => {
    const name = index < MAX_LANES && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(lane.name) ? lane.name : 'other';
    depths.set(name, (depths.get(name) ?? 0) + lane.queued);
  });
  return Object.fromEntries(depths);
}

const EARLY = [
  'gateway_state',
  'health_status',
  'bridge_version',
  'openclaw_version',
  'openclaw_build',
  'gateway_boot_id',
  'config_hash',
  'full_config_hash',
  'config_valid',
  'config_converged',
  'revision',
  'apply_status',
  'actions_address',
  'tunnel_port',
  'metrics_address',
] as const satisfies (keyof ReportedBlock)[];

/** Whether `next` says something that should not wait for the next beat: a state or a version, never a mere number. */
export function changed(previous: Snapshot, next: Snapshot): boolean {
  return (
    EARLY.some((name) => previous.reported?.[name] !== next.reported?.[name]) ||
    !isDeepStrictEqual(previous.capabilities, next.capabilities) ||
    // The first count of jobs, not every other.
    (previous.jobs === undefined) !== (next.jobs === undefined)
  );
}

function shortened(text: string | null): string | undefined {
  return text?.slice(0, MAX_TEXT);
}

/** The member, unless there is no value for it. */
function optional<K extends string, V>(name: K, value: V | null | undefined): { readonly [key in K]?: V } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [key in K]: V });
}
