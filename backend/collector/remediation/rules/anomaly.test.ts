import { describe, expect, it } from '@jest/globals';
import type { JobsBlock } from '@openclaw-fleet/contract';
import { burstOf } from './anomaly.ts';

/** Failures and results of the last hour, and of the 23 hours before. */
function jobs([failed, results]: [number, number], [before, of]: [number, number], failing = 2): JobsBlock {
  return {
    total: 9,
    enabled: 9,
    failing,
    results_1h: results,
    failures_1h: failed,
    results_24h: results + of,
    failures_24h: failed + before,
  };
}

describe('a burst of failures', () => {
  it.each<[string, JobsBlock, boolean]>([
    ['half failed, none before', jobs([5, 10], [0, 100]), true],
    ['all failed', jobs([5, 5], [0, 5]), true],
    ['under half failed', jobs([4, 9], [0, 100]), false],
    ['4 results', jobs([4, 4], [0, 100]), false],
    ['4 results before', jobs([5, 5], [0, 4]), false],
    ['twice as many as before', jobs([6, 10], [30, 100]), true],
    ['nearly twice as many', jobs([6, 10], [31, 100]), false],
    ['as ever', jobs([9, 10], [90, 100]), false],
    ['over: none is failing any more', jobs([9, 10], [0, 100], 0), false],
  ])('%s', (_name, block, is) => {
    expect(burstOf(block) !== null).toBe(is);
  });

  it('needs a day to be held against', () => {
    const { total, enabled, failing, results_1h, failures_1h } = jobs([9, 10], [0, 100]);
    expect(burstOf({ total, enabled, failing, results_1h, failures_1h })).toBeNull();
    expect(burstOf(null)).toBeNull();
  });

  it('says both shares', () => {
    expect(burstOf(jobs([8, 10], [10, 100]))).toEqual({ ratio: 0.8, baseline: 0.1 });
  });
});
