import {
  driftDetectedSchema,
  fleetHealthChangedSchema,
  meSchema,
  policyViolationEventSchema,
  remediationStatusEventSchema,
  streamResetSchema,
  targetOfflineSchema,
} from '@openclaw-fleet/contract';
import { z } from 'zod';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';

/** Query of `GET /fleet/events`. Browsers send the `Last-Event-ID` header themselves when they connect again; it wins. */
const eventsQuerySchema = z.strictObject({
  lastEventId: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of an event, a whole number')
    .optional(),
  /** Grafana's front end adds it where headers cannot be sent; the ID token says which organisation it is. */
  orgId: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of an organisation in Grafana')
    .optional(),
});

/** What the collector says of itself, and the stream of events. */
export const SERVICE_ROUTES = {
  streamEvents: {
    method: 'get',
    path: '/fleet/events',
    role: 'viewer',
    summary: 'Follow events',
    description:
      'Server-sent events in commit order, with a comment every 15 s: `fleet-health-changed` (a change of band, or a move of 5 points), `drift-detected` and `policy-violation` (opened, escalated, eased or resolved), `remediation-status` (every transition of a repair), `target-offline`. `Last-Event-ID` (or `lastEventId`) replays what followed that event; when it is no longer kept, a `stream-reset` event says so and the stream goes on from now. A reader that falls behind is cut off and may connect again.',
    query: eventsQuerySchema,
    replies: [
      {
        status: 200,
        content: {
          type: 'text/event-stream',
          schema: z.union([
            fleetHealthChangedSchema.meta({ id: 'FleetHealthChangedEvent' }),
            driftDetectedSchema.meta({ id: 'DriftDetectedEvent' }),
            policyViolationEventSchema.meta({ id: 'PolicyViolationEvent' }),
            targetOfflineSchema.meta({ id: 'TargetOfflineEvent' }),
            remediationStatusEventSchema.meta({ id: 'RemediationStatusEvent' }),
            streamResetSchema.meta({ id: 'StreamResetEvent' }),
          ]),
        },
        description: 'The stream: `id`, `event` and `data` of each event; the schema is that of the JSON in `data`',
      },
    ],
    problems: ['overloaded'],
  },
  getMe: {
    method: 'get',
    path: '/fleet/me',
    role: 'viewer',
    summary: 'Say who asks',
    description:
      "Who the collector takes its caller for, and with which role: through Grafana that proves the address, the shared secret and Grafana's signed identity at once. The actor is that of the audit; `person` is how approvals name the caller.",
    query: noQuery,
    replies: [json(meSchema.meta({ id: 'Me' }), 'The caller')],
    problems: [],
  },
  getMetrics: {
    method: 'get',
    path: '/metrics',
    role: 'viewer',
    summary: 'Metrics for Prometheus',
    description: 'Everything Prometheus sees, in text format 0.0.4. Families: docs/metrics.md.',
    query: noQuery,
    replies: [{ status: 200, content: { type: 'text/plain', schema: z.string() }, description: 'The metrics' }],
    problems: ['overloaded'],
  },
  getOpenApi: {
    method: 'get',
    path: '/openapi.json',
    role: 'viewer',
    summary: 'This document',
    description: 'The API as an OpenAPI 3.1 document.',
    query: noQuery,
    replies: [json(z.looseObject({ openapi: z.string() }), 'The document')],
    problems: [],
  },
  getDocs: {
    method: 'get',
    path: '/docs',
    role: 'viewer',
    summary: 'This document to read',
    description: 'The same as a page of HTML.',
    query: noQuery,
    replies: [{ status: 200, content: { type: 'text/html', schema: z.string() }, description: 'The page' }],
    problems: [],
  },
  getHealth: {
    method: 'get',
    path: '/healthz',
    role: 'open',
    summary: 'Is the process alive',
    description: 'Answers as long as the process does.',
    query: noQuery,
    replies: [json(z.object({ status: z.literal('ok') }), 'It is')],
    problems: [],
  },
  getReadiness: {
    method: 'get',
    path: '/readyz',
    role: 'open',
    summary: 'Is the collector ready',
    description: 'Ready: storage can write, the registry is loaded and the intake listens.',
    query: noQuery,
    replies: [json(z.object({ status: z.literal('ready') }), 'It is')],
    problems: ['not-ready'],
  },
} as const satisfies Record<string, Route>;
