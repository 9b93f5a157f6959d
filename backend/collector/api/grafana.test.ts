import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { problemSchema } from '@openclaw-fleet/contract';
import { createGrafanaVerifier } from '../identity/grafana.ts';
import { CALLERS, signingKey, startKeys } from '../identity/testing/grafana.ts';
import type { Claims, StandIn } from '../identity/testing/grafana.ts';
import { mountsOf } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';
import { START, startApi, waitFor } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let grafana: StandIn;
let api: Harness;
beforeEach(async () => {
  grafana = await startKeys();
  // The verifier is made before the API, whose clock it goes by.
  const clock = (): number => api.clock.now;
  const verifier = createGrafanaVerifier({
    url: grafana.url,
    audience: 'org:1',
    secretFile: grafana.secretFile,
    clock,
    log: { error: () => undefined },
  });
  api = await startApi({ api: { grafana: verifier } });
  await api.send('n1');
});
afterEach(async () => {
  await api.stop();
  await grafana.stop();
});

type Headers = Readonly<Record<string, string>>;
/** What Grafana's proxy adds, for one caller. */
const from = async (claims: Claims, more: Headers = {}): Promise<Headers> => ({
  'x-grafana-context': '{"Login":"admin","OrgRole":"Admin"}',
  'x-grafana-id': await grafana.token(claims, api.clock.now),
  'x-openclaw-fleet-secret': grafana.secret,
  ...more,
});
const read = (headers: Headers, path = '/fleet/summary') => api.ask(path, null, { headers });
const write = (headers: Headers, path: string, body: object) =>
  api.ask(path, null, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
async function problemOf(answer: Promise<Response>) {
  const response = await answer;
  expect(response.headers.get('www-authenticate')).toBeNull();
  const { type, status, detail, message } = problemSchema.parse(await response.json());
  expect([response.status, message]).toEqual([status, detail]);
  return { name: type.split(':').at(-1), status, detail };
}
const newPolicy = { id: 'made', name: 'Made', reason: 'to see who made it' };

describe('a caller through Grafana', () => {
  it('reads as a Viewer, and is told what more would need', async () => {
    const headers = await from({ ...CALLERS.user, role: 'Viewer' });
    expect((await read(headers)).status).toBe(200);
    const refused = await problemOf(write(headers, '/fleet/approver/policies', newPolicy));
    expect(refused).toMatchObject({ name: 'forbidden', status: 403, detail: expect.stringContaining('in Grafana') });
  });

  it('acts as an Admin under the stable identifier of the person', async () => {
    expect((await write(await from(CALLERS.user), '/fleet/approver/policies', newPolicy)).status).toBe(201);
    const made = (await api.storage.auditRecords({ action: 'policy.created', newestFirst: true, limit: 1 }))[0];
    expect(made).toMatchObject({ actor: 'grafana:bg517nevytuyod', via: 'grafana-id-token' });
  });

  it('only reads when nobody logged in, whatever the role of visitors', async () => {
    const headers = await from(CALLERS.anonymous);
    expect((await read(headers)).status).toBe(200);
    expect((await problemOf(write(headers, '/fleet/approver/policies', newPolicy))).name).toBe('forbidden');
  });

  it('is no person when it is a service account, and decides nothing', async () => {
    const headers = await from(CALLERS.service);
    const refused = await problemOf(
      write(headers, '/fleet/approver/remediations/runs/r1/approve', { reason: 'it is right' })
    );
    expect(refused).toMatchObject({ name: 'person-required', status: 403 });
    expect((await write(headers, '/fleet/approver/policies', newPolicy)).status).toBe(201);
  });

  it('gets 502 for another secret or none, 403 for another token or none, and 401 for nothing at all', async () => {
    const other = await signingKey('id-2026-11-es256');
    const { 'x-openclaw-fleet-secret': secret = '', ...withoutSecret } = await from(CALLERS.user);
    const { 'x-grafana-id': id = '', ...withoutId } = await from(CALLERS.user);
    const cases: readonly (readonly [Headers, string])[] = [
      [{ ...withoutId, 'x-grafana-id': id, 'x-openclaw-fleet-secret': `${secret}x` }, 'grafana-secret'],
      [{ ...withoutId, 'x-grafana-id': id, 'x-openclaw-fleet-secret': '<no value>' }, 'grafana-secret'],
      [{ ...withoutId, 'x-grafana-id': id, 'x-openclaw-fleet-secret': '' }, 'grafana-secret'],
      [withoutSecret, 'grafana-secret'],
      [{ 'x-grafana-id': id }, 'grafana-secret'],
      [{ 'x-grafana-context': '{}' }, 'grafana-secret'],
      [{ ...withoutSecret, authorization: 'Bearer ocf_wrong' }, 'grafana-secret'],
      [withoutId, 'grafana-identity'],
      [
        await from(CALLERS.user, { 'x-grafana-id': await grafana.token(CALLERS.user, START, other) }),
        'grafana-identity',
      ],
      [await from({ ...CALLERS.user, exp: START / 1000 - 60 }), 'grafana-identity'],
      [await from({ ...CALLERS.user, aud: 'org:2' }), 'grafana-identity'],
    ];
    for (const [headers, name] of cases) {
      const refused = await problemOf(read(headers));
      expect(refused).toMatchObject({ name, status: name === 'grafana-secret' ? 502 : 403 });
      expect(refused.detail).not.toContain(secret);
      expect(refused.detail).not.toContain(id);
    }
  });

  it('gets no 401 at any address, with any method', async () => {
    const headers = { 'x-grafana-id': await grafana.token(CALLERS.user, api.clock.now), 'x-grafana-context': '{}' };
    for (const id of ROUTE_IDS) {
      for (const path of mountsOf(ROUTES[id])) {
        for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
          const response = await api.ask(path.replaceAll(/:\w+/g, 'n1'), null, { method, headers });
          await response.body?.cancel();
          expect(ROUTES[id].role === 'open' ? [200, 204, 405] : [502]).toContain(response.status);
        }
      }
    }
  });

  it('is told that the keys cannot be read, and to try again', async () => {
    grafana.state.status = 500;
    const response = await read(await from(CALLERS.user));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(problemSchema.parse(await response.json()).type).toMatch(/grafana-unavailable$/);
  });

  it('is told that Grafana is not set up where it is not', async () => {
    const without = await startApi();
    const response = await without.ask('/fleet/summary', null, { headers: await from(CALLERS.user) });
    expect([response.status, (await response.json()) as object]).toEqual([
      502,
      expect.objectContaining({ detail: expect.stringContaining('grafana.secretFile') }),
    ]);
    await without.stop();
  });
});

