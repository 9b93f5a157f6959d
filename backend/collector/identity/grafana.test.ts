import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createGrafanaVerifier } from './grafana.ts';
import type { GrafanaOptions, GrafanaVerdict } from './grafana.ts';
import { initPki, loadPki, pkiFiles } from './pki.ts';
import { CALLERS, signingKey, startKeys } from './testing/grafana.ts';
import type { Claims, StandIn } from './testing/grafana.ts';
import { Workshop } from './testing/workshop.ts';

const NOW = Date.parse('2026-11-06T12:00:00Z');
let grafana: StandIn;
let logged: { err: Error }[];
let clock: { now: number };
beforeEach(async () => {
  grafana = await startKeys();
  logged = [];
  clock = { now: NOW };
});
afterEach(() => grafana.stop());

const verifier = (more: Partial<GrafanaOptions> = {}) =>
  createGrafanaVerifier({
    url: grafana.url,
    audience: 'org:1',
    secretFile: grafana.secretFile,
    clock: () => clock.now,
    log: { error: (fields) => logged.push(fields as { err: Error }) },
    ...more,
  });
const verify = async (claims: Claims, more: Partial<GrafanaOptions> = {}): Promise<GrafanaVerdict> =>
  verifier(more).verify(grafana.secret, await grafana.token(claims, NOW));
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Why it was refused; fails when it was not. */
function refusal(verdict: GrafanaVerdict): [string, string] {
  if (verdict.ok) throw new Error(`let in as ${verdict.actor.name}`);
  return [verdict.problem, verdict.reason];
}

describe('whom Grafana names', () => {
  it('is a person by the stable identifier, with the role of the organisation', async () => {
    const as = (role: string) => verify({ ...CALLERS.user, role });
    expect(await as('Admin')).toEqual({
      ok: true,
      role: 'approver',
      kind: 'person',
      person: 'bg517nevytuyod',
      actor: { name: 'grafana:bg517nevytuyod', via: 'grafana-id-token', label: 'Ada Lovelace' },
    });
    expect(await as('Editor')).toMatchObject({ role: 'operator', kind: 'person' });
    expect(await as('Viewer')).toMatchObject({ role: 'viewer', kind: 'person' });
  });

  it.each([
    ['the user name where there is no name', { name: '' }, 'ada'],
    ['the user name where the name is none', { name: 7 }, 'ada'],
    ['the user name where the name is an address', { name: 'ada@example.com' }, 'ada'],
    ['without what cannot be shown', { name: ' Ada\u0000\n\u202eLovelace ' }, 'Ada Lovelace'],
    ['nothing where both are addresses', { name: 'ada@example.com', username: 'ada@example.com' }, undefined],
    ['nothing where there is neither', { name: undefined, username: undefined }, undefined],
  ])('is called %s', async (_case, claims, label) => {
    const verdict = await verify({ ...CALLERS.user, ...claims });
    expect(verdict.ok && verdict.actor.label).toBe(label);
    expect(JSON.stringify(verdict)).not.toContain('@');
  });

  it.each(['None', 'GrafanaAdmin', 'admin', '__proto__', 'constructor', 7, null, undefined])(
    'is nobody with the role %p',
    async (role) => expect(refusal(await verify({ ...CALLERS.user, role }))[0]).toBe('forbidden')
  );

  it('is no person when it is a service account', async () => {
    expect(await verify(CALLERS.service)).toMatchObject({
      role: 'approver',
      kind: 'service',
      person: null,
      actor: { name: 'grafana:service-account:eg52bgfiu3e2od', via: 'grafana-id-token' },
    });
  });

  it('only reads when it is an anonymous visitor, whatever the role', async () => {
    expect(await verify(CALLERS.anonymous)).toMatchObject({ role: 'viewer', kind: 'anonymous', person: null });
  });

  it.each([
    { type: 'user', sub: 'service-account:5' },
    { type: 'user', sub: 'anonymous:0' },
    { type: 'service-account', sub: 'user:4' },
    { type: 'render', sub: 'render:0' },
    { type: undefined },
    { identifier: '' },
    { identifier: 'service-account:x' },
    { identifier: '../x' },
    { identifier: 'x'.repeat(65) },
    { identifier: 4 },
    { identifier: undefined },
  ])('is nobody when the claims are %p', async (claims) => {
    expect(refusal(await verify({ ...CALLERS.user, ...claims }))[0]).toBe('grafana-identity');
  });
});

