import { z } from 'zod';
import { GATEWAY_STATES, HEALTH_STATUSES, instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';
import { revisionIdSchema } from './policy.ts';

/** What a node can be asked to do: a closed list (domain-rules section 6). */
export const VERBS = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor'] as const;
export type Verb = (typeof VERBS)[number];

/** The largest body the bridge's door reads, and the largest answer the collector reads from it. Bytes. */
export const MAX_ACTION_BYTES = 16 * 1024;
export const MAX_ANSWER_BYTES = 256 * 1024;
export const MAX_JOBS = 50;

export const actionIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/, 'must be 8 to 64 letters, digits, dots, dashes and underscores');
/** A job's id, as the gateway gave it. It goes into a request to the gateway, never into a command or a path. */
const jobIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'must be the id of a job');
const jobs = z.array(jobIdSchema).min(1).max(MAX_JOBS);

/** A verb with what it may be told; each is strict, so that nothing else rides along. */
export const instructionSchema = z.discriminatedUnion('verb', [
  /** `gateway`: by RPC when it answers, by the local supervisor when it hangs. `bridge`: it ends itself, for its supervisor to start anew. */
  z.strictObject({ verb: z.literal('restart'), what: z.enum(['gateway', 'bridge']) }),
  /** OpenClaw has no signal to reload by: the values of the revision the bridge has are written again with `config.patch`. */
  z.strictObject({ verb: z.literal('reload') }),
  /** A full snapshot now. With a revision: it is fetched, applied, verified, and rolled back when the gateway does not converge. */
  z.strictObject({
    verb: z.literal('reconcile'),
    apply: z
      .strictObject({ revision: revisionIdSchema, configHash: revisionIdSchema, allowRestart: z.boolean() })
      .nullable(),
  }),
  /** Disables jobs, and remembers which it disabled. */
  z.strictObject({ verb: z.literal('throttle'), jobs }),
  /** Enables jobs that it disabled itself, no others. `check`: runs each once first, and leaves one that fails disabled. */
  z.strictObject({ verb: z.literal('resume'), jobs, check: z.boolean() }),
  /** Reads what tells why a gateway is not well. Changes nothing. */
  z.strictObject({ verb: z.literal('doctor') }),
]);
export type Instruction = z.infer<typeof instructionSchema>;

/** What the collector signs: for one node, once, for a while. */
export const actionRequestSchema = z.strictObject({
  /** Known to the node for good: a repeat is answered with the first receipt. */
  action_id: actionIdSchema,
  node_id: nodeIdSchema,
  /** The run and step it belongs to, for the evidence of both sides. */
  run_id: z.string().max(64),
  step: z.string().max(64),
  instruction: instructionSchema,
  /** The gateway it was decided on: another boot means that somebody restarted it meanwhile, and the verb is refused. Null: whichever. */
  gateway_boot_id: z.string().max(128).nullable(),
  issued_at: instantSchema,
  expires_at: instantSchema,
});
export type ActionRequest = z.infer<typeof actionRequestSchema>;
/** `POST /v1/actions` carries `actionRequestSchema` as a compact JWS (ES256, the key that signs actions), typed so that no other can stand for it. */
export const ACTION_TYPE = 'openclaw-action+jws';
export const signedActionSchema = z.strictObject({ jws: z.string().max(MAX_ACTION_BYTES) });

/**
 * What became of an action. `refused`: nothing was done, and nothing will be. `outcome_unknown`: the bridge ended while it
 * was under way, and looking could not tell what became of it.
 */
export const RECEIPT_STATES = ['running', 'succeeded', 'failed', 'rolled_back', 'refused', 'outcome_unknown'] as const;
export type ReceiptState = (typeof RECEIPT_STATES)[number];

/** Why a bridge refused, a closed list. docs/repairs.md says what to do about each. */
export const ACTION_REFUSALS = [
  'not-signed',
  'wrong-node',
  'expired',
  'not-declared',
  'busy',
  'restart-limit',
  'boot-changed',
  'altered-repeat',
  'no-supervisor',
  'denied-path',
  'needs-restart',
  'revision-refused',
  'read-only-config',
  'unknown-job',
  'protected-job',
  'gateway-unavailable',
] as const;
export type ActionRefusal = (typeof ACTION_REFUSALS)[number];

