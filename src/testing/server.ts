import { problem } from '@openclaw-fleet/contract';
import type { ProblemName } from '@openclaw-fleet/contract';
import { http, HttpResponse } from 'msw';
import type { HttpHandler } from 'msw';
import { setupServer } from 'msw/node';
import type { z } from 'zod';
import { mountsOf } from '../../backend/collector/api/route.ts';
import type { Route } from '../../backend/collector/api/route.ts';
import { ROUTES } from '../../backend/collector/api/routes.ts';
import type { RouteId } from '../../backend/collector/api/routes.ts';
import { PROXY_URL } from '../constants.ts';
import type { Answer, Asked } from './answer.ts';
import { ORIGIN } from './backend.ts';
import { FIXTURES } from './fixtures/index.ts';

/** Every request that reached the collector in this test, oldest first. */
export const asked: Asked[] = [];

/** Handlers of one route, made from the same entry that mounts and documents it. @throws when an answer is not of its schema */
export function mock(id: RouteId, answer: Answer): HttpHandler[] {
  const route: Route = ROUTES[id];
  // Reads come by their own path, writes by the one that Grafana guards by role.
  const path = mountsOf(route).at(-1) ?? route.path;
  return [
    http[route.method](`${ORIGIN}${PROXY_URL}${path}`, async ({ request, params }) => {
      const text = await request.clone().text();
      const call: Asked = {
        route: id,
        params: params as Record<string, string>,
        query: new URL(request.url).searchParams,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        headers: request.headers,
      };
      asked.push(call);
      const said = typeof answer === 'function' ? await answer(call) : answer;
      if (said instanceof Response) return said;
      const reply = route.replies[0];
      if (reply.content === null || said === null) return new HttpResponse(null, { status: reply.status });
      return HttpResponse.json(checked(id, reply.content.schema, said), { status: reply.status });
    }),
  ];
}

/** A fixture that the contract does not allow proves nothing. */
function checked(id: RouteId, schema: z.ZodType, said: Readonly<Record<string, unknown>>): object {
  const { success, error } = schema.safeParse(said);
  if (!success) throw new Error(`${id} never answers like this: ${error.message}`);
  return said;
}

/** The collector refuses, in its own words. */
export function refuses(id: RouteId, name: ProblemName, detail = `It says ${name}.`, more: object = {}): HttpHandler[] {
  return mock(id, () => {
    const body = { ...problem(name, detail), ...more };
    return HttpResponse.json(body, { status: body.status, headers: { 'content-type': 'application/problem+json' } });
  });
}

/** Grafana answers by itself: 502 when the collector is away, 403 when a proxy route's action lacks. */
export function grafanaSays(id: RouteId, status: 401 | 403 | 404 | 502, message = 'Bad Gateway'): HttpHandler[] {
  return mock(id, () => HttpResponse.json({ message }, { status }));
}

const everything = (Object.keys(ROUTES) as RouteId[]).flatMap((id) => {
  const fixture = FIXTURES[id];
  if (fixture !== undefined) return mock(id, fixture);
  return mock(id, () => {
    throw new Error(`There is no fixture for ${id}: add one in src/testing/fixtures, or mock it in the test`);
  });
});
export const server = setupServer(...everything);

/** Replaces the answers of some routes until the end of the test. */
export const answers = (...handlers: HttpHandler[][]): void => server.use(...handlers.flat());
