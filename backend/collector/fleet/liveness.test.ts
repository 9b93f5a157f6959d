import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { ageMs, inWords, isExpected, nextChangeMs, phaseOf, reasonOf, stateOf } from './liveness.ts';
import type { LivenessFacts, Phase } from './liveness.ts';

const t = TIMINGS.production;
const SEEN = 1_770_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const facts = (changes: Partial<LivenessFacts> = {}): LivenessFacts => ({
  state: 'live',
  seenMs: SEEN,
  firstSeenMs: SEEN - DAY,
  stateSinceMs: SEEN,
  stoppedUntilMs: null,
  intervalMs: t.beat,
  ...changes,
});
const restart = facts({ state: 'stopped', stoppedUntilMs: SEEN + t.goodbyeRestart });
const shutdown = facts({ state: 'stopped' });
const expired = facts({ state: 'expired' });

describe('phaseOf', () => {
  it.each<[string, LivenessFacts, number, Phase]>([
    ['live, now', facts(), 0, 'online'],
    ['live, our clock behind', facts(), -5 * SECOND, 'online'],
    ['live, an interval and the grace', facts(), 70 * SECOND, 'online'],
    ['live, a moment later', facts(), 70 * SECOND + 1, 'stale'],
    ['live, 2 intervals and the grace', facts(), 130 * SECOND, 'stale'],
    ['live, a moment after that', facts(), 130 * SECOND + 1, 'due'],
    ['a slow pace, as long as it may', facts({ intervalMs: 2 * MINUTE }), 250 * SECOND, 'stale'],
    ['a slow pace, longer', facts({ intervalMs: 2 * MINUTE }), 250 * SECOND + 1, 'due'],
    ['live, and nobody decided for a month', facts(), 30 * DAY, 'due'],
    ['expired', expired, 200 * SECOND, 'expired'],
    ['expired, and seen since by nobody', expired, 14 * DAY, 'expired'],
    ['expired for over 14 days', expired, 14 * DAY + 1, 'inactive'],
    ['expired for 90 days', expired, 90 * DAY, 'inactive'],
    ['expired for longer', expired, 90 * DAY + 1, 'retirable'],
    ['shut down', shutdown, 13 * DAY, 'stopped'],
    ['shut down for over 14 days', shutdown, 14 * DAY + 1, 'inactive'],
    ['restarting', restart, 300 * SECOND - 1, 'stopped'],
    ['not back after 300 s', restart, 300 * SECOND, 'stale'],
    ['not back after 430 s', restart, 430 * SECOND, 'stale'],
    ['not back after more', restart, 430 * SECOND + 1, 'due'],
    ['retired', facts({ state: 'retired' }), 0, 'retired'],
    ['an old first beat', facts({ state: 'expired', seenMs: null, firstSeenMs: SEEN }), 0, 'expired'],
    ['an old first beat, long ago', facts({ state: 'expired', seenMs: null, firstSeenMs: SEEN }), 15 * DAY, 'inactive'],
  ])('%s', (_name, node, after, expected) => {
    expect(phaseOf(node, SEEN + after, t)).toBe(expected);
  });
});

describe('nextChangeMs', () => {
  const lives: [string, LivenessFacts][] = [
    ['live', facts()],
    ['expired', expired],
    ['shut down', shutdown],
    ['restarting', restart],
    ['an old first beat', facts({ state: 'expired', seenMs: null, firstSeenMs: SEEN })],
    ['with a slow pace', facts({ intervalMs: 2 * MINUTE })],
  ];
  it.each(lives)('misses no change of a node that is %s', (_name, node) => {
    let now = SEEN;
    for (let change = 0; change < 10; change++) {
      const phase = phaseOf(node, now, t);
      const expectation = isExpected(node, phase, now, t);
      const next = nextChangeMs(node, phase, expectation, t);
      const until = Math.min(next, now + 200 * DAY);
      for (const at of [now, (now + until) / 2, until - 1]) {
        expect([at, phaseOf(node, at, t), isExpected(node, phase, at, t)]).toEqual([at, phase, expectation]);
      }
      if (next === Infinity) return;
      const after = phaseOf(node, next, t);
      expect([after, isExpected(node, after, next, t)]).not.toEqual([phase, expectation]);
      now = next;
    }
    throw new Error('it never comes to rest');
  });
});

describe('ageMs', () => {
  it('is without the grace, never below 0, and counts from the end of a restart', () => {
    expect([ageMs(facts(), SEEN + 5000, t), ageMs(facts(), SEEN + 15_000, t)]).toEqual([0, 5000]);
    expect(ageMs(restart, SEEN + 320 * SECOND, t)).toBe(10 * SECOND);
  });
});

describe('isExpected', () => {
  it.each<[string, LivenessFacts, number, boolean]>([
    ['reported within an hour', facts(), 60 * MINUTE, true],
    ['reported before', facts(), 60 * MINUTE + 1, false],
    ['expired within an hour', expired, 30 * MINUTE, true],
    ['restarting', restart, 100 * SECOND, false],
    ['not back from a restart', restart, 301 * SECOND, true],
    ['shut down', shutdown, 0, false],
    ['retired', facts({ state: 'retired' }), 0, false],
    ['only an old beat', facts({ state: 'expired', seenMs: null, firstSeenMs: SEEN }), 0, false],
  ])('%s', (_name, node, after, expected) => {
    expect(isExpected(node, phaseOf(node, SEEN + after, t), SEEN + after, t)).toBe(expected);
  });
});

describe('stateOf', () => {
  it('is unknown past 2 intervals while nothing may expire, and stale until it is decided', () => {
    expect([stateOf('due', true), stateOf('due', false), stateOf('stale', true)]).toEqual([
      'unknown',
      'stale',
      'stale',
    ]);
    expect(stateOf('retirable', false)).toBe('inactive');
  });
});

describe('reasonOf', () => {
  const report = { hostname: 'a' } as never;
  it.each<[string, LivenessFacts, number, string | null, string]>([
    ['online', facts(), 12 * SECOND, null, 'reported 12 s ago'],
    ['stale', facts(), 95 * SECOND, null, 'no report for 95 s; it reports every 60 s'],
    [
      'unknown',
      facts(),
      150 * SECOND,
      'the fleet is blind',
      'no report for 2 min, but nothing may expire now: the fleet is blind',
    ],
    ['expired', expired, 10 * MINUTE, null, 'no report for 10 min; offline since 2026-02-02T02:40:00.000Z'],
    ['restarting', restart, 40 * SECOND, null, 'it is restarting: it said so 40 s ago'],
    ['not back', restart, 310 * SECOND, null, 'it said that it restarts, and has not come back: no report for 5 min'],
    ['shut down', shutdown, 5 * MINUTE, null, 'it shut down cleanly 5 min ago'],
    ['inactive', expired, 20 * DAY, null, 'no report for 20 days'],
  ])('%s', (_name, node, after, held, expected) => {
    const now = SEEN + after;
    expect(reasonOf({ ...node, report }, phaseOf(node, now, t), held, now)).toBe(expected);
  });

  it('tells an old first heartbeat from a silence', () => {
    const node = { ...facts({ state: 'expired', seenMs: null }), report };
    expect(reasonOf(node, 'expired', null, SEEN)).toMatch(/only heartbeat was old/);
  });
});

describe('inWords', () => {
  it.each([
    [-5, '0 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [2 * 60 * MINUTE, '2 h'],
    [2 * DAY, '2 days'],
  ])('%d ms', (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });
});
