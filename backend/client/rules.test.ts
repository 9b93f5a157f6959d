import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { nextStep } from './agenda.ts';
import { applyBackpressure } from './backpressure.ts';
import { createBeatBuffer } from './buffer.ts';
import { messageOf } from './failure.ts';
import { createMetrics } from './metrics.ts';
import { allowedAt, boundedInterval, FULL_ALLOWANCE, nextWait, spend } from './pace.ts';
import { parseProblem } from './problem.ts';
import { backoff, FAILURE_REASONS, reasonOfStatus, retryAfterMs, verdictOf } from './retry.ts';
import { CLIENT_TIMINGS, DEMO_SPEED } from './timings.ts';

describe('timings', () => {
  it.each(['production', 'demo'] as const)('of %s are those of the contract', (profile) => {
    const { beat, beatMin, beatMax } = TIMINGS[profile];
    expect(CLIENT_TIMINGS[profile]).toMatchObject({ beat, beatMin, beatMax });
    expect(60_000 / CLIENT_TIMINGS[profile].replaySpacing).toBeLessThan(20 * (profile === 'demo' ? DEMO_SPEED : 1));
  });
});

describe('retries', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'final'],
    [400, 'final'],
    [401, 'final'],
    [403, 'final'],
    [408, 'retry'],
    [409, 'final'],
    [422, 'final'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [599, 'retry'],
  ])('a %d is %s', (status, verdict) => {
    expect(verdictOf(status)).toBe(verdict);
  });

  it.each([
    [1, 2_000],
    [2, 4_000],
    [3, 8_000],
    [4, 16_000],
  ])('number %d comes after %d ms, a fifth more or less', (failures, base) => {
    const schedule = CLIENT_TIMINGS.production.retries;
    expect(backoff(schedule, failures, 0)).toBe(base * 0.8);
    expect(backoff(schedule, failures, 0.5)).toBe(base);
    expect(backoff(schedule, failures, 1)).toBe(base * 1.2);
  });

  it('end after four', () => {
    expect(backoff(CLIENT_TIMINGS.production.retries, 5, 0.5)).toBeNull();
  });

  it('have a closed list of reasons, fit for a label and for a beat', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 999 }), (status) => {
        expect(FAILURE_REASONS).toContain(reasonOfStatus(status));
      })
    );
    expect([302, 403, 418, 503, 507].map(reasonOfStatus)).toEqual([
      'http_3xx',
      'http_403',
      'http_4xx',
      'http_503',
      'http_5xx',
    ]);
    expect(FAILURE_REASONS.length).toBeLessThanOrEqual(32);
    expect(FAILURE_REASONS.every((reason) => /^[a-z0-9_]{1,32}$/.test(reason))).toBe(true);
  });

  const now = Date.parse('2026-02-06T12:00:00Z');
  it.each([
    [undefined, null],
    ['', null],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['0', 0],
    [' 7 ', 7_000],
    ['999999999999999999999', 60_000],
    ['Fri, 06 Feb 2026 12:00:09 GMT', 9_000],
    ['Friday, 06-Feb-26 12:00:09 GMT', 9_000],
    ['Fri, 06 Feb 2026 11:00:00 GMT', 0],
    ['Fri, 06 Feb 2099 12:00:00 GMT', 60_000],
  ])('read Retry-After %j as %p ms', (header, wait) => {
    expect(retryAfterMs(header, now, 60_000)).toBe(wait);
  });
});

describe('pace', () => {
  it('stays within 30 to 120 s and ignores what is no number', () => {
    const bounded = (told: unknown): number => boundedInterval(told, 60_000, CLIENT_TIMINGS.production);
    expect([45, 1, 1e9, NaN, '45', undefined, null, Infinity].map(bounded)).toEqual([
      45_000, 30_000, 120_000, 60_000, 60_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('waits 0.9 to 1.0 of the interval', () => {
    expect([0, 0.5, 1].map((random) => nextWait(60_000, random))).toEqual([54_000, 57_000, 60_000]);
  });

  it('never lets more than 3 beats go at once, nor more than two an interval in the long run', () => {
    const interval = 60_000;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }), (gaps) => {
        const sent: number[] = [];
        let allowance = FULL_ALLOWANCE;
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (allowedAt(allowance, now, interval) > now) continue;
          allowance = spend(allowance, now, interval);
          sent.push(now);
        }
        for (const [index, start] of sent.entries()) {
          for (const span of [1, interval, 3 * interval, 10 * interval]) {
            const count = sent.slice(index).filter((at) => at < start + span).length;
            expect(count).toBeLessThanOrEqual(3 + Math.ceil((span / interval) * 2));
          }
        }
      })
    );
  });

  it('says exactly when the next beat may go', () => {
    let allowance = FULL_ALLOWANCE;
    for (let beat = 0; beat < 3; beat++) allowance = spend(allowance, 0, 60_000);
    const at = allowedAt(allowance, 0, 60_000);
    expect(at).toBe(31_500);
    expect(allowedAt(allowance, at, 60_000)).toBe(at);
  });
});

