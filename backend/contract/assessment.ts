import { z } from 'zod';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';

/** Bands of the health score (seed 000); `unknown` has no score. */
export const BANDS = ['healthy', 'warning', 'degraded', 'critical', 'unknown'] as const;
export type Band = (typeof BANDS)[number];

export const RISK_LEVELS = ['low', 'medium', 'high', 'critical'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** The five components of the score, 20 points each (domain-rules section 3). */
export const COMPONENTS = ['connectivity', 'sync', 'policy', 'runtime', 'jobs'] as const;
export type Component = (typeof COMPONENTS)[number];
export const COMPONENT_POINTS = 20;

export const DRIFT_CATEGORIES = ['version', 'config', 'sync', 'runtime'] as const;
export type DriftCategory = (typeof DRIFT_CATEGORIES)[number];
export const DRIFT_SEVERITIES = ['minor', 'major', 'critical'] as const;
export type DriftSeverity = (typeof DRIFT_SEVERITIES)[number];

/** Every violation there is; docs/violations.md says what to do about each. */
export const VIOLATION_CODES = [
  'version-behind',
  'version-below-minimum',
  'config-drift',
  'sync-lag-over-limit',
  'runtime-error',
  'cpu-over-limit',
  'memory-over-limit',
  'queue-depth-over-limit',
  'failed-pushes-over-limit',
  'job-failures-over-limit',
  'required-tag-missing',
  'required-capability-missing',
  'score-below-minimum',
] as const;
export type ViolationCode = (typeof VIOLATION_CODES)[number];
export const VIOLATION_SEVERITIES = ['warning', 'high', 'critical'] as const;
export type ViolationSeverity = (typeof VIOLATION_SEVERITIES)[number];

/** Seed 000's playbooks. */
export const PLAYBOOK_IDS = ['BridgeStuck', 'ConfigDrift', 'FailureBurst'] as const;
export type PlaybookId = (typeof PLAYBOOK_IDS)[number];

/** One component: null points mean that it does not apply or lacks data, and `reason` says why. */
export const componentScoreSchema = z.object({
  points: z.number().min(0).max(COMPONENT_POINTS).nullable(),
  max: z.literal(COMPONENT_POINTS),
  /** In words, for a person. */
  reason: z.string(),
  /** What it was computed from. */
  inputs: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});
export type ComponentScore = z.infer<typeof componentScoreSchema>;

/** `GET /fleet/targets/:targetId/health-score`. */
export const healthScoreSchema = z.object({
  targetId: nodeIdSchema,
  /** 0 to 100, a whole number; null when the band is `unknown`. */
  score: z.number().min(0).max(100).nullable(),
  band: z.enum(BANDS),
  riskLevel: z.enum(RISK_LEVELS).nullable(),
  /** Why, in words; the worst first. Empty when nothing is wrong. */
  reasons: z.array(z.string()),
  components: z.object({
    connectivity: componentScoreSchema,
    sync: componentScoreSchema,
    policy: componentScoreSchema,
    runtime: componentScoreSchema,
    jobs: componentScoreSchema,
  }),
  /** What the sum was held down to, and why (a sum hides a dead node). */
  caps: z.array(z.object({ at: z.number(), reason: z.string() })),
  assessedAt: instantSchema,
  /** Since when the band is what it is. */
  bandSince: instantSchema,
});
export type HealthScore = z.infer<typeof healthScoreSchema>;

/** One managed path that differs; null where a side has no value, and secrets are references or redacted. */
export const configDifferenceSchema = z.object({ path: z.string(), expected: z.string(), actual: z.string() });
export type ConfigDifference = z.infer<typeof configDifferenceSchema>;

/** Seed 000's DriftRecord; what follows `detectedAt` is ours. */
export const driftRecordSchema = z.object({
  id: z.string(),
  targetId: nodeIdSchema,
  category: z.enum(DRIFT_CATEGORIES),
  severity: z.enum(DRIFT_SEVERITIES),
  expected: z.string(),
  actual: z.string(),
  detectedAt: instantSchema,
  /** When the cause was seen to be gone; null while it is open. */
  resolvedAt: instantSchema.nullable(),
  /** In words, with what to do about it. */
  reason: z.string(),
  suggestedPlaybookId: z.enum(PLAYBOOK_IDS).optional(),
  /** The managed paths that differ, once the bridge has reported them. */
  differences: z.array(configDifferenceSchema).optional(),
});
export type DriftRecord = z.infer<typeof driftRecordSchema>;

/** Seed 000's PolicyViolation; what follows `createdAt` is ours. */
export const policyViolationSchema = z.object({
  id: z.string(),
  targetId: nodeIdSchema,
  code: z.enum(VIOLATION_CODES),
  severity: z.enum(VIOLATION_SEVERITIES),
  /** Names the value and the limit. */
  message: z.string(),
  suggestedPlaybookId: z.enum(PLAYBOOK_IDS).optional(),
  createdAt: instantSchema,
  resolvedAt: instantSchema.nullable(),
  /** What to do about it, in words. */
  hint: z.string(),
});
export type PolicyViolation = z.infer<typeof policyViolationSchema>;

/** A point of a target's score history: one for each change of band, and each move of 5 points or more. */
export const scorePointSchema = z.object({
  at: instantSchema,
  score: z.number().nullable(),
  band: z.enum(BANDS),
});
export type ScorePoint = z.infer<typeof scorePointSchema>;

/** How the scores of some targets are spread. Targets without a score (band `unknown`) are not in it. */
export const scoreSummarySchema = z.object({
  /** Targets with a score. */
  count: z.int(),
  /** Of their scores; over `count` it is the mean. */
  sum: z.int(),
  /** The least score, the one that 5 % of the targets do not exceed, and the median; null when there is none. */
  lowest: z.int().nullable(),
  p05: z.int().nullable(),
  median: z.int().nullable(),
});
export type ScoreSummary = z.infer<typeof scoreSummarySchema>;

/** What happened to a target, for its timeline. */
export const CHANGE_KINDS = [
  'liveness',
  'report',
  'health',
  'drift',
  'violation',
  'policy',
  'isolation',
  'repair',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];
export const timelineEntrySchema = z.object({
  /** Its place in commit order. */
  id: z.int(),
  at: instantSchema,
  kind: z.enum(CHANGE_KINDS),
  /** In words, for a person. */
  summary: z.string(),
  /** Who did it and why, where somebody did. */
  actor: z.string().nullable(),
  reason: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;
