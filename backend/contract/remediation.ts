import { z } from 'zod';
import { VERBS } from './action.ts';
import { PLAYBOOK_IDS } from './assessment.ts';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';
import { personNameSchema, reasonSchema } from './policy.ts';

/**
 * States of a run (domain-rules section 6). `pending_approval` → `approved` → `running` → `verifying` → an end; or an end
 * without having run: `denied`, `cancelled`, `expired`, `voided`, `blocked`.
 */
export const RUN_STATES = [
  'pending_approval',
  'approved',
  'running',
  'verifying',
  'succeeded',
  'failed',
  'no_effect',
  'rolled_back',
  'no_fault',
  'unreachable',
  'denied',
  'cancelled',
  'expired',
  'voided',
  'blocked',
] as const;
export type RunState = (typeof RUN_STATES)[number];
export const OPEN_RUN_STATES = ['pending_approval', 'approved', 'running', 'verifying'] as const satisfies RunState[];

export function isEnded(state: RunState): boolean {
  return !(OPEN_RUN_STATES as readonly RunState[]).includes(state);
}

/** Why a repair was refused, or held back: one for each guardrail. docs/safety.md explains each. */
export const REFUSALS = [
  'no-target',
  'no-bridge',
  'not-capable',
  'retired',
  'cordoned',
  'unknown-state',
  'no-fault',
  'target-busy',
  'in-flight-cap',
  'plan-too-large',
  'attempts-exhausted',
  'quarantined',
  'backoff',
  'breaker-open',
  'isolated',
  'blind',
  'zone-not-normal',
  'zones-not-normal',
  'after-start',
  'paused',
  'target-paused',
  'maintenance-window',
  'blast-radius',
  'not-low-risk',
  'automation-off',
  'not-in-rollout',
  'drift-mode',
  'too-soon',
  'batch-halted',
  'no-desired-revision',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];
export const refusalSchema = z.object({
  reason: z.enum(REFUSALS),
  /** In words, with what to do. */
  message: z.string(),
});
export type Refusal = z.infer<typeof refusalSchema>;

