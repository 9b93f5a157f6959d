import { TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type DynamicConfigValue,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import type { Link } from './links.ts';
import { PLAIN, thresholds, type Steps } from './looks.ts';
import { queriesOf, SOURCE } from './queries.ts';

/** A column that an expression fills: a row for each set of the labels that all have. */
export interface Column {
  readonly title: string;
  readonly expr: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly steps?: Steps;
  readonly mappings?: readonly ValueMapping[];
  /** Only its labels are of interest. */
  readonly hidden?: boolean;
}

export interface TableAbout {
  readonly title: string;
  readonly description: string;
  readonly empty: string;
  readonly columns: readonly Column[];
  /** Labels in the order of their columns, with their titles; every other is left out. */
  readonly labels: Readonly<Record<string, string>>;
  /** Title of the column that the rows are ordered by. */
  readonly sort?: { readonly by: string; readonly desc: boolean };
  /** What a label's column leads to. */
  readonly links?: Readonly<Record<string, readonly Link[]>>;
  readonly widths?: Readonly<Record<string, number>>;
  readonly labelMappings?: Readonly<Record<string, readonly ValueMapping[]>>;
}

const property = (id: string, value: unknown): DynamicConfigValue => ({ id, value });

function lookOf({ unit = 'none', decimals, steps = PLAIN, mappings = [] }: Column): DynamicConfigValue[] {
  return [
    property('unit', unit),
    ...(decimals === undefined ? [] : [property('decimals', decimals)]),
    property('thresholds', thresholds(steps).build()),
    property('mappings', mappings),
    property('custom.cellOptions', { type: 'color-text' }),
    property('custom.align', 'right'),
  ];
}

/** Rows as things are at the end of the time range. */
export function table(about: TableAbout): Panel {
  const { title, description, empty, columns, labels, sort, links = {}, widths = {}, labelMappings = {} } = about;
  // A single query keeps the name Value; merged ones have their letters.
  const fieldOf = (index: number): string =>
    columns.length === 1 ? 'Value' : `Value #${String.fromCharCode(65 + index)}`;
  const shown = columns.map((column, index) => ({ column, field: fieldOf(index) }));
  const hidden = shown.filter(({ column }) => column.hidden === true).map(({ field }) => field);
  const order = [
    ...Object.keys(labels),
    ...shown.filter(({ column }) => column.hidden !== true).map(({ field }) => field),
  ];
  const panel = new tables.PanelBuilder()
    .title(title)
    .description(description)
    .noValue(empty)
    .datasource(SOURCE)
    .targets(
      queriesOf(
        columns.map(({ expr }) => ({ expr, instant: true })),
        PromQueryFormat.Table
      )
    )
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(PLAIN))
    .unit('none')
    .minWidth(70)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: Object.fromEntries(['Time', ...hidden].map((name) => [name, true])),
        indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
        renameByName: {
          ...Object.fromEntries(shown.map(({ column, field }) => [field, column.title])),
        },
      },
    });
  if (sort !== undefined) panel.sortBy([new TableSortByFieldStateBuilder().displayName(sort.by).desc(sort.desc)]);
  for (const { column } of shown) if (column.hidden !== true) panel.overrideByName(column.title, lookOf(column));
  for (const [label, shownAs] of Object.entries(labels))
    panel.overrideByName(label, [
      property('displayName', shownAs),
      property('links', links[label] ?? []),
      ...(labelMappings[label] === undefined
        ? []
        : [property('mappings', labelMappings[label]), property('custom.cellOptions', { type: 'color-text' })]),
    ]);
  for (const [name, width] of Object.entries(widths)) panel.overrideByName(name, [property('custom.width', width)]);
  return panel.build();
}
