const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** A duration as Prometheus writes it, such as `1h30m`. */
const DURATION = '(?:\\d+(?:ms|[smhdwy]))+';

/** Settings whose value is a duration, in files of Prometheus, its rules, Alertmanager, and Grafana's data sources. */
const KEYS = [
  'for',
  'keep_firing_for',
  'interval',
  'query_offset',
  'scrape_interval',
  'scrape_timeout',
  'evaluation_interval',
  'refresh_interval',
  'group_wait',
  'group_interval',
  'repeat_interval',
  'resolve_timeout',
  'timeInterval',
].join('|');

const SETTING = new RegExp(`(?<=^|[\\s{,])((?:${KEYS})\\s*:\\s*["']?)(${DURATION})(?![\\w.])`, 'gm');
const RANGE = new RegExp(`\\[\\s*(${DURATION})\\s*(?:(:)\\s*(${DURATION})?\\s*)?\\]`, 'g');
const OFFSET = new RegExp(`(\\boffset\\s+-?\\s*)(${DURATION})(?!\\w)`, 'g');

function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0
  );
}

/**
 * The same rules, routes or scrape settings for a fleet that lives faster than in production: every Prometheus duration
 * of a setting (`for`, `interval`, `group_wait` and the like), range, subquery and offset is divided. No less than 1 s
 * comes out, but for a zero; comparisons with seconds in expressions stay.
 * @param yaml text of a file of Prometheus, its rules or Alertmanager
 * @param divisor how many times as fast
 */
export function faster(yaml: string, divisor = 20): string {
  const divided = (duration: string): string => {
    const was = milliseconds(duration);
    const is = was === 0 ? 0 : Math.max(1000, Math.round(was / divisor));
    return is % 1000 === 0 ? `${is / 1000}s` : `${is}ms`;
  };
  return yaml
    .replace(SETTING, (_, key: string, duration: string) => `${key}${divided(duration)}`)
    .replace(RANGE, (_, range: string, colon?: string, step?: string) => {
      const rest = colon === undefined ? '' : `:${step === undefined ? '' : divided(step)}`;
      return `[${divided(range)}${rest}]`;
    })
    .replace(OFFSET, (_, before: string, duration: string) => `${before}${divided(duration)}`);
}