/** Who began it. */
export const TRIGGERS = ['manual', 'automation', 'alertmanager', 'retry'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Steps of a playbook, by what they do. */
export const STEP_KINDS = ['witness', 'verb', 'verify', 'soak', 'record'] as const;
export const STEP_STATES = ['pending', 'running', 'succeeded', 'failed', 'skipped'] as const;

const facts = z.record(z.string(), z.unknown());
/** One step as it was carried out. */
export const runStepSchema = z.object({
  /** Its place, from 0; a rollback's steps follow the others. */
  index: z.int(),
  /** Its name in the playbook, such as `restart`. */
  id: z.string(),
  title: z.string(),
  kind: z.enum(STEP_KINDS),
  verb: z.enum(VERBS).nullable(),
  state: z.enum(STEP_STATES),
  startedAt: instantSchema.nullable(),
  endedAt: instantSchema.nullable(),
  /** What came of it, in words. */
  summary: z.string(),
  /** What was asked and what came back, measurements before and after, redacted log lines. */
  evidence: facts,
});
export type RunStep = z.infer<typeof runStepSchema>;

export const APPROVAL_DECISIONS = ['approve', 'deny', 'break-glass'] as const;
/** One person's word about a plan. */
export const approvalSchema = z.object({
  /** Who: the Grafana identifier of a person. */
  person: z.string(),
  /** How the audit names it. */
  actor: z.string(),
  name: personNameSchema,
  decision: z.enum(APPROVAL_DECISIONS),
  reason: z.string(),
  at: instantSchema,
});
export type Approval = z.infer<typeof approvalSchema>;

/** What was seen of one target when the plan was made; a change in any of these voids the plan. */
export const plannedTargetSchema = z.object({
  targetId: nodeIdSchema,
  zone: z.string(),
  bridgeVersion: z.string().nullable(),
  openclawVersion: z.string().nullable(),
  gatewayBootId: z.string().nullable(),
  configHash: z.string().nullable(),
  desiredRevision: z.string().nullable(),
  desiredConfigHash: z.string().nullable(),
  /** The fault to be repaired, such as `drift.config`, and its severity. */
  fault: z.string(),
  severity: z.string(),
  /** All its open faults with their severities, in order. */
  openFaults: z.array(z.string()),
  isolated: z.boolean(),
});
export type PlannedTarget = z.infer<typeof plannedTargetSchema>;

export const planSchema = z.object({
  id: z.string(),
  /** SHA-256 over the RFC 8785 form of what was planned: what an approval approves. */
  digest: z.string(),
  playbook: z.enum(PLAYBOOK_IDS),
  /** The verbs it may use, with their parameters, in order. */
  actions: z.array(z.object({ verb: z.enum(VERBS), parameters: facts })),
  targets: z.array(plannedTargetSchema),
  trigger: z.enum(TRIGGERS),
  requestedBy: z.string(),
  requestedByName: personNameSchema,
  requestedAs: z.string(),
  reason: z.string(),
  createdAt: instantSchema,
  /** How many persons must approve; 0: the request itself was enough. */
  approvalsNeeded: z.int(),
  /** Why so many, in words. */
  approvalReason: z.string(),
  approvals: z.array(approvalSchema),
  /** Nobody can approve it after this; null once it is decided, or needs none. */
  approveBefore: instantSchema.nullable(),
  /** It must begin before this; null until it is approved. */
  executeBefore: instantSchema.nullable(),
  /** An approver decided alone; every view marks it. */
  breakGlass: z.boolean(),
});
export type Plan = z.infer<typeof planSchema>;

export const runSchema = z.object({
  id: z.string(),
  planId: z.string(),
  /** Null unless it is one of several. */
  batchId: z.string().nullable(),
  /** Which wave of its batch, from 0 (the canaries). */
  wave: z.int(),
  targetId: nodeIdSchema,
  playbook: z.enum(PLAYBOOK_IDS),
  /** The one condition that it is to clear, such as `drift.config`. */
  fault: z.string(),
  state: z.enum(RUN_STATES),
  /** Why it is in that state, in words. */
  reason: z.string(),
  /** Set when it was refused or is held back. */
  refusal: refusalSchema.nullable(),
  trigger: z.enum(TRIGGERS),
  requestedBy: z.string(),
  requestedByName: personNameSchema,
  /** 1 for the first attempt on that fault within the window. 0: none was used. */
  attempt: z.int(),
  /** Somebody asked for its end; it ends after the step under way. */
  cancelRequested: z.boolean(),
  breakGlass: z.boolean(),
  createdAt: instantSchema,
  startedAt: instantSchema.nullable(),
  /** Since when the condition has been clear; null while it is not. */
  clearSince: instantSchema.nullable(),
  endedAt: instantSchema.nullable(),
  updatedAt: instantSchema,
});
export type Run = z.infer<typeof runSchema>;

/** `GET /fleet/remediations/runs/:runId`. */
export const runDetailSchema = runSchema.extend({ plan: planSchema, steps: z.array(runStepSchema) });
export type RunDetail = z.infer<typeof runDetailSchema>;

export const BATCH_STATES = [
  'pending_approval',
  'running',
  'halted',
  'done',
  'cancelled',
  'denied',
  'expired',
  'voided',
] as const;
export const batchSchema = z.object({
  /** The plan's id. */
  id: z.string(),
  state: z.enum(BATCH_STATES),
  reason: z.string(),
  plan: planSchema,
  progress: z.object({
    total: z.int(),
    /** Runs by state; a state that none has is left out. */
    states: z.partialRecord(z.enum(RUN_STATES), z.int()),
    wave: z.int(),
    waves: z.int(),
    failed: z.int(),
    done: z.int(),
  }),
  runs: z.array(runSchema),
});
export type Batch = z.infer<typeof batchSchema>;

/** The `Idempotency-Key` header: the same key with the same body gives the same run; with another body it is a 409. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{8,128}$/, 'must be 8 to 128 letters, digits, dots, colons, dashes and underscores');

/** As a plan names its digest. */
const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be the digest of a plan: 64 hex digits');

/** Body of `POST /fleet/targets/:targetId/reconcile`. */
export const reconcileSchema = z.strictObject({
  /** Left out: the one that the target's worst open fault suggests. */
  playbook: z.enum(PLAYBOOK_IDS).optional(),
  reason: reasonSchema,
  /** Shows the plan and what would hold it back; nothing begins. */
  dryRun: z.boolean().default(false),
  /** That of the dry run that the person saw: when another plan would be made by now, nothing is asked for. A dry run ignores it. */
  digest: digestSchema.optional(),
  /** How many approvals that dry run said it needs: when it needs fewer by now, nothing is asked for. */
  approvalsNeeded: z.int().min(0).max(2).optional(),
  /** As the header of that name, which outranks it. */
  idempotencyKey: idempotencyKeySchema.optional(),
});

/** Which targets a batch is for: resolved to a list in the plan; an empty one is an error, never "all". */
export const selectorSchema = z.strictObject({
  zone: z.array(z.string().max(128)).min(1).max(64).optional(),
  tag: z.array(z.string().max(128)).min(1).max(64).optional(),
  profile: z.array(z.string().max(128)).min(1).max(64).optional(),
});
/** Body of `POST /fleet/remediations/batches`: one of `targetIds` and `selector`. Only targets with a fault of the playbook are taken from a selector. */
export const newBatchSchema = z.strictObject({
  playbook: z.enum(PLAYBOOK_IDS),
  targetIds: z.array(nodeIdSchema).min(1).max(500).optional(),
  selector: selectorSchema.optional(),
  reason: reasonSchema,
  dryRun: z.boolean().default(false),
  /** Both as those of a repair of one target. */
  digest: digestSchema.optional(),
  approvalsNeeded: z.int().min(0).max(2).optional(),
  idempotencyKey: idempotencyKeySchema.optional(),
});

/** What a dry run answers. */
export const dryRunSchema = z.object({
  plan: planSchema,
  /** What would hold each target back now; none: it would begin. */
  refusals: z.array(refusalSchema.extend({ targetId: nodeIdSchema })),
});
export type DryRun = z.infer<typeof dryRunSchema>;

/** Body of approve, deny and cancel. `digest`: what the person saw; a plan that is another by now is not approved. */
export const approveSchema = z.strictObject({
  reason: reasonSchema,
  digest: digestSchema.optional(),
  /** Alone, with a reason, where two are needed or the request was one's own; the owner is paged, and everything marks it. */
  breakGlass: z.boolean().default(false),
});
export const decideSchema = z.strictObject({ reason: reasonSchema });

/** Something that holds back: a pause, a cordon, a quarantine, a breaker. */
export const HOLD_KINDS = ['pause', 'cordon', 'quarantine', 'breaker'] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];
export const holdSchema = z.object({
  kind: z.enum(HOLD_KINDS),
  /** Null: everything. */
  targetId: nodeIdSchema.nullable(),
  /** The fault of a quarantine, playbook and fault of a breaker. */
  subject: z.string().nullable(),
  reason: z.string(),
  by: z.string(),
  byName: personNameSchema,
  since: instantSchema,
});
export type Hold = z.infer<typeof holdSchema>;

