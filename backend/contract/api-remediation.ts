import { z } from 'zod';
import { MAX_PAGE_SIZE } from './api.ts';
import { PLAYBOOK_IDS } from './assessment.ts';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';
import { reasonSchema } from './policy.ts';
import { auditRecordSchema, HOLD_KINDS, holdSchema, REFUSALS, RUN_STATES, runSchema, TRIGGERS } from './remediation.ts';

const page = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
  cursor: z.string().max(1024).optional(),
};

/** Ids of runs and batches in addresses. */
export const repairIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'must be the id of a run or a batch');

const states = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(z.enum(RUN_STATES)).max(RUN_STATES.length).optional()
);

/** Query of `GET /fleet/remediations/runs`. States are repeated: `?state=running&state=verifying`. */
export const runQuerySchema = z.strictObject({
  state: states,
  target: nodeIdSchema.optional(),
  playbook: z.enum(PLAYBOOK_IDS).optional(),
  trigger: z.enum(TRIGGERS).optional(),
  batch: repairIdSchema.optional(),
  ...page,
});
export const runPageSchema = z.object({
  /** Newest first. */
  items: z.array(runSchema),
  /** How many match, over all pages. */
  total: z.int(),
  nextCursor: z.string().nullable(),
});
export type RunPage = z.infer<typeof runPageSchema>;

/** Query of `GET /fleet/holds`. */
export const holdQuerySchema = z.strictObject({ target: nodeIdSchema.optional(), kind: z.enum(HOLD_KINDS).optional() });
export const holdListSchema = z.object({ items: z.array(holdSchema) });
export type HoldList = z.infer<typeof holdListSchema>;

/** Body of `POST /fleet/targets/:targetId/clear-quarantine`. */
export const clearQuarantineSchema = z.strictObject({
  /** Such as `drift.config`; left out: every quarantine of the target. */
  fault: z
    .string()
    .regex(/^[a-z][a-z.-]{0,63}$/, 'must be a fault such as drift.config')
    .optional(),
  reason: reasonSchema,
});
/** Body of `POST /fleet/breakers/close`. */
export const closeBreakerSchema = z.strictObject({
  playbook: z.enum(PLAYBOOK_IDS),
  fault: clearQuarantineSchema.shape.fault.unwrap(),
  reason: reasonSchema,
});

const word = z.string().min(1).max(256);
/** Query of `GET /fleet/audit`. */
export const auditQuerySchema = z.strictObject({
  actor: word.optional(),
  action: word.optional(),
  subject: word.optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  format: z.enum(['json', 'jsonl']).optional(),
  ...page,
});
export const auditPageSchema = z.object({
  /** Newest first. */
  items: z.array(auditRecordSchema),
  nextCursor: z.string().nullable(),
});
export type AuditPage = z.infer<typeof auditPageSchema>;
/** `GET /fleet/audit/head`: `jws` is `auditHeadSchema`, signed. */
export const auditHeadReplySchema = z.object({ seq: z.int(), hash: z.string(), jws: z.string() });

/** Alerts taken from one notification of Alertmanager. */
export const MAX_ALERTS = 200;
const labels = z.record(z.string().max(256), z.string().max(16_384));
/** What Alertmanager posts (version 4). What is not read here is let pass: later versions add fields. */
export const alertNotificationSchema = z.object({
  version: z.literal('4'),
  status: z.enum(['firing', 'resolved']),
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels,
        annotations: labels.default({}),
        startsAt: instantSchema,
        fingerprint: z.string().regex(/^[0-9a-f]{1,64}$/, 'must be the fingerprint of an alert'),
      })
    )
    .max(MAX_ALERTS),
});

/** What became of each alert. `repeated`: the same alert asked before, and its run is named. */
export const ALERT_OUTCOMES = ['started', 'repeated', 'refused', 'ignored'] as const;
export const alertAnswerSchema = z.object({
  alerts: z.array(
    z.object({
      fingerprint: z.string(),
      outcome: z.enum(ALERT_OUTCOMES),
      /** In words. */
      reason: z.string(),
      refusal: z.enum(REFUSALS).nullable(),
      runId: z.string().nullable(),
    })
  ),
});
export type AlertAnswer = z.infer<typeof alertAnswerSchema>;
