import { describe, expect, it } from '@jest/globals';
import { RUN_STATES, TIMINGS } from '@openclaw-fleet/contract';
import type { RunState } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { attemptOf, HOUR, MINUTE, NOW } from '../guardrails/testing/context.ts';
import {
  countedAttempts,
  firstAttemptMs,
  isExhausted,
  jitterOf,
  nextAttemptMs,
  quarantines,
  usesAttempt,
} from './attempts.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const timings = TIMINGS.production;
const USES: Readonly<Record<RunState, boolean>> = {
  pending_approval: false,
  approved: false,
  running: true,
  verifying: true,
  succeeded: true,
  failed: true,
  no_effect: true,
  rolled_back: true,
  no_fault: false,
  unreachable: false,
  denied: false,
  cancelled: false,
  expired: false,
  voided: false,
  blocked: false,
};

describe('attempts', () => {
  it.each(RUN_STATES)('are used by a run or not: %s', (state) => {
    expect(usesAttempt(state, false)).toBe(USES[state]);
    expect(usesAttempt(state, true)).toBe(USES[state] || state === 'cancelled');
  });

  it('count for 24 hours, and until a quarantine is cleared', () => {
    const attempts = [
      attemptOf(NOW - 24 * HOUR),
      attemptOf(NOW - 24 * HOUR + 1),
      attemptOf(NOW - HOUR),
      attemptOf(null),
    ];
    expect(countedAttempts(attempts, NOW, timings)).toEqual(attempts.slice(1));
    expect(countedAttempts(attempts, NOW, timings, NOW - 2 * HOUR)).toEqual(attempts.slice(2));
    expect(countedAttempts(attempts, NOW, timings, NOW - HOUR)).toEqual(attempts.slice(3));
  });

  it('are three', () => {
    const made = (count: number) => Array.from({ length: count }, (_, index) => attemptOf(NOW - (9 - index) * HOUR));
    expect([0, 1, 2, 3, 4].map((count) => isExhausted(made(count), DEFAULT_LIMITS))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it.each<[string, RunState[], boolean]>([
    ['none', [], false],
    ['two failed', ['failed', 'failed'], false],
    ['three failed', ['failed', 'no_effect', 'rolled_back'], true],
    ['the third is under way', ['failed', 'failed', 'running'], false],
    ['the third cured it', ['failed', 'failed', 'succeeded'], false],
    ['it came back for good', ['succeeded', 'succeeded', 'no_effect'], true],
  ])('lead to quarantine or not: %s', (_name, states, is) => {
    const attempts = states.map((state, index) =>
      attemptOf(state === 'running' ? null : NOW - 9 * HOUR + index, { state })
    );
    expect(quarantines(attempts, DEFAULT_LIMITS)).toBe(is);
  });
});

describe('the next attempt', () => {
  const previous = attemptOf(NOW);
  it.each([
    [0, 10 * MINUTE],
    [0.5, 11 * MINUTE],
    [1, 12 * MINUTE],
  ])('is 10 min and a jitter after the end of the one before: %f', (jitter, afterMs) => {
    expect(nextAttemptMs(previous, timings, () => jitter)).toBe(NOW + afterMs);
  });

  it('is now where there was none, and never during one', () => {
    expect(nextAttemptMs(null, timings)).toBe(-Infinity);
    expect(nextAttemptMs(attemptOf(null), timings)).toBe(Infinity);
  });

  it('is always the same for a run, never early, and spread', () => {
    fc.assert(
      fc.property(fc.string(), (runId) => {
        const at = nextAttemptMs({ runId, endedMs: NOW }, timings);
        expect(nextAttemptMs({ runId, endedMs: NOW }, timings)).toBe(at);
        expect(at).toBeGreaterThanOrEqual(NOW + 10 * MINUTE);
        expect(at).toBeLessThanOrEqual(NOW + 12 * MINUTE);
      })
    );
    const spread = Array.from({ length: 1000 }, (_, index) => jitterOf(`run-${index}`));
    const mean = spread.reduce((sum, value) => sum + value, 0) / spread.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });

  it('of automation is the first 1 min after the fault opened', () => {
    expect(firstAttemptMs(NOW, timings)).toBe(NOW + MINUTE);
  });
});
