import {
  availabilityQuerySchema,
  availabilitySchema,
  fleetTargetSchema,
  LIVENESS_STATES,
  nodeIdSchema,
  streamResetSchema,
  summarySchema,
  targetOfflineSchema,
  targetPageSchema,
  targetQuerySchema,
} from '@openclaw-fleet/contract';
import type { ProblemName, Role } from '@openclaw-fleet/contract';
import { z } from 'zod';

/** One address of the API. The same entry mounts it, guards it and documents it. */
export interface Route {
  readonly path: string;
  /** The least role that may ask; `open` asks for no token. */
  readonly role: Role | 'open';
  readonly summary: string;
  readonly description: string;
  readonly query: z.ZodObject;
  /** Parameters whose schema, made for parsing, would document too little. */
  readonly documentedQuery?: z.ZodObject;
  readonly params?: z.ZodObject;
  readonly reply: { readonly type: string; readonly schema: z.ZodType; readonly description: string };
  /** Problems beyond those every address may answer with. */
  readonly problems: readonly ProblemName[];
}

// Names for the documentation.
const fleetTarget = fleetTargetSchema.meta({ id: 'FleetTarget' });
const targetPage = targetPageSchema.extend({ items: z.array(fleetTarget) }).meta({ id: 'TargetPage' });
const fleetSummary = summarySchema.meta({ id: 'FleetSummary' });
const availability = availabilitySchema.meta({ id: 'Availability' });

const noQuery = z.strictObject({});

/** Query of `GET /fleet/events`. Browsers send the `Last-Event-ID` header themselves when they connect again; it wins. */
const eventsQuerySchema = z.strictObject({
  lastEventId: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of an event, a whole number')
    .optional(),
});

export const JSON_TYPE = 'application/json';

/** Every address there is. What is not in this table is refused. All take GET, HEAD and OPTIONS. */
export const ROUTES = {
  listTargets: {
    path: '/fleet/targets',
    role: 'viewer',
    summary: 'List targets',
    description:
      'A page of targets. Several `state` or `zone` match any of them, several `tag` match all of them; `q` looks for a part of the id or name, whatever its case. ' +
      'Names and zones are ordered by code point. A cursor names a place in the order, so targets that come and go do not shift pages; one that moves in the order between two pages may be missed or come twice.',
    query: targetQuerySchema,
    documentedQuery: targetQuerySchema.extend({ state: z.array(z.enum(LIVENESS_STATES)).optional() }),
    reply: { type: JSON_TYPE, schema: targetPage, description: 'The page' },
    problems: [],
  },
  getTarget: {
    path: '/fleet/targets/:id',
    role: 'viewer',
    summary: 'Show one target',
    description: 'What is known of one target, and why it is in its state.',
    query: noQuery,
    params: z.object({ id: nodeIdSchema }),
    reply: { type: JSON_TYPE, schema: fleetTarget, description: 'The target' },
    problems: ['not-found'],
  },
  getSummary: {
    path: '/fleet/summary',
    role: 'viewer',
    summary: 'Show the fleet in numbers',
    description: 'Counts by state and by zone, and the blindness verdict with its reason.',
    query: noQuery,
    reply: { type: JSON_TYPE, schema: fleetSummary, description: 'The summary' },
    problems: [],
  },
  listAvailable: {
    path: '/openclaw/availability',
    role: 'viewer',
    summary: 'List nodes to route work to',
    description:
      'For routers and orchestrators: the nodes that are online and not isolated, in order of `node_id`. Several `tag` match all of them. `min_slots` leaves out nodes with fewer available slots, and nodes that do not say.',
    query: availabilityQuerySchema,
    reply: { type: JSON_TYPE, schema: availability, description: 'The page' },
    problems: [],
  },
  streamEvents: {
    path: '/fleet/events',
    role: 'viewer',
    summary: 'Follow events',
    description:
      'Server-sent events in commit order, with a comment every 15 s. `Last-Event-ID` (or `lastEventId`) replays what followed that event; when it is no longer kept, a `stream-reset` event says so and the stream goes on from now. A reader that falls behind is cut off and may connect again.',
    query: eventsQuerySchema,
    reply: {
      type: 'text/event-stream',
      schema: z.union([
        targetOfflineSchema.meta({ id: 'TargetOfflineEvent' }),
        streamResetSchema.meta({ id: 'StreamResetEvent' }),
      ]),
      description: 'The stream: `id`, `event` and `data` of each event; the schema is that of the JSON in `data`',
    },
    problems: ['overloaded'],
  },
  getMetrics: {
    path: '/metrics',
    role: 'viewer',
    summary: 'Metrics for Prometheus',
    description: 'Everything Prometheus sees, in text format 0.0.4. Families: docs/metrics.md.',
    query: noQuery,
    reply: { type: 'text/plain', schema: z.string(), description: 'The metrics' },
    problems: ['overloaded'],
  },
  getOpenApi: {
    path: '/openapi.json',
    role: 'viewer',
    summary: 'This document',
    description: 'The API as an OpenAPI 3.1 document.',
    query: noQuery,
    reply: { type: JSON_TYPE, schema: z.looseObject({ openapi: z.string() }), description: 'The document' },
    problems: [],
  },
  getDocs: {
    path: '/docs',
    role: 'viewer',
    summary: 'This document to read',
    description: 'The same as a page of HTML.',
    query: noQuery,
    reply: { type: 'text/html', schema: z.string(), description: 'The page' },
    problems: [],
  },
  getHealth: {
    path: '/healthz',
    role: 'open',
    summary: 'Is the process alive',
    description: 'Answers as long as the process does.',
    query: noQuery,
    reply: { type: JSON_TYPE, schema: z.object({ status: z.literal('ok') }), description: 'It is' },
    problems: [],
  },
  getReadiness: {
    path: '/readyz',
    role: 'open',
    summary: 'Is the collector ready',
    description: 'Ready: storage can write, the registry is loaded and the intake listens.',
    query: noQuery,
    reply: { type: JSON_TYPE, schema: z.object({ status: z.literal('ready') }), description: 'It is' },
    problems: ['not-ready'],
  },
} as const satisfies Record<string, Route>;

export type RouteId = keyof typeof ROUTES;
export type QueryOf<K extends RouteId> = z.infer<(typeof ROUTES)[K]['query']>;
export const ROUTE_IDS = Object.keys(ROUTES) as RouteId[];
