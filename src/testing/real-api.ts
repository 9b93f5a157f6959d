import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bypass, http, HttpResponse } from 'msw';
import type { HttpHandler } from 'msw';
import { mountsOf } from '../../backend/collector/api/route.ts';
import type { Route } from '../../backend/collector/api/route.ts';
import { ROUTE_IDS, ROUTES } from '../../backend/collector/api/routes.ts';
import type { RouteId } from '../../backend/collector/api/routes.ts';
import type { Served } from '../../backend/collector/api/testing/served.ts';
import { PROXY_URL } from '../constants.ts';
import { ORIGIN } from './backend.ts';

const ROOT = join(__dirname, '../..');

/** What the collector said to one request. */
export interface Heard {
  readonly route: RouteId | null;
  readonly request: string;
  readonly status: number;
  readonly body: unknown;
}

export interface RealApi extends Served {
  /** Grafana's plugin proxy before it: every request to the collector goes there, with its token. */
  readonly handlers: HttpHandler[];
  /** Every answer so far, oldest first. */
  readonly heard: Heard[];
  /** Whether any request has no answer yet. */
  readonly isBusy: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Starts the collector's Express app over a small fleet, in a process of its own, since its code is ES modules. */
export async function startRealApi(): Promise<RealApi> {
  const child = spawn(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'backend/collector/api/testing/serve.ts')], {
    // It ends when its input does, so it outlives nobody.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(([code]) => Promise.reject(new Error(`the collector ended with ${String(code)} before it was ready`))),
  ])) as [string];
  const served = JSON.parse(line) as Served;
  const heard: Heard[] = [];
  let open = 0;

  async function forward(route: RouteId | null, request: Request): Promise<Response> {
    open++;
    try {
      const { pathname, search } = new URL(request.url);
      const path = pathname.replace(PROXY_URL, '') + search;
      const headers = new Headers(request.headers);
      headers.set('authorization', `Bearer ${served.token}`);
      const sent = await request.text();
      const {
        status,
        headers: said,
        ...answer
      } = await answerOf(
        new Request(served.origin + path, { method: request.method, headers, ...(sent !== '' && { body: sent }) })
      );
      heard.push({ route, request: `${request.method} ${path}`, status, body: answer.body });
      return new HttpResponse(answer.text === '' ? null : answer.text, { status, headers: said });
    } finally {
      open--;
    }
  }
  return {
    ...served,
    handlers: [
      ...ROUTE_IDS.flatMap((id) => {
        const route: Route = ROUTES[id];
        return mountsOf(route).map((path) =>
          http[route.method](`${ORIGIN}${PROXY_URL}${path}`, ({ request }) => forward(id, request))
        );
      }),
      http.all(`${ORIGIN}${PROXY_URL}/*`, ({ request }) => forward(null, request)),
    ],
    heard,
    isBusy: () => open > 0,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function answerOf(request: Request) {
  const response = await fetch(bypass(request));
  const text = await response.text();
  const headers = new Headers();
  for (const name of ['content-type', 'etag', 'location']) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const isJson = /[/+]json/.test(headers.get('content-type') ?? '');
  return { status: response.status, headers, text, body: isJson ? (JSON.parse(text) as unknown) : text };
}
