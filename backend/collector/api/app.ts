import { problem } from '@openclaw-fleet/contract';
import express from 'express';
import type { ErrorRequestHandler, Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { FleetView } from '../fleet/types.ts';
import type { MetricsHandler } from '../metrics/handler.ts';
import { isProblem, mayAct } from './auth.ts';
import type { Authenticate, Caller } from './auth.ts';
import { DOCS_POLICY, renderDocs } from './docs.ts';
import { EVENT_STREAM_HEADERS } from './events.ts';
import type { EventStream } from './events.ts';
import { getTarget, listAvailable, listTargets, ProblemError } from './handlers.ts';
import type { Handler } from './handlers.ts';
import { createOpenApi } from './openapi.ts';
import { sendProblem } from './problems.ts';
import { parseQuery } from './query.ts';
import { sharedReadiness } from './readiness.ts';
import type { ReadinessCheck } from './readiness.ts';
import { JSON_TYPE, ROUTE_IDS, ROUTES } from './routes.ts';
import type { Route, RouteId } from './routes.ts';
import { DEFAULT_PROFILE } from './target.ts';
import type { Profile } from './target.ts';

export interface ApiLog {
  error(fields: object, message: string): void;
}

export interface ApiOptions {
  readonly fleet: FleetView;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly metrics: MetricsHandler;
  readonly authenticate: Authenticate;
  readonly ready: ReadinessCheck;
  readonly log: ApiLog;
  /** Counts one answered request; `route` is a path of the table, or `none`. */
  readonly count: (route: string, status: number) => void;
  /** Shown in the documentation. */
  readonly version: string;
  readonly profile?: Profile;
}

const ALLOW = 'GET, HEAD, OPTIONS';

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/**
 * The operators' front door. Every address comes from the table in routes.ts with its role; whatever is not in it is
 * refused, and nothing but `/healthz` and `/readyz` answers without a token.
 */
export function createApi(options: ApiOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('query parser', 'simple');
  app.use(prepare(options));
  const handlers = createHandlers(options);
  for (const id of ROUTE_IDS) {
    const route: Route = ROUTES[id];
    const guard = guardFor(route, options.authenticate);
    app.get(route.path, guard, answer(route, handlers[id] as Handler<RouteId>));
    app.all(route.path, guard, refuseMethod(route));
  }
  app.use(admit('viewer', options.authenticate), (_request, response) => {
    sendProblem(response, problem('not-found', 'There is nothing here. /docs lists every address of this API.'));
  });
  app.use(reportErrors(options));
  return app;
}

function prepare({ count }: ApiOptions): RequestHandler {
  return (request, response, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (request.secure) response.setHeader('strict-transport-security', 'max-age=31536000');
    response.once('close', () => count(routeOf(response), response.statusCode));
    next();
  };
}

function routeOf(response: Response): string {
  const { route } = response.locals as { route?: string };
  return route ?? 'none';
}

function admit(role: Route['role'], authenticate: Authenticate): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    if (role !== 'open') {
      const caller = await authenticate(request.headers.authorization);
      if (isProblem(caller)) {
        sendProblem(response, caller);
        return;
      }
      if (!mayAct(caller.role, role)) {
        const detail = `This needs the role ${role}, and this token has the role ${caller.role}. Use a token with that role.`;
        sendProblem(response, problem('forbidden', detail));
        return;
      }
      response.locals['caller'] = caller;
    }
    next();
  };
}

function guardFor(route: Route, authenticate: Authenticate): RequestHandler[] {
  const note: RequestHandler = (_request, response, next) => {
    response.locals['route'] = route.path;
    next();
  };
  return [note, admit(route.role, authenticate)];
}

function refuseMethod(route: Route): RequestHandler {
  return (request, response) => {
    response.setHeader('allow', ALLOW);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    const more =
      route.path === '/openclaw/availability' ? ' Nodes publish to the same path on the port of the intake.' : '';
    sendProblem(response, problem('method-not-allowed', `${route.path} takes ${ALLOW}.${more}`));
  };
}

function answer(route: Route, handler: Handler<RouteId>): RequestHandler {
  return async (request: Request, response: Response) => {
    const query = read(route.query, request.query);
    const params = request.params as Record<string, string>;
    if (route.params) readParams(route.params, params);
    const { caller = null } = response.locals as { caller?: Caller };
    const body = await handler({ query, params, caller, response });
    if (body !== undefined) response.type(JSON_TYPE).send(JSON.stringify(body));
  };
}

function read<S extends z.ZodObject>(schema: S, raw: Readonly<Record<string, unknown>>): z.infer<S> {
  const parsed = parseQuery(schema, raw);
  if (!parsed.ok) throw new ProblemError(parsed.problem);
  return parsed.query;
}

function readParams(schema: z.ZodObject, params: Readonly<Record<string, string>>): void {
  const issue = schema.safeParse(params).error?.issues[0];
  if (issue === undefined) return;
  const field = String(issue.path[0]);
  const detail = `The address is not valid: ${field} ${issue.message}.`;
  throw new ProblemError(problem('bad-request', detail, [{ field, message: issue.message }]));
}

function createHandlers(options: ApiOptions): { [K in RouteId]: Handler<K> } {
  const { fleet, clock, events, metrics, authenticate, version } = options;
  const forFleet = { fleet, clock, profile: options.profile ?? DEFAULT_PROFILE };
  const document = createOpenApi(version);
  const page = renderDocs(document);
  const ready = sharedReadiness(options.ready);
  return {
    listTargets: listTargets(forFleet),
    getTarget: getTarget(forFleet),
    getSummary: () => fleet.summary(clock()),
    listAvailable: listAvailable(forFleet),
    async streamEvents({ query, response }) {
      const { req: request } = response;
      if (request.method === 'HEAD') {
        response.writeHead(200, EVENT_STREAM_HEADERS).end();
        return undefined;
      }
      const asked = request.headers['last-event-id'] ?? query.lastEventId;
      const { lastEventId } = read(ROUTES.streamEvents.query, asked === undefined ? {} : { lastEventId: asked });
      const { authorization } = request.headers;
      const refused = await events.subscribe(response, {
        lastEventId: lastEventId === undefined ? null : Number(lastEventId),
        async stillAllowed() {
          const caller = await authenticate(authorization);
          return !isProblem(caller) && mayAct(caller.role, ROUTES.streamEvents.role);
        },
      });
      if (refused) throw new ProblemError(refused);
      return undefined;
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

function reportErrors({ log }: ApiOptions): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) {
      // Part of an answer is out: only a broken connection tells the reader that it is not whole.
      log.error({ err: error, route: routeOf(response) }, 'an answer broke off');
      response.destroy();
    } else if (error instanceof ProblemError) {
      sendProblem(response, error.problem);
    } else if (error instanceof URIError) {
      sendProblem(response, problem('bad-request', 'The address has a % that is not followed by two hex digits.'));
    } else {
      log.error({ err: error, route: routeOf(response), method: request.method }, 'a request failed');
      sendProblem(response, problem('internal-error', 'The collector failed to answer; its log says why. Try again.'));
    }
  };
}
