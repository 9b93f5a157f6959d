import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemSchema, ROLES } from '@openclaw-fleet/contract';
import type { Problem, Role } from '@openclaw-fleet/contract';
import { mayAct } from './auth.ts';
import { allowOf, isSwitched, METHODS, mountsOf } from './route.ts';
import type { Method, Route } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';
import { startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
  await api.send('n1');
});
afterAll(() => api.stop());

const table: readonly Route[] = ROUTE_IDS.map((id) => ROUTES[id]);
/** Every address with the routes that are mounted there. */
const addresses = [
  ...Map.groupBy(
    table.flatMap((route) => mountsOf(route).map((path) => ({ path, route }))),
    ({ path }) => path
  ),
].map(([path, entries]) => ({ path, routes: entries.map(({ route }) => route) }));
const writes = addresses.flatMap(({ path, routes }) =>
  routes.filter(({ body }) => body).map((route) => ({ path, route }))
);

const addressOf = (path: string): string =>
  path
    .replace(':targetId', 'n1')
    .replace(':policyId', 'default')
    .replace(':configId', '0'.repeat(64))
    .replace(':waiverId', 'w1')
    .replace(':runId', 'run-1')
    .replace(':batchId', 'batch-1')
    .replace(':proposalId', '00000000-0000-4000-8000-000000000000');
const methodOf = ({ method }: Pick<Route, 'method'>): string => method.toUpperCase();
const JSON_HEADERS = { 'content-type': 'application/json' };

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
    // Each is mounted for its methods, and once more to refuse every other.
    expect(mounted).toEqual(addresses.flatMap(({ path, routes }) => [path, ...routes.map(() => path)]).toSorted());
  });

  it('opens nothing but the two probes, to any viewer what only reads but the audit, and writes to nobody below an operator', () => {
    expect(table.filter(({ role }) => role === 'open').map(({ path }) => path)).toEqual(['/healthz', '/readyz']);
    for (const { role, method, path } of table) {
      if (role === 'open') continue;
      const reader = path === '/fleet/audit' ? 'approver' : 'viewer';
      expect(method === 'get' ? [reader] : ['operator', 'approver']).toContain(role);
    }
  });

  it('is an approver for everything that changes something, but what asks for a repair or holds one back', () => {
    const operators = ROUTE_IDS.filter((id) => (ROUTES[id] as Route).role === 'operator');
    expect(operators.toSorted()).toEqual([
      'cancelBatch',
      'cancelRun',
      'cordonTarget',
      'createBatch',
      'pauseFleet',
      'pauseTarget',
      'previewPolicy',
      'previewTarget',
      'reconcileTarget',
      'resumeFleet',
      'resumeTarget',
      'takeAlerts',
      'uncordonTarget',
    ]);
  });

  it('is a person for what decides about a repair, or lets one go on that was stopped', async () => {
    const persons = ROUTE_IDS.filter((id) => (ROUTES[id] as Route).person === true);
    expect(persons.toSorted()).toEqual([
      'approveBatch',
      'approveProposal',
      'approveRun',
      'clearQuarantine',
      'closeBreaker',
      'denyBatch',
      'denyRun',
      'liftIsolation',
    ]);
    const service = api.makeToken('approver', null);
    for (const id of persons) {
      for (const path of mountsOf(ROUTES[id])) {
        const headers = { authorization: `Bearer ${service}` };
        const refused = await problemOf(await api.ask(addressOf(path), null, { method: 'POST', headers }));
        expect([refused.status, refused.type]).toEqual([403, expect.stringMatching(/person-required$/)]);
        expect(refused.detail).toMatch(/^Only a person .* a service\. /);
      }
    }
  });

  it('may write at the canonical address or at that of the role, which is the same', () => {
    for (const route of table.filter(({ method, path }) => method !== 'get' && path.startsWith('/fleet/'))) {
      expect(mountsOf(route)).toEqual([route.path, route.path.replace('/fleet/', `/fleet/${route.role}/`)]);
    }
  });

  describe.each(addresses.map(({ path, routes }) => [path, routes] as const))('%s', (path, routes) => {
    const methods = routes.map(({ method }) => method);
    const others = METHODS.filter((method) => !methods.includes(method));
    const open = routes.some(({ role }) => role === 'open');
    const least = ROLES.find((role) => routes.some((route) => route.role !== 'open' && mayAct(role, route.role)));

    it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s needs a token', async (method) => {
      if (open) return;
      const response = await api.ask(addressOf(path), null, { method });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      if (method !== 'HEAD') expect((await problemOf(response)).type).toMatch(/unauthenticated$/);
    });

    it('refuses a token it did not make', async () => {
      const headers = { authorization: `Bearer ocf_${'0'.repeat(12)}_${'0'.repeat(64)}` };
      for (const route of routes) {
        const response = await api.ask(addressOf(path), null, { method: methodOf(route), headers });
        expect(response.status).toBe(open ? 200 : 401);
        await response.body?.cancel();
      }
    });

    it.each(ROLES)('answers or refuses the role %s as the table says', async (role) => {
      for (const route of routes) {
        const allowed = route.role === 'open' || mayAct(role, route.role);
        const status = await statusOf(api.ask(addressOf(path), role, { method: methodOf(route) }));
        if (!allowed) expect(status).toBe(403);
        else if (route.method !== 'get') expect(status).toBe(400);
        else expect([200, 404, 400]).toContain(status);
      }
    });

    it('takes its methods alone, and says which to whoever may use one of them', async () => {
      const allow = allowOf(methods);
      for (const method of others) {
        const response = await api.ask(addressOf(path), 'approver', { method: method.toUpperCase() });
        expect(response.status).toBe(405);
        expect(response.headers.get('allow')).toBe(allow);
        expect((await problemOf(response)).type).toMatch(/method-not-allowed$/);
      }
      const options = await api.ask(addressOf(path), least ?? null, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
      if (least !== undefined && least !== 'viewer')
        expect((await api.ask(addressOf(path), 'viewer', { method: 'OPTIONS' })).status).toBe(403);
    });

    it('answers HEAD as GET, without the body', async () => {
      const head = await api.ask(addressOf(path), 'approver', { method: 'HEAD' });
      expect(await head.text()).toBe('');
      const [reply] = routes.find(({ method }) => method === 'get')?.replies ?? [];
      if (reply === undefined) expect(head.status).toBe(405);
      else if (head.status === 200) expect(head.headers.get('content-type')).toContain(reply.content?.type);
      else expect([404, 400]).toContain(head.status);
    });

    it('refuses a parameter it does not know, by name', async () => {
      for (const route of routes) {
        const response = await api.ask(`${addressOf(path)}?nonsense=1`, 'approver', {
          method: methodOf(route),
          ...(route.body && { body: '{}', headers: JSON_HEADERS }),
        });
        expect(response.status).toBe(400);
        expect((await problemOf(response)).errors).toEqual([
          { field: 'nonsense', message: expect.stringContaining('is not a parameter') },
        ]);
      }
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
      api: {
        authenticate: () => ({
          role: 'none' as never,
          actor: { name: 'token:x', via: 'api-token' },
          kind: 'service',
          person: null,
        }),
      },
    });
    const response = await stricter.ask('/fleet/summary');
    expect(response.status).toBe(403);
    expect((await problemOf(response)).detail).toContain('needs the role viewer');
    await stricter.stop();
  });

  it.each([
    '/',
    '/fleet',
    '/fleet/targets/n1/nonsense',
    '/fleet/approver',
    '/FLEET/TARGETS',
    '/metrics/x',
    '/../etc/passwd',
  ])('tells nothing of %s without a token, and that it is nothing with one', async (path) => {
    expect((await problemOf(await api.ask(path, null))).status).toBe(401);
    expect((await problemOf(await api.ask(path, 'approver'))).status).toBe(404);
    expect((await problemOf(await api.ask(path, 'approver', { method: 'POST' }))).status).toBe(404);
  });
});

