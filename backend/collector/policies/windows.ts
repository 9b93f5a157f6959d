import type { MaintenanceWindow } from '@openclaw-fleet/contract';
import { parse, validateDetailed } from 'node-cron';
import type { FieldError, WindowVerdict } from './types.ts';

const MINUTE = 60_000;
/** Zones change their offset at a whole quarter of an hour. */
const QUARTER = 15 * MINUTE;
const FIELDS: Record<string, string> = { dayOfMonth: 'day of month', dayOfWeek: 'day of week' };

interface Schedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Both day fields are restricted: then either of them is enough, as cron has it. */
  readonly eitherDay: boolean;
}

interface Compiled {
  readonly schedule: Schedule;
  readonly zone: Intl.DateTimeFormat;
}

const compiled = new WeakMap<MaintenanceWindow, Compiled>();

/** What is wrong with a window, by its fields; empty when it can be evaluated. */
export function windowErrors({ schedule, timeZone }: MaintenanceWindow): FieldError[] {
  const errors: FieldError[] = [];
  const wrong = scheduleError(schedule);
  if (wrong !== null) errors.push({ field: 'schedule', message: wrong });
  try {
    zoneFormat(timeZone);
  } catch {
    errors.push({
      field: 'timeZone',
      message: `${JSON.stringify(timeZone)} is no time zone: name one of the IANA database, such as Europe/Berlin, or UTC`,
    });
  }
  return errors;
}

function scheduleError(text: string): string | null {
  const how = 'write minute, hour, day of month, month and day of week, such as "0 22 * * 5"';
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return `must have five fields and has ${text.trim() === '' ? 0 : fields.length}: ${how}`;
  const { valid, errors } = validateDetailed(text);
  if (!valid) {
    const bad = errors.map(({ field, value }) => `${FIELDS[field] ?? field} cannot be ${value ?? text}`);
    return `${bad.join(', ')}: ${how}`;
  }
  const { dayOfMonth, dayOfWeek } = parse(text);
  const special = [...dayOfMonth, ...dayOfWeek].find((day) => typeof day === 'string');
  return special === undefined ? null : `${special} is not supported: name days by numbers, ranges and lists`;
}

function scheduleOf(text: string): Schedule {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = parse(text);
  const [, , days = '*', , weekdays = '*'] = text.trim().split(/\s+/);
  const open = (field: string): boolean => field.startsWith('*') || field === '?';
  return {
    minutes: new Set(minute),
    hours: new Set(hour),
    days: new Set(dayOfMonth.map(Number)),
    months: new Set(month),
    weekdays: new Set(dayOfWeek.map(Number)),
    eitherDay: !open(days) && !open(weekdays),
  };
}

const zoneFormat = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });

function offsetAt(zone: Intl.DateTimeFormat, atMs: number): number {
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(zone.format(atMs)) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE;
}

/** @param localMs the wall clock's time, as if it were UTC */
function matches(schedule: Schedule, localMs: number): boolean {
  const at = new Date(localMs);
  if (!schedule.minutes.has(at.getUTCMinutes()) || !schedule.hours.has(at.getUTCHours())) return false;
  if (!schedule.months.has(at.getUTCMonth() + 1)) return false;
  const day = schedule.days.has(at.getUTCDate());
  const weekday = schedule.weekdays.has(at.getUTCDay());
  return schedule.eitherDay ? day || weekday : day && weekday;
}

/**
 * Whether a window is open at an instant: it began at most its duration ago. A beginning that the clocks skip in spring
 * counts at the moment of the skip; one that they repeat in autumn counts twice for `deny` and once for `allow`.
 * @param window one without `windowErrors`
 */
export function isOpen(window: MaintenanceWindow, nowMs: number): boolean {
  let parts = compiled.get(window);
  if (parts === undefined) {
    parts = { schedule: scheduleOf(window.schedule), zone: zoneFormat(window.timeZone) };
    compiled.set(window, parts);
  }
  const { schedule, zone } = parts;
  const last = Math.floor(nowMs / MINUTE) * MINUTE;
  const first = last - (window.durationMinutes - 1) * MINUTE;
  let offset = offsetAt(zone, first - MINUTE);
  for (let at = first; at <= last; at += MINUTE) {
    const before = offset;
    if (at === first || at % QUARTER === 0) offset = offsetAt(zone, at);
    for (let local = at + Math.min(before, offset); local <= at + offset; local += MINUTE) {
      if (!matches(schedule, local)) continue;
      if (window.kind === 'deny' || !isRepeated(zone, at, offset)) return true;
    }
  }
  return false;
}

/** The wall clock showed the same time before: clocks were set back by at most 3 hours, which none exceeds. */
function isRepeated(zone: Intl.DateTimeFormat, atMs: number, offset: number): boolean {
  const back = offsetAt(zone, atMs - 180 * MINUTE) - offset;
  return back > 0 && offsetAt(zone, atMs - back) === offset + back;
}

const shown = ({ schedule, timeZone, durationMinutes }: MaintenanceWindow): string =>
  `${schedule} ${timeZone}, for ${durationMinutes} min`;

/** Whether automation may act at an instant: deny beats allow, and with an allow window only inside of one [Argo CD]. */
export function windowVerdict(windows: readonly MaintenanceWindow[], nowMs: number): WindowVerdict {
  const open = windows.filter((window) => isOpen(window, nowMs));
  const deny = open.find(({ kind }) => kind === 'deny');
  if (deny !== undefined)
    return { open: false, reason: `a deny window is open (${shown(deny)}): ${deny.reason}`, window: deny };
  const allow = open.find(({ kind }) => kind === 'allow');
  if (allow !== undefined)
    return { open: true, reason: `an allow window is open (${shown(allow)}): ${allow.reason}`, window: allow };
  if (windows.some(({ kind }) => kind === 'allow'))
    return { open: false, reason: 'no allow window of the policy is open', window: null };
  return { open: true, reason: 'no deny window of the policy is open', window: null };
}