describe('the agenda', () => {
  it.each([
    [{ beatAt: 10, retryAt: 5, replayAt: null }, 10, 'beat'],
    [{ beatAt: 10, retryAt: 5, replayAt: null }, 7, 'retry'],
    [{ beatAt: 10, retryAt: 8, replayAt: 5 }, 7, { wait: 1 }],
    [{ beatAt: 10, retryAt: 12, replayAt: 5 }, 7, { wait: 3 }],
    [{ beatAt: 10, retryAt: null, replayAt: 5 }, 7, 'replay'],
    [{ beatAt: 10, retryAt: null, replayAt: 8 }, 7, { wait: 1 }],
    [{ beatAt: 10, retryAt: null, replayAt: null }, 7, { wait: 3 }],
  ])('of %j at %d is %j', (agenda, now, step) => {
    expect(nextStep(agenda, now)).toEqual(step);
  });
});

describe('backpressure', () => {
  it.each([
    [{ planner: 50, worker: 50 }, 10],
    [{ planner: 75, worker: 50 }, 7],
    [{ worker: 150 }, 5],
    [{ worker: 199 }, 0],
    [{ worker: 5_000 }, 0],
    [{}, 10],
  ])('of %j over a threshold of 100 leaves %d of 10 slots', (depth, slots) => {
    expect(applyBackpressure({ workers: 24, available_slots: 10 }, depth, 100)).toEqual({
      workers: 24,
      available_slots: slots,
    });
  });

  it('does nothing without a threshold or slots; a threshold of 0 takes all', () => {
    expect(applyBackpressure({ available_slots: 10 }, { a: 1e6 }, null)).toEqual({ available_slots: 10 });
    expect(applyBackpressure({ workers: 1 }, { a: 1e6 }, 1)).toEqual({ workers: 1 });
    expect(applyBackpressure({ available_slots: 10 }, { a: 1 }, 0)).toEqual({ available_slots: 0 });
  });
});

describe('the buffer', () => {
  it('keeps the newest, whatever the order they came in, and counts the rest', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { maxLength: 40 }), fc.nat(10), (times, capacity) => {
        const buffer = createBeatBuffer(capacity);
        let dropped = 0;
        for (const sentAt of times) dropped += buffer.push({ body: Buffer.of(), sentAt });
        const taken: number[] = [];
        for (let next = buffer.newest(); next; next = buffer.newest()) {
          taken.push(next.sentAt);
          buffer.remove(next);
        }
        expect(taken).toEqual([...times].sort((a, b) => b - a).slice(0, capacity));
        expect(dropped).toBe(times.length - taken.length);
      })
    );
  });
});

describe('the metrics', () => {
  it('are Prometheus text', () => {
    const metrics = createMetrics();
    metrics.succeeded();
    metrics.failed('http_503');
    metrics.dropped(2);
    metrics.observe(0.03);
    metrics.observe(20);
    const text = metrics.render(4);
    for (const line of [
      'openclaw_publish_success_total 1',
      'openclaw_publish_failure_total{reason="http_503"} 1',
      'openclaw_publish_failure_total{reason="timeout"} 0',
      'openclaw_publish_dropped_total 2',
      'openclaw_publish_buffered 4',
      'openclaw_latency_seconds_bucket{le="0.025"} 0',
      'openclaw_latency_seconds_bucket{le="0.05"} 1',
      'openclaw_latency_seconds_bucket{le="10"} 1',
      'openclaw_latency_seconds_bucket{le="+Inf"} 2',
      'openclaw_latency_seconds_sum 20.03',
      'openclaw_latency_seconds_count 2',
      '# TYPE openclaw_latency_seconds histogram',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text.endsWith('\n')).toBe(true);
  });
});

describe('texts for the log', () => {
  it('never break the line, whatever a server says or a host throws', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), fc.string({ unit: 'binary' }), (thrown, detail) => {
        expect(messageOf(thrown)).not.toMatch(/[\r\n]/);
        const problem = parseProblem(JSON.stringify({ detail }));
        expect(problem.detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        expect(problem.detail.length).toBeLessThanOrEqual(300);
      })
    );
  });

  it('hide whatever looks like a token', () => {
    const { detail } = parseProblem(
      JSON.stringify({ detail: 'got Bearer abc.def and eyJhbGciOiJ9.eyJzdWIi.sig-nature' })
    );
    expect(detail).toBe('got [token] and [token]');
  });
});
