import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Band, LivenessState } from '@openclaw-fleet/contract';
import { assess } from './assess.ts';
import { policyPoints } from './policy.ts';
import { bandOf, NO_POINTS, pointsOf, rescaled, riskOf, scoreOf } from './score.ts';
import { bridgedOf, expectationOf, jobsOf, NOW, subjectOf } from './testing/cases.ts';
import type { DriftFault, Fault, ViolationFault } from './types.ts';

const base = { id: 'x', openedMs: 0, message: '', playbook: null, liftedMs: null };
const drift = (severity: DriftFault['severity'], liftedMs: number | null = null): Fault => ({
  ...base,
  kind: 'drift',
  code: 'version',
  severity,
  expected: '',
  actual: '',
  liftedMs,
});
const violation = (severity: ViolationFault['severity'], code: ViolationFault['code'] = 'version-behind'): Fault => ({
  ...base,
  kind: 'violation',
  code,
  severity,
  expected: null,
  actual: null,
});

describe('policyPoints', () => {
  it.each<[string, Fault[], number]>([
    ['nothing', [], 20],
    ['a warning', [violation('warning')], 17],
    ['a high', [violation('high')], 12],
    ['a critical', [violation('critical')], 0],
    ['a high and a warning', [violation('high'), violation('warning')], 9],
    ['seven warnings', Array.from({ length: 7 }, () => violation('warning')), 0],
    ['drift', [drift('critical')], 20],
    ['the minimum score', [violation('high', 'score-below-minimum')], 20],
  ])('%s', (_name, faults, points) => {
    expect(policyPoints(faults)).toBe(points);
  });
});

describe('the score', () => {
  const score = (
    points: ReturnType<typeof pointsOf>,
    over: Parameters<typeof subjectOf>[0] = {},
    faults: Fault[] = []
  ) => scoreOf(points, subjectOf(over), faults);
  const full = pointsOf(20, 20, 20, 20, 20);

  it.each([
    [full, 100],
    [pointsOf(20, NaN, 20, NaN, NaN), 100],
    [pointsOf(15, NaN, 20, NaN, NaN), 88],
    [pointsOf(20, 20, 17, 20, NaN), 96],
    [pointsOf(0, 0, 0, 0, 0), 0],
    [pointsOf(20, 20, 12, 10, 17.1), 79],
    [NO_POINTS, null],
  ])('%p is rescaled over what applies: %p', (points, expected) => {
    expect(score(points)).toBe(expected);
  });

  it.each<[string, LivenessState, boolean, Fault[], number]>([
    ['online', 'online', false, [], 100],
    ['stale', 'stale', false, [], 89],
    ['flapping', 'online', true, [], 69],
    ['expired', 'expired', false, [], 39],
    ['inactive', 'inactive', false, [], 39],
    ['critical drift', 'online', false, [drift('critical')], 69],
    ['critical drift, lifted', 'online', false, [drift('critical', 1)], 69],
    ['critical violation', 'online', false, [violation('critical')], 69],
    ['major drift', 'online', false, [drift('major')], 100],
    ['everything', 'expired', true, [drift('critical')], 39],
  ])('%s caps it', (_name, state, flapping, faults, expected) => {
    expect(score(full, { state, flapping }, faults)).toBe(expected);
  });

  it('is capped while it has not come back from a restart', () => {
    expect(score(full, { state: 'stale', overdue: true })).toBe(69);
  });

  it('is not raised by a cap', () => {
    expect(score(pointsOf(0, 0, 20, 0, 0), { state: 'expired' })).toBe(20);
  });

  it('shares the points of what lacks none, and of those alone', () => {
    expect(pointsOf(20, NaN, 20, NaN, 20)).toBe(pointsOf(20, NaN, 20, NaN, 20));
    expect(pointsOf(20, NaN, 20, NaN, 20)).toEqual([20, NaN, 20, NaN, 20]);
    expect(pointsOf(15, NaN, 20, NaN, 20)).toEqual([15, NaN, 20, NaN, 20]);
    expect(pointsOf(20, 20, 20, 20, 0)).toEqual([20, 20, 20, 20, 0]);
    expect(rescaled(pointsOf(10, NaN, NaN, NaN, NaN))).toBe(50);
  });
});

describe('bands', () => {
  it.each<[number | null, Band, string | null]>([
    [100, 'healthy', 'low'],
    [90, 'healthy', 'low'],
    [89, 'warning', 'medium'],
    [70, 'warning', 'medium'],
    [69, 'degraded', 'high'],
    [40, 'degraded', 'high'],
    [39, 'critical', 'critical'],
    [0, 'critical', 'critical'],
    [null, 'unknown', null],
  ])('%p is %s, its risk %p', (score, band, risk) => {
    expect(bandOf(score)).toBe(band);
    expect(riskOf(band)).toBe(risk);
  });
});

describe('docs/health-score.md', () => {
  const report = bridgedOf(
    { sync_lag_ms: 180_000, metrics: { cpu_pct: 97 } },
    { jobs: jobsOf({ results_1h: 10, failures_1h: 2, results_24h: 110, failures_24h: 7 }) }
  );

  it.each<[LivenessState, number[], number]>([
    ['online', [20, 15, 14, 15, 13], 77],
    ['stale', [15, 15, 14, 15, 13], 72],
    ['expired', [0, 15, 14, 15, 13], 39],
  ])('works out its example: %s', (state, points, score) => {
    const decided = assess(subjectOf({ report, state }), expectationOf(), [], NOW, TIMINGS.production);
    expect(decided).toMatchObject({ points, score });
    const doc = readFileSync(new URL('../../../docs/health-score.md', import.meta.url), 'utf8');
    const sum = points.reduce((total, of) => total + of, 0);
    expect(doc).toMatch(new RegExp(state === 'online' ? `The sum is ${sum}` : `${sum}`));
  });
});
