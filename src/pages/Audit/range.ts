import { dateMath, dateTime, rangeUtil } from '@grafana/data';
import type { DateTime, TimeRange } from '@grafana/data';

/** One end of a range as Grafana's addresses have it: `now-24h`, milliseconds or ISO 8601. */
type End = string | null;

const parsed = (end: End, isEnd: boolean): DateTime | undefined => {
  if (end === null || end === '') return undefined;
  const at = /^\d{11,}$/.test(end) ? dateTime(Number(end)) : dateMath.toDateTime(end, { roundUp: isEnd });
  return at?.isValid() === true ? at : undefined;
};

/** The instants of a range, for the collector; an end that is not given or makes no sense is left out, and so is now. */
export function instants(from: End, to: End): { from?: string; to?: string } {
  const [begin, end] = [parsed(from, false), to === 'now' ? undefined : parsed(to, true)];
  return { ...(begin && { from: begin.toISOString() }), ...(end && { to: end.toISOString() }) };
}

/** The range for Grafana's picker; without both ends it shows none. */
export function pickerRange(from: End, to: End): TimeRange {
  const [begin, end] = [parsed(from, false), parsed(to, true)];
  if (begin === undefined || end === undefined) {
    const none = dateTime(null);
    return { from: none, to: none, raw: { from: none, to: none } };
  }
  const raw = (text: End, at: DateTime): string | DateTime =>
    text !== null && rangeUtil.isRelativeTime(text) ? text : at;
  return { from: begin, to: end, raw: { from: raw(from, begin), to: raw(to, end) } };
}

/** What an address keeps of the picker's range. */
export function addressOf({ raw }: TimeRange): { from: End; to: End } {
  const text = (end: string | DateTime): End =>
    typeof end === 'string' ? end : end.isValid() ? end.toISOString() : null;
  return { from: text(raw.from), to: text(raw.to) };
}
