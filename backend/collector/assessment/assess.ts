import type { Timings } from '@openclaw-fleet/contract';
import { connectivityPoints, isJudged } from './connectivity.ts';
import { DRIFT_RULES } from './drift/rules.ts';
import { NO_FAULTS, settleDrift, settleViolation } from './faults.ts';
import { jobsPoints } from './jobs.ts';
import { policyPoints } from './policy.ts';
import { faultOf, waivedUntilMs } from './rule.ts';
import { runtimePoints } from './runtime.ts';
import { bandOf, NO_POINTS, pointsOf, scoreOf } from './score.ts';
import type { Points } from './score.ts';
import { lagOf, syncPoints } from './sync.ts';
import type { Assessment, Expectation, Fault, Subject } from './types.ts';
import { minimumScoreRule, VIOLATION_RULES } from './violations.ts';

export { isolating, reworded, transitions } from './faults.ts';

/** Of a node that was not looked at yet. */
export const UNASSESSED: Assessment = {
  atMs: 0,
  score: null,
  band: 'unknown',
  points: NO_POINTS,
  faults: NO_FAULTS,
  nextMs: Infinity,
};

/**
 * What is wrong with one target, and its score (domain-rules sections 3 to 5). Runs for every heartbeat: O(1), and what
 * is healthy costs no words, arrays or objects but the result.
 *
 * A target that is stopped, unknown or retired is not judged: no number, and its faults stay as they are.
 * @param open its open faults so far; the result's are this very array when none of them changed
 * @param nowMs our clock
 */
export function assess(
  subject: Subject,
  expectation: Expectation,
  open: readonly Fault[],
  nowMs: number,
  timings: Timings
): Assessment {
  if (!isJudged(subject.state)) {
    return { atMs: nowMs, score: null, band: 'unknown', points: NO_POINTS, faults: open, nextMs: Infinity };
  }
  let after: Fault[] | null = null;
  let changed = false;
  let nextMs = Infinity;
  for (const rule of DRIFT_RULES) {
    const was = faultOf(open, rule.code);
    const found = rule.find(subject, expectation, open, nowMs, timings);
    const now = settleDrift(rule, was, found, subject, expectation, nowMs);
    if (now !== undefined) (after ??= []).push(now);
    if (now !== was) changed = true;
    nextMs = Math.min(nextMs, rule.nextMs(subject, expectation, open, nowMs, timings, found));
  }
  for (const rule of VIOLATION_RULES) {
    const was = faultOf(open, rule.code);
    const found = rule.find(subject, expectation, open, nowMs, timings);
    const waivedMs = found === 'none' ? -Infinity : waivedUntilMs(expectation, rule.code, nowMs);
    if (waivedMs > nowMs) nextMs = Math.min(nextMs, waivedMs);
    const now = settleViolation(rule, was, waivedMs > nowMs ? 'none' : found, subject, expectation, nowMs);
    if (now !== undefined) (after ??= []).push(now);
    if (now !== was) changed = true;
  }

  const points = componentPoints(subject, expectation, after ?? NO_FAULTS, nowMs);
  const score = scoreOf(points, subject, after ?? NO_FAULTS);

  const { minimumScore } = expectation.limits;
  const was = faultOf(open, 'score-below-minimum');
  if (was !== undefined || (minimumScore !== undefined && score !== null && score < minimumScore)) {
    const rule = minimumScoreRule(score);
    const found = rule.find(subject, expectation, open, nowMs, timings);
    const waivedMs = found === 'none' ? -Infinity : waivedUntilMs(expectation, rule.code, nowMs);
    if (waivedMs > nowMs) nextMs = Math.min(nextMs, waivedMs);
    const now = settleViolation(rule, was, waivedMs > nowMs ? 'none' : found, subject, expectation, nowMs);
    if (now !== undefined) (after ??= []).push(now);
    if (now !== was) changed = true;
  }
  return { atMs: nowMs, score, band: bandOf(score), points, faults: changed ? (after ?? NO_FAULTS) : open, nextMs };
}

/**
 * The points of the five components of a target that is judged.
 * @param faults open now
 */
export function componentPoints(
  subject: Subject,
  { desired, limits }: Expectation,
  faults: readonly Fault[],
  nowMs: number
): Points {
  return pointsOf(
    connectivityPoints(subject.state),
    syncPoints(lagOf(subject, nowMs), desired.maxSyncLagMs),
    policyPoints(faults),
    runtimePoints(subject.report, limits),
    jobsPoints(subject.report.jobs)
  );
}
