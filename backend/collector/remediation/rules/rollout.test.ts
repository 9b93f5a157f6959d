import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inRollout } from './rollout.ts';

const ids = Array.from({ length: 2000 }, (_, index) => `gateway-${index}`);

describe('the rollout of automation', () => {
  it('is nobody at 0 and everybody at 100', () => {
    expect(ids.some((id) => inRollout(id, 0))).toBe(false);
    expect(ids.every((id) => inRollout(id, 100))).toBe(true);
  });

  it.each([1, 10, 50, 90])('is about %i %% of the targets', (percent) => {
    const share = (100 * ids.filter((id) => inRollout(id, percent)).length) / ids.length;
    expect(Math.abs(share - percent)).toBeLessThan(3);
  });

  it('is stable, and only grows', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.float({ min: 0, max: 100, noNaN: true }),
        fc.float({ min: 0, max: 100, noNaN: true }),
        (id, a, b) => {
          expect(inRollout(id, a)).toBe(inRollout(id, a));
          if (inRollout(id, Math.min(a, b))) expect(inRollout(id, Math.max(a, b))).toBe(true);
        }
      )
    );
  });

  it('stays as it is from version to version', () => {
    expect(ids.slice(0, 20).filter((id) => inRollout(id, 30))).toEqual([
      'gateway-3',
      'gateway-5',
      'gateway-7',
      'gateway-8',
      'gateway-11',
    ]);
  });
});
