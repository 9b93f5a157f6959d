import { PluginExtensionPoints } from '@grafana/data';
import type { DataFrame, PluginExtensionAddedLinkConfig, PluginExtensionPanelContext } from '@grafana/data';
import { href } from '../constants.ts';
import { can } from '../permissions.ts';

/** The label that names a target on every series of the collector's (docs/metrics.md). */
const LABEL = 'target';

/** Ids of targets that the series of a panel name, in order. */
export function targetsIn(series: readonly DataFrame[]): string[] {
  const found = new Set<string>();
  for (const { fields } of series) for (const { labels } of fields) if (labels?.[LABEL]) found.add(labels[LABEL]);
  return [...found].sort();
}

/** Where "Open in fleet" leads from a panel; undefined: it shows no target, so there is no link. */
export function pathFor(context: Partial<PluginExtensionPanelContext> | undefined): { path: string } | undefined {
  if (!can('viewer')) return undefined;
  const [only, ...others] = targetsIn(context?.data?.series ?? []);
  if (only === undefined) return undefined;
  return { path: others.length === 0 ? href.target(only) : href.fleet() };
}

/** Links that the app adds to Grafana; plugin.json names each by its title. */
export const fleetLinks: PluginExtensionAddedLinkConfig<PluginExtensionPanelContext>[] = [
  {
    targets: PluginExtensionPoints.DashboardPanelMenu,
    title: 'Open in fleet',
    description: 'Open the target that this panel shows in OpenClaw Fleet',
    path: href.fleet(),
    configure: pathFor,
  },
];