describe('the ID token', () => {
  it.each([
    ['of another organisation', { aud: 'org:2' }, /aud.*org:1.*grafana.audience/],
    ['of another Grafana', { iss: 'https://elsewhere.example/' }, /iss.*grafana.issuer/],
    ['that has expired', { exp: NOW / 1000 - 31 }, /expired/],
    ['that never expires', { exp: undefined }, /exp/],
    ['without a time', { iat: undefined }, /iat/],
    ['that was made long ago', { iat: NOW / 1000 - 3700 }, /expired/],
    ['from tomorrow', { nbf: NOW / 1000 + 86_400 }, /nbf/],
  ])('is refused: one %s', async (_case, claims, words) => {
    const [name, reason] = refusal(await verify({ ...CALLERS.user, ...claims }));
    expect([name, reason]).toEqual(['grafana-identity', expect.stringMatching(words)]);
  });

  it('is taken as long as it lives, and 30 s between the clocks', async () => {
    const token = await grafana.token(CALLERS.user, NOW);
    const each = verifier();
    clock.now = NOW + 629_000;
    expect((await each.verify(grafana.secret, token)).ok).toBe(true);
    clock.now = NOW + 631_000;
    expect(refusal(await each.verify(grafana.secret, token))[0]).toBe('grafana-identity');
  });

  it('is refused without a signature, or with one that anybody could make', async () => {
    const good = await grafana.token(CALLERS.user, NOW);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const none = `${base64({ alg: 'none', typ: 'jwt' })}.${payload}.`;
    const hmacHeader = base64({ alg: 'HS256', kid: 'id-2026-11-es256', typ: 'jwt' });
    const publicKey = JSON.stringify(grafana.state.keys[0]?.jwk);
    const hmac = createHmac('sha256', publicKey).update(`${hmacHeader}.${payload}`).digest('base64url');
    const other = await signingKey('id-2026-11-es256');
    const embedded = `${base64({ alg: 'ES256', jwk: other.jwk })}.${payload}.${signature}`;
    const altered = base64({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), role: 'Admin!' });
    const each = verifier();
    for (const token of [
      none,
      `${hmacHeader}.${payload}.${hmac}`,
      embedded,
      `${header}.${altered}.${signature}`,
      `${header}.${payload}.${'A'.repeat(86)}`,
      await grafana.token(CALLERS.user, NOW, other),
      `${good}, ${good}`,
      'x',
      '..',
    ])
      expect(refusal(await each.verify(grafana.secret, token))[0]).toBe('grafana-identity');
    expect((await each.verify(grafana.secret, good)).ok).toBe(true);
    expect(refusal(await each.verify(grafana.secret, undefined))).toEqual([
      'grafana-identity',
      expect.stringContaining('X-Grafana-Id'),
    ]);
  });
});

describe('the keys', () => {
  it('are read once, and again for one that is not known', async () => {
    const each = verifier({ cooldownMs: 0 });
    const first = await grafana.token(CALLERS.user, NOW);
    await Promise.all(Array.from({ length: 20 }, () => each.verify(grafana.secret, first)));
    expect(grafana.state.asked).toBe(1);
    const next = await signingKey('id-2026-12-es256');
    grafana.state.keys.push(next);
    expect((await each.verify(grafana.secret, await grafana.token(CALLERS.user, NOW, next))).ok).toBe(true);
    expect((await each.verify(grafana.secret, first)).ok).toBe(true);
    expect(grafana.state.asked).toBe(2);
  });

  it('are not read for every key that somebody makes up', async () => {
    const each = verifier();
    await each.verify(grafana.secret, await grafana.token(CALLERS.user, NOW));
    for (let index = 0; index < 50; index++) {
      const unknown = { ...(await signingKey(`made-up-${index}`)) };
      expect(refusal(await each.verify(grafana.secret, await grafana.token(CALLERS.user, NOW, unknown)))[0]).toBe(
        'grafana-identity'
      );
    }
    expect(grafana.state.asked).toBe(1);
  });

  it('that are gone are trusted no longer', async () => {
    const each = verifier({ cooldownMs: 0 });
    const old = grafana.state.keys[0];
    expect((await each.verify(grafana.secret, await grafana.token(CALLERS.user, NOW))).ok).toBe(true);
    const next = await signingKey('next');
    grafana.state.keys = [next];
    expect((await each.verify(grafana.secret, await grafana.token(CALLERS.user, NOW, next))).ok).toBe(true);
    expect(refusal(await each.verify(grafana.secret, await grafana.token(CALLERS.user, NOW, old)))[0]).toBe(
      'grafana-identity'
    );
  });

  it('that cannot be read are the trouble of the collector, told to the log once', async () => {
    const token = await grafana.token(CALLERS.user, NOW);
    const each = verifier({ timeoutMs: 200 });
    grafana.state.status = 500;
    for (let index = 0; index < 3; index++)
      expect(refusal(await each.verify(grafana.secret, token))).toEqual([
        'grafana-unavailable',
        expect.stringContaining('it answered 500'),
      ]);
    expect(logged).toHaveLength(1);
    grafana.state.status = 200;
    grafana.state.hang = true;
    expect(refusal(await each.verify(grafana.secret, token))[0]).toBe('grafana-unavailable');
    grafana.state.hang = false;
    expect((await each.verify(grafana.secret, token)).ok).toBe(true);
  });
});

