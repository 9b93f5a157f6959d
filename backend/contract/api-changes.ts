import { z } from 'zod';
import { configRevisionSchema, configValuesSchema, newRevisionSchema } from './configuration.ts';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';
import {
  desiredStatePatchSchema,
  DRIFT_MODES,
  policyProfileSchema,
  policyProposalSchema,
  policySpecSchema,
  profileIdSchema,
  reasonSchema,
  revisionIdSchema,
  waiverSchema,
} from './policy.ts';
import { desiredStateSchema } from './target.ts';

// Why it is done, for the audit: every change says it.
const why = { reason: reasonSchema };

/** Each field may be left out, and none gets its default: what a PATCH leaves out stays as it is. */
function withoutDefaults<Shape extends z.core.$ZodShape>(
  schema: z.ZodObject<Shape>
): z.ZodObject<{ [Key in keyof Shape]: z.ZodOptional<Shape[Key]> }, z.core.$strict> {
  const fields = Object.entries(schema.shape as unknown as Record<string, z.ZodType>).map(([name, field]) => [
    name,
    (field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field).optional(),
  ]);
  return z.strictObject(Object.fromEntries(fields) as { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> });
}

/** Body of `POST /fleet/policies`. */
export const newPolicySchema = policySpecSchema.extend({ id: profileIdSchema, ...why });

/** Some fields of a profile: each one that is there replaces the whole field. */
export const policyPatchSchema = withoutDefaults(policySpecSchema);
/** Body of `PATCH /fleet/policies/:policyId`. */
export const policyChangeSchema = policyPatchSchema.extend(why);

/** Changes of one profile that wait for another person. */
export const policyProposalListSchema = z.object({ items: z.array(policyProposalSchema) });

export const policyListSchema = z.object({ items: z.array(policyProfileSchema) });

/** Body of `POST /fleet/policies/:policyId/waivers`: its reason is the waiver's own. */
export const newWaiverSchema = waiverSchema;

/** Body of what needs nothing but a reason. */
export const reasonOnlySchema = z.strictObject(why);

/** Body of `POST /fleet/policies/:policyId/preview`: its fields changed, or the profile given to targets. One of the two. */
export const policyPreviewRequestSchema = z.strictObject({
  change: policyPatchSchema.optional(),
  applyTo: z.array(nodeIdSchema).min(1).max(500).optional(),
});

export const DESIRED_FIELDS = [
  'bridgeVersion',
  'configRevision',
  'maxSyncLagMs',
  'allowAutoRemediation',
  'requiredCapabilities',
] as const satisfies (keyof typeof desiredStatePatchSchema.shape)[];

const desiredChange = {
  ...desiredStatePatchSchema.shape,
  /** Fields to give back to the profile. */
  inherit: z.array(z.enum(DESIRED_FIELDS)).max(DESIRED_FIELDS.length).optional(),
};
/** Body of `PATCH /fleet/targets/:targetId/desired-state`. Null expects nothing; a field that is left out stays as it is. */
export const desiredStateChangeSchema = z.strictObject({ ...desiredChange, ...why });

/** Body of `POST /fleet/targets/:targetId/preview`: one of the three. */
export const targetPreviewRequestSchema = z.strictObject({
  policyId: profileIdSchema.optional(),
  desired: z.strictObject(desiredChange).optional(),
  overlay: configValuesSchema.optional(),
});

/** Body of `POST /fleet/targets/:targetId/apply-policy`. */
export const applyPolicySchema = z.strictObject({ policyId: profileIdSchema, ...why });

/** Body of `PUT /fleet/targets/:targetId/overlay`. */
export const overlayChangeSchema = z.strictObject({ values: configValuesSchema, ...why });

const decided = {
  targetId: nodeIdSchema,
  /** Grows with every change of the target's profile, desired state or overlay; the ETag names it. */
  version: z.int(),
  /** Null while nobody decided anything of this target. */
  updatedAt: instantSchema.nullable(),
  updatedBy: z.string().nullable(),
};

/** What is expected of one target, and where it comes from. */
export const targetPolicySchema = z.object({
  ...decided,
  policyProfileId: z.string(),
  policyProfileVersion: z.int(),
  /** A file gave it its profile, which alone can change that. */
  provisioned: z.boolean(),
  owner: z.string().nullable(),
  driftMode: z.enum(DRIFT_MODES),
  /** Its own, which outranks its profile's. */
  own: desiredStatePatchSchema,
  /** What is expected of it all in all. */
  desired: desiredStateSchema,
  /** The revision that `desired.configHash` comes from. */
  configRevision: revisionIdSchema.nullable(),
});
export type TargetPolicyView = z.infer<typeof targetPolicySchema>;

export const overlaySchema = z.object({
  ...decided,
  /** Its own values, over those of its revision. */
  values: configValuesSchema,
  configRevision: revisionIdSchema.nullable(),
  /** The hash of the values it is expected to run; null while no revision is desired of it. */
  configHash: z.string().nullable(),
});
export type OverlayView = z.infer<typeof overlaySchema>;

/** Body of `POST /fleet/configs`. */
export const newConfigSchema = newRevisionSchema;

/** A revision in a list: without its values. */
export const configSummarySchema = configRevisionSchema.omit({ values: true }).extend({
  /** How many paths it manages. */
  paths: z.int(),
});
export const configListSchema = z.object({
  /** Newest first. */
  items: z.array(configSummarySchema),
  total: z.int(),
  nextCursor: z.string().nullable(),
});
export type ConfigList = z.infer<typeof configListSchema>;

/** Query of `GET /fleet/configs/:configId/diff`: one of the two. */
export const configDiffQuerySchema = z.strictObject({
  /** Another revision. */
  to: revisionIdSchema.optional(),
  /** What this target reported last; its overlay counts. */
  target: nodeIdSchema.optional(),
});

/** Body of `POST /fleet/targets/:targetId/adopt-config`. */
export const adoptConfigSchema = z.strictObject({
  title: newRevisionSchema.shape.title,
  /** Paths to manage, or whole sections; left out: everything reported that a revision may manage. */
  paths: z.array(z.string().min(1).max(256)).min(1).max(1000).optional(),
  ...why,
});

export const adoptedConfigSchema = z.object({
  revision: configRevisionSchema,
  /** False: the same values were a revision already. */
  created: z.boolean(),
  /** What the gateway reported and no revision may manage, with why. */
  leftOut: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type AdoptedConfig = z.infer<typeof adoptedConfigSchema>;
