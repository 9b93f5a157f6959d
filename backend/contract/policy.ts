import { z } from 'zod';
import { VIOLATION_CODES } from './assessment.ts';
import { instantSchema, MAX_CAPABILITIES, MAX_TAGS, MAX_TAG_LENGTH } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';

/** What the fleet does about drift by itself [Azure]; `allowAutoRemediation` is the last. */
export const DRIFT_MODES = ['Audit', 'ApplyAndMonitor', 'ApplyAndAutoCorrect'] as const;
export type DriftMode = (typeof DRIFT_MODES)[number];

/** The profile of every target that no other was applied to. It can be edited, never deleted. */
export const DEFAULT_PROFILE_ID = 'default';

export const profileIdSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, such as production');
export const revisionIdSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be the id of a configuration revision: 64 hexadecimal digits');

const words = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'must not contain control characters');
/** Why something was done, for the audit. */
export const reasonSchema = words(500).min(3, 'say why, in at least 3 characters');
/**
 * What a person is called, to be read beside the actor and never instead of it: people choose it themselves, so nothing is
 * decided by it, and two may be called the same. Null: a service, the collector, or none is known.
 */
export const personNameSchema = z.string().max(128).nullable();
const version = z
  .string()
  .max(64)
  .regex(/^v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?$/, 'must be a version such as 1.4.0 or 2026.9.6');
const capability = z.string().regex(/^[a-z][a-z0-9_:.-]{0,63}$/, 'must be a capability such as restart');
const tag = words(MAX_TAG_LENGTH).min(1);

/** What a profile, or a target's own PATCH, expects. A field that is null expects nothing. */
export const desiredStatePatchSchema = z.strictObject({
  bridgeVersion: version.nullable().optional(),
  /** The revision whose values, with the target's overlay, are expected; the expected hash follows from it. */
  configRevision: revisionIdSchema.nullable().optional(),
  maxSyncLagMs: z.int().min(1000).max(86_400_000).optional(),
  allowAutoRemediation: z.boolean().optional(),
  requiredCapabilities: z.array(capability).max(MAX_CAPABILITIES).optional(),
});
export type DesiredStatePatch = z.infer<typeof desiredStatePatchSchema>;

export const limitsSchema = z.strictObject({
  cpuPct: z.number().min(0).max(100_000).optional(),
  memUsedBytes: z.int().min(0).optional(),
  queueDepth: z.int().min(0).optional(),
  failedPushes1h: z.int().min(0).optional(),
  /** Share of failed job results of the last hour, 0 to 1. */
  jobFailureRatio: z.number().min(0).max(1).optional(),
  minimumScore: z.number().min(0).max(100).optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

/** When automation may, or may not, act. Deny beats allow [Argo CD]. */
export const maintenanceWindowSchema = z.strictObject({
  kind: z.enum(['deny', 'allow']),
  /** Five cron fields (minute, hour, day of month, month, day of week): when it begins. */
  schedule: words(100),
  durationMinutes: z.int().min(1).max(10_080),
  timeZone: words(64).default('UTC'),
  reason: reasonSchema,
});
export type MaintenanceWindow = z.infer<typeof maintenanceWindowSchema>;

/** One violation code that is not counted, for a while, for a reason. */
export const waiverSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be letters, digits, dots, dashes and underscores'),
  code: z.enum(VIOLATION_CODES),
  /** Targets it is for; null: every one of the profile. */
  targetIds: z.array(nodeIdSchema).min(1).max(500).nullable().default(null),
  expiresAt: instantSchema,
  reason: reasonSchema,
});
export type Waiver = z.infer<typeof waiverSchema>;

/** What people write of a profile, in the API and in a file. */
export const policySpecSchema = z.strictObject({
  name: words(128).min(1),
  description: words(1000).default(''),
  /** The team its alerts carry. */
  owner: words(128).min(1).nullable().default(null),
  desired: desiredStatePatchSchema.default({}),
  minimumBridgeVersion: version.nullable().default(null),
  limits: limitsSchema.default({}),
  requiredTags: z.array(tag).max(MAX_TAGS).default([]),
  driftMode: z.enum(DRIFT_MODES).default('Audit'),
  /** How bad a configuration is that the collector never issued (an edit on the node). */
  unknownConfigSeverity: z.enum(['major', 'critical']).default('major'),
  requireSignature: z.boolean().default(false),
  windows: z.array(maintenanceWindowSchema).max(32).default([]),
  waivers: z.array(waiverSchema).max(100).default([]),
  /** Limits of repairs that are tighter here, by name, and `automation: false`; docs/safety.md lists them. */
  guardrails: z.record(words(64), z.union([z.number(), z.boolean()])).default({}),
});
export type PolicySpec = z.infer<typeof policySpecSchema>;

export const policyProfileSchema = policySpecSchema.extend({
  id: profileIdSchema,
  /** Grows with every change; the ETag names it. */
  version: z.int(),
  /** Comes from a file, which alone can change it. */
  provisioned: z.boolean(),
  createdAt: instantSchema,
  updatedAt: instantSchema,
  updatedBy: z.string(),
  /** How many targets it applies to now. */
  targets: z.int(),
});
export type PolicyProfile = z.infer<typeof policyProfileSchema>;

/** What a change would do to one target. A fault is named by kind and code, such as `drift.version`. */
export const previewItemSchema = z.object({
  targetId: nodeIdSchema,
  before: z.object({ score: z.number().nullable(), band: z.string() }),
  after: z.object({ score: z.number().nullable(), band: z.string() }),
  opens: z.array(z.object({ fault: z.string(), severity: z.string(), message: z.string() })),
  closes: z.array(z.object({ fault: z.string(), severity: z.string(), message: z.string() })),
  /** Stays open, and changes its severity. */
  changes: z.array(z.object({ fault: z.string(), before: z.string(), after: z.string(), message: z.string() })),
  /** What automation would begin that it would not as things are. */
  playbooks: z.array(z.string()),
});
export const previewSchema = z.object({
  /** Targets looked at, and those for which anything would change. */
  looked: z.int(),
  changed: z.int(),
  bands: z.record(z.string(), z.object({ before: z.int(), after: z.int() })),
  /** At most 500; `changed` counts all. */
  items: z.array(previewItemSchema),
  at: instantSchema,
});
export type PolicyPreview = z.infer<typeof previewSchema>;
export type PreviewItem = z.infer<typeof previewItemSchema>;

/**
 * A change of a profile that would have automation begin on more than one target: it waits for a person other than the one
 * who asked (domain-rules section 5).
 */
export const policyProposalSchema = z.object({
  id: z.string(),
  policyId: profileIdSchema,
  /** The version it was made from: any other change of the profile meanwhile voids it. */
  version: z.int(),
  /** Some fields of the profile, as its PATCH would have them. */
  change: z.record(z.string(), z.unknown()),
  reason: reasonSchema,
  requestedBy: z.string(),
  requestedByName: personNameSchema,
  /** The person, where one asked. */
  person: z.string().nullable(),
  createdAt: instantSchema,
  approveBefore: instantSchema,
  /** Targets that automation would begin on, as far as counted (500), and with which playbooks. */
  targets: z.array(nodeIdSchema),
  playbooks: z.array(z.string()),
});
export type PolicyProposal = z.infer<typeof policyProposalSchema>;
