import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FleetSummary, Me, Problem } from '@openclaw-fleet/contract';
import { grafanaApi } from '../../backend/simulator/demo/grafana.ts';
import type { StageFacts } from './support/facts.ts';
import { PROXY, throughProxy } from './support/proxy.ts';
import { accountOf, expect, test, type Role } from './support/test.ts';

const ROLES = ['viewer', 'operator', 'approver'] as const satisfies readonly Role[];

test.describe('who the collector says one is', () => {
  for (const role of ROLES) {
    test(`is the ${role} that Grafana's token names`, async ({ facts }) => {
      const account = accountOf(facts, role);
      const { status, body } = await throughProxy<Me>(facts.grafanaUrl, account, 'GET', 'fleet/me');
      expect(status).toBe(200);
      const known = await grafanaApi(facts.grafanaUrl, facts.admin)<{ uid: string }>(
        'GET',
        `/api/users/lookup?loginOrEmail=${account.login}`
      );
      expect(body).toMatchObject({ role, kind: 'person', person: known.uid, actor: `grafana:${known.uid}` });
    });
  }
});

test.describe('a request that is forged', () => {
  const forged = {
    'X-Grafana-Id': 'eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoiQWRtaW4ifQ.c2lnbmVk',
    'X-Grafana-User': 'ada',
    'X-Grafana-Context': JSON.stringify({ Login: 'ada', OrgRole: 'Admin' }),
    'X-OpenClaw-Fleet-Secret': 'x'.repeat(64),
  };

  test('in its headers is still that of who is logged in', async ({ as }) => {
    const { page, account } = await as('viewer');
    const me = await page.request.get(`${PROXY}/fleet/me`, { headers: forged });
    expect(await me.json()).toMatchObject({ role: 'viewer', person: account.identifier });
    const write = await page.request.post(`${PROXY}/fleet/operator/pause`, {
      headers: forged,
      data: { reason: 'not mine to do' },
    });
    expect(write.status()).toBe(403);
  });

  test('without a login is refused by Grafana', async ({ facts }) => {
    const answer = await fetch(`${facts.grafanaUrl}${PROXY}/fleet/summary`, { headers: forged });
    expect(answer.status).toBe(401);
  });

  test('straight to the collector is refused', async ({ facts }) => {
    const secret = readFileSync(facts.secretFile, 'utf8').trim();
    const ask = async (headers: Record<string, string>): Promise<[number, string]> => {
      const answer = await fetch(`${facts.collectorUrl}/fleet/summary`, { headers });
      return [answer.status, ((await answer.json()) as Problem).type.replace('urn:openclaw-fleet:problem:', '')];
    };
    const { 'X-Grafana-Id': noToken, ...names } = forged;
    expect(await ask({})).toEqual([401, 'unauthenticated']);
    expect(await ask({ authorization: 'Bearer ocf_000000000000_00' })).toEqual([401, 'invalid-token']);
    // Grafana's own headers without its secret, and with another.
    expect(await ask({ 'X-Grafana-Id': noToken })).toEqual([502, 'grafana-secret']);
    expect(await ask(forged)).toEqual([502, 'grafana-secret']);
    // Whoever has the secret is still nobody without a token that Grafana signed.
    const withSecret = { ...names, 'X-OpenClaw-Fleet-Secret': secret };
    expect(await ask(withSecret)).toEqual([403, 'grafana-identity']);
    expect(await ask({ ...withSecret, 'X-Grafana-Id': noToken })).toEqual([403, 'grafana-identity']);
    for (const claims of [{}, { iss: 'http://elsewhere/' }, { aud: 'org:2' }, { exp: 1 }])
      expect(await ask({ ...withSecret, 'X-Grafana-Id': signedByNobody({ ...adaOf(facts), ...claims }) })).toEqual([
        403,
        'grafana-identity',
      ]);
  });
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What Grafana would say of its administrator. */
function adaOf({ grafanaUrl, ...facts }: StageFacts): object {
  const { identifier, login, name } = accountOf({ grafanaUrl, ...facts }, 'approver');
  const iat = Math.floor(Date.now() / 1000);
  return {
    ...{ iss: `${grafanaUrl}/`, aud: 'org:1', iat, exp: iat + 600, sub: 'user:4', type: 'user', role: 'Admin' },
    ...{ identifier, username: login, name, namespace: 'default', authenticatedBy: 'password' },
  };
}

/** An ID token with a key that is not Grafana's. */
function signedByNobody(claims: object): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const month = new Date().toISOString().slice(0, 7);
  const signed = `${encode({ alg: 'ES256', typ: 'jwt', kid: `id-${month}-es256` })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

test.describe('what a role may not do', () => {
  const refused = (status: number, body: unknown): void => {
    expect(status).toBe(403);
    expect(body).toMatchObject({ message: 'plugin proxy route access denied' });
  };
  const reason = 'to see who may';

  test('a viewer neither asks for repairs nor reads the audit', async ({ facts }) => {
    const vera = accountOf(facts, 'viewer');
    for (const path of ['targets/gateway-01/reconcile', 'pause', 'targets/gateway-01/cordon']) {
      const { status, body } = await throughProxy(facts.grafanaUrl, vera, 'POST', `fleet/operator/${path}`, { reason });
      refused(status, body);
    }
    const audit = await throughProxy(facts.grafanaUrl, vera, 'GET', 'fleet/audit');
    refused(audit.status, audit.body);
  });

  test('an operator does not decide', async ({ facts }) => {
    const otto = accountOf(facts, 'operator');
    for (const [method, path] of [
      ['POST', 'remediations/runs/any/approve'],
      ['POST', 'policies'],
      ['PATCH', 'policies/default'],
      ['PUT', 'targets/gateway-01/overlay'],
      ['DELETE', 'policies/default'],
    ] as const) {
      const { status, body } = await throughProxy(facts.grafanaUrl, otto, method, `fleet/approver/${path}`, { reason });
      refused(status, body);
    }
  });

  test('the collector refuses by itself what comes by the wrong road', async ({ facts }) => {
    const otto = accountOf(facts, 'operator');
    const { status, body } = await throughProxy<Problem>(
      facts.grafanaUrl,
      otto,
      'POST',
      'fleet/operator/remediations/runs/any/approve',
      { reason }
    );
    expect([403, 404]).toContain(status);
    expect(body.type).toMatch(/^urn:openclaw-fleet:problem:/);
  });

  test('everybody sees the fleet', async ({ facts }) => {
    for (const role of ROLES) {
      const { body } = await throughProxy<FleetSummary>(
        facts.grafanaUrl,
        accountOf(facts, role),
        'GET',
        'fleet/summary'
      );
      expect(body.expected).toBeGreaterThan(0);
    }
  });
});