/** How a playbook has done on a fault, over the last runs. */
export const efficacySchema = z.object({
  playbook: z.enum(PLAYBOOK_IDS),
  fault: z.string(),
  runs: z.int(),
  succeeded: z.int(),
  noEffect: z.int(),
  failed: z.int(),
  /** Runs whose second witness saw no fault. */
  falseAlarms: z.int(),
  /** 0 to 1; null without runs. */
  successRate: z.number().nullable(),
  breakerOpen: z.boolean(),
});
export type Efficacy = z.infer<typeof efficacySchema>;

/** `GET /fleet/remediations`: what is going on, and what holds back. */
export const remediationStatusSchema = z.object({
  automation: z.object({
    enabled: z.boolean(),
    percent: z.number(),
    /** Why nothing begins by itself now; null: it may. */ held: refusalSchema.nullable(),
  }),
  inFlight: z.int(),
  inFlightCap: z.int(),
  pendingApprovals: z.int(),
  holds: z.array(holdSchema),
  efficacy: z.array(efficacySchema),
  /** Refusals since the start, by reason. */
  refused: z.record(z.string(), z.int()),
});
export type RemediationStatus = z.infer<typeof remediationStatusSchema>;

/** Data of the event `remediation-status`. */
export const remediationStatusEventSchema = z.object({
  targetId: nodeIdSchema,
  at: instantSchema,
  name: z.string(),
  zone: z.string(),
  runId: z.string(),
  planId: z.string(),
  batchId: z.string().nullable(),
  playbook: z.enum(PLAYBOOK_IDS),
  fault: z.string(),
  before: z.enum(RUN_STATES).nullable(),
  state: z.enum(RUN_STATES),
  reason: z.string(),
  trigger: z.enum(TRIGGERS),
  breakGlass: z.boolean(),
  owner: z.string().nullable(),
});

/** One record of the audit chain, as `GET /fleet/audit` and an export give it: what its hash is over, and the hash. */
export const auditRecordSchema = z.object({
  seq: z.int(),
  atMs: z.int(),
  actor: z.string(),
  via: z.string(),
  action: z.string(),
  subject: z.string(),
  reason: z.string().nullable(),
  /** JSON text, exactly as it was sealed. */
  data: z.string(),
  prev: z.string(),
  hash: z.string(),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;
/** The signed head: a compact JWS (ES256, the key that signs actions) of this. */
export const auditHeadSchema = z.object({ seq: z.int(), hash: z.string(), at: instantSchema });
export const AUDIT_HEAD_TYPE = 'openclaw-audit-head+jws';
