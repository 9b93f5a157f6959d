import pluginJson from './plugin.json';

export const PLUGIN_ID = pluginJson.id;
export const APP_URL = `/a/${PLUGIN_ID}`;
/** The collector, through Grafana's plugin proxy. */
export const PROXY_URL = `/api/plugin-proxy/${PLUGIN_ID}`;

/** Pages below APP_URL. */
export const PAGES = {
  fleet: 'fleet',
  target: 'targets',
  violations: 'violations',
  drift: 'drift',
  remediations: 'remediations',
  policies: 'policies',
  configurations: 'configurations',
  audit: 'audit',
  runbooks: 'runbooks',
} as const;

/** The uid of the dashboard of one target (dashboards/). */
export const TARGET_DASHBOARD = 'openclaw-fleet-target';

/** Addresses of the app's pages, absolute within Grafana. */
export const href = {
  fleet: (query = '') => `${APP_URL}/${PAGES.fleet}${query}`,
  target: (id: string, tab?: string) =>
    `${APP_URL}/${PAGES.target}/${encodeURIComponent(id)}${tab === undefined ? '' : `?tab=${tab}`}`,
  violations: (query = '') => `${APP_URL}/${PAGES.violations}${query}`,
  drift: (query = '') => `${APP_URL}/${PAGES.drift}${query}`,
  remediations: (query = '') => `${APP_URL}/${PAGES.remediations}${query}`,
  run: (id: string) => `${APP_URL}/${PAGES.remediations}/runs/${encodeURIComponent(id)}`,
  batch: (id: string) => `${APP_URL}/${PAGES.remediations}/batches/${encodeURIComponent(id)}`,
  policies: () => `${APP_URL}/${PAGES.policies}`,
  policy: (id: string) => `${APP_URL}/${PAGES.policies}/${encodeURIComponent(id)}`,
  configurations: () => `${APP_URL}/${PAGES.configurations}`,
  configuration: (id: string) => `${APP_URL}/${PAGES.configurations}/${encodeURIComponent(id)}`,
  audit: (query = '') => `${APP_URL}/${PAGES.audit}${query}`,
  /** Without a name: the list of all. */
  runbook: (alert?: string) =>
    `${APP_URL}/${PAGES.runbooks}${alert === undefined ? '' : `/${encodeURIComponent(alert)}`}`,
  setup: () => `/plugins/${PLUGIN_ID}`,
  targetDashboard: (id: string, dataSourceUid: string) =>
    `/d/${TARGET_DASHBOARD}?${new URLSearchParams({ 'var-target': id, 'var-datasource': dataSourceUid }).toString()}`,
} as const;
