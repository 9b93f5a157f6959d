import { createHash } from 'node:crypto';
import type { Heartbeat, JobsBlock, PublisherBlock, ReportedBlock } from '@openclaw-fleet/contract';
import { randomOf } from './random.ts';
import type { Behaviour, NodePlan } from './scenario.ts';

export interface BeatInput {
  readonly plan: NodePlan;
  readonly behaviour: Behaviour;
  /** The true time, in milliseconds since the epoch; the node's own clock may be skewed. */
  readonly nowMs: number;
  /** When the simulated process started, likewise. */
  readonly bootMs: number;
  readonly bootId: string;
  readonly seq: number;
  readonly intervalMs: number;
  /** Send every optional block; else those that never change are left out (absent means unchanged). */
  readonly full: boolean;
  readonly publisher: PublisherBlock;
  /** What a bridge that takes verbs sees of its gateway; without it the gateway does what the script says. */
  readonly gateway?: GatewayFacts;
  readonly goodbye?: 'restart' | 'shutdown';
}

/** What a bridge tells of its gateway. */
export interface GatewayFacts {
  readonly reported: Omit<ReportedBlock, 'bridge_version' | 'environment' | 'metrics'>;
  /** Null: they cannot be read. */
  readonly jobs: JobsBlock | null;
  readonly capabilities: readonly string[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The configuration that every simulated gateway should run, and the hashes of it. */
const REVISION = 'sim-1';
const CONFIG_HASH = sha256(`managed paths of ${REVISION}`);
const FULL_CONFIG_HASH = sha256(`whole configuration of ${REVISION}`);
export const BRIDGE_VERSION = '0.1.0';
export const OPENCLAW_VERSION = '2026.9.6';
const CAPABILITIES = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'];

export const JOBS = { total: 12, enabled: 11, results1h: 60, results24h: 1440 };
const MEBIBYTE = 1024 * 1024;

/** The jobs block of a gateway of whose results `ratio` failed in the last hour. */
export function jobsOf(ratio: number): JobsBlock {
  return {
    total: JOBS.total,
    enabled: JOBS.enabled,
    failing: Math.ceil(ratio * JOBS.enabled),
    results_1h: JOBS.results1h,
    failures_1h: Math.round(ratio * JOBS.results1h),
    results_24h: JOBS.results24h,
    failures_24h: Math.round(ratio * JOBS.results1h) + 4,
  };
}

/** What every report of a gateway says alike. */
export const COMMON = { openclaw_version: OPENCLAW_VERSION, transport: 'direct_https' } as const;

/** Health of a gateway that answers nothing, since `ms` milliseconds. */
export function hungHealth(ms: number): Pick<ReportedBlock, 'gateway_state' | 'health_status' | 'health_reasons'> {
  return {
    gateway_state: 'hung',
    health_status: 'error',
    health_reasons: [`the gateway has answered nothing for ${Math.round(ms / 1000)} s`],
  };
}

/** A gateway that does what the script says. */
function scriptedGateway({ plan, behaviour, bootId, seq }: BeatInput): GatewayFacts {
  const random = randomOf(plan.seed, `load ${seq}`);
  const jobs = jobsOf(behaviour.jobFailureRatio);
  const { failures_1h: failures, results_1h: results } = jobs;
  const edited = behaviour.drifted ? ` edited on ${plan.id}` : '';
  const { hungMs } = behaviour;
  return {
    reported: {
      ...COMMON,
      gateway_boot_id: `gateway-${bootId}`,
      gateway_state: 'running',
      revision: REVISION,
      config_hash: edited ? sha256(CONFIG_HASH + edited) : CONFIG_HASH,
      full_config_hash: edited ? sha256(FULL_CONFIG_HASH + edited) : FULL_CONFIG_HASH,
      config_valid: true,
      config_converged: true,
      apply_status: 'APPLIED',
      sync_lag_ms: Math.round(200 + 1800 * random()) + Math.round(hungMs ?? 0),
      health_status: failures > 0 ? 'warn' : 'ok',
      health_reasons: failures > 0 ? [`${failures} of ${results} job results of the last hour are failures`] : [],
      ...(hungMs !== null && hungHealth(hungMs)),
    },
    jobs,
    capabilities: CAPABILITIES,
  };
}

/** What a bridge beside the simulated gateway reports. */
function reportedOf({ plan, seq }: BeatInput, { reported }: GatewayFacts, queueDepth: number): ReportedBlock {
  const random = randomOf(plan.seed, `use ${seq}`);
  return {
    bridge_version: BRIDGE_VERSION,
    environment: plan.index % 3 === 2 ? 'vps' : 'cloud',
    ...reported,
    metrics: {
      cpu_pct: Math.round(50 + 150 * random()) / 10,
      mem_used_bytes: Math.round(560 + 80 * random()) * MEBIBYTE,
      queue_depth: queueDepth,
      failed_pushes_1h: 0,
    },
  };
}

/** The body of one beat: a plain sender's as in seed 004, a bridged one's with the blocks a bridge adds. */
export function heartbeatOf(input: BeatInput): Heartbeat {
  const { plan, behaviour, nowMs, bootMs, bootId, seq, intervalMs, full, publisher, goodbye } = input;
  const random = randomOf(plan.seed, `work ${seq}`);
  const planner = Math.floor(random() * 5);
  const worker = Math.floor(random() * 40);
  const beat: Heartbeat = {
    node_id: plan.id,
    hostname: plan.hostname,
    version: plan.version,
    capacity: { workers: 24, available_slots: Math.max(0, 24 - Math.ceil(worker / 2)) },
    queue_depth: { planner, worker },
    last_heartbeat: new Date(nowMs + behaviour.skewMs).toISOString(),
    tags: [`region:${plan.zone}`, `gpu:${plan.index % 2 === 0}`, 'env:staging'],
    uptime_seconds: Math.max(0, Math.round((nowMs - bootMs) / 1000)),
    boot_id: bootId,
    seq,
    interval_seconds: Math.min(120, Math.max(1, intervalMs / 1000)),
    publisher,
    ...(goodbye && { goodbye }),
  };
  if (!plan.bridged) return beat;
  const gateway = input.gateway ?? scriptedGateway(input);
  return {
    ...beat,
    reported: reportedOf(input, gateway, planner + worker),
    ...(gateway.jobs !== null && { jobs: gateway.jobs }),
    ...(full && { capabilities: [...gateway.capabilities] }),
  };
}
