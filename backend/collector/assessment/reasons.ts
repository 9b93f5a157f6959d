import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { DriftCategory, Timings, ViolationCode } from '@openclaw-fleet/contract';
import { FLAPPING } from './caps.ts';
import type { ComponentsInWords } from './components.ts';
import { isJudged } from './connectivity.ts';
import { DRIFT_RULES } from './drift/rules.ts';
import { rankOf } from './faults.ts';
import { faultOf } from './rule.ts';
import type { Points } from './score.ts';
import type { Expectation, Fault, Subject } from './types.ts';
import { minimumScoreRule, RUNTIME_LIMITS, VIOLATION_RULES } from './violations.ts';

/** The drift that tells of a violation's cause already. */
const TOLD_BY: Partial<Record<ViolationCode, DriftCategory>> = {
  'version-behind': 'version',
  'version-below-minimum': 'version',
  'config-drift': 'config',
  'sync-lag-over-limit': 'sync',
  'runtime-error': 'runtime',
  'required-capability-missing': 'runtime',
};

// Before all else: of a target that is not heard of, the rest is old.
const SILENT = 4;
const STALE = 2;
const LEAST = 1;

/** Everything that is wrong, the worst first and each thing once; empty when nothing is. */
export function reasonsOf(
  subject: Subject,
  expectation: Expectation,
  faults: readonly Fault[],
  points: Points,
  score: number | null,
  words: ComponentsInWords,
  atMs: number,
  timings: Timings
): string[] {
  const reasons: { readonly rank: number; readonly text: string }[] = [];
  const { state, flapping, overdue } = subject;
  if (overdue || state !== 'online')
    reasons.push({ rank: state === 'stale' ? STALE : SILENT, text: words.connectivity.reason });
  if (flapping) reasons.push({ rank: STALE, text: FLAPPING });
  for (const fault of faults) {
    if (toldBefore(fault, faults)) continue;
    const text = isJudged(state)
      ? messageNow(fault, subject, expectation, faults, score, atMs, timings)
      : fault.message;
    reasons.push({ rank: rankOf(fault.severity), text });
  }
  const [, , , runtime, jobs] = points;
  if (runtime < COMPONENT_POINTS && !tellsOfRuntime(faults)) reasons.push({ rank: LEAST, text: words.runtime.reason });
  if (jobs < COMPONENT_POINTS && faultOf(faults, 'job-failures-over-limit') === undefined) {
    reasons.push({ rank: LEAST, text: words.jobs.reason });
  }
  return reasons.sort((a, b) => b.rank - a.rank).map(({ text }) => text);
}

function toldBefore(fault: Fault, faults: readonly Fault[]): boolean {
  if (fault.kind === 'drift') return false;
  const by = TOLD_BY[fault.code];
  return by !== undefined && faultOf(faults, by) !== undefined;
}

function tellsOfRuntime(faults: readonly Fault[]): boolean {
  return faults.some(({ code }) => code === 'runtime' || RUNTIME_LIMITS.some((limit) => limit === code));
}

/** A fault keeps the words it opened with; a person reads what is measured now. */
function messageNow(
  fault: Fault,
  subject: Subject,
  expectation: Expectation,
  faults: readonly Fault[],
  score: number | null,
  atMs: number,
  timings: Timings
): string {
  const rule =
    fault.kind === 'drift'
      ? DRIFT_RULES.find(({ code }) => code === fault.code)
      : [...VIOLATION_RULES, minimumScoreRule(score)].find(({ code }) => code === fault.code);
  const found = rule?.find(subject, expectation, faults, atMs, timings);
  if (rule === undefined || found === 'none' || found === 'unknown') return fault.message;
  return rule.words(subject, expectation, atMs).message;
}
