import { metricRows } from '../../../backend/collector/metrics/documentation.ts';

/** What Grafana fills in before it asks Prometheus, for a dashboard that shows everything of the last minutes. */
export const GRAFANA_MACROS: Readonly<Record<string, string>> = {
  __rate_interval: '60s',
  __interval: '2s',
  __range: '240s',
  __range_s: '240',
};

/** Fills in `$name` and `${name:format}`. @throws RangeError for a variable that has no value */
export const substitute = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (found, braced?: string, bare?: string) => {
    const value = values[braced ?? bare ?? ''];
    if (value === undefined) throw new RangeError(`${found} has no value`);
    return value;
  });

const WORDS = new Set(
  'and or unless by without on ignoring group_left group_right bool offset start end inf nan atan2'.split(' ')
);

/** Names of the metrics that a PromQL expression reads: what is no function, no word of the language, and no label. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""')
    .replace(/\$(?:\{\w+(?::\w+)?\}|\w+)/g, '0')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ');
  const names = [...bare.matchAll(/(?<![\w.:])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names.filter((name) => !WORDS.has(name.toLowerCase())))].sort();
}

/** Every series name of the metrics that the collector documents. */
export function documentedMetrics(): ReadonlySet<string> {
  const { targets, fleet, own } = metricRows();
  const suffixes: Readonly<Record<string, readonly string[]>> = {
    histogram: ['_bucket', '_sum', '_count'],
    summary: ['', '_sum', '_count'],
  };
  return new Set(
    [...targets, ...fleet, ...own].flatMap(({ name, type }) =>
      (suffixes[type] ?? ['']).map((suffix) => `${name}${suffix}`)
    )
  );
}

/** Names in a text as `GET /metrics` answers it, such as those of the collector's process, which are not of our making. */
export const exposedMetrics = (exposition: string): ReadonlySet<string> =>
  new Set([...exposition.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name]) => name ?? ''));

/** What Prometheus itself says of every scrape. */
export const SCRAPE_METRICS: ReadonlySet<string> = new Set([
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
]);

/** What became of a query. */
export interface QueryResult {
  /** Series with at least one value that is a number. */
  readonly series: number;
  /** Prometheus' own words; null: it was answered. */
  readonly error: string | null;
}

type Value = readonly [number, string];
interface PrometheusAnswer {
  readonly data?: { readonly result: readonly { readonly value?: Value; readonly values?: readonly Value[] }[] };
  readonly error?: string;
}

const isNumber = ([, value]: Value): boolean => !Number.isNaN(Number(value));

/**
 * Runs an expression as Grafana does: as it is at the end of the time range, or over the range.
 * @param url of a Prometheus
 * @param range absent: at its end alone. Seconds.
 */
export async function runQuery(
  url: string,
  expr: string,
  range?: { readonly seconds: number; readonly step: number }
): Promise<QueryResult> {
  const end = Date.now() / 1000;
  const body =
    range === undefined
      ? new URLSearchParams({ query: expr, time: String(end) })
      : new URLSearchParams({
          query: expr,
          start: String(end - range.seconds),
          end: String(end),
          step: String(range.step),
        });
  const answer = await fetch(`${url}/api/v1/${range === undefined ? 'query' : 'query_range'}`, {
    method: 'POST',
    body,
  });
  const { data, error } = (await answer.json()) as PrometheusAnswer;
  if (data === undefined) return { series: 0, error: error ?? answer.statusText };
  const filled = data.result.filter(({ value, values = [] }) => [...(value ? [value] : []), ...values].some(isNumber));
  return { series: filled.length, error: null };
}

/** The values of a label, as a variable of a dashboard asks for them. */
export async function labelValues(url: string, label: string, match: string): Promise<string[]> {
  const query = new URLSearchParams({ 'match[]': match });
  const answer = await fetch(`${url}/api/v1/label/${label}/values?${query.toString()}`);
  const { data, error } = (await answer.json()) as { data?: string[]; error?: string };
  if (data === undefined) throw new Error(`Prometheus refused the values of ${label} of ${match}: ${error ?? ''}`);
  return data;
}
