import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { DriftSeverity } from '@openclaw-fleet/contract';
import type { Found } from '../rule.ts';
import { bridgedOf, desiredOf, expectationOf, NOW, plainOf, subjectOf } from '../testing/cases.ts';
import type { Subject } from '../types.ts';
import { syncDrift } from './sync.ts';

const MOST = 120_000;
const expectation = expectationOf({ desired: desiredOf({ maxSyncLagMs: MOST }) });
const lagging = (lag: number): Subject => subjectOf({ report: bridgedOf({ sync_lag_ms: lag }) });
const find = (subject: Subject, nowMs = NOW): Found<DriftSeverity> =>
  syncDrift.find(subject, expectation, [], nowMs, TIMINGS.production);

describe('sync drift', () => {
  it.each<[number, Found<DriftSeverity>]>([
    [0, 'none'],
    [MOST, 'none'],
    [MOST + 1, 'minor'],
    [3 * MOST, 'minor'],
    [3 * MOST + 1, 'major'],
    [10 * MOST, 'major'],
    [10 * MOST + 1, 'critical'],
  ])('a lag of %d ms: %s', (lag, found) => {
    expect(find(lagging(lag))).toBe(found);
    expect(find(lagging(0), NOW + lag)).toBe(found);
  });

  it('is unknown without a bridge, and of an only beat that was old', () => {
    expect(find(subjectOf({ report: plainOf() }))).toBe('unknown');
    expect(find(subjectOf({ seenMs: null }))).toBe('unknown');
  });

  it.each([
    [0, MOST],
    [0.5, MOST],
    [MOST, MOST],
    [MOST + 0.25, 1.5 * MOST],
    [1.5 * MOST + 1, 2 * MOST],
    [2.2 * MOST, 2.5 * MOST],
    [2.9 * MOST, 3 * MOST],
    [3 * MOST, 3 * MOST],
    [3 * MOST + 1, 10 * MOST],
    [10 * MOST + 1, Infinity],
  ])('of %d ms is looked at again once it is over %d ms', (lag, over) => {
    const subject = lagging(lag);
    const nextMs = syncDrift.nextMs(subject, expectation, [], NOW, TIMINGS.production, find(subject));
    expect(nextMs).toBe(NOW + Math.floor(over - lag) + 1);
    expect(nextMs).toBeGreaterThan(NOW);
    if (nextMs === Infinity) {
      expect(find(subject, NOW + 1e12)).toBe('critical');
      return;
    }
    expect(find(subject, nextMs - 1)).toBe(find(subject));
    if (over / MOST === 1 || over / MOST === 3 || over / MOST === 10)
      expect(find(subject, nextMs)).not.toBe(find(subject));
  });

  it('never grows worse of itself when there is no lag', () => {
    const plain = subjectOf({ report: plainOf() });
    expect(syncDrift.nextMs(plain, expectation, [], NOW, TIMINGS.production, 'unknown')).toBe(Infinity);
  });

  it('says how old the state is', () => {
    expect(syncDrift.words(lagging(130_000), expectation, NOW)).toMatchObject({
      expected: 'at most 2 min',
      actual: '2 min 10 s',
      message: expect.stringContaining('The last state of its gateway is 2 min 10 s old; at most 2 min is allowed.'),
    });
  });
});
