import { z } from 'zod';
import { configDifferenceSchema } from './assessment.ts';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';
import { reasonSchema, revisionIdSchema } from './policy.ts';

/** The largest `PUT /openclaw/config-report` and `POST /fleet/configs`, in bytes. */
export const MAX_CONFIG_BYTES = 256 * 1024;
export const MAX_MANAGED_PATHS = 1000;
/** Values of all paths together, counting those within others. */
export const MAX_CONFIG_VALUES = 5000;
/** How deep a value may nest. */
export const MAX_CONFIG_DEPTH = 32;

/**
 * A dotted path into a gateway's configuration, such as `messages.ackReaction`. Steps are names; an array is one value.
 * What a path of the prototype chain would reach is refused.
 */
export const configPathSchema = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$/, 'must be a dotted path such as messages.ackReaction')
  .refine(
    (path) => !path.split('.').some((step) => step === '__proto__' || step === 'constructor' || step === 'prototype'),
    'must not name a prototype'
  );

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Whether something is JSON that may be walked by recursion: it nests no deeper than it may, and reaches no prototype. */
function isTameJson(value: unknown): boolean {
  const left: [unknown, number][] = [[value, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [at, depth] = next;
    if (at === null || typeof at === 'string' || typeof at === 'boolean' || Number.isFinite(at)) continue;
    if (typeof at !== 'object' || depth === MAX_CONFIG_DEPTH || Object.hasOwn(at, '__proto__')) return false;
    for (const inner of Object.values(at)) left.push([inner, depth + 1]);
  }
  return true;
}

/** How many values there are, those that hold others among them. */
export function countOfValues(values: ConfigValues): number {
  let count = 0;
  const left: Json[] = Object.values(values);
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    count += 1;
    if (typeof at === 'object' && at !== null) for (const inner of Object.values(at)) left.push(inner);
  }
  return count;
}

// By one plain walk: zod's own schema of JSON costs a node's report most of a second.
const jsonSchema = z.unknown().refine(isTameJson, {
  error: `must be JSON with finite numbers, nest at most ${MAX_CONFIG_DEPTH} deep and have no member called __proto__`,
  abort: true,
}) as unknown as z.ZodType<Json>;

/** Managed paths and their values. A secret is a reference: `{"$secretRef": "name"}`. */
export const configValuesSchema = z
  .record(configPathSchema, jsonSchema)
  .refine((values) => Object.keys(values).length <= MAX_MANAGED_PATHS, `must have at most ${MAX_MANAGED_PATHS} paths`)
  .refine(
    (values) => countOfValues(values) <= MAX_CONFIG_VALUES,
    `must have at most ${MAX_CONFIG_VALUES} values, counting those within others`
  );
export type ConfigValues = Record<string, Json>;

/** Body of `POST /fleet/configs`. */
export const newRevisionSchema = z.strictObject({
  /** What to call it, for a person. */
  title: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'must not contain control characters'),
  values: configValuesSchema,
  reason: reasonSchema,
});

/** One revision: a document of managed paths, known by the hash of its values. */
export const configRevisionSchema = z.object({
  /** SHA-256 over the RFC 8785 form of `values`, in lower-case hex. */
  id: revisionIdSchema,
  title: z.string(),
  values: configValuesSchema,
  createdAt: instantSchema,
  createdBy: z.string(),
  reason: z.string(),
  /** The target whose running values it was adopted from; null when it was written. */
  adoptedFrom: nodeIdSchema.nullable(),
});
export type ConfigRevision = z.infer<typeof configRevisionSchema>;

/** What differs between two revisions, or a revision and what a target reports. */
export const configDiffSchema = z.object({
  from: z.string(),
  to: z.string(),
  /** Both sides have the same values at the managed paths. */
  equal: z.boolean(),
  differences: z.array(configDifferenceSchema),
});
export type ConfigDiff = z.infer<typeof configDiffSchema>;

/** Body of `PUT /openclaw/config-report`: the managed paths' values on a gateway, secrets redacted. */
export const configReportSchema = z.strictObject({
  /** The revision whose paths these are; null: what the gateway runs, to adopt. */
  revision: revisionIdSchema.nullable(),
  /** Hash over `values`, as in the heartbeat's `config_hash`. */
  config_hash: revisionIdSchema,
  values: configValuesSchema,
});
export type ConfigReport = z.infer<typeof configReportSchema>;

/** Answer of `GET /openclaw/revisions/:id` to a bridge: the target's overlay is resolved into `values`. */
export const nodeRevisionSchema = z.object({
  revision: revisionIdSchema,
  node_id: nodeIdSchema,
  /** SHA-256 over the RFC 8785 form of `values`: what `config_hash` is to become. */
  config_hash: revisionIdSchema,
  values: configValuesSchema,
  issued_at: instantSchema,
  /** What the node sent as `?nonce=`, so that it can tell this answer from an earlier one. */
  nonce: z.string().optional(),
});
export type NodeRevision = z.infer<typeof nodeRevisionSchema>;
/** The answer carries `nodeRevisionSchema` as a compact JWS (ES256, the key that signs actions), typed so that no other can stand for it. */
export const NODE_REVISION_TYPE = 'openclaw-revision+jws';
export const signedRevisionSchema = z.object({ jws: z.string() });
