import { describe, expect, it } from '@jest/globals';
import { earlierFailureRatio, failureRatio, jobsPoints } from './jobs.ts';
import { jobsOf } from './testing/cases.ts';

/** The last hour, then the day that it is part of. */
const points = (results1h: number, failures1h: number, results24h?: number, failures24h?: number): number =>
  jobsPoints(
    jobsOf({
      results_1h: results1h,
      failures_1h: failures1h,
      ...(results24h !== undefined && { results_24h: results24h }),
      ...(failures24h !== undefined && { failures_24h: failures24h }),
    })
  );

describe('jobsPoints', () => {
  it.each([
    ['no results', points(0, 0), NaN],
    ['four are too few', points(4, 4), NaN],
    ['five are enough', points(5, 0), 20],
    ['one of five failed', points(5, 1), 16],
    ['one of seven', points(7, 1), 17.1],
    ['half', points(10, 5), 10],
    ['all', points(10, 10), 0],
    ['more failures than results', points(10, 12), 0],
    // The day before: what the 24 h hold less the last hour.
    ['as before', points(10, 5, 110, 55), 10],
    ['better than before', points(10, 1, 110, 101), 18],
    ['a rise by a tenth costs 2', points(10, 1, 110, 1), 16],
    ['a rise by a quarter costs 5', points(20, 5, 120, 5), 10],
    ['a rise by more costs no more', points(10, 5, 110, 5), 5],
    ['never under 0', points(10, 10, 110, 10), 0],
    ['too few before', points(10, 5, 14, 5), 10],
    ['just enough before', points(10, 5, 15, 5), 5],
    ['fewer failures in the day than in the hour', points(10, 5, 110, 1), 5],
    ['no failures of the day', points(10, 5, 110), 10],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('is a ratio of at most 1, also where the numbers disagree', () => {
    expect(failureRatio(jobsOf({ results_1h: 10, failures_1h: 12 }))).toBe(1);
  });

  it('is null without jobs', () => {
    expect(jobsPoints(undefined)).toBeNaN();
    expect(failureRatio(undefined)).toBeNaN();
    expect(earlierFailureRatio(undefined)).toBeNaN();
  });
});
