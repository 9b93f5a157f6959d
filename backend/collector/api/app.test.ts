import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemSchema, ROLES } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import { mayAct } from './auth.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';
import type { Route } from './routes.ts';
import { startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
  await api.send('n1');
});
afterAll(() => api.stop());

const table: readonly Route[] = ROUTE_IDS.map((id) => ROUTES[id]);
const addressOf = (route: Route): string => route.path.replace(':id', 'n1');

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const body = problemSchema.parse(await response.json());
  expect(body.status).toBe(response.status);
  expect(body.message).toBe(body.detail);
  return body;
}

/** The status alone: an event stream never ends. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

describe('who may ask', () => {
  it('is written in one table, which holds every address the application answers', () => {
    const mounted = (api.app.router as unknown as { stack: { route?: { path: string } }[] }).stack
      .flatMap(({ route }) => (route ? [route.path] : []))
      .toSorted();
    // Each is mounted twice: for GET, and to refuse every other method.
    expect(mounted).toEqual(table.flatMap(({ path }) => [path, path]).toSorted());
  });

  it('opens nothing but the two probes', () => {
    expect(table.filter(({ role }) => role === 'open').map(({ path }) => path)).toEqual(['/healthz', '/readyz']);
    for (const { role } of table) expect([...ROLES, 'open']).toContain(role);
  });

  describe.each(table.map((route) => [route.path, route] as const))('%s', (_path, route) => {
    it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s needs a token', async (method) => {
      if (route.role === 'open') return;
      const response = await api.ask(addressOf(route), null, { method });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      if (method !== 'HEAD') expect((await problemOf(response)).type).toMatch(/unauthenticated$/);
    });

    it('refuses a token it did not make', async () => {
      const headers = { authorization: `Bearer ocf_${'0'.repeat(12)}_${'0'.repeat(64)}` };
      const response = await api.ask(addressOf(route), null, { headers });
      expect(response.status).toBe(route.role === 'open' ? 200 : 401);
      await response.body?.cancel();
    });

    it.each(ROLES)('answers or refuses the role %s as the table says', async (role) => {
      const allowed = route.role === 'open' || mayAct(role, route.role);
      expect(await statusOf(api.ask(addressOf(route), role))).toBe(allowed ? 200 : 403);
    });

    it('takes GET, HEAD and OPTIONS alone, and says so', async () => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const response = await api.ask(addressOf(route), 'approver', { method });
        expect(response.status).toBe(405);
        expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
        expect((await problemOf(response)).type).toMatch(/method-not-allowed$/);
      }
      const options = await api.ask(addressOf(route), 'approver', { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
      const head = await api.ask(addressOf(route), 'approver', { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(head.headers.get('content-type')).toContain(route.reply.type);
    });

    it('refuses a parameter it does not know, by name', async () => {
      const response = await api.ask(`${addressOf(route)}?nonsense=1`, 'approver');
      expect(response.status).toBe(400);
      expect((await problemOf(response)).errors).toEqual([
        { field: 'nonsense', message: expect.stringContaining('is not a parameter') },
      ]);
    });
  });

  it('lets a higher role do what a lower may, never the reverse', () => {
    expect(ROLES.map((role) => ROLES.map((needed) => mayAct(role, needed)))).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it('refuses a role that is too low, and says which is needed', async () => {
    const stricter = await startApi({
      api: { authenticate: () => ({ role: 'none' as never, actor: { name: 'token:x', via: 'api-token' } }) },
    });
    const response = await stricter.ask('/fleet/summary');
    expect(response.status).toBe(403);
    expect((await problemOf(response)).detail).toContain('needs the role viewer');
    await stricter.stop();
  });

  it.each(['/', '/fleet', '/fleet/targets/n1/drift', '/FLEET/TARGETS', '/metrics/x', '/../etc/passwd'])(
    'tells nothing of %s without a token, and that it is nothing with one',
    async (path) => {
      expect((await problemOf(await api.ask(path, null))).status).toBe(401);
      expect((await problemOf(await api.ask(path, 'approver'))).status).toBe(404);
      expect((await problemOf(await api.ask(path, 'approver', { method: 'POST' }))).status).toBe(404);
    }
  );
});

describe('every answer', () => {
  it.each([
    ['/fleet/targets', 'viewer'],
    ['/fleet/targets', null],
    ['/nowhere', 'viewer'],
    ['/healthz', null],
  ] as const)('of %s as %s carries the security headers and no hint of what serves it', async (path, role) => {
    const { headers } = await api.ask(path, role);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('etag')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is counted by its address and status', async () => {
    await api.ask('/fleet/targets/nobody');
    await api.ask('/no/such/address');
    const text = await api.instruments.registry.metrics();
    expect(text).toContain('openclaw_collector_api_requests_total{route="/fleet/targets/:id",code="404"}');
    expect(text).toContain('openclaw_collector_api_requests_total{route="none",code="404"}');
  });
});

describe('a request that fails', () => {
  it('names a broken escape in the address', async () => {
    const body = await problemOf(await api.ask('/fleet/targets/%E0%A4%A'));
    expect([body.status, body.detail]).toEqual([400, expect.stringContaining('%')]);
  });

  it('names an id that cannot be one', async () => {
    const body = await problemOf(await api.ask('/fleet/targets/-bad'));
    expect(body.errors?.map(({ field }) => field)).toEqual(['id']);
  });

  it('tells the log why, and the caller nothing of it', async () => {
    const broken = await startApi({
      api: {
        authenticate: () => {
          throw new Error('secret inside');
        },
      },
    });
    const response = await broken.ask('/fleet/summary');
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/secret|at .*\.ts/);
    expect(broken.logged).toEqual([expect.objectContaining({ err: new Error('secret inside') })]);
    await broken.stop();
  });
});

describe('the probes', () => {
  it('say that it is alive and ready', async () => {
    expect(await (await api.ask('/healthz', null)).json()).toEqual({ status: 'ok' });
    expect(await (await api.ask('/readyz', null)).json()).toEqual({ status: 'ready' });
  });

  it('say why it is not ready, and hold no check back', async () => {
    const waiting = await startApi({ api: { ready: () => ['the intake does not listen', 'storage cannot write'] } });
    const body = await problemOf(await waiting.ask('/readyz', null));
    expect(body.status).toBe(503);
    expect(body.detail).toBe('Not ready: the intake does not listen; storage cannot write.');
    expect((await waiting.ask('/healthz', null)).status).toBe(200);
    await waiting.stop();
  });

  it('are not ready when a check throws, and do not tell what it threw', async () => {
    const failing = await startApi({ api: { ready: () => Promise.reject(new Error('/secret/path')) } });
    const body = await problemOf(await failing.ask('/readyz', null));
    expect([body.status, body.detail]).toEqual([503, 'Not ready: a check failed; see the log.']);
    await failing.stop();
  });
});