describe('a Grafana behind TLS', () => {
  it('is believed by the authority that is configured, and by no other', async () => {
    const workshop = new Workshop();
    const nowMs = Date.now();
    const options = { names: ['localhost'], authorityDays: 30, collectorDays: 30, force: false, nowMs };
    await initPki(workshop.path('pki'), options);
    const { server } = loadPki(workshop.path('pki'));
    const behind = await startKeys({ cert: server.certificate, key: server.privateKey });
    const each = (caFile?: string) =>
      verifier({ url: behind.url, secretFile: behind.secretFile, caFile, clock: () => nowMs });
    const token = await behind.token(CALLERS.user, nowMs);
    expect(refusal(await each().verify(behind.secret, token))).toEqual([
      'grafana-unavailable',
      expect.stringMatching(/certificate.*grafana.caFile/),
    ]);
    expect(behind.state.asked).toBe(0);
    expect((await each(pkiFiles(workshop.path('pki')).bundle).verify(behind.secret, token)).ok).toBe(true);
    await behind.stop();
    await workshop.close();
  });
});

describe('the shared secret', () => {
  it('comes before everything else: without it, nothing is looked at', async () => {
    const token = await grafana.token(CALLERS.user, NOW);
    for (const wrong of ['', 'x', '<no value>', grafana.secret.slice(1), `${grafana.secret}, ${grafana.secret}`])
      expect(refusal(await verifier().verify(wrong, token))[0]).toBe('grafana-secret');
    expect(grafana.state.asked).toBe(0);
  });

  it('is read anew when it changes, and may be two while it does', async () => {
    const token = await grafana.token(CALLERS.user, NOW);
    const each = verifier();
    const next = 'n'.repeat(32);
    const open = async (): Promise<boolean[]> =>
      Promise.all([grafana.secret, next].map(async (secret) => (await each.verify(secret, token)).ok));
    expect(await open()).toEqual([true, false]);
    grafana.writeSecrets(grafana.secret, next);
    expect(await open()).toEqual([true, true]);
    grafana.writeSecrets(next);
    expect(await open()).toEqual([false, true]);
  });

  it('lets nobody in while its file cannot be used, and says so to the log alone', async () => {
    const token = await grafana.token(CALLERS.user, NOW);
    const each = verifier();
    chmodSync(grafana.secretFile, 0o644);
    const [name, reason] = refusal(await each.verify(grafana.secret, token));
    expect([name, reason]).toEqual([
      'grafana-secret',
      'The collector cannot read grafana.secretFile; its log says why.',
    ]);
    await each.verify(grafana.secret, token);
    expect(logged.map(({ err }) => err.message)).toEqual([expect.stringContaining('chmod 600')]);
    rmSync(grafana.secretFile);
    expect(refusal(await each.verify(grafana.secret, token))[0]).toBe('grafana-secret');
    grafana.writeSecrets(grafana.secret);
    expect((await each.verify(grafana.secret, token)).ok).toBe(true);
    expect(JSON.stringify(logged)).not.toContain(grafana.secret);
  });

  it.each([
    ['nothing', '\n\n', /32 characters/],
    ['a short one', 'password\n', /32 characters/],
    ['far too much', 'x'.repeat(20_000), /16 KiB/],
  ])('stops the start when its file holds %s', (_case, text, words) => {
    writeFileSync(grafana.secretFile, text);
    expect(() => verifier()).toThrow(words);
  });

  it('stops the start when its file, or that of the authority, is not there', () => {
    expect(() => verifier({ secretFile: join(grafana.secretFile, '..', 'nowhere') })).toThrow(/nowhere.*ENOENT/);
    expect(() => verifier({ caFile: '/nowhere/ca.crt' })).toThrow(/\/nowhere\/ca.crt/);
  });
});
