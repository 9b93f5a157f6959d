import { problem, ROLES } from '@openclaw-fleet/contract';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { callersOf } from './callers.ts';
import type { GrafanaCallers } from './callers.ts';
import { mayAct } from './auth.ts';
import type { Authenticate, Caller } from './auth.ts';
import { jsonBody, readBody } from './body.ts';
import { failure, ProblemError } from './call.ts';
import type { Handler, Handlers } from './call.ts';
import { problemFor } from './failures.ts';
import { admit, note, routeOf, switchedOff } from './guard.ts';
import { auditHandlers } from './handlers/audit.ts';
import { alertHandlers } from './handlers/alerts.ts';
import { configurationHandlers } from './handlers/configurations.ts';
import { discoveryHandlers } from './handlers/discovery.ts';
import { historyHandlers } from './handlers/history.ts';
import { holdHandlers } from './handlers/holds.ts';
import { policyHandlers } from './handlers/policies.ts';
import { remediationHandlers } from './handlers/remediations.ts';
import { serviceHandlers } from './handlers/service.ts';
import type { ServiceParts } from './handlers/service.ts';
import { targetHandlers } from './handlers/targets.ts';
import { readIdempotencyKey } from './idempotency.ts';
import { readIfMatch } from './if-match.ts';
import type { Parts } from './parts.ts';
import { sendProblem } from './problems.ts';
import { parseQuery } from './query.ts';
import { allowOf, JSON_TYPE, mountsOf, SWITCHED } from './route.ts';
import type { Route } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';
import type { RouteId } from './routes.ts';

export interface ApiLog {
  error(fields: object, message: string): void;
}

export interface ApiOptions extends Parts, Omit<ServiceParts, 'identify'> {
  /** Whom an API token speaks for. */
  readonly authenticate: Authenticate;
  /** Who asks through Grafana's plugin proxy; null: Grafana is not set up, and nobody does. */
  readonly grafana: GrafanaCallers | null;
  /** SMART_FLEET_V2_ENABLED: off means that `/fleet/*` and `/alertmanager/*` answer 404 with the reason. */
  readonly smartFleet: boolean;
  readonly log: ApiLog;
  /** Counts one answered request; `route` is a path of the table, or `none`. */
  readonly count: (route: string, status: number) => void;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/**
 * The operators' front door. Every address comes from the table in routes.ts with its methods and roles; whatever is not
 * in it is refused, and nothing but `/healthz` and `/readyz` answers without a token.
 */
export function createApi(options: ApiOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('query parser', 'simple');
  app.use(prepare(options));
  const identify = callersOf(options);
  const handlers: Handlers<RouteId> = {
    ...targetHandlers(options),
    ...historyHandlers(options),
    ...policyHandlers(options),
    ...configurationHandlers(options),
    ...remediationHandlers(options),
    ...holdHandlers(options),
    ...auditHandlers(options),
    ...alertHandlers(options),
    ...discoveryHandlers(options),
    ...serviceHandlers({ ...options, identify }),
  };
  const mounted = ROUTE_IDS.flatMap((id) => {
    const route: Route = ROUTES[id];
    return mountsOf(route).map((path) => ({ path, route, handler: handlers[id] }));
  });
  // Before any route, so that whoever has a token is told, whatever the role, the method and the rest of the address.
  if (!options.smartFleet) app.use([...SWITCHED], admit({ role: 'viewer' }, identify), switchedOff);
  for (const [path, entries] of Map.groupBy(mounted, (each) => each.path)) {
    for (const { route, handler } of entries) {
      const read = route.body ? [jsonBody(route.body)] : [];
      app[route.method](path, note(path), admit(route, identify), ...read, answer(route, handler));
    }
    const routes = entries.map(({ route }) => route);
    app.all(path, note(path), admit({ role: leastRole(routes) }, identify), refuseMethod(path, routes));
  }
  app.use(admit({ role: 'viewer' }, identify), (_request, response) => {
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

/** Who may ask an address what it takes: whoever may use any method of it. */
function leastRole(routes: readonly Route[]): Route['role'] {
  if (routes.some(({ role }) => role === 'open')) return 'open';
  return ROLES.find((role) => routes.some((route) => route.role !== 'open' && mayAct(role, route.role))) ?? 'viewer';
}

function refuseMethod(path: string, routes: readonly Route[]): RequestHandler {
  const allow = allowOf(routes.map(({ method }) => method));
  return (request, response) => {
    response.setHeader('allow', allow);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    const more = path === '/openclaw/availability' ? ' Nodes publish to the same path on the port of the intake.' : '';
    sendProblem(response, problem('method-not-allowed', `${path} takes ${allow}.${more}`));
  };
}

function answer(route: Route, handler: Handler<RouteId>): RequestHandler {
  const [reply] = route.replies;
  return async (request: Request, response: Response) => {
    const query = read(route.query, request.query);
    const params = route.params ? readParams(route.params, request.params) : null;
    const body = route.body ? readBody(route.body, request.body) : null;
    const version = readIfMatch(route, request.headers['if-match']);
    const { caller = null } = response.locals as { caller?: Caller };
    const idempotencyKey = readIdempotencyKey(route, request.headers['idempotency-key']);
    response.status(reply.status);
    const call = { query, params, body, version, caller, idempotencyKey, response } as unknown as Parameters<
      Handler<RouteId>
    >[0];
    const result = await handler(call);
    if (result !== undefined) response.type(JSON_TYPE).send(JSON.stringify(result));
  };
}

function read<S extends z.ZodObject>(schema: S, raw: Readonly<Record<string, unknown>>): z.infer<S> {
  const parsed = parseQuery(schema, raw);
  if (!parsed.ok) throw new ProblemError(parsed.problem);
  return parsed.query;
}

function readParams(schema: z.ZodObject, params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0]);
  const message = issue?.message ?? 'is not valid';
  throw failure('bad-request', `The address is not valid: ${field} ${message}.`, [{ field, message }]);
}

function reportErrors({ log }: ApiOptions): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (error: unknown, request, response, _next) => {
    const known = problemFor(error);
    if (response.headersSent) {
      // Part of an answer is out: only a broken connection tells the reader that it is not whole.
      log.error({ err: error, route: routeOf(response) }, 'an answer broke off');
      response.destroy();
      return;
    }
    if (known === null || (known.status >= 500 && !(error instanceof ProblemError)))
      log.error({ err: error, route: routeOf(response), method: request.method }, 'a request failed');
    response.removeHeader('etag');
    response.removeHeader('location');
    sendProblem(
      response,
      known ?? problem('internal-error', 'The collector failed to answer; its log says why. Try again.')
    );
  };
}
