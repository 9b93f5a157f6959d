import type { DriftSeverity } from '@openclaw-fleet/contract';
import { DRIFT_HINTS } from '../hints.ts';
import type { DriftRule, Found, Words } from '../rule.ts';
import { CRITICAL_AT, lagOf, MAJOR_AT, nextLagMs } from '../sync.ts';
import type { Expectation, Fault, Subject } from '../types.ts';
import { atLeast, duration } from '../words.ts';

/** Lag over the maximum minor, over 3 x major, over 10 x critical (domain-rules section 4). */
export const syncDrift: DriftRule = {
  code: 'sync',
  playbook: 'BridgeStuck',
  eases: true,
  find: findSyncDrift,
  words: syncWords,
  nextMs: (subject, { desired }, _open, nowMs) => nextLagMs(subject, desired.maxSyncLagMs, nowMs),
};

export function findSyncDrift(
  subject: Subject,
  expectation: Expectation,
  _open: readonly Fault[],
  nowMs: number
): Found<DriftSeverity> {
  const lag = lagOf(subject, nowMs);
  const most = expectation.desired.maxSyncLagMs;
  if (Number.isNaN(lag)) return 'unknown';
  if (lag <= most) return 'none';
  if (lag <= MAJOR_AT * most) return 'minor';
  return lag <= CRITICAL_AT * most ? 'major' : 'critical';
}

function syncWords(subject: Subject, expectation: Expectation, nowMs: number): Words {
  const expected = `at most ${duration(expectation.desired.maxSyncLagMs)}`;
  const actual = atLeast(lagOf(subject, nowMs));
  const steady = `old; ${expected} is allowed. ${DRIFT_HINTS.sync}`;
  return { expected, actual, measured: true, message: `The last state of its gateway is ${actual} ${steady}`, steady };
}
