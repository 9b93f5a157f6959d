import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { automationKeptOff, DEFAULT_LIMITS, LIMIT_OVERRIDES, limitsOf, overrideErrors } from './limits.ts';
import { blastAllowance, inFlightCap } from './shares.ts';

const keys = LIMIT_OVERRIDES.map(({ key }) => key);

describe('limits', () => {
  it("are section 6's", () => {
    expect(DEFAULT_LIMITS).toEqual({
      attempts: 3,
      inFlightShare: 0.2,
      inFlightLeast: 1,
      inFlightMost: 50,
      blastShare: 0.2,
      planMost: 50,
      criticalTwo: 10,
      breakerRate: 0.5,
      breakerLeast: 5,
      witnessAsks: 3,
    });
    expect(new Set(keys)).toEqual(new Set(Object.keys(DEFAULT_LIMITS)));
  });

  it.each<[string, Record<string, number | boolean>, boolean]>([
    ['fewer attempts', { attempts: 1 }, true],
    ['no attempt', { attempts: 0 }, false],
    ['more attempts', { attempts: 4 }, false],
    ['half an attempt', { attempts: 1.5 }, false],
    ['the default', { attempts: 3 }, true],
    ['a smaller share', { inFlightShare: 0.05 }, true],
    ['a larger share', { inFlightShare: 0.21 }, false],
    ['no number', { inFlightShare: NaN }, false],
    ['fewer in flight', { inFlightMost: 10 }, true],
    ['more in flight', { inFlightMost: 51 }, false],
    ['a stricter breaker', { breakerRate: 0.8 }, true],
    ['a laxer breaker', { breakerRate: 0.4 }, false],
    ['a breaker that never closes', { breakerRate: 1.1 }, false],
    ['more asks', { witnessAsks: 5 }, true],
    ['fewer asks', { witnessAsks: 2 }, false],
    ['a flag for a number', { attempts: true }, false],
    ['no such limit', { attempst: 2 }, false],
    ['none of ours', { constructor: 2 }, false],
    ['automation kept off', { automation: false }, true],
    ['automation turned on', { automation: true }, false],
    ['a number for a flag', { automation: 0 }, false],
  ])('take %s or refuse it', (_name, overrides, taken) => {
    const [key = '', value] = Object.entries(overrides)[0] ?? [];
    expect(overrideErrors(overrides)).toEqual(taken ? [] : [{ key, message: expect.any(String) }]);
    const limits = limitsOf(overrides) as unknown as Record<string, unknown>;
    const isLimit = taken && key !== 'automation';
    expect(limits).toEqual(isLimit ? { ...DEFAULT_LIMITS, [key]: value } : DEFAULT_LIMITS);
    expect(automationKeptOff(overrides)).toBe(taken && key === 'automation');
  });

  it('of a profile leave the stricter ones of the fleet as they are', () => {
    const fleet = { ...DEFAULT_LIMITS, inFlightMost: 10, breakerRate: 0.9 };
    expect(limitsOf({ inFlightMost: 30, breakerRate: 0.6 }, fleet)).toEqual(fleet);
    expect(limitsOf({ inFlightMost: 99, breakerRate: 0.1 }, fleet)).toEqual(fleet);
    expect(limitsOf({ inFlightMost: 5, breakerRate: 1 }, fleet)).toEqual({ ...fleet, inFlightMost: 5, breakerRate: 1 });
  });

  it('say what is wrong and what is right', () => {
    expect(overrideErrors({ attempts: 4, oops: 1 })).toEqual([
      {
        key: 'attempts',
        message:
          '(attempts on one target and fault in 24 hours) must be a whole number from 1 to 3: a profile may tighten a limit, never loosen it',
      },
      { key: 'oops', message: expect.stringMatching(/^is no limit: name one of attempts, .*, automation$/) },
    ]);
  });

  it('are never loosened, whatever a profile says', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom<string>(...keys, 'automation', 'x'),
          fc.oneof(fc.double(), fc.integer({ min: -5, max: 99 }), fc.boolean())
        ),
        fc.integer({ min: 0, max: 2000 }),
        (overrides, targets) => {
          const limits = limitsOf(overrides);
          for (const { key, tighter, strictest } of LIMIT_OVERRIDES) {
            const [least, most] =
              tighter === 'lower' ? [strictest, DEFAULT_LIMITS[key]] : [DEFAULT_LIMITS[key], strictest];
            expect(limits[key]).toBeGreaterThanOrEqual(least);
            expect(limits[key]).toBeLessThanOrEqual(most);
          }
          expect(inFlightCap(targets, limits)).toBeLessThanOrEqual(inFlightCap(targets, DEFAULT_LIMITS));
          expect(inFlightCap(targets, limits)).toBeGreaterThanOrEqual(1);
          expect(blastAllowance(targets, limits)).toBeLessThanOrEqual(blastAllowance(targets, DEFAULT_LIMITS));
        }
      )
    );
  });
});

describe('targets in flight', () => {
  it.each([
    [0, 1],
    [1, 1],
    [9, 1],
    [10, 2],
    [14, 2],
    [15, 3],
    [100, 20],
    [249, 49],
    [250, 50],
    [1000, 50],
  ])('of %i expected are at most %i', (expected, cap) => {
    expect(inFlightCap(expected, DEFAULT_LIMITS)).toBe(cap);
  });

  it('do not lose one to how shares are written', () => {
    expect(inFlightCap(100, { ...DEFAULT_LIMITS, inFlightShare: 0.29 })).toBe(29);
  });
});

describe('targets that may have become expired or critical', () => {
  it.each([
    [0, 1],
    [4, 1],
    [5, 2],
    [14, 2],
    [15, 3],
    [100, 20],
    [1000, 200],
  ])('of %i are at most %i', (of, allowed) => {
    expect(blastAllowance(of, DEFAULT_LIMITS)).toBe(allowed);
  });
});
