import { describe, expect, it } from '@jest/globals';
import type { MaintenanceWindow } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { isOpen, windowErrors, windowVerdict } from '../../../../backend/collector/policies/windows.ts';
import { parseCron } from './cron.ts';
import { standingOf, windowState } from './when.ts';

const MINUTE = 60_000;
const at = (text: string): number => Date.parse(text);
const window = (over: Partial<MaintenanceWindow> = {}): MaintenanceWindow => ({
  kind: 'deny',
  schedule: '0 22 * * *',
  durationMinutes: 60,
  timeZone: 'UTC',
  reason: 'the night shift',
  ...over,
});

describe('windowState', () => {
  it.each([
    ['before', '2026-11-22T12:00:00Z', { open: false, opensMs: at('2026-11-22T22:00:00Z') }],
    ['at its beginning', '2026-11-22T22:00:00Z', { open: true, untilMs: at('2026-11-22T23:00:00Z') }],
    ['in its last moment', '2026-11-22T22:59:59Z', { open: true, untilMs: at('2026-11-22T23:00:00Z') }],
    ['at its end', '2026-11-22T23:00:00Z', { open: false, opensMs: at('2026-11-23T22:00:00Z') }],
  ])('%s', (_, now, state) => {
    expect(windowState(window(), at(now))).toEqual(state);
  });
  it('reads the zone, and days by name', () => {
    const weekend = window({ schedule: '0 16 * * FRI', durationMinutes: 3840, timeZone: 'Europe/Berlin' });
    expect(windowState(weekend, at('2026-11-22T12:00:00Z'))).toEqual({
      open: true,
      untilMs: at('2026-11-23T07:00:00Z'),
    });
    expect(windowState(weekend, at('2026-11-24T12:00:00Z'))).toEqual({
      open: false,
      opensMs: at('2026-11-27T15:00:00Z'),
    });
  });
  it('finds a 29 February', () => {
    expect(windowState(window({ schedule: '0 0 29 2 *' }), at('2026-03-01T00:00:00Z'))).toMatchObject({
      opensMs: at('2028-02-29T00:00:00Z'),
    });
  });
  it.each(['0 0 30 2 *', 'nonsense', '61 * * * *', '0 0 L * *', '@daily'])('does not guess at %s', (schedule) => {
    expect(windowState(window({ schedule }), at('2026-03-01T00:00:00Z'))).toBeNull();
  });
  it('does not guess at a zone that it does not know', () => {
    expect(windowState(window({ timeZone: 'Mars/Olympus' }), 0)).toBeNull();
  });

  const field = (least: number, most: number, ...names: string[]) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: least, max: most }).map(String) },
      { weight: 3, arbitrary: fc.constant('*') },
      fc.integer({ min: 2, max: Math.max(2, most - least) }).map((step) => `*/${step}`),
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.array(fc.integer({ min: least, max: most }), { minLength: 2, maxLength: 4 }).map((all) => all.join(',')),
      ...(names.length > 0 ? [fc.constantFrom(...names)] : [])
    );
  const schedules = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, 'JAN', 'oct'), field(0, 7, 'MON', 'MON-FRI', 'sun'))
    .map((fields) => fields.join(' '));
  const anyWindow = fc.record({
    kind: fc.constantFrom('deny' as const, 'allow' as const),
    schedule: schedules,
    durationMinutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 10_080 })),
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
    reason: fc.constant('a reason'),
  });
  // Many of the instants are around the nights in which clocks are set.
  const around = (text: string) =>
    fc.integer({ min: -3 * 1440, max: 3 * 1440 }).map((minutes) => at(text) + minutes * MINUTE);
  const instants = fc.oneof(
    around('2026-03-29T01:00:00Z'),
    around('2026-10-25T01:00:00Z'),
    around('2026-03-08T07:00:00Z'),
    around('2026-11-01T06:00:00Z'),
    around('2026-04-04T15:00:00Z'),
    around('2026-10-03T15:30:00Z'),
    fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-12-31T00:00:00Z') })
  );

  it('says of each instant what the collector says', () => {
    fc.assert(
      fc.property(anyWindow, instants, (it, now) => {
        if (windowErrors(it).length > 0) {
          // What the collector refuses is never stored.
          return;
        }
        expect(parseCron(it.schedule)).not.toBeNull();
        const state = windowState(it, now);
        expect({ it, open: state?.open === true }).toEqual({ it, open: isOpen(it, now) });
        if (state === null) return;
        const changes = state.open ? state.untilMs : state.opensMs;
        // It holds until then, unless it begins anew before its end.
        expect(changes).toBeGreaterThan(now);
        if (!state.open) {
          expect(isOpen(it, changes - MINUTE)).toBe(false);
          expect(isOpen(it, changes)).toBe(true);
        }
      }),
      { numRuns: 400 }
    );
  });

  it('takes for free, and for held, what the collector does', () => {
    fc.assert(
      fc.property(fc.array(anyWindow, { maxLength: 3 }), instants, (all, now) => {
        const windows = all.filter((each) => windowErrors(each).length === 0 && windowState(each, now) !== null);
        const { kind } = standingOf(windows, now);
        expect(kind === 'none' || kind === 'free').toBe(windowVerdict(windows, now).open);
      }),
      { numRuns: 150 }
    );
  });
});

describe('standingOf', () => {
  const now = at('2026-11-22T12:00:00Z');
  const deny = window({ schedule: '0 11 * * *', durationMinutes: 120 });
  const allow = window({ kind: 'allow', schedule: '0 10 * * *', durationMinutes: 240 });
  it('has nothing to say without windows', () => {
    expect(standingOf([], now)).toEqual({ kind: 'none' });
  });
  it('lets deny beat allow, until the last of them ends', () => {
    const longer = { ...deny, durationMinutes: 300 };
    expect(standingOf([allow, deny, longer], now)).toEqual({
      kind: 'held',
      changesMs: at('2026-11-22T16:00:00Z'),
      by: longer,
    });
  });
  it('holds outside of the windows that allow, until the next', () => {
    expect(standingOf([{ ...allow, schedule: '0 20 * * *' }], now)).toEqual({
      kind: 'held',
      changesMs: at('2026-11-22T20:00:00Z'),
      by: null,
    });
  });
  it('is free until a window to deny opens, or the one to allow ends', () => {
    expect(standingOf([{ ...deny, schedule: '30 12 * * *' }], now)).toEqual({
      kind: 'free',
      changesMs: at('2026-11-22T12:30:00Z'),
      by: null,
    });
    expect(standingOf([allow], now)).toEqual({ kind: 'free', changesMs: at('2026-11-22T14:00:00Z'), by: allow });
  });
  it('does not guess when one cannot be read', () => {
    expect(standingOf([deny, window({ schedule: 'x' })], now)).toEqual({ kind: 'unknown' });
  });
});
