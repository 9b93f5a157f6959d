import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { TAG, topLinks, type Link } from './links.ts';
import { CHOOSABLE, SOURCE, ZONES, OWNERS } from './queries.ts';

/** Where a panel is in its row, in Grafana's grid of 24 columns. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly panel: Panel;
}

export const at = (x: number, y: number, w: number, h: number, panel: Panel): Placed => ({ x, y, w, h, panel });

/** Panels side by side, `columns` in a line. */
export const grid = (panels: readonly Panel[], columns: number, height: number): Placed[] =>
  panels.map((panel, index) =>
    at((index % columns) * (24 / columns), Math.floor(index / columns) * height, 24 / columns, height, panel)
  );

export interface Row {
  /** Absent: the top of the dashboard. */
  readonly title?: string;
  readonly panels: readonly Placed[];
}

export interface BoardAbout {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly QueryVariableBuilder[];
  readonly annotations: readonly AnnotationQueryBuilder[];
  readonly links?: readonly Link[];
  readonly rows: readonly Row[];
}

const DEFAULT_SOURCE = { text: 'OpenClaw Fleet Prometheus', value: 'openclaw-fleet-prometheus', selected: true };
const ALL = { text: 'All', value: '$__all', selected: true };

const source = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .description('The Prometheus that scrapes the collector')
    .type('prometheus')
    .current(DEFAULT_SOURCE);

const labelValues = (name: string, label: string, metric: string, of: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(SOURCE)
    .query({ query: `label_values(${metric}, ${of})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc);

/** One of them, some, or all: `.*`, so that a fleet with 1,000 of them does not make a query of 1,000 names. */
const severalOf = (variable: QueryVariableBuilder): QueryVariableBuilder =>
  variable.multi(true).includeAll(true).allValue('.*').current(ALL).regex(CHOOSABLE);

export const zoneVariable = (): QueryVariableBuilder =>
  severalOf(labelValues('zone', 'Zone', 'openclaw_fleet_zone_targets', 'zone'));
export const ownerVariable = (): QueryVariableBuilder =>
  severalOf(labelValues('owner', 'Owner', `openclaw_target_info{${ZONES}}`, 'owner')).description(
    'The team that the alerts of a target are for'
  );
export const targetVariable = (): QueryVariableBuilder =>
  labelValues('target', 'Target', `openclaw_target_info{${ZONES}, ${OWNERS}}`, 'target').description(
    'The id of a node; it can also be typed'
  );
export const collectorVariable = (): QueryVariableBuilder =>
  severalOf(labelValues('instance', 'Collector', 'openclaw_collector_build_info', 'instance'));

interface Mark {
  readonly name: string;
  readonly color: string;
  readonly expr: string;
  readonly title: string;
  readonly tags?: string;
  readonly valueIsTime?: boolean;
}

const annotation = ({ name, color, expr, title, tags = '', valueIsTime = false }: Mark): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(SOURCE)
    .enable(true)
    .iconColor(color)
    .target(new DataqueryBuilder().refId('Anno').expr(expr).datasource(SOURCE))
    .expr(expr)
    .titleFormat(title)
    .tagKeys(tags)
    .useValueForTime(valueIsTime);

/** When repairs acted. @param matchers of the label target or zone */
export const repairsMarked = (matchers: string): AnnotationQueryBuilder =>
  annotation({
    name: 'Repairs',
    color: 'blue',
    expr: `topk(50, max by (target, playbook) (openclaw_target_repair{${matchers}, state=~"running|verifying"}))`,
    title: '{{playbook}} on {{target}}',
    tags: 'playbook,target',
  });

export const startsMarked = (matchers = ''): AnnotationQueryBuilder =>
  annotation({
    name: 'Collector starts',
    color: 'purple',
    expr: `topk(20, 1000 * max by (instance) (process_start_time_seconds and on (job, instance) openclaw_collector_build_info${matchers === '' ? '' : `{${matchers}}`}))`,
    title: 'The collector {{instance}} started',
    valueIsTime: true,
  });

/** A dashboard as Grafana reads it from a file. */
export function boardOf(about: BoardAbout): object {
  const { uid, title, description, variables, annotations, links = [], rows } = about;
  // Grafana 12.3 has the schema that followed behind a feature toggle.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const board = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(source());
  for (const variable of variables) board.withVariable(variable);
  for (const each of annotations) board.annotation(each);
  for (const link of topLinks(links)) board.link(link);
  let id = 1;
  let top = 0;
  for (const row of rows) {
    if (row.title !== undefined) {
      board.withRow(new RowBuilder(row.title).id(id++).gridPos({ x: 0, y: top, w: 24, h: 1 }));
      top++;
    }
    for (const { x, y, w, h, panel } of row.panels) {
      const placed = { ...panel, id: id++, gridPos: { x, y: top + y, w, h } };
      board.withPanel({ build: () => placed });
    }
    top += Math.max(...row.panels.map(({ y, h }) => y + h));
  }
  return board.build();
}
