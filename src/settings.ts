import type { AppPluginMeta } from '@grafana/data';
import { createContext, useContext } from 'react';

/** The app's settings (`jsonData`), by the Setup page or a file in provisioning/plugins. */
export interface FleetSettings {
  /** Where Grafana reaches the collector's API. */
  readonly collectorUrl?: string;
  /**
   * Seed 000's `VITE_SMART_FLEET_V2_ENABLED`: false hides the app's pages and panels, and stops all polling. Text too, because
   * a file gets it from the environment.
   */
  readonly smartFleetV2Enabled?: boolean | string;
  /** The Prometheus data source that scrapes the collector; absent: the default one. */
  readonly prometheusUid?: string;
}

export interface FleetSecrets {
  /** What the collector has in grafana.secretFile. */
  readonly secret?: string;
}

export type FleetMeta = AppPluginMeta<FleetSettings>;

/** Whether the flag is on: only `false`, `"false"` and `"0"` switch it off. */
export function isEnabled({ smartFleetV2Enabled = true }: FleetSettings): boolean {
  return !['false', '0'].includes(String(smartFleetV2Enabled).trim().toLowerCase());
}

/** What lacks before anything can be shown; null: nothing. @param secretSet Grafana says only whether there is one */
export function lacking(settings: FleetSettings, secretSet: boolean): 'url' | 'secret' | null {
  if ((settings.collectorUrl ?? '').trim() === '') return 'url';
  return secretSet ? null : 'secret';
}

const Settings = createContext<FleetSettings>({});
export const SettingsProvider = Settings.Provider;
/** The settings of the app that this page or panel belongs to. */
export const useSettings = (): FleetSettings => useContext(Settings);
