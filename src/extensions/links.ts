import type { PluginExtensionAddedLinkConfig } from '@grafana/data';

/** Links that the app adds to Grafana; plugin.json names each. */
export const fleetLinks: PluginExtensionAddedLinkConfig[] = [];
