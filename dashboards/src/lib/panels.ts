import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  PanelBuilder,
  SpecialValueMatch,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as timelines from '@grafana/grafana-foundation-sdk/statetimeline';
import * as graphs from '@grafana/grafana-foundation-sdk/timeseries';
import { linkBuilder, type Link } from './links.ts';
import { PLAIN, thresholds, type Steps, type Words } from './looks.ts';
import { queriesOf, SOURCE, type Query } from './queries.ts';

/** What every panel has. */
export interface About {
  /** In plain words. */
  readonly title: string;
  /** What it shows, and when to worry. */
  readonly description: string;
  /** One of Grafana's: none, percentunit, s, bytes, reqps, and so on. */
  readonly unit: string;
  /** Instead of "No data": why there may be none. */
  readonly empty: string;
  readonly queries: readonly Query[];
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly steps?: Steps;
  readonly mappings?: readonly ValueMapping[];
  /** Colours of series by their legend. */
  readonly colors?: Words;
  readonly links?: readonly Link[];
}

type Builder = stats.PanelBuilder | graphs.PanelBuilder | timelines.PanelBuilder;

/** No value is no news, whatever the colour of the lowest threshold. */
const nothing = (text: string): ValueMapping => ({
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text, color: 'text', index: 99 } },
});

/** Fills in what all have. */
function dress<Of extends Builder>(panel: Of, about: About): Of {
  const { title, description, unit, empty, queries, decimals, min, max, steps = PLAIN, mappings = [] } = about;
  panel
    .title(title)
    .description(description)
    .unit(unit)
    .noValue(empty)
    .datasource(SOURCE)
    .targets(queriesOf(queries))
    .thresholds(thresholds(steps))
    .mappings([...mappings])
    .dataLinks((about.links ?? []).map(linkBuilder));
  if (decimals !== undefined) panel.decimals(decimals);
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  for (const [name, color] of Object.entries(about.colors ?? {}))
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  return panel;
}

export interface StatAbout extends About {
  /** A line of how it was behind the number. Default true. */
  readonly spark?: boolean;
  /** Several values side by side, each with its name. */
  readonly named?: boolean;
}

/** Large numbers, as they are now. */
export function stat(about: StatAbout): Panel {
  const { spark = true, named = false, mappings = [] } = about;
  return dress(new stats.PanelBuilder(), { ...about, mappings: [...mappings, nothing(about.empty)] })
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(spark ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .textMode(named ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
    .justifyMode(common.BigValueJustifyMode.Auto)
    .text(new common.VizTextDisplayOptionsBuilder().valueSize(24))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .build();
}

export interface GraphAbout extends About {
  /** One on top of the other. */
  readonly stack?: boolean;
  readonly bars?: boolean;
  /** Where the axis begins unless a value is lower. */
  readonly softMin?: number;
  /** Of which colour all are shades, where they are all of one kind. */
  readonly shades?: string;
  /** Draws the thresholds as lines. */
  readonly marks?: boolean;
  /** Default: a list below; a table on the right for many names. */
  readonly legend?: 'list' | 'table' | 'none';
}

/** Values over time. */
export function graph(about: GraphAbout): Panel {
  const { stack = false, bars = false, softMin, shades, marks = false, legend = 'list' } = about;
  const panel = dress(new graphs.PanelBuilder(), about)
    .colorScheme(
      shades === undefined
        ? new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic)
        : new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor(shades)
    )
    .drawStyle(bars ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .lineWidth(stack || bars ? 0 : 1.5)
    .fillOpacity(stack || bars ? 75 : legend === 'none' ? 8 : 0)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(legend === 'table' ? common.LegendDisplayMode.Table : common.LegendDisplayMode.List)
        .placement(legend === 'table' ? common.LegendPlacement.Right : common.LegendPlacement.Bottom)
        .showLegend(legend !== 'none')
        .calcs(legend === 'table' ? ['lastNotNull'] : [])
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)
    );
  // Nothing but zeros is not an axis up to 100.
  if (about.unit === 'none' && about.max === undefined) panel.axisSoftMax(1);
  // A bar is what was counted in it: narrower ones would count the same twice.
  if (bars) panel.interval('1m');
  if (softMin !== undefined) panel.axisSoftMin(softMin);
  if (stack) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  if (marks)
    panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  return panel.build();
}

/** Which state held when: one row a series. */
export const timeline = (about: About): Panel =>
  dress(new timelines.PanelBuilder(), about)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .showValue(common.VisibilityMode.Auto)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(80)
    .mergeValues(true)
    .disablePagination()
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(false)
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Single).sort(common.SortOrder.None))
    .build();

/** One of the app's own panels: it asks the collector itself, as the one who looks. */
export const nested = (
  type: 'openclaw-fleetmap-panel' | 'openclaw-violations-panel' | 'openclaw-approvals-panel',
  title: string,
  description: string,
  options: object,
  links: readonly Link[] = []
): Panel =>
  new PanelBuilder()
    .type(type)
    .title(title)
    .description(description)
    .options(options)
    .dataLinks(links.map(linkBuilder))
    .build();
