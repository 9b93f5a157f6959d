import { z } from 'zod';
import { nodeIdSchema } from './node-id.ts';

/** `GET /fleet/service-discovery/bridges`: Prometheus' format of HTTP service discovery. */
export const serviceDiscoverySchema = z.array(
  z.object({
    /** One `ip:port`. */
    targets: z.array(z.string()),
    /** Given to every series that is read there. */
    labels: z.object({ target: nodeIdSchema, zone: z.string() }),
  })
);
export type ServiceDiscovery = z.infer<typeof serviceDiscoverySchema>;
