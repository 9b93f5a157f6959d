const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in its two largest units, rounded down: `800 ms`, `45 s`, `2 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  const span = Math.max(0, Math.floor(ms));
  if (span < SECOND) return `${span} ms`;
  if (span < MINUTE) return units(span, SECOND, 's');
  if (span < HOUR) return units(span, MINUTE, 'min', SECOND, 's');
  if (span < DAY) return units(span, HOUR, 'h', MINUTE, 'min');
  return units(span, DAY, 'd', HOUR, 'h');
}

function units(span: number, large: number, name: string, small = Infinity, smallName = ''): string {
  const first = `${Math.floor(span / large)} ${name}`;
  const rest = Math.floor((span % large) / small);
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** The same, rounded up: what is over a limit must not read like the limit. */
export function atLeast(ms: number): string {
  const step = ms < SECOND ? 1 : ms < HOUR ? SECOND : ms < DAY ? MINUTE : HOUR;
  return duration(Math.ceil(ms / step) * step);
}

/** `up`: for what is over a limit, which itself is rounded down; the two must not read alike. */
type Rounding = 'down' | 'up';

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size in its largest unit: `512 B`, `1.5 GiB`. */
export function bytes(count: number, rounding: Rounding = 'down'): string {
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < BYTES.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${number(size, rounding)} ${BYTES[unit] ?? ''}`;
}

/** At most one decimal: `97`, `97.5`. */
export function number(value: number, rounding: Rounding = 'down'): string {
  const tenths = Number((10 * value).toPrecision(12));
  return String((rounding === 'up' ? Math.ceil(tenths) : Math.floor(tenths)) / 10);
}

/** `97 %`, of a number that is a percentage already. */
export function percent(value: number, rounding: Rounding = 'down'): string {
  return `${number(value, rounding)} %`;
}

/** A hash as people compare it: its first 12 digits. */
export function short(hash: string): string {
  return hash.slice(0, 12);
}

const MOST_LISTED = 5;

/** `a, b, c`; of many the first five, and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).join(', ');
  return names.length <= MOST_LISTED ? shown : `${shown} and ${names.length - MOST_LISTED} more`;
}
