import { z } from 'zod';
import { targetQuerySchema } from './api.ts';
import { BANDS } from './assessment.ts';
import { instantSchema } from './heartbeat.ts';
import { nodeIdSchema } from './node-id.ts';
import { LIVENESS_STATES } from './target.ts';

/** Targets in one answer of `GET /fleet/map`. */
export const MAX_MAP_TARGETS = 20_000;

/** Query of `GET /fleet/map`: the filters of `GET /fleet/targets`. */
export const fleetMapQuerySchema = targetQuerySchema.omit({ sort: true, limit: true, cursor: true });
export type FleetMapQuery = z.infer<typeof fleetMapQuerySchema>;

/** A target as far as a map of the fleet shows it; the fields are those of `fleetTargetSchema` and its liveness. */
export const mapTargetSchema = z.object({
  id: nodeIdSchema,
  name: z.string(),
  zone: z.string(),
  state: z.enum(LIVENESS_STATES),
  band: z.enum(BANDS),
  /** 0 to 100; null when the band is `unknown`. */
  score: z.number().nullable(),
  isolated: z.boolean(),
  flapping: z.boolean(),
  owner: z.string().nullable(),
});
export type MapTarget = z.infer<typeof mapTargetSchema>;

export const fleetMapSchema = z.object({
  at: instantSchema,
  /** How many match, those that are left out included. */
  total: z.int(),
  /** More match than MAX_MAP_TARGETS: the last of the order are left out. */
  truncated: z.boolean(),
  /** By zone, then by name, then by id, each by code point. */
  items: z.array(mapTargetSchema),
});
export type FleetMap = z.infer<typeof fleetMapSchema>;