describe('what a write must be', () => {
  const send = (
    path: string,
    route: { readonly method: Method },
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = JSON_HEADERS,
    role: Role = 'approver'
  ) => api.ask(addressOf(path), role, { method: methodOf(route), body, headers });

  it('gives a reason, unless it changes nothing', () => {
    for (const id of ROUTE_IDS) {
      const route: Route = ROUTES[id];
      if (route.method === 'get') continue;
      if (id === 'takeAlerts') continue;
      const errors = route.body?.schema.safeParse({}).error?.issues.map(({ path }) => path.join('.')) ?? [];
      expect(errors.includes('reason')).toBe(!['previewPolicy', 'previewTarget'].includes(id));
    }
  });

  describe.each(writes.map(({ path, route }) => [`${methodOf(route)} ${path}`, path, route] as const))(
    '%s',
    (_name, path, route) => {
      it('is JSON', async () => {
        const none = await api.ask(addressOf(path), 'approver', { method: methodOf(route) });
        expect([none.status, (await problemOf(none)).type]).toEqual([400, expect.stringMatching(/malformed-json$/)]);
        for (const text of ['{', '{"reason": "\\x"}', 'reason=why', new Uint8Array([0x22, 0xff, 0x22])]) {
          const bad = await problemOf(await send(path, route, text));
          expect([bad.status, bad.type]).toEqual([400, expect.stringMatching(/malformed-json$/)]);
        }
      });

      it('says that it is JSON, and is not compressed', async () => {
        for (const headers of [
          { 'content-type': 'text/plain' },
          { 'content-type': 'application/x-www-form-urlencoded' },
          { ...JSON_HEADERS, 'content-encoding': 'gzip' },
          { 'content-type': 'application/json; charset=utf-16' },
        ]) {
          const bad = await problemOf(await send(path, route, '{}', headers));
          expect([bad.status, bad.type]).toEqual([415, expect.stringMatching(/unsupported-media-type$/)]);
        }
      });

      it('is not too large', async () => {
        const limit = route.body?.limit ?? 64 * 1024;
        const body = JSON.stringify({ reason: 'x'.repeat(limit) });
        const declared = await problemOf(await send(path, route, body));
        expect([declared.status, declared.detail]).toEqual([413, expect.stringContaining(`${limit / 1024} KiB`)]);
        const stream = new Blob([body]).stream();
        const response = await api.ask(addressOf(path), 'approver', {
          method: methodOf(route),
          body: stream,
          headers: JSON_HEADERS,
          duplex: 'half',
        });
        expect(response.status).toBe(413);
      });

      it('has no field that is not known, nor one that nests without end', async () => {
        const lenient = route.path === ROUTES.takeAlerts.path;
        const { status, errors = [] } = await problemOf(
          await send(path, route, '{"nonsense": 1, "__proto__": {"reason": "not a reason"}}')
        );
        expect(status).toBe(422);
        const named = Object.fromEntries(errors.map(({ field, message }) => [field, message]));
        if (!lenient) {
          expect(named['nonsense']).toMatch(/^is not a field here: \(body\) takes/);
          expect(Object.keys(named)).toContain('__proto__');
        }
        const nested = await problemOf(await send(path, route, '['.repeat(20_000) + ']'.repeat(20_000)));
        expect([nested.status, nested.detail]).toEqual([422, expect.stringContaining('deep')]);
        const half = await problemOf(await send(path, route, '{"reason": "\\ud800 half"}'));
        expect([half.status, half.errors?.[0]?.field]).toEqual([422, 'reason']);
      });

      it('has a reason in words', async () => {
        if (route.body?.schema.safeParse({}).error?.issues.every(({ path: at }) => at[0] !== 'reason') ?? true) return;
        for (const reason of [undefined, '', 'no', 'x'.repeat(501), 'a\u0000b', 7]) {
          const { status, errors = [] } = await problemOf(await send(path, route, JSON.stringify({ reason })));
          expect([status, errors.map(({ field }) => field)]).toEqual([422, expect.arrayContaining(['reason'])]);
        }
      });
    }
  );

  it('closes the connection of a body that it did not read to its end', async () => {
    const big = JSON.stringify({ reason: 'x'.repeat(100_000) });
    const response = await send('/fleet/confirm-outage', { method: 'post' }, big);
    expect(response.headers.get('connection')).toBe('close');
  });

  it('reads no body of somebody who may not ask', async () => {
    const response = await send('/fleet/policies', { method: 'post' }, '{', JSON_HEADERS, 'operator');
    expect(response.status).toBe(403);
  });
});

