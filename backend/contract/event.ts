import { z } from 'zod';
import { nodeIdSchema } from './node-id.ts';
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

/** One event of the stream: `id` is its place in commit order, and what `Last-Event-ID` names. */
export type FleetEvent = { id: number; name: EventName; data: Record<string, unknown> };

/** Control event of the stream: what followed the id asked for is no longer kept. Read the state anew; the stream goes on from now. */
export const STREAM_RESET = 'stream-reset';
export const streamResetSchema = z.object({ reason: z.string() });
