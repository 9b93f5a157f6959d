import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JobWindow, MAX_RESULTS, oldestOf } from './jobs.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Run = Record<string, unknown>;
let serial = 0;
const run = (agoMs: number, more: Run = {}): Run => ({
  action: 'finished',
  jobId: 'job',
  runId: `run-${(serial += 1)}`,
  status: 'ok',
  ts: NOW - agoMs,
  deliveryStatus: 'not-requested',
  ...more,
});

function windowOf(...runs: Run[]): JobWindow {
  const window = new JobWindow();
  for (const entry of runs) window.take(entry, NOW);
  return window;
}

describe('JobWindow', () => {
  it('counts the last hour and the last 24, each to the millisecond', () => {
    const window = windowOf(
      run(0, { status: 'error' }),
      run(HOUR - 1),
      run(HOUR, { status: 'error' }),
      run(24 * HOUR - 1),
      run(24 * HOUR)
    );
    expect(window.counts(NOW)).toEqual({
      results1h: 2,
      failures1h: 1,
      results24h: 4,
      failures24h: 2,
      undelivered1h: 0,
    });
    expect(window.counts(NOW + 2)).toMatchObject({ results1h: 1, results24h: 3 });
  });

  it('counts a failed delivery apart from a failed run', () => {
    const window = windowOf(
      run(0, { status: 'ok', completionStatus: 'failed', deliveryStatus: 'not-delivered' }),
      run(2 * HOUR, { deliveryStatus: 'not-delivered' })
    );
    expect(window.counts(NOW)).toMatchObject({ results1h: 1, failures1h: 0, undelivered1h: 1 });
  });

  it.each([
    ['a skipped run', { status: 'skipped' }],
    ['a start', { action: 'started', status: undefined }],
    ['a heartbeat job, by its payload', { job: { payload: { kind: 'heartbeat' } } }],
    ['a heartbeat job, by its key', { job: { declarationKey: 'heartbeat:main' } }],
    ['a run without a job', { jobId: undefined }],
  ])('ignores %s', (_name, more) => {
    expect(windowOf(run(0, more)).counts(NOW).results24h).toBe(0);
  });

  it('knows the heartbeat jobs of the list, for entries that do not say', () => {
    const window = new JobWindow();
    window.takeList([{ id: 'beat', declarationKey: 'heartbeat:main', enabled: true }]);
    window.take(run(0, { jobId: 'beat' }), NOW);
    window.take(run(0), NOW);
    expect(window.counts(NOW).results1h).toBe(1);
  });

  it('counts a run once, whether it came as an event or from the history', () => {
    const event = {
      action: 'finished',
      jobId: 'job',
      runId: 'manual:job:1:1',
      status: 'error',
      runAtMs: NOW - 5_000,
      durationMs: 79,
      job: { payload: { kind: 'command' } },
    };
    const entry = { action: 'finished', jobId: 'job', runId: 'manual:job:1:1', status: 'error', ts: NOW - 4_921 };
    expect(windowOf(event, entry, event).counts(NOW)).toMatchObject({ results24h: 1, failures24h: 1 });
    expect(windowOf({ ...event, runId: undefined }, { ...event, runId: undefined }).size).toBe(1);
  });

  it('keeps a result from the future for no longer than one of now', () => {
    const window = windowOf(run(-9 * HOUR));
    expect(window.counts(NOW).results1h).toBe(1);
    expect(window.counts(NOW + HOUR).results1h).toBe(0);
  });

  it('keeps a bounded number, the newest', () => {
    const window = new JobWindow();
    for (let index = 0; index < MAX_RESULTS * 2; index += 1) {
      window.take(run(0, { ts: NOW - 2 * HOUR + index, status: index < MAX_RESULTS ? 'error' : 'ok' }), NOW);
    }
    expect(window.size).toBeLessThanOrEqual(MAX_RESULTS);
    expect(window.size).toBeGreaterThan(0.85 * MAX_RESULTS);
    expect(window.counts(NOW).failures24h).toBe(0);
  });

  it('forgets what has aged, without being asked for counts', () => {
    const window = windowOf(run(HOUR));
    for (let index = 0; index <= MAX_RESULTS; index += 1) window.take(run(0, { ts: NOW + 24 * HOUR }), NOW + 24 * HOUR);
    expect(window.size).toBeLessThanOrEqual(MAX_RESULTS + 1);
    expect(window.counts(NOW + 24 * HOUR).results24h).toBe(window.size);
  });

  it('ends the same for any order and any repetition of the same results', () => {
    const entries = Array.from({ length: 12 }, (_, index) =>
      run(index * 4 * MINUTE * index, {
        status: index % 3 === 0 ? 'error' : 'ok',
        deliveryStatus: index % 4 === 0 ? 'not-delivered' : 'delivered',
      })
    );
    const expected = windowOf(...entries).counts(NOW);
    expect(expected.failures24h).toBeGreaterThan(0);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(entries, { minLength: entries.length }),
        fc.array(fc.constantFrom(...entries)),
        (order, repeated) => {
          expect(windowOf(...order, ...repeated).counts(NOW)).toEqual(expected);
        }
      )
    );
  });

  it('lists jobs without the heartbeats, in both of the forms the gateway gives', () => {
    const window = new JobWindow();
    expect(
      window.takeList([
        { id: 'a', enabled: true, state: { lastRunStatus: 'error' } },
        { id: 'b', enabled: true, lastRunStatus: 'error' },
        { id: 'c', enabled: true, lastRunStatus: 'skipped' },
        { id: 'd', enabled: false, lastRunStatus: 'error' },
        { id: 'e', enabled: true, declarationKey: 'heartbeat:main', lastRunStatus: 'error' },
        'nonsense',
      ])
    ).toEqual({ total: 4, enabled: 3, failing: 2 });
  });
});

describe('oldestOf', () => {
  it('finds the oldest entry', () => {
    expect(oldestOf([{ ts: 5 }, { ts: 3 }, {}, { ts: 4 }])).toBe(3);
    expect(oldestOf([])).toBeNull();
    expect(oldestOf(undefined)).toBeNull();
  });
});
