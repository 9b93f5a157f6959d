import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { meSchema, problemSchema } from '@openclaw-fleet/contract';
import type { Me } from '@openclaw-fleet/contract';
import { createGrafanaVerifier } from '../identity/grafana.ts';
import { CALLERS, startKeys } from '../identity/testing/grafana.ts';
import type { Claims, StandIn } from '../identity/testing/grafana.ts';
import { START, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let grafana: StandIn;
let api: Harness;
beforeEach(async () => {
  grafana = await startKeys();
  const verifier = createGrafanaVerifier({
    url: grafana.url,
    audience: 'org:1',
    secretFile: grafana.secretFile,
    clock: () => START,
    log: { error: () => undefined },
  });
  api = await startApi({ api: { grafana: verifier } });
});
afterEach(async () => {
  await api.stop();
  await grafana.stop();
});

async function me(headers: Readonly<Record<string, string>>): Promise<Me> {
  const response = await api.ask('/fleet/me', null, { headers });
  expect(response.status).toBe(200);
  return meSchema.strict().parse(await response.json());
}
const through = async (claims: Claims) => ({
  'x-grafana-id': await grafana.token(claims, START),
  'x-openclaw-fleet-secret': grafana.secret,
});
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

describe('GET /fleet/me', () => {
  it.each<[string, Claims, Omit<Me, 'version'>]>([
    [
      'a person of Grafana',
      CALLERS.user,
      {
        actor: 'grafana:bg517nevytuyod',
        name: 'Ada Lovelace',
        role: 'approver',
        kind: 'person',
        person: 'bg517nevytuyod',
      },
    ],
    [
      'a Viewer without a name',
      { ...CALLERS.user, role: 'Viewer', name: undefined, username: undefined },
      { actor: 'grafana:bg517nevytuyod', name: null, role: 'viewer', kind: 'person', person: 'bg517nevytuyod' },
    ],
    [
      'a service account',
      CALLERS.service,
      {
        actor: 'grafana:service-account:eg52bgfiu3e2od',
        name: null,
        role: 'approver',
        kind: 'service',
        person: null,
      },
    ],
    [
      'a visitor whom nobody knows',
      CALLERS.anonymous,
      { actor: 'grafana:anonymous:0', name: null, role: 'viewer', kind: 'anonymous', person: null },
    ],
  ])('knows %s', async (_who, claims, expected) => {
    expect(await me(await through(claims))).toEqual({ ...expected, version: '0.1.0' });
  });

  it('knows the tokens of services and of persons', async () => {
    expect(await me(bearer(api.tokenOf.viewer))).toMatchObject({ role: 'viewer', kind: 'service', person: null });
    const ada = await me(bearer(api.tokenOf.approver));
    expect(ada).toMatchObject({ role: 'approver', kind: 'person', person: 'ada', name: 'approver' });
    expect(ada.actor).toMatch(/^token:[0-9a-f]{12}$/);
  });

  it('says what is wrong where it knows nobody', async () => {
    const names: string[] = [];
    const good = await through(CALLERS.user);
    for (const headers of [
      {},
      bearer('ocf_wrong'),
      { ...good, 'x-openclaw-fleet-secret': 'another' },
      { 'x-openclaw-fleet-secret': grafana.secret },
      await through({ ...CALLERS.user, aud: 'org:2' }),
      await through({ ...CALLERS.user, role: 'None' }),
    ]) {
      const response = await api.ask('/fleet/me', null, { headers });
      const { type, detail } = problemSchema.parse(await response.json());
      names.push(`${response.status} ${type.split(':').at(-1)}`);
      expect(detail).not.toContain(grafana.secret);
    }
    expect(names).toEqual([
      '401 unauthenticated',
      '401 invalid-token',
      '502 grafana-secret',
      '403 grafana-identity',
      '403 grafana-identity',
      '403 forbidden',
    ]);
  });

  it('names the same actor as the audit, and the person as an approval does', async () => {
    const headers = { ...(await through(CALLERS.user)), 'content-type': 'application/json' };
    const body = JSON.stringify({ reason: 'we move house' });
    expect((await api.ask('/fleet/operator/pause', null, { method: 'POST', headers, body })).status).toBe(200);
    const { actor, name } = await me(await through(CALLERS.user));
    const [record] = await api.storage.auditRecords({ newestFirst: true, limit: 1 });
    expect(record).toMatchObject({ action: 'remediation.paused', actor });
    const holds = await (await api.ask('/fleet/holds')).json();
    expect(holds).toMatchObject({ items: [{ by: actor, byName: name }] });
  });
});
