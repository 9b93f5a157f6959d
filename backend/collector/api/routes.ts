import type { Route } from './route.ts';
import { CONFIGURATION_ROUTES } from './routes/configurations.ts';
import { POLICY_ROUTES } from './routes/policies.ts';
import { SERVICE_ROUTES } from './routes/service.ts';
import { TARGET_ROUTES } from './routes/targets.ts';

/** Every method of every address there is. What is not in this table is refused. */
export const ROUTES = {
  ...TARGET_ROUTES,
  ...POLICY_ROUTES,
  ...CONFIGURATION_ROUTES,
  ...SERVICE_ROUTES,
} as const satisfies Record<string, Route>;

export type RouteId = keyof typeof ROUTES;
export const ROUTE_IDS = Object.keys(ROUTES) as RouteId[];
