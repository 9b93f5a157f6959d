import type { Route } from './route.ts';
import { ALERT_ROUTES } from './routes/alerts.ts';
import { AUDIT_ROUTES } from './routes/audit.ts';
import { CONFIGURATION_ROUTES } from './routes/configurations.ts';
import { DISCOVERY_ROUTES } from './routes/discovery.ts';
import { HOLD_ROUTES } from './routes/holds.ts';
import { POLICY_ROUTES } from './routes/policies.ts';
import { REMEDIATION_ROUTES } from './routes/remediations.ts';
import { SERVICE_ROUTES } from './routes/service.ts';
import { TARGET_ROUTES } from './routes/targets.ts';

/** Every method of every address there is. What is not in this table is refused. */
export const ROUTES = {
  ...TARGET_ROUTES,
  ...POLICY_ROUTES,
  ...CONFIGURATION_ROUTES,
  ...REMEDIATION_ROUTES,
  ...HOLD_ROUTES,
  ...AUDIT_ROUTES,
  ...ALERT_ROUTES,
  ...DISCOVERY_ROUTES,
  ...SERVICE_ROUTES,
} as const satisfies Record<string, Route>;

export type RouteId = keyof typeof ROUTES;
export const ROUTE_IDS = Object.keys(ROUTES) as RouteId[];
