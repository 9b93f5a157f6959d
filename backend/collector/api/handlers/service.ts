import { problem } from '@openclaw-fleet/contract';
import type { Me } from '@openclaw-fleet/contract';
import type { MetricsHandler } from '../../metrics/handler.ts';
import { isProblem, mayAct } from '../auth.ts';
import type { Identify } from '../auth.ts';
import { ProblemError } from '../call.ts';
import type { Handlers } from '../call.ts';
import { DOCS_POLICY, renderDocs } from '../docs.ts';
import { EVENT_STREAM_HEADERS } from '../events.ts';
import type { EventStream } from '../events.ts';
import { createOpenApi } from '../openapi.ts';
import { parseQuery } from '../query.ts';
import { sharedReadiness } from '../readiness.ts';
import type { ReadinessCheck } from '../readiness.ts';
import { SERVICE_ROUTES } from '../routes/service.ts';

export interface ServiceParts {
  readonly events: EventStream;
  readonly metrics: MetricsHandler;
  readonly identify: Identify;
  readonly ready: ReadinessCheck;
  readonly version: string;
}

function lastEventIdOf(asked: unknown): number | null {
  if (asked === undefined) return null;
  const parsed = parseQuery(SERVICE_ROUTES.streamEvents.query, { lastEventId: asked });
  if (!parsed.ok) throw new ProblemError(parsed.problem);
  return Number(parsed.query.lastEventId);
}

/** What the collector says of itself, and the stream of events. */
export function serviceHandlers(parts: ServiceParts): Handlers<keyof typeof SERVICE_ROUTES> {
  const { events, metrics, identify } = parts;
  const document = createOpenApi(parts.version);
  const page = renderDocs(document);
  const ready = sharedReadiness(parts.ready);
  return {
    async streamEvents({ query, caller, response }) {
      const { req: request } = response;
      if (request.method === 'HEAD') {
        response.writeHead(200, EVENT_STREAM_HEADERS).end();
        return undefined;
      }
      const lastEventId = lastEventIdOf(request.headers['last-event-id'] ?? query.lastEventId);
      const { headers } = request;
      const refused = await events.subscribe(response, {
        lastEventId,
        reader: caller.actor.name,
        async stillAllowed() {
          const caller = await identify(headers);
          return !isProblem(caller) && mayAct(caller.role, SERVICE_ROUTES.streamEvents.role);
        },
      });
      if (refused) throw new ProblemError(refused);
      return undefined;
    },
    getMe({ caller: { actor, role, kind, person } }): Me {
      return { actor: actor.name, name: actor.label ?? null, role, kind, person, version: parts.version };
    },
    async getMetrics({ response }) {
      const refused = await metrics(response.req, response);
      if (refused) throw new ProblemError(refused);
      return undefined;
    },
    getOpenApi: () => document,
    getDocs({ response }) {
      response.setHeader('content-security-policy', DOCS_POLICY);
      response.type('text/html').send(page);
      return undefined;
    },
    getHealth: () => ({ status: 'ok' }),
    async getReadiness() {
      const reasons = await ready();
      if (reasons.length > 0) throw new ProblemError(problem('not-ready', `Not ready: ${reasons.join('; ')}.`));
      return { status: 'ready' };
    },
  };
}
