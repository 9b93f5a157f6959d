import { describe, expect, it } from '@jest/globals';
import { LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { LivenessState } from '@openclaw-fleet/contract';
import { connectivityPoints, isJudged } from './connectivity.ts';

describe('connectivityPoints', () => {
  const points: Record<LivenessState, number> = {
    online: 20,
    stale: 15,
    expired: 0,
    inactive: 0,
    stopped: NaN,
    unknown: NaN,
    retired: NaN,
  };

  it.each(LIVENESS_STATES)('%s', (state) => {
    expect(connectivityPoints(state)).toBe(points[state]);
    expect(isJudged(state)).toBe(!Number.isNaN(points[state]));
  });
});
