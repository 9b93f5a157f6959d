import type { DriftSeverity, Limits, PlaybookId, ViolationCode, ViolationSeverity } from '@openclaw-fleet/contract';
import { findConfigDrift } from './drift/config.ts';
import { healthReasons, healthWords, missesCapability, missingCapabilities } from './drift/runtime.ts';
import { findSyncDrift } from './drift/sync.ts';
import { failureRatio } from './jobs.ts';
import type { Found, ViolationRule, Words } from './rule.ts';
import { isOver } from './runtime.ts';
import { lagOf } from './sync.ts';
import type { Expectation, Report, Subject } from './types.ts';
import { behindBy, isBehind } from './version.ts';
import { atLeast, bytes, duration, listed, number, percent, short } from './words.ts';

/** Where a profile names no limit of its own. */
const JOB_FAILURE_RATIO = 0.5;

const CONFIG_SEVERITY: Readonly<Record<Found<DriftSeverity>, Found<ViolationSeverity>>> = {
  none: 'none',
  unknown: 'unknown',
  minor: 'warning',
  major: 'high',
  critical: 'critical',
};
// A target that is behind is not more dangerous for it than one that is in error.
const SYNC_SEVERITY: Readonly<Record<Found<DriftSeverity>, Found<ViolationSeverity>>> = {
  ...CONFIG_SEVERITY,
  critical: 'high',
};

const said = (message: string): Words => ({ expected: null, actual: null, message, steady: message });
const measured = (value: string, limit: string): Words => ({ ...said(`${value} ${limit}`), steady: limit });

function rule(
  code: ViolationCode,
  playbook: PlaybookId | null,
  find: ViolationRule['find'],
  words: ViolationRule['words']
): ViolationRule {
  return { code, playbook, eases: true, find, words };
}

/** Something measured that has a limit. */
function limit(
  code: ViolationCode,
  severity: ViolationSeverity,
  playbook: PlaybookId | null,
  value: (report: Report) => number | undefined,
  name: keyof Limits,
  words: (value: number, limit: number) => Words
): ViolationRule {
  return rule(
    code,
    playbook,
    ({ report }, { limits }) => {
      if (report.reported === undefined) return 'unknown';
      return isOver(value(report), limits[name]) ? severity : 'none';
    },
    ({ report }, { limits }) => words(value(report) ?? 0, limits[name] ?? 0)
  );
}

function versionFound(subject: Subject, wanted: string | null, severity: ViolationSeverity): Found<ViolationSeverity> {
  if (wanted === null) return 'none';
  const actual = subject.report.reported?.bridge_version;
  const behind = actual === undefined ? 'unknown' : behindBy(actual, wanted);
  return isBehind(behind) ? severity : behind;
}

const bridge = ({ report }: Subject): string => `Bridge ${report.reported?.bridge_version ?? ''}`;

function jobFailuresFound({ report }: Subject, { limits }: Expectation): Found<ViolationSeverity> {
  const ratio = failureRatio(report.jobs);
  if (report.jobs === undefined) return 'unknown';
  return ratio > (limits.jobFailureRatio ?? JOB_FAILURE_RATIO) ? 'high' : 'none';
}

function missesTag({ report }: Subject, { requiredTags }: Expectation): boolean {
  for (const tag of requiredTags) if (!report.tags.includes(tag)) return true;
  return false;
}

function configWords({ report }: Subject, { desired }: Expectation): Words {
  const { config_hash: hash, apply_status: status } = report.reported ?? {};
  const actual = hash === undefined ? 'no hash reported' : `found hash ${short(hash)}`;
  const applied = status === 'FAILED' ? 'could not be applied' : 'is not what it runs';
  return said(`The desired configuration ${applied}: expected hash ${short(desired.configHash ?? '')}, ${actual}`);
}

/** Violations that take points from runtime health. */
export const RUNTIME_LIMITS: readonly ViolationCode[] = [
  'cpu-over-limit',
  'memory-over-limit',
  'queue-depth-over-limit',
];

