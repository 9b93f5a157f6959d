import { z } from 'zod';
import { nodeIdSchema } from './node-id.ts';
import {
  BANDS,
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  PLAYBOOK_IDS,
  RISK_LEVELS,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
} from './assessment.ts';
import { instantSchema } from './heartbeat.ts';

/** Names of the stream's events (seed 000). */
export const EVENT_NAMES = [
  'fleet-health-changed',
  'drift-detected',
  'policy-violation',
  'remediation-status',
  'target-offline',
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

const base = { targetId: nodeIdSchema, at: instantSchema };

export const targetOfflineSchema = z.object({
  ...base,
  name: z.string(),
  zone: z.string(),
  lastSeenAt: instantSchema.nullable(),
  reason: z.string(),
});
export type TargetOffline = z.infer<typeof targetOfflineSchema>;

const band = z.object({ score: z.number().nullable(), band: z.enum(BANDS) });

/** On a change of band, or a move of 5 points (domain-rules section 3). */
export const fleetHealthChangedSchema = z.object({
  ...base,
  name: z.string(),
  zone: z.string(),
  before: band,
  after: band,
  riskLevel: z.enum(RISK_LEVELS).nullable(),
  reasons: z.array(z.string()),
});
export type FleetHealthChanged = z.infer<typeof fleetHealthChangedSchema>;

/** What became of a fault: it opened, changed its severity, or closed. */
export const FAULT_CHANGES = ['opened', 'escalated', 'eased', 'resolved'] as const;
export type FaultChange = (typeof FAULT_CHANGES)[number];

export const driftDetectedSchema = z.object({
  ...base,
  name: z.string(),
  zone: z.string(),
  id: z.string(),
  change: z.enum(FAULT_CHANGES),
  category: z.enum(DRIFT_CATEGORIES),
  severity: z.enum(DRIFT_SEVERITIES),
  expected: z.string(),
  actual: z.string(),
  reason: z.string(),
});
export type DriftDetected = z.infer<typeof driftDetectedSchema>;

export const policyViolationEventSchema = z.object({
  ...base,
  name: z.string(),
  zone: z.string(),
  id: z.string(),
  change: z.enum(FAULT_CHANGES),
  code: z.enum(VIOLATION_CODES),
  severity: z.enum(VIOLATION_SEVERITIES),
  message: z.string(),
  suggestedPlaybookId: z.enum(PLAYBOOK_IDS).optional(),
});
export type PolicyViolationEvent = z.infer<typeof policyViolationEventSchema>;

/** One event of the stream: `id` is its place in commit order, and what `Last-Event-ID` names. */
export type FleetEvent = { id: number; name: EventName; data: Record<string, unknown> };

/** Control event of the stream: what followed the id asked for is no longer kept. Read the state anew; the stream goes on from now. */
export const STREAM_RESET = 'stream-reset';
export const streamResetSchema = z.object({ reason: z.string() });
