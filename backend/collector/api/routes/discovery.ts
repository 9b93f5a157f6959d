import { serviceDiscoverySchema } from '@openclaw-fleet/contract';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';

/** What other programs find their targets by. */
export const DISCOVERY_ROUTES = {
  discoverBridges: {
    method: 'get',
    path: '/fleet/service-discovery/bridges',
    role: 'viewer',
    summary: "List bridges' own metrics",
    description:
      "For Prometheus' HTTP service discovery: where each bridge serves metrics of its own, as it reports, within `bridges.networks` and `bridges.metricsPorts`; with the labels `target` and `zone`. Targets that are revoked, retired or inactive are left out. At most 20,000.",
    query: noQuery,
    replies: [json(serviceDiscoverySchema.meta({ id: 'ServiceDiscovery' }), 'The bridges, by id')],
    problems: [],
  },
} as const satisfies Record<string, Route>;
