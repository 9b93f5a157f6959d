import type { Component, ComponentScore, JobsBlock, Timings, ViolationSeverity } from '@openclaw-fleet/contract';
import { OVERDUE } from './caps.ts';
import { configPendingUntilMs, configState } from './drift/config.ts';
import { healthReasons, healthWords } from './drift/runtime.ts';
import { earlierFailureRatio, failureRatio, LEAST_RESULTS } from './jobs.ts';
import { NO_FAULTS } from './faults.ts';
import { lagOf } from './sync.ts';
import type { Expectation, Fault, Subject } from './types.ts';
import { RUNTIME_LIMITS, VIOLATION_RULES } from './violations.ts';
import { atLeast, duration, percent, short } from './words.ts';

/** What a component says beside its points. */
export type ComponentWords = Pick<ComponentScore, 'reason' | 'inputs'>;
export type ComponentsInWords = Readonly<Record<Component, ComponentWords>>;

/** Why connectivity has the points it has, or none. */
export function connectivityWords(subject: Subject, atMs: number): ComponentWords {
  const { state, seenMs, intervalMs, flapping, overdue } = subject;
  const silent = seenMs === null ? null : Math.max(0, atMs - seenMs);
  return {
    reason: connectivityReason(subject, silent),
    inputs: {
      state,
      secondsSinceReport: silent === null ? null : Math.floor(silent / 1000),
      intervalSeconds: intervalMs / 1000,
      flapping,
      overdue,
    },
  };
}

function connectivityReason({ state, intervalMs, overdue }: Subject, silent: number | null): string {
  const heard = silent === null ? 'Its only report was old when it came' : `No report for ${duration(silent)}`;
  if (overdue) return `${OVERDUE}: ${heard.toLowerCase()}`;
  switch (state) {
    case 'online':
      return silent === null ? heard : `Reported ${duration(silent)} ago`;
    case 'stale':
      return `${heard}; it reports every ${duration(intervalMs)}`;
    case 'expired':
    case 'inactive':
      return heard;
    case 'stopped':
      return 'It said that it stops; it is judged again once it reports';
    case 'retired':
      return 'It was retired by a person; it is not judged';
    case 'unknown':
      return `${heard}, but the collector cannot tell now whether it is offline; it is judged again once it reports`;
  }
}

/** Why sync freshness has the points it has, or none. */
export function syncWords(subject: Subject, { desired }: Expectation, atMs: number): ComponentWords {
  const lag = lagOf(subject, atMs);
  const most = desired.maxSyncLagMs;
  return { reason: syncReason(subject, lag, most), inputs: { lagMs: orNull(lag), maxSyncLagMs: most } };
}

function syncReason({ report }: Subject, lag: number, most: number): string {
  if (report.reported === undefined) return 'It has no bridge, so no state of a gateway is read';
  if (Number.isNaN(lag)) return 'Its only report was old when it came';
  if (lag <= most) return `The last state of its gateway is ${duration(lag)} old`;
  return `The last state of its gateway is ${atLeast(lag)} old, over the limit of ${duration(most)}`;
}

/** Why policy compliance has the points it has; also what configuration is still being applied. */
export function policyWords(
  subject: Subject,
  expectation: Expectation,
  faults: readonly Fault[],
  atMs: number,
  timings: Timings
): ComponentWords {
  const counted = faults.filter(({ kind, code }) => kind === 'violation' && code !== 'score-below-minimum');
  const count = (severity: ViolationSeverity): number => counted.filter((fault) => fault.severity === severity).length;
  const counts = { critical: count('critical'), high: count('high'), warning: count('warning') };
  const config = configState(subject, expectation, atMs, timings);
  const { profileId, profileVersion, waivers } = expectation;
  return {
    reason: violationsInWords(counts, profileId) + configWords(subject, expectation, config, atMs, timings),
    inputs: {
      ...counts,
      waived: waivers.filter(({ untilMs }) => untilMs > atMs).length,
      profile: profileId,
      profileVersion,
      config,
    },
  };
}

function violationsInWords(counts: Readonly<Record<ViolationSeverity, number>>, profileId: string): string {
  const told = (['critical', 'high', 'warning'] as const).filter((severity) => counts[severity] > 0);
  if (told.length === 0) return `No violation of profile ${profileId}`;
  const total = counts.critical + counts.high + counts.warning;
  const list = told.map((severity) => `${counts[severity]} ${severity}`).join(', ');
  return `${total} ${total === 1 ? 'violation' : 'violations'} of profile ${profileId}: ${list}`;
}

function configWords(
  subject: Subject,
  expectation: Expectation,
  state: ReturnType<typeof configState>,
  atMs: number,
  timings: Timings
): string {
  const revision = `configuration revision ${short(expectation.revision ?? '')}`;
  if (state === 'unknown') return `; it does not say whether it runs ${revision}`;
  if (state !== 'pending') return '';
  const rest = configPendingUntilMs(expectation, timings) - atMs;
  return `; ${revision} is still being applied, which is no drift for ${atLeast(rest)} more`;
}

const RUNTIME_RULES = VIOLATION_RULES.filter(({ code }) => RUNTIME_LIMITS.includes(code));

/** Why runtime health has the points it has, or none. */
export function runtimeWords(
  subject: Subject,
  expectation: Expectation,
  atMs: number,
  timings: Timings
): ComponentWords {
  const { reported } = subject.report;
  const { limits } = expectation;
  if (reported === undefined) return { reason: 'It has no bridge, so no gateway is looked at', inputs: {} };
  const over = RUNTIME_RULES.filter(
    (rule) => rule.find(subject, expectation, NO_FAULTS, atMs, timings) === 'warning'
  ).map((rule) => `; ${rule.words(subject, expectation, atMs).message}`);
  const { metrics } = reported;
  return {
    reason: `The gateway's health is ${healthWords(reported)}${healthReasons(reported)}${over.join('')}`,
    inputs: {
      healthStatus: reported.health_status,
      gatewayState: reported.gateway_state,
      cpuPct: metrics.cpu_pct ?? null,
      cpuPctLimit: limits.cpuPct ?? null,
      memUsedBytes: metrics.mem_used_bytes ?? null,
      memUsedBytesLimit: limits.memUsedBytes ?? null,
      queueDepth: metrics.queue_depth ?? null,
      queueDepthLimit: limits.queueDepth ?? null,
    },
  };
}

/** Why the job stability trend has the points it has, or none. */
export function jobsWords(jobs: JobsBlock | undefined): ComponentWords {
  if (jobs === undefined) return { reason: 'It reports no jobs', inputs: {} };
  const now = failureRatio(jobs);
  const earlier = earlierFailureRatio(jobs);
  return {
    reason: jobsReason(jobs, now, earlier),
    inputs: {
      results1h: jobs.results_1h,
      failures1h: jobs.failures_1h,
      failureRatio: orNull(now),
      earlierFailureRatio: orNull(earlier),
    },
  };
}

function jobsReason({ results_1h: results, failures_1h: failures }: JobsBlock, now: number, earlier: number): string {
  if (Number.isNaN(now))
    return `Only ${results} job ${results === 1 ? 'result' : 'results'} in the last hour; it takes ${LEAST_RESULTS} to judge`;
  if (failures === 0) return `All ${results} job results of the last hour are good`;
  const trend = now > earlier ? `, more than the ${percent(100 * earlier)} of the day before` : '';
  return `${failures} of ${results} job results of the last hour failed (${percent(100 * now)})${trend}`;
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
