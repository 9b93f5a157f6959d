import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const DASHBOARDS = resolve(import.meta.dirname, '..', '..', '..', 'dashboards');

/** A query of a dashboard, with where it is. */
export interface DashboardQuery {
  /** Such as `openclaw-fleet-target: CPU, A`. */
  readonly where: string;
  readonly expr: string;
  readonly instant: boolean;
}

interface Target {
  readonly refId?: string;
  readonly expr?: string;
  readonly instant?: boolean;
}
export interface DashboardPanel {
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly targets?: readonly Target[];
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly noValue?: string; readonly thresholds?: object };
  };
}
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly DashboardPanel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly target?: Target }[] };
}
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query: string };
}

/** Those that are written, by the names of their files. */
export function dashboards(): ReadonlyMap<string, Dashboard> {
  const names = readdirSync(DASHBOARDS).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as Dashboard]));
}

/** What the panels and annotations of a dashboard ask Prometheus. */
export function queriesOf({ uid, panels, annotations }: Dashboard): DashboardQuery[] {
  const of = (title: string, { refId = '', expr, instant = false }: Target): DashboardQuery[] =>
    expr === undefined ? [] : [{ where: `${uid}: ${title}, ${refId}`, expr, instant }];
  return [
    ...panels.flatMap(({ title = '', targets = [] }) => targets.flatMap((target) => of(title, target))),
    ...annotations.list.flatMap(({ name, target }) => (target === undefined ? [] : of(name, target))),
  ];
}

/** The metric and label that a variable takes its values from; null: it asks for nothing. */
export function labelValuesOf({ type, query }: Variable): { readonly match: string; readonly label: string } | null {
  if (type !== 'query') return null;
  const text = typeof query === 'string' ? query : (query?.query ?? '');
  const [, match, label] = /^label_values\((.*), *(\w+)\)$/.exec(text) ?? [];
  if (match === undefined || label === undefined) throw new Error(`Not a query of label values: ${text}`);
  return { match, label };
}
