import semver from 'semver';
import type { SemVer } from 'semver';

/** How far behind a version is. `year`: by a year, of OpenClaw's calendar versions such as 2026.9.6. */
export type Behind = 'none' | 'patch' | 'minor' | 'major' | 'year' | 'unknown';

const FIRST_CALENDAR_YEAR = 2000;
const MOST_PARSED = 1024;

// A fleet runs few versions and compares one with every heartbeat.
const parsed = new Map<string, SemVer | null>();

/**
 * How far `actual` is behind `wanted` (domain-rules section 4): in the order of semver, pre-releases too; one that is only a
 * pre-release behind is a patch behind. Equal or newer is `none`; what cannot be parsed is `unknown`.
 */
export function behindBy(actual: string, wanted: string): Behind {
  if (actual === wanted) return 'none';
  const left = parse(actual);
  const right = parse(wanted);
  if (left === null || right === null) return 'unknown';
  if (left.compare(right) >= 0) return 'none';
  if (left.major !== right.major) return isCalendar(left) && isCalendar(right) ? 'year' : 'major';
  return left.minor === right.minor ? 'patch' : 'minor';
}

/** Whether it is known to be behind. */
export function isBehind(behind: Behind): behind is Exclude<Behind, 'none' | 'unknown'> {
  return behind !== 'none' && behind !== 'unknown';
}

function isCalendar(version: SemVer): boolean {
  return version.major >= FIRST_CALENDAR_YEAR;
}

function parse(text: string): SemVer | null {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const version = semver.parse(normalised(text));
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(text, version);
  return version;
}

/** People write `v1.4` and `2026.09.06`; semver wants three numbers without leading zeros. */
function normalised(text: string): string | null {
  const parts = /^v?(\d{1,10})(?:\.(\d{1,10}))?(?:\.(\d{1,10}))?([-+].*)?$/.exec(text);
  if (parts === null) return null;
  const [, major, minor = '0', patch = '0', rest = ''] = parts;
  return `${Number(major)}.${Number(minor)}.${Number(patch)}${rest}`;
}
