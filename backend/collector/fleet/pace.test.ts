import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { decide } from './ordering.ts';
import type { Memory } from './ordering.ts';
import { judgedInterval, toldSeconds } from './pace.ts';

const t = TIMINGS.production;

/** The memory of a node whose beats came with these gaps, in seconds. */
function cameWith(gaps: readonly number[]): Memory {
  let at = 1_770_000_000_000;
  let memory: Memory | null = null;
  let mark = -Infinity;
  for (const gap of [0, ...gaps]) {
    at += gap * 1000;
    memory = decide(memory, mark, { key: at, receivedMs: at, hash: 1, seq: NaN, sameBoot: false }, t.beat, t).memory;
    mark = at;
  }
  return memory!;
}

describe('judgedInterval', () => {
  it.each<[string, number | undefined, number[] | null, number]>([
    ['is the told one before the first beat', undefined, null, 60],
    ['is the stated one', 90, null, 90],
    ['is at least 30 s', 5, null, 30],
    ['is at most 120 s', 200, null, 120],
    ['is the stated one whatever pace is kept', 90, [40, 40, 40, 40, 40], 90],
    ['is the told one before 5 gaps are known', undefined, [100, 100, 100, 100], 60],
    ['is the told one within 10 %', undefined, [54, 54, 54, 54, 54], 60],
    ['is the told one within 10 % above', undefined, [66, 66, 66, 66, 66], 60],
    ['is the kept one beyond', undefined, [53, 53, 53, 53, 53], 53],
    ['is the median', undefined, [100, 31, 99, 60, 98], 98],
    ['ignores two long gaps', undefined, [60, 600, 60, 600, 60], 60],
    ['looks at the last 5', undefined, [30, 30, 30, 30, 30, 90, 90, 90, 90, 90], 90],
    ['keeps to at least 30 s', undefined, [5, 5, 5, 5, 5], 30],
    ['keeps to at most 120 s', undefined, [500, 500, 500, 500, 500], 120],
  ])('%s', (_name, stated, gaps, expected) => {
    expect(judgedInterval(stated, gaps && cameWith(gaps), t)).toBe(expected * 1000);
  });

  it('is twenty times as short in the demo profile', () => {
    expect(judgedInterval(undefined, null, TIMINGS.demo)).toBe(3000);
    expect(judgedInterval(60, null, TIMINGS.demo)).toBe(6000);
  });
});

describe('toldSeconds', () => {
  it('is 60, or 3 in the demo profile', () => {
    expect([toldSeconds(t), toldSeconds(TIMINGS.demo)]).toEqual([60, 3]);
  });
});