/** Every violation but a score below the minimum, which needs the score. In the contract's order. */
export const VIOLATION_RULES: readonly ViolationRule[] = [
  rule(
    'version-behind',
    null,
    (subject, { desired }) => versionFound(subject, desired.bridgeVersion, 'warning'),
    (subject, { desired }) => said(`${bridge(subject)} is behind the desired ${desired.bridgeVersion ?? ''}`)
  ),
  rule(
    'version-below-minimum',
    null,
    (subject, { minimumBridgeVersion }) => versionFound(subject, minimumBridgeVersion, 'critical'),
    (subject, { minimumBridgeVersion }) => said(`${bridge(subject)} is below the minimum ${minimumBridgeVersion ?? ''}`)
  ),
  rule(
    'config-drift',
    'ConfigDrift',
    (subject, of, open, nowMs, timings) => CONFIG_SEVERITY[findConfigDrift(subject, of, open, nowMs, timings)],
    configWords
  ),
  rule(
    'sync-lag-over-limit',
    'BridgeStuck',
    (subject, of, open, nowMs) => SYNC_SEVERITY[findSyncDrift(subject, of, open, nowMs)],
    (subject, { desired }, nowMs) =>
      measured(
        `The last state of its gateway is ${atLeast(lagOf(subject, nowMs))} old,`,
        `over the limit of ${duration(desired.maxSyncLagMs)}`
      )
  ),
  rule(
    'runtime-error',
    'BridgeStuck',
    ({ report }) =>
      report.reported === undefined ? 'unknown' : report.reported.health_status === 'error' ? 'high' : 'none',
    ({ report: { reported } }) => {
      const steady = `The gateway's health is ${reported === undefined ? 'unknown' : healthWords(reported)}`;
      return { ...said(steady + (reported === undefined ? '' : healthReasons(reported))), steady };
    }
  ),
  limit(
    'cpu-over-limit',
    'warning',
    null,
    (report) => report.reported?.metrics.cpu_pct,
    'cpuPct',
    (value, most) => measured(`CPU ${percent(value, 'up')} is`, `over the limit of ${percent(most)}`)
  ),
  limit(
    'memory-over-limit',
    'warning',
    null,
    (report) => report.reported?.metrics.mem_used_bytes,
    'memUsedBytes',
    (value, most) => measured(`Memory ${bytes(value, 'up')} is`, `over the limit of ${bytes(most)}`)
  ),
  limit(
    'queue-depth-over-limit',
    'warning',
    null,
    (report) => report.reported?.metrics.queue_depth,
    'queueDepth',
    (value, most) => measured(`Queue depth ${number(value, 'up')} is`, `over the limit of ${number(most)}`)
  ),
  limit(
    'failed-pushes-over-limit',
    'high',
    'FailureBurst',
    (report) => report.reported?.metrics.failed_pushes_1h,
    'failedPushes1h',
    (value, most) =>
      measured(`${number(value, 'up')} failed pushes in the last hour,`, `over the limit of ${number(most)}`)
  ),
  rule('job-failures-over-limit', 'FailureBurst', jobFailuresFound, ({ report: { jobs } }, { limits }) =>
    measured(
      `${jobs?.failures_1h ?? 0} of ${jobs?.results_1h ?? 0} job results of the last hour failed,`,
      `over the limit of ${percent(100 * (limits.jobFailureRatio ?? JOB_FAILURE_RATIO))}`
    )
  ),
  rule(
    'required-tag-missing',
    null,
    (subject, of) => (missesTag(subject, of) ? 'warning' : 'none'),
    ({ report }, { requiredTags }) =>
      said(`Missing required tags: ${listed(requiredTags.filter((tag) => !report.tags.includes(tag)))}`)
  ),
  rule(
    'required-capability-missing',
    null,
    (subject, of) => (missesCapability(subject, of) ? 'high' : 'none'),
    (subject, of) => said(`Missing required capabilities: ${listed(missingCapabilities(subject, of))}`)
  ),
];

/** The violation of the minimum score: judged on a score that it does not lower, so that it cannot latch (domain-rules section 3). */
export function minimumScoreRule(score: number | null): ViolationRule {
  return rule(
    'score-below-minimum',
    null,
    (_subject, { limits: { minimumScore } }) =>
      score === null ? 'unknown' : minimumScore !== undefined && score < minimumScore ? 'high' : 'none',
    (_subject, { limits: { minimumScore } }) =>
      measured(`Score ${score ?? 0} is`, `below the minimum of ${minimumScore ?? 0}`)
  );
}
