import { z } from 'zod';
import { BANDS, RISK_LEVELS } from './assessment.ts';
import {
  APPLY_STATUSES,
  ENVIRONMENTS,
  GATEWAY_STATES,
  HEALTH_STATUSES,
  TRANSPORTS,
  instantSchema,
  jobsBlockSchema,
  publisherBlockSchema,
} from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';

/** Liveness states (domain-rules section 2). `unknown`: never reported, or past 2 intervals while nothing may expire. */
export const LIVENESS_STATES = ['online', 'stale', 'expired', 'stopped', 'inactive', 'retired', 'unknown'] as const;
export type LivenessState = (typeof LIVENESS_STATES)[number];

/** The blindness verdict, one value per zone and for the fleet (domain-rules section 2). */
export const VERDICTS = ['normal', 'partial', 'full', 'blind'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What is expected of a target (seed 000). A category without a desired value is null: then it cannot drift. */
export const desiredStateSchema = z.object({
  bridgeVersion: z.string().nullable(),
  configHash: z.string().nullable(),
  maxSyncLagMs: z.number(),
  allowAutoRemediation: z.boolean(),
  requiredCapabilities: z.array(z.string()),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

/** What a bridge last said of its gateway (seed 000; the fields after `metrics` are ours). */
export const reportedStateSchema = z.object({
  bridgeVersion: z.string(),
  configHash: z.string().nullable(),
  /** Age of the last state read from the gateway, by the collector's clock. Milliseconds. */
  syncLagMs: z.number(),
  heartbeatAt: instantSchema,
  healthStatus: z.enum(HEALTH_STATUSES),
  metrics: z.object({
    cpuPct: z.number().optional(),
    memUsedBytes: z.number().optional(),
    queueDepth: z.number().optional(),
    failedPushes1h: z.number().optional(),
  }),
  healthReasons: z.array(z.string()),
  gatewayState: z.enum(GATEWAY_STATES),
  gatewayBootId: z.string().nullable(),
  openclawVersion: z.string().nullable(),
  openclawBuild: z.string().nullable(),
  fullConfigHash: z.string().nullable(),
  configValid: z.boolean().nullable(),
  configConverged: z.boolean().nullable(),
  revision: z.string().nullable(),
  applyStatus: z.enum(APPLY_STATUSES),
});
export type ReportedState = z.infer<typeof reportedStateSchema>;

export const livenessSchema = z.object({
  state: z.enum(LIVENESS_STATES),
  /** In words, for a person. */
  reason: z.string(),
  /** Since the last accepted beat, less nothing. Null when the node never reported. */
  ageSeconds: z.number().nullable(),
  intervalSeconds: z.number(),
  /** How far the node's clock is ahead of ours (negative: behind), from its least lag. Null before a beat. */
  clockSkewSeconds: z.number().nullable(),
  flapping: z.boolean(),
});

/** How one request travels to a bridge's door; a `hybrid` target has both ways. */
export const WAYS = ['direct_https', 'reverse_ssh'] as const;
/** One way to a bridge, and what came of it since the collector started. */
export const bridgeWaySchema = z.object({
  way: z.enum(WAYS),
  /** Where the collector goes, `host:port`; of a tunnel, its end beside the collector. Null: nowhere. */
  address: z.string().nullable(),
  /** Why it leads nowhere, with what to set; null: it leads somewhere. */
  missing: z.string().nullable(),
  /** The last answer that came this way. */
  lastOkAt: instantSchema.nullable(),
  /** The last request that failed this way, and why, in words. */
  lastErrorAt: instantSchema.nullable(),
  lastError: z.string().nullable(),
});
/** How the collector reaches a bridge, in the order in which the ways are tried. It asks only when something is to be repaired. */
export const bridgeLinkSchema = z.object({ ways: z.array(bridgeWaySchema) });
export type BridgeWay = z.infer<typeof bridgeWaySchema>;
export type BridgeLink = z.infer<typeof bridgeLinkSchema>;

/** One target as the API shows it: seed 000's FleetTarget, and what a heartbeat says. */
export const fleetTargetSchema = z.object({
  id: nodeIdSchema,
  name: z.string(),
  transport: z.enum(TRANSPORTS).nullable(),
  environment: z.enum(ENVIRONMENTS).nullable(),
  policyProfileId: z.string(),
  desired: desiredStateSchema,
  reported: reportedStateSchema.optional(),
  fleetHealthScore: z.number().optional(),
  riskLevel: z.enum(RISK_LEVELS).optional(),
  /** `unknown` where there is no score. */
  band: z.enum(BANDS),
  /** A critical drift excludes it from automation and discovery. */
  isolated: z.boolean(),
  /** The team its alerts carry. */
  owner: z.string().nullable(),
  lastSeenAt: instantSchema.optional(),
  zone: z.string(),
  tags: z.array(z.string()),
  /** Version of the sender itself. */
  version: z.string().nullable(),
  bridged: z.boolean(),
  liveness: livenessSchema,
  capacity: z.record(z.string(), z.number()),
  queueDepth: z.record(z.string(), z.number()),
  capabilities: z.array(z.string()),
  jobs: jobsBlockSchema.nullable(),
  publisher: publisherBlockSchema.nullable(),
  uptimeSeconds: z.number().nullable(),
  lastHeartbeatAt: instantSchema.nullable(),
  /** For a target with a bridge that is shown alone; a list leaves it out. */
  bridge: bridgeLinkSchema.optional(),
});
export type FleetTarget = z.infer<typeof fleetTargetSchema>;

/**
 * Age of the last state that a bridge read from its gateway and delivered (domain-rules section 3), in milliseconds.
 * @param nowMs the receiver's clock
 * @param seenMs when the last accepted beat came
 * @param reportedLagMs how old the state was when the beat was sent
 */
export function syncLagMs(nowMs: number, seenMs: number, reportedLagMs: number): number {
  return Math.max(0, nowMs - seenMs) + reportedLagMs;
}
