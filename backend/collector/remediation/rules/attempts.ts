import { createHash } from 'node:crypto';
import { isEnded } from '@openclaw-fleet/contract';
import type { RunState, Timings } from '@openclaw-fleet/contract';
import type { Attempt, Limits } from '../types.ts';

/** How much later than `attemptBackoff` the next attempt is at the most. */
export const JITTER_SHARE = 0.2;

const NEVER_ACTED: ReadonlySet<RunState> = new Set([
  'pending_approval',
  'approved',
  'no_fault',
  'unreachable',
  'denied',
  'expired',
  'voided',
  'blocked',
]);

/**
 * Whether a run uses an attempt: one that acted, or is at it. None is used by a run that ended before a verb, whether it was
 * unreachable, saw no fault, was blocked, denied, voided, expired, or cancelled (domain-rules section 6).
 * @param acted a verb of it was sent, or may have been
 */
export function usesAttempt(state: RunState, acted: boolean): boolean {
  if (NEVER_ACTED.has(state)) return false;
  return state === 'cancelled' ? acted : true;
}

/**
 * The attempts that count now: those under way, and those that ended within `attemptWindow` and after somebody last cleared
 * the quarantine (or the desired revision changed).
 * @param clearedMs milliseconds of our clock; -Infinity: never
 */
export function countedAttempts(
  attempts: readonly Attempt[],
  nowMs: number,
  timings: Timings,
  clearedMs = -Infinity
): Attempt[] {
  const sinceMs = Math.max(nowMs - timings.attemptWindow, clearedMs);
  return attempts.filter(({ endedMs }) => endedMs === null || endedMs > sinceMs);
}

/** No attempt is left, so that the target is quarantined for that fault unless the last one cured it. @param counted as `countedAttempts` gives them */
export function isExhausted(counted: readonly Attempt[], limits: Limits): boolean {
  return counted.length >= limits.attempts;
}

/** Whether the end of an attempt puts the target in quarantine for its fault. */
export function quarantines(counted: readonly Attempt[], limits: Limits): boolean {
  const last = counted.at(-1);
  return last !== undefined && isEnded(last.state) && last.state !== 'succeeded' && isExhausted(counted, limits);
}

/** 0 to under 1, always the same for a run: a backoff that is looked at often must not be drawn anew each time. */
export function jitterOf(runId: string): number {
  return createHash('sha256').update(`backoff:${runId}`).digest().readUInt32BE(0) / 2 ** 32;
}

/**
 * When the next attempt may begin: 10 min after the previous one ended, and up to a fifth of that more; -Infinity where none
 * was made (domain-rules section 6). One under way gives Infinity. An unreachable target is asked again by the same rule.
 * @param previous the last attempt on the same target and fault, or the last run that found it unreachable
 * @param jitter 0 to 1 for a run
 */
export function nextAttemptMs(
  previous: Pick<Attempt, 'runId' | 'endedMs'> | null,
  timings: Timings,
  jitter: (runId: string) => number = jitterOf
): number {
  if (previous === null) return -Infinity;
  if (previous.endedMs === null) return Infinity;
  return previous.endedMs + Math.ceil(timings.attemptBackoff * (1 + JITTER_SHARE * jitter(previous.runId)));
}

/** When automation's first attempt may begin: the fault must be 1 min old (domain-rules section 6). */
export function firstAttemptMs(openedMs: number, timings: Timings): number {
  return openedMs + timings.firstAttemptAfter;
}