const line = z
  .string()
  .max(500)
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/);
/** One line of what was done and seen, in order. Redacted by the bridge. */
export const noteSchema = z.object({ at: instantSchema, text: line });
export type ActionNote = z.infer<typeof noteSchema>;

/** A few measurements, before and after. */
const measurements = z.record(z.string().max(64), z.union([z.string().max(256), z.number(), z.boolean(), z.null()]));

export const receiptSchema = z.object({
  action_id: actionIdSchema,
  node_id: nodeIdSchema,
  run_id: z.string().max(64),
  verb: z.enum(VERBS),
  state: z.enum(RECEIPT_STATES),
  /** Why it was refused. */
  refusal: z.enum(ACTION_REFUSALS).nullable(),
  /** In words, for a person: what happened, and what to do next where something did not work. */
  message: line,
  started_at: instantSchema,
  /** Null while it is running. */
  finished_at: instantSchema.nullable(),
  notes: z.array(noteSchema).max(200),
  before: measurements,
  after: measurements,
});

/** A node's word about one action. */
export type ActionReceipt = z.infer<typeof receiptSchema>;

/** One scheduled job of a gateway, as its bridge sees it. */
export const observedJobSchema = z.object({
  id: jobIdSchema,
  name: line,
  enabled: z.boolean(),
  /** Disabled by this bridge; it may resume it. */
  throttled: z.boolean(),
  /** The bridge may disable it: no heartbeat job, none that a plugin declared. */
  throttleable: z.boolean(),
  consecutive_errors: z.int().min(0),
  /** Of the last hour, by the bridge's own window. */
  results_1h: z.int().min(0),
  failures_1h: z.int().min(0),
});
export type ObservedJob = z.infer<typeof observedJobSchema>;

/** Answer of `GET /v1/observation`: what the bridge sees now, asked afresh (domain-rules section 6, second witness). */
export const observationSchema = z.object({
  node_id: nodeIdSchema,
  at: instantSchema,
  bridge_version: z.string().max(64),
  bridge_boot_id: z.string().max(64),
  /** Since its last heartbeat that the collector accepted; null: none since it started. Milliseconds. */
  last_accepted_ms: z.number().min(0).nullable(),
  gateway_state: z.enum(GATEWAY_STATES),
  gateway_boot_id: z.string().max(128).nullable(),
  openclaw_version: z.string().max(64).nullable(),
  health_status: z.enum(HEALTH_STATUSES),
  health_reasons: z.array(line).max(16),
  /** Age of the last state read from the gateway. Milliseconds. */
  sync_lag_ms: z.number().min(0),
  revision: z.string().max(64).nullable(),
  config_hash: z.string().max(64).nullable(),
  full_config_hash: z.string().max(64).nullable(),
  config_valid: z.boolean().nullable(),
  config_converged: z.boolean().nullable(),
  /** The bridge's own `/metrics` answers as it should. */
  metrics_ok: z.boolean(),
  capabilities: z.array(z.string().max(64)).max(32),
  /** Failing and throttled ones first; at most 50. Null: they could not be read. */
  jobs: z.array(observedJobSchema).max(MAX_JOBS).nullable(),
  /** Of all jobs. */
  job_results_1h: z.int().min(0).nullable(),
  job_failures_1h: z.int().min(0).nullable(),
  /** The action under way, if any. */
  busy: actionIdSchema.nullable(),
  /** When the next restart would be allowed by the limits on the node; null: now. */
  restart_allowed_at: instantSchema.nullable(),
});
export type Observation = z.infer<typeof observationSchema>;

/** Paths of the bridge's door. */
export const ACTION_PATHS = { actions: '/v1/actions', observation: '/v1/observation' } as const;
/** Error body of the bridge's door, where there is no receipt. */
export const doorErrorSchema = z.object({ refusal: z.enum(ACTION_REFUSALS).nullable(), message: line });
export type DoorError = z.infer<typeof doorErrorSchema>;