describe('the flag SMART_FLEET_V2_ENABLED', () => {
  it('switches /fleet/* and what alerts ask for off with the reason, and nothing else', async () => {
    const off = await startApi({ api: { smartFleet: false } });
    for (const { path, routes } of addresses) {
      for (const route of routes) {
        const response = await off.ask(addressOf(path), 'approver', { method: methodOf(route) });
        if (isSwitched({ path })) {
          const { status, type, detail } = await problemOf(response);
          expect([status, type]).toEqual([404, expect.stringMatching(/feature-disabled$/)]);
          expect(detail).toContain('SMART_FLEET_V2_ENABLED');
        } else expect(response.status).toBe(200);
        await response.body?.cancel().catch(() => undefined);
      }
    }
    expect((await off.ask('/fleet/summary', null)).status).toBe(401);
    await off.stop();
  });

  it.each([
    ['a role that could not', 'POST', '/fleet/policies'],
    ['a method that is not taken', 'DELETE', '/fleet/targets'],
    ['an address that is unknown', 'GET', '/fleet/nothing/at/all'],
    ['an address that cannot be read', 'GET', '/fleet/targets/%'],
    ['the bare prefix', 'GET', '/fleet'],
  ])('tells it to %s', async (_case, method, path) => {
    const off = await startApi({ api: { smartFleet: false } });
    const told = await problemOf(await off.ask(path, 'viewer', { method }));
    expect([told.status, told.type]).toEqual([404, expect.stringMatching(/feature-disabled$/)]);
    expect((await off.ask(path, null, { method })).status).toBe(401);
    await off.stop();
  });
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
    expect(text).toContain('openclaw_collector_api_requests_total{route="/fleet/targets/:targetId",code="404"}');
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
    expect(body.errors?.map(({ field }) => field)).toEqual(['targetId']);
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