describe('an API token beside the headers of Grafana', () => {
  const bearer = (): Headers => ({ authorization: `Bearer ${api.tokenOf.approver}` });

  it('counts for nothing once the shared secret is there', async () => {
    const asViewer = await from({ ...CALLERS.user, role: 'Viewer' }, bearer());
    expect((await problemOf(write(asViewer, '/fleet/policies', newPolicy))).name).toBe('forbidden');
    const wrong = await from(CALLERS.user, { ...bearer(), 'x-openclaw-fleet-secret': 'wrong' });
    expect((await problemOf(read(wrong))).status).toBe(502);
  });

  it('is what counts without the secret: whom the other headers name does not matter', async () => {
    const id = await grafana.token({ ...CALLERS.user, identifier: 'forged' }, api.clock.now);
    const forged = { ...bearer(), 'x-grafana-id': id };
    expect((await write(forged, '/fleet/policies', newPolicy)).status).toBe(201);
    const made = (await api.storage.auditRecords({ action: 'policy.created', newestFirst: true, limit: 1 }))[0];
    expect(made).toMatchObject({ actor: expect.stringMatching(/^token:/), via: 'api-token' });
  });
});

describe('the event stream through Grafana', () => {
  async function follow(query = '') {
    const response = await read(await from({ ...CALLERS.user, role: 'Viewer' }), `/fleet/events${query}`);
    const state = { text: '', ended: false };
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    void (async () => {
      for (;;) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) break;
        state.text += piece.value;
      }
      state.ended = true;
    })();
    return { response, state };
  }

  it('takes the organisation that Grafana’s front end names, and no other parameter', async () => {
    const { response, state } = await follow('?orgId=1');
    expect(response.status).toBe(200);
    await waitFor(() => state.text.includes('retry'), 'the beginning');
    for (const query of ['?orgId=', '?orgId=x', '?org=1'])
      expect((await read(await from(CALLERS.user), `/fleet/events${query}`)).status).toBe(400);
  });

  it('goes on as long as the ID token lives; then its reader connects again with a fresh one', async () => {
    const { state } = await follow();
    api.clock.now += 600_000;
    api.tick();
    await waitFor(() => state.text.includes(': keep-alive'), 'a comment');
    await api.commitEvents(1);
    await waitFor(() => state.text.includes('event: target-offline'), 'an event');
    expect(state.ended).toBe(false);
    api.clock.now += 31_000;
    api.tick();
    await waitFor(() => state.ended, 'the end');
    expect((await follow()).response.status).toBe(200);
  });

  it('ends when the shared secret is another one', async () => {
    const { state } = await follow();
    grafana.writeSecrets('another secret of more than 32 characters');
    api.tick();
    await waitFor(() => state.ended, 'the end');
  });
});
