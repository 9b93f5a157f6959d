import { PluginExtensionPoints } from '@grafana/data';
import type { DataFrame, PluginExtensionAddedLinkConfig, PluginExtensionPanelContext } from '@grafana/data';
import { href } from '../constants.ts';
import { can } from '../permissions.ts';
import { isEnabled } from '../settings.ts';
import type { FleetSettings } from '../settings.ts';

/** The label that names a target on every series of the collector's (docs/metrics.md). */
const LABEL = 'target';
/** The contract's NODE_ID_PATTERN, without the rest of it: other exporters have a label of this name, too, such as for URLs. */
export const TARGET_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Ids of targets that the series of a panel name, in order. */
export function targetsIn(series: readonly DataFrame[]): string[] {
  const found = new Set<string>();
  for (const { fields } of series) {
    for (const { labels } of fields) {
      const id = labels?.[LABEL];
      if (id !== undefined && TARGET_ID.test(id)) found.add(id);
    }
  }
  return [...found].sort();
}

/** Where "Open in fleet" leads from a panel; undefined: it shows no target, so there is no link. */
export function pathFor(context: Partial<PluginExtensionPanelContext> | undefined): { path: string } | undefined {
  if (!can('viewer')) return undefined;
  const [only, ...others] = targetsIn(context?.data?.series ?? []);
  if (only === undefined) return undefined;
  return { path: others.length === 0 ? href.target(only) : href.fleet() };
}

/**
 * Links that the app adds to Grafana; plugin.json names each by its title.
 * @param settings as they are when a menu opens; undefined: Grafana did not say. There are no links while the flag is off.
 */
export const fleetLinks = (
  settings: () => FleetSettings | undefined
): PluginExtensionAddedLinkConfig<PluginExtensionPanelContext>[] => [
  {
    targets: PluginExtensionPoints.DashboardPanelMenu,
    title: 'Open in fleet',
    description: 'Open the target that this panel shows in OpenClaw Fleet',
    path: href.fleet(),
    configure: (context) => (isEnabled(settings() ?? {}) ? pathFor(context) : undefined),
  },
];
