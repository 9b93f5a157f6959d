import { z } from 'zod';
import {
  BANDS,
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  driftRecordSchema,
  policyViolationSchema,
  RISK_LEVELS,
  scorePointSchema,
  scoreSummarySchema,
  timelineEntrySchema,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
} from './assessment.ts';
import { fleetTargetSchema, LIVENESS_STATES, VERDICTS } from './target.ts';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';

export const ROLES = ['viewer', 'operator', 'approver'] as const;
export type Role = (typeof ROLES)[number];

export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 500;
// A cursor carries the sort key it stopped at: at most a host name.
export const MAX_CURSOR_LENGTH = 1024;

const list = z.preprocess(
  (value) => (value === undefined ? undefined : Array.isArray(value) ? value : [value]),
  z.array(z.string().max(128)).max(64).optional()
);

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  list.pipe(z.array(z.enum(values)).optional());
const yesOrNo = z.enum(['true', 'false']).optional();
const page = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
};

/** What `GET /fleet/targets` may be ordered by; `-` in front turns the order round. */
export const TARGET_SORTS = ['name', 'zone', 'state', 'lastSeenAt', 'score'] as const;
export type TargetSort = (typeof TARGET_SORTS)[number];

/** Query of `GET /fleet/targets`. Lists are repeated: `?state=expired&state=stale`. */
export const targetQuerySchema = z.strictObject({
  state: oneOf(LIVENESS_STATES),
  zone: list,
  tag: list,
  bridged: yesOrNo,
  band: oneOf(BANDS),
  risk: oneOf(RISK_LEVELS),
  isolated: yesOrNo,
  drift: oneOf(DRIFT_CATEGORIES),
  driftSeverity: oneOf(DRIFT_SEVERITIES),
  violation: oneOf(VIOLATION_CODES),
  violationSeverity: oneOf(VIOLATION_SEVERITIES),
  profile: list,
  owner: list,
  q: z.string().max(128).optional(),
  sort: z.enum(TARGET_SORTS.flatMap((each) => [each, `-${each}` as const])).default('name'),
  ...page,
});
export type TargetQuery = z.infer<typeof targetQuerySchema>;

export const targetPageSchema = z.object({
  items: z.array(fleetTargetSchema),
  /** How many match, over all pages. */
  total: z.int(),
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: z.string().nullable(),
});
export type TargetPage = z.infer<typeof targetPageSchema>;

const FAULT_STATES = ['open', 'resolved', 'all'] as const;
const faultQuery = { state: z.enum(FAULT_STATES).default('open'), ...page };
const ofFleet = { target: nodeIdSchema.optional(), zone: list };

/** Query of `GET /fleet/targets/:targetId/drift`, and with a target and zones of `GET /fleet/drift`. */
export const targetDriftQuerySchema = z.strictObject({
  category: oneOf(DRIFT_CATEGORIES),
  severity: oneOf(DRIFT_SEVERITIES),
  ...faultQuery,
});
export const driftQuerySchema = targetDriftQuerySchema.extend(ofFleet);

/** Query of `GET /fleet/targets/:targetId/violations`, and with a target and zones of `GET /fleet/violations`. */
export const targetViolationQuerySchema = z.strictObject({
  code: oneOf(VIOLATION_CODES),
  severity: oneOf(VIOLATION_SEVERITIES),
  ...faultQuery,
});
export const violationQuerySchema = targetViolationQuerySchema.extend(ofFleet);

const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    /** How many match, over all pages; null where a filter by zone makes that too dear to count. */
    total: z.int().nullable(),
    /** Pass it as `cursor` for the next page; null on the last. A page may hold fewer than `limit`, even none. */
    nextCursor: z.string().nullable(),
  });
export const driftPageSchema = pageOf(driftRecordSchema);
export type DriftPage = z.infer<typeof driftPageSchema>;
export const violationPageSchema = pageOf(policyViolationSchema);
export type ViolationPage = z.infer<typeof violationPageSchema>;

/** Query of `GET /fleet/targets/:targetId/history`: the last 24 h when nothing is said. */
export const historyQuerySchema = z.strictObject({
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
});
export const scoreHistorySchema = z.object({
  targetId: nodeIdSchema,
  from: instantSchema,
  to: instantSchema,
  /** Oldest first. */
  points: z.array(scorePointSchema),
  /** There are older ones in the range: more than `limit`. */
  truncated: z.boolean(),
});
export type ScoreHistory = z.infer<typeof scoreHistorySchema>;

/** Query of `GET /fleet/targets/:targetId/timeline`. */
export const timelineQuerySchema = z.strictObject(page);
export const timelinePageSchema = z.object({
  /** Newest first. */
  items: z.array(timelineEntrySchema),
  nextCursor: z.string().nullable(),
});
export type TimelinePage = z.infer<typeof timelinePageSchema>;

const countsByState = z.record(z.enum(LIVENESS_STATES), z.int());
const countsByBand = z.record(z.enum(BANDS), z.int());

export const zoneSummarySchema = z.object({
  zone: z.string(),
  verdict: z.enum(VERDICTS),
  expected: z.int(),
  online: z.int(),
  total: z.int(),
  bands: countsByBand,
  scores: scoreSummarySchema,
});

export type ZoneSummary = z.infer<typeof zoneSummarySchema>;

export const summarySchema = z.object({
  at: instantSchema,
  /** `demo` is loud on every view. */
  timings: z.enum(['production', 'demo']),
  verdict: z.object({ value: z.enum(VERDICTS), reason: z.string(), since: instantSchema }),
  total: z.int(),
  expected: z.int(),
  online: z.int(),
  states: countsByState,
  bridged: z.int(),
  flapping: z.int(),
  bands: countsByBand,
  scores: scoreSummarySchema,
  /** Targets with open drift, by category and severity. */
  drift: z.record(z.enum(DRIFT_CATEGORIES), z.record(z.enum(DRIFT_SEVERITIES), z.int())),
  /** Targets with an open violation, by code and severity. */
  violations: z.record(z.enum(VIOLATION_CODES), z.record(z.enum(VIOLATION_SEVERITIES), z.int())),
  /** Targets that a critical drift excludes from discovery and automation. */
  isolated: z.int(),
  zones: z.array(zoneSummarySchema),
  /** Why nothing may expire now, in words; null when expiry goes on. */
  expiryHeld: z.string().nullable(),
  startedAt: instantSchema,
});
export type FleetSummary = z.infer<typeof summarySchema>;

export const availabilityQuerySchema = z.strictObject({
  tag: list,
  min_slots: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
});
export type AvailabilityQuery = z.infer<typeof availabilityQuerySchema>;

/** `GET /openclaw/availability`, for routers (domain-rules section 1): snake_case as on seed 004's wire. */
export const availabilitySchema = z.object({
  nodes: z.array(
    z.object({
      node_id: nodeIdSchema,
      hostname: z.string(),
      version: z.string(),
      capacity: z.record(z.string(), z.number()),
      queue_depth: z.record(z.string(), z.number()),
      available_slots: z.number().nullable(),
      tags: z.array(z.string()),
      age_seconds: z.number(),
    })
  ),
  total: z.int(),
  next_cursor: z.string().nullable(),
});
export type Availability = z.infer<typeof availabilitySchema>;
