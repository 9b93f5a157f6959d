import { z } from 'zod';
import { nodeIdSchema } from './node-id.ts';

/** The largest heartbeat body the intake reads (domain-rules section 1), in bytes. */
export const MAX_HEARTBEAT_BYTES = 16 * 1024;
export const MAX_TAGS = 64;
export const MAX_TAG_LENGTH = 128;
/** Entries in `capacity` and `queue_depth` beyond the seed's own. */
export const MAX_RESOURCES = 32;
export const MAX_CAPABILITIES = 32;
export const MAX_REASONS = 8;

// ISO-8601 with a zone, so that two senders never mean different instants with the same text.
export const instantSchema = z.iso.datetime({
  offset: true,
  error: 'must be an ISO-8601 time with a zone, such as 2026-02-06T12:34:56Z',
});

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
// Control characters would let a node write into somebody's terminal.
const printable = z.string().regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'must not contain control characters');
const shortText = printable.max(128);
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex (64 characters)');

/**
 * An object of counts under names that the sender chose. Written out because a heartbeat has up to three, and `z.record`
 * takes longer over two of them than over all the rest.
 */
function counts(names: RegExp, nameHint: string, whole: boolean, most: number, tooMany: string): CountsSchema {
  const isCount = whole ? Number.isSafeInteger : Number.isFinite;
  const valueHint = `must be a ${whole ? 'whole ' : ''}number from 0 to ${Number.MAX_SAFE_INTEGER}`;
  return z
    .custom<Record<string, number>>()
    .check(({ value, issues }) => {
      const input: unknown = value;
      if (typeof input !== 'object' || input === null || Array.isArray(input)) {
        issues.push({ code: 'custom', input, message: 'must be an object of names and numbers' });
        return;
      }
      let size = 0;
      for (const name in input) {
        const count = (input as Record<string, unknown>)[name];
        const fine = isCount(count) && (count as number) >= 0 && (count as number) <= Number.MAX_SAFE_INTEGER;
        if (!fine) issues.push({ code: 'custom', input: count, path: [name], message: valueHint });
        if (!names.test(name)) issues.push({ code: 'custom', input: name, path: [name], message: nameHint });
        size++;
      }
      if (size > most) issues.push({ code: 'custom', input, message: tooMany });
    })
    .meta({
      type: 'object',
      additionalProperties: { type: whole ? 'integer' : 'number', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      propertyNames: { pattern: names.source },
      maxProperties: most,
    });
}
type CountsSchema = z.ZodType<Record<string, number>, Record<string, number>>;

const resources = counts(
  /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
  'must be a short name such as workers',
  false,
  MAX_RESOURCES,
  `must have at most ${MAX_RESOURCES} entries`
);

/** How the gateway beside a bridge is doing, told apart by probes (openclaw-notes section 11). */
export const GATEWAY_STATES = ['running', 'starting', 'draining', 'restarting', 'hung', 'dead', 'unknown'] as const;
export const APPLY_STATUSES = ['UNSET', 'APPLYING', 'APPLIED', 'FAILED'] as const;
export const HEALTH_STATUSES = ['ok', 'warn', 'error'] as const;
export const TRANSPORTS = ['reverse_ssh', 'direct_https', 'hybrid'] as const;
export const ENVIRONMENTS = ['local', 'vps', 'cloud'] as const;
export const GOODBYES = ['restart', 'shutdown'] as const;

/** What a bridge reports of its gateway. Absent from a beat means unchanged, never unknown (domain-rules section 1). */
export const reportedBlockSchema = z.object({
  bridge_version: shortText.min(1),
  openclaw_version: shortText.optional(),
  openclaw_build: shortText.optional(),
  /** Changes with every start of the gateway, also with one inside its process. */
  gateway_boot_id: shortText.optional(),
  gateway_state: z.enum(GATEWAY_STATES),
  transport: z.enum(TRANSPORTS).optional(),
  environment: z.enum(ENVIRONMENTS).optional(),
  /** Over the managed paths of the revision the bridge was told; absent while it was told none. */
  config_hash: hash.optional(),
  /** Over the whole configuration without `meta`; notices any change. */
  full_config_hash: hash.optional(),
  config_valid: z.boolean().optional(),
  /** The saved configuration is the active one. */
  config_converged: z.boolean().optional(),
  revision: shortText.optional(),
  apply_status: z.enum(APPLY_STATUSES),
  /** Where the bridge takes signed requests: an IP address and port, such as `10.0.0.7:9465`. */
  actions_address: shortText.optional(),
  /** The port on the tunnel's host that leads there. */
  tunnel_port: count.optional(),
  /** Where Prometheus finds the bridge's own metrics: an IP address and port, such as `10.0.0.7:9464`. */
  metrics_address: shortText.optional(),
  /** Age, when the beat is sent, of the last state read from the gateway, in milliseconds. */
  sync_lag_ms: amount,
  health_status: z.enum(HEALTH_STATUSES),
  /** Why, in words; the most important first. */
  health_reasons: z.array(printable.max(200)).max(MAX_REASONS),
  metrics: z.object({
    cpu_pct: amount.optional(),
    mem_used_bytes: amount.optional(),
    queue_depth: amount.optional(),
    failed_pushes_1h: count.optional(),
  }),
});

/** Scheduled jobs of the gateway; results are of the sliding last hour and of the 24 h before now. */
export const jobsBlockSchema = z.object({
  total: count,
  enabled: count,
  failing: count,
  results_1h: count,
  failures_1h: count,
  results_24h: count.optional(),
  failures_24h: count.optional(),
});

/** The publisher's own counters since it started (seed 004, observability). */
export const publisherBlockSchema = z.object({
  success_total: count,
  failure_total: counts(
    /^[a-z0-9_]{1,32}$/,
    'must be a short reason such as http_503',
    true,
    32,
    'must have at most 32 reasons'
  ),
  dropped_total: count.optional(),
  buffered: count.optional(),
  latency_seconds_sum: amount.optional(),
  latency_seconds_count: count.optional(),
});

/** The body of `POST /openclaw/availability` (seed 004, with the optional blocks a bridge adds). */
export const heartbeatSchema = z.object({
  node_id: nodeIdSchema,
  hostname: printable.min(1).max(253),
  version: shortText.min(1),
  capacity: resources,
  queue_depth: resources,
  last_heartbeat: instantSchema,
  tags: z.array(printable.min(1).max(MAX_TAG_LENGTH)).max(MAX_TAGS),
  uptime_seconds: amount.optional(),
  /** Changes with every start of the publisher. */
  boot_id: z.string().min(1).max(64).optional(),
  /** Counts the publisher's beats since `boot_id`; lets the collector notice a gap. */
  seq: count.optional(),
  /** The pace the publisher keeps; without it the collector measures it. */
  interval_seconds: z.number().min(1).max(120).optional(),
  reported: reportedBlockSchema.optional(),
  capabilities: z
    .array(z.string().regex(/^[a-z][a-z0-9_:.-]{0,63}$/, 'must be a capability such as restart'))
    .max(MAX_CAPABILITIES)
    .optional(),
  jobs: jobsBlockSchema.optional(),
  publisher: publisherBlockSchema.optional(),
  /** A clean stop: no offline event is raised. */
  goodbye: z.enum(GOODBYES).optional(),
});

export type Heartbeat = z.infer<typeof heartbeatSchema>;
export type ReportedBlock = z.infer<typeof reportedBlockSchema>;
export type JobsBlock = z.infer<typeof jobsBlockSchema>;
export type PublisherBlock = z.infer<typeof publisherBlockSchema>;
export type GatewayState = (typeof GATEWAY_STATES)[number];
export type Goodbye = (typeof GOODBYES)[number];

export const HEARTBEAT_STATUSES = ['accepted', 'duplicate', 'superseded'] as const;

/** The 200 answer to a heartbeat. The pace and what the collector lacks ride on it. */
export const heartbeatReplySchema = z.object({
  status: z.enum(HEARTBEAT_STATUSES),
  /** Wait 0.9 to 1.0 of this before the next beat. Seconds. */
  next_heartbeat_seconds: z.number(),
  /** Send every optional block with the next beat: the collector lacks one. */
  report_full_state: z.boolean().optional(),
  /** The configuration revision the node should run; absent while none is desired. */
  desired_revision: z.string().optional(),
});
export type HeartbeatReply = z.infer<typeof heartbeatReplySchema>;
export type HeartbeatStatus = HeartbeatReply['status'];

/** The 200 answer of `POST /openclaw/token`. */
export const tokenReplySchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.number(),
});
export type TokenReply = z.infer<typeof tokenReplySchema>;

/** The body of `POST /openclaw/renew`: a new P-256 key, and the proof that the sender holds it. */
export const renewalSchema = z.object({
  /** SPKI PEM. */
  public_key: z.string('must be text').max(2048),
  /** ES256 signature (IEEE P1363, base64url) by the new key over `openclaw-renew:` and the node's id. */
  proof: z.string('must be text').max(256),
});

/** The 200 answer of `POST /openclaw/renew`, both PEM. */
export const renewalReplySchema = z.object({ certificate: z.string(), ca: z.string() });
