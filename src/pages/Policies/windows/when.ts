import type { MaintenanceWindow } from '@openclaw-fleet/contract';
import { parseCron } from './cron.ts';
import type { Schedule } from './cron.ts';

const MINUTE = 60_000;
/** Zones change their offset at a whole quarter of an hour. */
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A 29 February comes within eight years. */
const LOOK_AHEAD_DAYS = 8 * 366;

type When = Pick<MaintenanceWindow, 'kind' | 'schedule' | 'durationMinutes' | 'timeZone'>;

/** When a window is open: until then; or when it opens next. Null: its schedule cannot be read here, or never comes. */
export type WindowState =
  { readonly open: true; readonly untilMs: number } | { readonly open: false; readonly opensMs: number } | null;

/**
 * Whether a window is open, and when that changes. What the collector does by it is decided there; a test holds both to the
 * same answer.
 */
export function windowState(window: When, nowMs: number): WindowState {
  const schedule = parseCron(window.schedule);
  const zone = zoneOf(window.timeZone);
  if (schedule === null || zone === null) return null;
  const length = window.durationMinutes * MINUTE;
  const at = (day: number): number[] => beginningsOf(schedule, zone, window.kind, day);
  const today = Math.floor((nowMs + offsetAt(zone, nowMs)) / DAY) * DAY;
  for (let day = today + DAY; day >= today - length - 2 * DAY; day -= DAY) {
    const last = Math.max(...at(day).filter((begins) => begins <= nowMs));
    if (last + length > nowMs) return { open: true, untilMs: last + length };
  }
  for (let day = today - DAY; day <= today + LOOK_AHEAD_DAYS * DAY; day += DAY) {
    const opensMs = Math.min(...at(day).filter((begins) => begins > nowMs));
    if (opensMs !== Infinity) return { open: false, opensMs };
  }
  return null;
}

/** Beginnings on a day of the wall clock. @param day its midnight, as if the clock showed UTC */
function beginningsOf(schedule: Schedule, zone: Intl.DateTimeFormat, kind: string, day: number): number[] {
  if (!isDay(schedule, new Date(day))) return [];
  const locals = schedule.hours.flatMap((hour) =>
    schedule.minutes.map((minute) => day + hour * HOUR + minute * MINUTE)
  );
  const offset = offsetAt(zone, day - DAY);
  // Clocks are set on few days, and only then each beginning has to be looked at.
  if (offset === offsetAt(zone, day + 2 * DAY)) return locals.map((local) => local - offset);
  return locals.flatMap((local) => instantsOf(zone, local, kind));
}

function isDay({ days, months, weekdays, eitherDay }: Schedule, date: Date): boolean {
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const day = days.includes(date.getUTCDate());
  const weekday = weekdays.includes(date.getUTCDay());
  return eitherDay ? day || weekday : day && weekday;
}

/**
 * When the wall clock shows a time: usually once. A time that it skips in spring is the moment of the skip; one that it
 * repeats in autumn counts twice for `deny`, and once for `allow`.
 */
function instantsOf(zone: Intl.DateTimeFormat, local: number, kind: string): number[] {
  const offsets = [...new Set([offsetAt(zone, local - DAY), offsetAt(zone, local + DAY)])];
  const instants = offsets
    .map((offset) => local - offset)
    .filter((at) => at + offsetAt(zone, at) === local)
    .sort((a, b) => a - b);
  if (instants.length === 0) return [skipAt(zone, local, offsets)];
  return kind === 'allow' ? instants.slice(0, 1) : instants;
}

function skipAt(zone: Intl.DateTimeFormat, local: number, offsets: readonly number[]): number {
  const after = Math.max(...offsets);
  let at = Math.floor((local - after) / QUARTER) * QUARTER;
  while (offsetAt(zone, at) !== after && at < local + DAY) at += QUARTER;
  return at;
}

const zones = new Map<string, Intl.DateTimeFormat | null>();

function zoneOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  let zone: Intl.DateTimeFormat | null = null;
  try {
    zone = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    // Not a time zone of this browser.
  }
  zones.set(timeZone, zone);
  return zone;
}

/** How far a zone is ahead of UTC, in milliseconds. */
function offsetAt(zone: Intl.DateTimeFormat, atMs: number): number {
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(zone.format(atMs)) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE;
}

/** What the windows of a policy mean for automation now [Argo CD]: deny beats allow, and where there are some to allow, one of them must be open. */
export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'free' | 'held'; readonly changesMs: number | null; readonly by: When | null };

export function standingOf(windows: readonly When[], nowMs: number): Standing {
  if (windows.length === 0) return { kind: 'none' };
  const all = windows.map((window) => ({ window, state: windowState(window, nowMs) }));
  if (all.some(({ state }) => state === null)) return { kind: 'unknown' };
  const open = all.flatMap(({ window, state }) => (state?.open === true ? [{ window, untilMs: state.untilMs }] : []));
  const deny = open.filter(({ window }) => window.kind === 'deny').sort((a, b) => b.untilMs - a.untilMs)[0];
  if (deny !== undefined) return { kind: 'held', changesMs: deny.untilMs, by: deny.window };
  const opens = (kind: string): number[] =>
    all.flatMap(({ window, state }) => (window.kind === kind && state?.open === false ? [state.opensMs] : []));
  const allow = open.filter(({ window }) => window.kind === 'allow').sort((a, b) => b.untilMs - a.untilMs)[0];
  const soonest = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times));
  if (allow === undefined && windows.some(({ kind }) => kind === 'allow'))
    return { kind: 'held', changesMs: soonest(opens('allow')), by: null };
  return {
    kind: 'free',
    changesMs: soonest([...opens('deny'), ...(allow === undefined ? [] : [allow.untilMs])]),
    by: allow?.window ?? null,
  };
}
