import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** What each query is sent to: the data source that the reader chose. */
export const SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** One expression of a panel. */
export interface Query {
  readonly expr: string;
  /** Absent: the series' own labels. */
  readonly legend?: string;
  /** Only as things are at the end of the time range. */
  readonly instant?: boolean;
}

/** The queries of a panel for Grafana, named A, B, C and so on. */
export const queriesOf = (queries: readonly Query[], format = PromQueryFormat.TimeSeries): DataqueryBuilder[] =>
  queries.map(({ expr, legend = '', instant = false }, index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .expr(expr)
      .format(format)
      .legendFormat(legend)
      .datasource(SOURCE);
    return instant ? query.instant() : query.range();
  });

/**
 * Grafana leaves a quote in a name as it is, which would end a text in quotes; nodes and people choose these names. What would end
 * this text, a backtick, no format of Grafana's escapes: variables offer no such name (`CHOOSABLE`).
 */
const chosenOf = (label: string): string => `${label}=~\`\${${label}:regex}\``;
/** The names that a variable may offer, for Grafana. */
export const CHOOSABLE = '/^[^`]*$/';
/** The zones that the reader chose. */
export const ZONES = chosenOf('zone');
/** The owners that the reader chose. */
export const OWNERS = chosenOf('owner');
/** The collectors that the reader chose. */
export const INSTANCES = chosenOf('instance');

/** Targets of the zones and the owner that the reader chose: `and` this to what has the label target. */
export const CHOSEN = `and on (target) openclaw_target_info{${ZONES}, ${OWNERS}}`;
/** As it is at the end of the time range, so that the same are ranked all through it. */
const CHOSEN_AT_END = `${CHOSEN} @ end()`;

/**
 * Those series of single targets that matter, so that a fleet of 10,000 is not 10,000 lines.
 * @param how which by what they were in the time range: `topk` the most, `bottomk` the least
 * @param series of the targets; `by` is what ranks them, with the label target
 */
export const fewest = (how: 'topk' | 'bottomk', count: number, series: string, by: string): string =>
  `${series} and on (target) ${how}(${count}, ${by} ${CHOSEN_AT_END})`;

/** What the collectors say of the fleet: several of them say the same, so that a sum would be too much. */
export const fleet = (metric: string, ...by: string[]): string =>
  by.length === 0 ? `max(${metric})` : `max by (${by.join(', ')}) (${metric})`;

/** How much a counter grew a second, over all collectors. */
export const perSecond = (metric: string, ...by: string[]): string =>
  by.length === 0
    ? `sum(rate(${metric}[$__rate_interval]))`
    : `sum by (${by.join(', ')}) (rate(${metric}[$__rate_interval]))`;

/** How much a counter grew in the time range, in whole numbers. */
export const inRange = (metric: string, ...by: string[]): string =>
  `round(sum${by.length === 0 ? '' : ` by (${by.join(', ')})`} (increase(${metric}[$__range])))`;

/** A quantile of a histogram, over all collectors; without a value where nothing was measured. */
export const quantile = (q: number, histogram: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${histogram}[$__rate_interval]))) >= 0`;

/** A StateSet as one number, the place of the state that holds in `states`, for a panel that maps it to the word. */
export const stateNumber = (metric: string, label: string, states: readonly string[], matchers = ''): string =>
  states
    .map((state, index) => {
      const one = `max(${metric}{${label}="${state}"${matchers === '' ? '' : `, ${matchers}`}})`;
      return index === 1 ? one : `${index} * ${one}`;
    })
    .join(' + ');
