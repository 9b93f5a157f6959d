import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Verdict } from '@openclaw-fleet/contract';
import { blindness, groupVerdict, holdUntil, SIGHTED } from './verdict.ts';
import type { Blindness, GroupVerdict } from './verdict.ts';

const t = TIMINGS.production;
const SECOND = 1000;

describe('groupVerdict', () => {
  it.each<[GroupVerdict, number, number, GroupVerdict]>([
    ['normal', 100, 46, 'normal'],
    ['normal', 100, 45, 'partial'],
    ['normal', 20, 9, 'partial'],
    ['normal', 3, 1, 'normal'],
    ['normal', 4, 1, 'partial'],
    ['normal', 5, 2, 'partial'],
    ['partial', 100, 60, 'partial'],
    ['partial', 100, 61, 'normal'],
    ['partial', 5, 3, 'partial'],
    ['partial', 5, 4, 'normal'],
    ['partial', 4, 0, 'full'],
    ['normal', 1, 0, 'full'],
    ['full', 100, 1, 'partial'],
    ['full', 100, 61, 'normal'],
    ['full', 1, 1, 'normal'],
    ['full', 0, 0, 'full'],
    ['partial', 0, 0, 'partial'],
    ['normal', 0, 0, 'normal'],
  ])('%s with %i expected and %i online is %s', (before, expected, online, after) => {
    expect(groupVerdict(before, { expected, online })).toBe(after);
  });
});

describe('blindness', () => {
  /** Judges once a second. */
  const after = (seconds: number, expected: number, online: number, canaryFailures = 0, from: Blindness = SIGHTED) => {
    let state = from;
    for (let second = 0; second <= seconds; second++) {
      state = blindness(state, { expected, online }, canaryFailures, second * SECOND, t);
    }
    return state;
  };
  const blind: Blindness = { blind: { sinceMs: 0, cause: 'silence' }, lowSinceMs: 0 };

  it.each<[string, Blindness, string | null]>([
    ['under 15 % for 14 s', after(14, 100, 14), null],
    ['under 15 % for 15 s', after(15, 100, 14), 'silence'],
    ['at 15 % for long', after(600, 100, 15), null],
    ['the only node silent', after(15, 1, 0), 'silence'],
    ['none expected', after(600, 0, 0), null],
    ['one canary lost', after(0, 10, 10, 1), null],
    ['two canaries lost running', after(0, 10, 10, 2), 'canary'],
    ['still under 40 %', after(600, 100, 39, 0, blind), 'silence'],
    ['40 % again', after(0, 100, 40, 0, blind), null],
    ['40 % again, and the canary fails', after(0, 100, 40, 2, blind), 'silence'],
    ['none expected any more', after(600, 0, 0, 0, blind), 'silence'],
  ])('%s', (_name, state, cause) => {
    expect(state.blind?.cause ?? null).toBe(cause);
  });

  it('starts to count again when enough were online in between', () => {
    const low = after(14, 100, 14);
    const enough = blindness(low, { expected: 100, online: 20 }, 0, 15 * SECOND, t);
    const again = blindness(enough, { expected: 100, online: 14 }, 0, 16 * SECOND, t);
    expect(again).toEqual({ blind: null, lowSinceMs: 16 * SECOND });
  });
});

describe('holdUntil', () => {
  const NOW = 1_000_000;
  it.each<[Verdict, Verdict, number, number]>([
    ['normal', 'normal', 0, 0],
    ['normal', 'partial', 0, NOW + 60 * SECOND],
    ['normal', 'full', 0, NOW + 60 * SECOND],
    ['partial', 'full', NOW + 20 * SECOND, NOW + 20 * SECOND],
    ['full', 'full', 0, 0],
    ['full', 'partial', 0, NOW + 130 * SECOND],
    ['full', 'normal', 0, NOW + 130 * SECOND],
    ['full', 'blind', 5, 5],
    ['normal', 'blind', 5, 5],
    ['partial', 'normal', 5, 5],
    ['normal', 'partial', NOW + 90 * SECOND, NOW + 90 * SECOND],
  ])('from %s to %s', (before, after, held, expected) => {
    expect(holdUntil(before, after, held, NOW, t)).toBe(expected);
  });
});
