import { describe, expect, it } from '@jest/globals';
import type { MaintenanceWindow } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { isOpen, windowErrors, windowVerdict } from './windows.ts';

const window = (more: Partial<MaintenanceWindow>): MaintenanceWindow => ({
  kind: 'deny',
  schedule: '0 22 * * *',
  durationMinutes: 60,
  timeZone: 'UTC',
  reason: 'month end',
  ...more,
});
const at = (text: string): number => Date.parse(text);
const open = (more: Partial<MaintenanceWindow>, text: string): boolean => isOpen(window(more), at(text));

describe('a window', () => {
  it('is open from its first to its last millisecond', () => {
    expect(open({}, '2026-02-06T21:59:59.999Z')).toBe(false);
    expect(open({}, '2026-02-06T22:00:00Z')).toBe(true);
    expect(open({}, '2026-02-06T22:59:59.999Z')).toBe(true);
    expect(open({}, '2026-02-06T23:00:00Z')).toBe(false);
  });

  it('spans midnight, and a week', () => {
    expect(open({ durationMinutes: 240 }, '2026-02-07T01:59:00Z')).toBe(true);
    expect(open({ schedule: '0 0 * * MON', durationMinutes: 10_080 }, '2026-02-08T23:59:00Z')).toBe(true);
    expect(open({ schedule: '0 0 1 2 *', durationMinutes: 10_080 }, '2026-02-08T00:00:00Z')).toBe(false);
  });

  it.each([
    ['15 22 * * *', '2026-02-06T22:14:00Z', false],
    ['*/30 9-17 * * *', '2026-02-06T17:30:00Z', true],
    ['0 22 * * FRI', '2026-02-06T22:10:00Z', true],
    ['0 22 * * 5', '2026-02-07T22:10:00Z', false],
    ['0 22 * * 7', '2026-02-08T22:10:00Z', true],
    ['0 22 * JAN *', '2026-02-06T22:10:00Z', false],
    ['0 22 6 * *', '2026-02-06T22:10:00Z', true],
    // Both day fields: either is enough, as cron has it.
    ['0 22 1 * FRI', '2026-02-06T22:10:00Z', true],
    ['0 22 6 * MON', '2026-02-06T22:10:00Z', true],
    ['0 22 1 * MON', '2026-02-06T22:10:00Z', false],
  ])('%s at %s: open is %s', (schedule, text, expected) => {
    expect(open({ schedule }, text)).toBe(expected);
  });

  it('goes by its own time zone, also one of three quarters of an hour, in summer and in winter', () => {
    expect(open({ timeZone: 'Asia/Kathmandu' }, '2026-02-06T16:14:00Z')).toBe(false);
    expect(open({ timeZone: 'Asia/Kathmandu' }, '2026-02-06T16:15:00Z')).toBe(true);
    expect(open({ timeZone: 'Europe/Berlin' }, '2026-02-06T21:00:00Z')).toBe(true);
    expect(open({ timeZone: 'Europe/Berlin' }, '2026-07-06T20:00:00Z')).toBe(true);
    expect(open({ timeZone: 'Europe/Berlin' }, '2026-07-06T21:30:00Z')).toBe(false);
  });

  it('that begins in the hour that spring skips opens at the skip, and not on the day after', () => {
    const spring = { timeZone: 'Europe/Berlin', schedule: '30 2 * * *', durationMinutes: 30 };
    expect(open(spring, '2026-03-29T00:59:00Z')).toBe(false);
    expect(open(spring, '2026-03-29T01:00:00Z')).toBe(true);
    expect(open(spring, '2026-03-29T01:29:00Z')).toBe(true);
    expect(open(spring, '2026-03-29T01:30:00Z')).toBe(false);
  });

  it('that begins in the hour that autumn repeats denies twice and allows once', () => {
    const autumn = { timeZone: 'Europe/Berlin', schedule: '30 2 * * *', durationMinutes: 20 };
    for (const kind of ['deny', 'allow'] as const) {
      expect(open({ ...autumn, kind }, '2026-10-25T00:30:00Z')).toBe(true);
      expect(open({ ...autumn, kind }, '2026-10-25T00:50:00Z')).toBe(false);
      expect(open({ ...autumn, kind }, '2026-10-25T01:30:00Z')).toBe(kind === 'deny');
    }
  });

  it('is open for as long as it lasts, whatever the minute it begins', () => {
    const instant = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') });
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 1440 }), fc.nat(2000), (begin, durationMinutes, later) => {
        const start = new Date(Math.floor(begin / 60_000) * 60_000);
        const fields = [start.getUTCMinutes(), start.getUTCHours(), start.getUTCDate(), start.getUTCMonth() + 1, '*'];
        const now = start.getTime() + later * 60_000;
        expect(isOpen(window({ schedule: fields.join(' '), durationMinutes }), now)).toBe(later < durationMinutes);
      }),
      { numRuns: 200 }
    );
  });
});

describe('what is wrong with a window', () => {
  it.each([
    ['0 22 * *', 'five fields and has 4'],
    ['', 'five fields and has 0'],
    ['@daily', 'five fields and has 1'],
    ['0 0 22 * * *', 'five fields and has 6'],
    ['61 22 * * *', 'minute cannot be 61'],
    ['0 22 40 * *', 'day of month cannot be 40'],
    ['0 22 * * nonsense', 'day of week cannot be nonsense'],
    ['0 22 L * *', 'L is not supported'],
    ['0 22 * * 5#1', '5#1 is not supported'],
    ['0 22 31 2,4 *', 'day of month cannot be 31'],
  ])('schedule %j: %s', (schedule, words) => {
    expect(windowErrors(window({ schedule }))).toEqual([
      { field: 'schedule', message: expect.stringContaining(words) as unknown },
    ]);
  });

  it('names a time zone that there is not', () => {
    expect(windowErrors(window({ timeZone: 'Europe/Belrin' }))).toEqual([
      { field: 'timeZone', message: expect.stringContaining('such as Europe/Berlin') as unknown },
    ]);
  });

  it('is nothing for what can be evaluated', () => {
    expect(windowErrors(window({ schedule: '0 0 29 2 *', timeZone: 'Pacific/Chatham' }))).toEqual([]);
  });
});

describe('the verdict of windows', () => {
  const now = at('2026-02-06T22:10:00Z');
  const allow = window({ kind: 'allow', reason: 'quiet hours' });
  const closed = window({ kind: 'allow', schedule: '0 4 * * *' });

  it('is open without any, and outside of a deny window', () => {
    expect(windowVerdict([], now)).toMatchObject({ open: true, window: null });
    expect(windowVerdict([window({ schedule: '0 4 * * *' })], now)).toMatchObject({ open: true });
  });

  it('is open in an allow window alone, once there is one', () => {
    expect(windowVerdict([closed, allow], now)).toMatchObject({ open: true, window: allow });
    expect(windowVerdict([closed], now)).toMatchObject({ open: false, reason: expect.stringContaining('no allow') });
  });

  it('has deny beat allow, and says which and why', () => {
    const verdict = windowVerdict([allow, window({})], now);
    expect(verdict).toMatchObject({ open: false, window: { kind: 'deny' } });
    expect(verdict.reason).toBe('a deny window is open (0 22 * * * UTC, for 60 min): month end');
  });
});
