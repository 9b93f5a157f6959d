import { describe, expect, it } from '@jest/globals';
import { lagOf, syncPoints } from './sync.ts';
import { bridgedOf, NOW, plainOf, subjectOf } from './testing/cases.ts';

describe('lagOf', () => {
  it('grows by our clock from what the bridge said', () => {
    const subject = subjectOf({ report: bridgedOf({ sync_lag_ms: 7000 }) });
    expect(lagOf(subject, NOW)).toBe(7000);
    expect(lagOf(subject, NOW + 5000)).toBe(12_000);
    expect(lagOf(subject, NOW - 5000)).toBe(7000);
  });

  it('is unknown without a bridge, and of an only beat that was old', () => {
    expect(lagOf(subjectOf({ report: plainOf() }), NOW)).toBeNaN();
    expect(lagOf(subjectOf({ seenMs: null }), NOW)).toBeNaN();
  });
});

describe('syncPoints', () => {
  it.each([
    [0, 20],
    [120_000, 20],
    [121_200, 19.9],
    [240_000, 10],
    [359_000, 0.1],
    [360_000, 0],
    [1e12, 0],
    [NaN, NaN],
  ])('a lag of %d ms with 120,000 allowed: %d', (lag, points) => {
    expect(syncPoints(lag, 120_000)).toBe(points);
  });
});
