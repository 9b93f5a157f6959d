import type { DriftSeverity, Timings } from '@openclaw-fleet/contract';
import { DRIFT_HINTS } from '../hints.ts';
import { faultOf } from '../rule.ts';
import type { DriftRule, Found, Words } from '../rule.ts';
import type { Expectation, Fault, Subject } from '../types.ts';
import { short } from '../words.ts';

/** Where a target is with the configuration that is desired of it. */
export type ConfigState =
  /** None is desired. */
  | 'none'
  /** It does not say what it runs. */
  | 'unknown'
  | 'same'
  /** It does not run it yet, and still has time to. */
  | 'pending'
  /** It still runs another revision, or values that were issued once. */
  | 'different'
  | 'failed'
  /** Its values were never issued: somebody edited them on the node. */
  | 'edited';

/** Pending is no drift; else minor; failed, open for 10 min, or edited on the node major, the last as the profile says (domain-rules section 4). */
export const configDrift: DriftRule = {
  code: 'config',
  playbook: 'ConfigDrift',
  eases: true,
  find: findConfigDrift,
  words: configWords,
  nextMs: nextConfigMs,
};

/**
 * Compares hashes of one revision alone, since another revision manages other paths. A bridge has `convergence` from the
 * moment the revision was desired.
 */
export function configState(
  { report }: Subject,
  expectation: Expectation,
  nowMs: number,
  timings: Timings
): ConfigState {
  const { configHash: expected } = expectation.desired;
  if (expected === null) return 'none';
  const { reported } = report;
  if (reported === undefined) return 'unknown';
  const { config_hash: actual, revision, apply_status: status } = reported;
  const told = revision !== undefined && revision === expectation.revision;
  if (told && actual === expected) return 'same';
  if (told && status === 'FAILED') return 'failed';
  // Values that were never issued are an edit only where what was told was once applied: before, they are what was there.
  const edited = status === 'APPLIED' && actual !== undefined && !expectation.issued(actual);
  if (told && edited) return 'edited';
  // A bridge is given the time to be told, and then to apply; one that is told and does neither runs something else.
  if (nowMs < configPendingUntilMs(expectation, timings) && (!told || status === 'APPLYING')) return 'pending';
  if (status === 'FAILED') return 'failed';
  if (revision === undefined || (told && actual === undefined)) return 'unknown';
  return edited ? 'edited' : 'different';
}

/** Until when a difference is no drift, in milliseconds of our clock. */
export function configPendingUntilMs({ revisionSinceMs }: Expectation, { convergence }: Timings): number {
  return revisionSinceMs + convergence;
}

export function findConfigDrift(
  subject: Subject,
  expectation: Expectation,
  open: readonly Fault[],
  nowMs: number,
  timings: Timings
): Found<DriftSeverity> {
  const state = configState(subject, expectation, nowMs, timings);
  switch (state) {
    case 'none':
    case 'same':
      return 'none';
    case 'unknown':
    case 'pending':
      return 'unknown';
    case 'failed':
      return 'major';
    case 'edited':
      return expectation.unknownConfigSeverity;
    case 'different': {
      const since = faultOf(open, 'config')?.openedMs ?? nowMs;
      return nowMs - since >= timings.configDriftMajorAfter ? 'major' : 'minor';
    }
  }
}

function nextConfigMs(
  subject: Subject,
  expectation: Expectation,
  open: readonly Fault[],
  nowMs: number,
  timings: Timings,
  found: Found<DriftSeverity>
): number {
  if (found === 'minor') return (faultOf(open, 'config')?.openedMs ?? nowMs) + timings.configDriftMajorAfter;
  if (found !== 'unknown' || configState(subject, expectation, nowMs, timings) !== 'pending') return Infinity;
  return configPendingUntilMs(expectation, timings);
}

function configWords({ report }: Subject, expectation: Expectation): Words {
  const { config_hash: hash, revision, apply_status: status } = report.reported ?? {};
  const other = revision !== undefined && revision !== expectation.revision;
  const expected = `hash ${short(expectation.desired.configHash ?? '')} of revision ${short(expectation.revision ?? '')}`;
  const actual =
    (hash === undefined ? 'no hash reported' : `hash ${short(hash)}`) +
    (other ? ` of revision ${short(revision)}` : '');
  const message = `${cause(expectation, hash, other, status)}: expected ${expected}, found ${actual}. ${DRIFT_HINTS.config}`;
  return { expected, actual, message, steady: message };
}

function cause(expectation: Expectation, hash: string | undefined, other: boolean, status: string | undefined): string {
  if (status === 'FAILED') return 'The bridge failed to apply the desired configuration';
  if (status === 'APPLIED' && hash !== undefined && !expectation.issued(hash))
    return 'The configuration was edited on the node';
  return other ? 'The target runs another revision than is desired' : 'The configuration differs from the desired one';
}
