import type { Account, Login } from '../../../backend/simulator/demo/grafana.ts';

/** All there is to know to use a stage from another process. */
export interface StageFacts {
  readonly grafanaUrl: string;
  readonly grafanaVersion: string;
  /** Of Grafana. */
  readonly admin: Login;
  readonly accounts: readonly Account[];
  readonly collectorUrl: string;
  /** API tokens of the collector, for who speaks to it directly. */
  readonly tokens: { readonly viewer: string; readonly approver: string };
  readonly prometheusUrl: string | null;
  /** Holds the secret that the collector and the app share. */
  readonly secretFile: string;
}

/** What `npm run e2e` started. @throws Error when it was not that */
export function stageFacts(): StageFacts & { readonly controlUrl: string } {
  const text = process.env['FLEET_STAGE'];
  if (!text) throw new Error('There is no fleet to test: use "npm run e2e", which starts one.');
  return JSON.parse(text) as StageFacts & { controlUrl: string };
}
