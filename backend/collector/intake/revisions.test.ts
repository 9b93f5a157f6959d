import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { REDACTED, type ConfigValues } from '@openclaw-fleet/contract';
import { compactVerify } from 'jose';
import { configHash } from '../configurations/hash.ts';
import { Configurations } from '../configurations/service.ts';
import type { DesiredConfiguration } from '../configurations/types.ts';
import { newKeyPair } from '../identity/keys.ts';
import { Trust } from '../identity/trust.ts';
import { createIntakeApp } from './app.ts';
import { AUDIENCE, Door, type Answer, type Shipment, type TestNode } from './testing/door.ts';
import { TokenVerifier } from './token.ts';

const SECRET = 'Zk9x2QpL7vRt4WmN8sYb3HcJ6dFg1TaE';
const NONCE = 'nonce-0123456789';
const keys = newKeyPair();
const change = { actor: { name: 'token:1', via: 'api-token' as const }, reason: 'a test' };

let door: Door;
let configurations: Configurations;
let node: TestNode;
let other: TestNode;
const desired = new Map<string, DesiredConfiguration>();
let waitMs = 0;
let paced: string[] = [];

beforeAll(async () => {
  door = await Door.open({
    rest: (opened) => {
      configurations = new Configurations({
        store: opened.storage,
        clock: () => opened.nowMs,
        desired: (id) => desired.get(id) ?? null,
        actionsKey: () => keys,
      });
      return createIntakeApp({
        store: opened.storage,
        trust: new Trust(opened.storage),
        credentials: () => ({ tokenKey: { ...keys, kid: 'k' }, authority: null }),
        audience: AUDIENCE,
        requireEnrolment: false,
        nodeDays: 1,
        clock: () => opened.nowMs,
        pace: (fingerprint) => {
          paced.push(fingerprint);
          return waitMs;
        },
        revisions: {
          configurations,
          tokens: new TokenVerifier({ audience: AUDIENCE, issuers: [] }),
          trust: opened.trust,
          wallClock: () => opened.nowMs,
        },
        onError: (error) => opened.errors.push(error),
      });
    },
  });
});

afterAll(() => door.close());

beforeEach(async () => {
  node = await door.node();
  other = await door.node();
  desired.clear();
  waitMs = 0;
  paced = [];
});

async function revision(values: ConfigValues): Promise<string> {
  const stored = await configurations.create({ title: 'A revision', values }, change);
  if (!stored.ok) throw new Error(stored.failure.message);
  return stored.value.revision.id;
}

const fetchRevision = (from: TestNode, id: string, more: Shipment = {}): Promise<Answer> =>
  from.send({ method: 'GET', path: `/openclaw/revisions/${id}?nonce=${NONCE}`, body: '', ...more });
const put = (from: TestNode, report: unknown, more: Shipment = {}): Promise<Answer> =>
  from.send({
    method: 'PUT',
    path: '/openclaw/config-report',
    body: typeof report === 'string' ? report : JSON.stringify(report),
    ...more,
  });
const reportOf = (id: string | null, values: ConfigValues) => ({
  revision: id,
  config_hash: configHash(values),
  values,
});
const typeOf = ({ body }: Answer): string => String(body['type']).replace('urn:openclaw-fleet:problem:', '');

describe('GET /openclaw/revisions/:id', () => {
  it('gives a node what is desired of it, signed, with its overlay and its nonce', async () => {
    const id = await revision({ 'messages.ackReaction': 'ok', 'logging.level': 'info' });
    desired.set(node.id, { revision: id, overlay: { 'logging.level': 'debug' } });
    const answer = await fetchRevision(node, id);
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    const { payload } = await compactVerify(String(answer.body['jws']), keys.publicKey);
    const values = { 'messages.ackReaction': 'ok', 'logging.level': 'debug' };
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({
      revision: id,
      node_id: node.id,
      config_hash: configHash(values),
      values,
      issued_at: new Date(door.nowMs).toISOString(),
      nonce: NONCE,
    });
    expect(await door.storage.issuedHashes()).toContain(configHash(values));
  });

  it('gives nobody another’s, and does not say whether it exists', async () => {
    const [mine, theirs] = [await revision({ 'cron.enabled': true }), await revision({ 'cron.enabled': false })];
    desired.set(node.id, { revision: mine, overlay: {} });
    desired.set(other.id, { revision: theirs, overlay: {} });
    const answers = [
      await fetchRevision(node, theirs),
      await fetchRevision(node, 'f'.repeat(64)),
      await fetchRevision(node, '%2e%2e%2f'),
    ];
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([404, answers[0]?.body]);
    // A stolen certificate names its own node; a token for another does not change that.
    const stolen = await fetchRevision(node, theirs, { token: await other.token() });
    expect(stolen.status).toBe(401);
    const forged = await fetchRevision(node, theirs, { token: await node.token({ sub: other.id }) });
    expect([forged.status, typeOf(forged)]).toEqual([403, 'identity-mismatch']);
  });

  it('answers nobody without a token, with an expired or revoked identity, or that is not enrolled', async () => {
    const id = await revision({ 'cron.enabled': true });
    for (const one of [node, other]) desired.set(one.id, { revision: id, overlay: {} });
    const without = await fetchRevision(node, id, { token: null });
    expect([without.status, typeOf(without), without.headers['www-authenticate']]).toEqual([
      401,
      'unauthenticated',
      'Bearer',
    ]);
    const late = await fetchRevision(node, id, { token: await node.token({ exp: 1 }) });
    expect(typeOf(late)).toBe('invalid-token');
    expect(JSON.stringify(late.body)).not.toContain('eyJ');
    door.revoked.add(node.id);
    expect(typeOf(await fetchRevision(node, id))).toBe('revoked');
    door.enrolled.delete(other.id);
    expect(typeOf(await fetchRevision(other, id))).toBe('not-enrolled');
    const canary = await door.canary();
    expect(typeOf(await fetchRevision(canary, id))).toBe('certificate-required');
  });

  it('is paced by certificate, as all that is no heartbeat, and takes a nonce of its form alone', async () => {
    const id = await revision({ 'cron.enabled': true });
    desired.set(node.id, { revision: id, overlay: {} });
    const bad = await fetchRevision(node, id, { path: `/openclaw/revisions/${id}?nonce=a` });
    expect([bad.status, typeOf(bad)]).toEqual([400, 'bad-request']);
    expect((await fetchRevision(node, id, { path: `/openclaw/revisions/${id}` })).status).toBe(200);
    expect(paced).toEqual([node.fingerprint, node.fingerprint]);
    waitMs = 1500;
    for (const path of [`/openclaw/revisions/${id}`, '/openclaw/token', '/openclaw/renew', '/openclaw/nowhere', '/']) {
      const answer = await fetchRevision(node, id, { path, method: path.endsWith(id) ? 'GET' : 'POST' });
      expect([path, answer.status, answer.headers['retry-after']]).toEqual([path, 429, '2']);
    }
    waitMs = 0;
    const posted = await fetchRevision(node, id, { method: 'POST' });
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET']);
  });
});

describe('PUT /openclaw/config-report', () => {
  it('stores what a node runs, once', async () => {
    const id = await revision({ 'messages.ackReaction': 'ok' });
    desired.set(node.id, { revision: id, overlay: {} });
    const report = reportOf(id, { 'messages.ackReaction': 'no' });
    expect((await put(node, report)).status).toBe(204);
    expect((await put(node, report)).status).toBe(204);
    expect(await door.storage.configReport(node.id)).toMatchObject({
      revision: id,
      configHash: report.config_hash,
      document: '{"messages.ackReaction":"no"}',
    });
  });

  it('is of the node whose certificate it comes with, whatever the token says', async () => {
    const report = reportOf(null, { 'messages.ackReaction': 'no' });
    expect((await put(node, report, { token: await node.token({ sub: other.id }) })).status).toBe(403);
    expect((await put(node, report, { token: await other.token() })).status).toBe(401);
    const id = await revision({ 'cron.enabled': true });
    desired.set(other.id, { revision: id, overlay: {} });
    const theirs = await put(node, reportOf(id, { 'cron.enabled': false }));
    expect([theirs.status, typeOf(theirs)]).toEqual([409, 'conflict']);
    expect(await door.storage.configReport(node.id)).toBeNull();
    expect(await door.storage.configReport(other.id)).toBeNull();
  });

  it('is kept without secrets, and none comes back in an answer', async () => {
    const report = reportOf(null, { 'messages.prefix': SECRET, 'channels.x.token': 'short-one' });
    expect((await put(node, report)).status).toBe(204);
    expect(JSON.parse((await door.storage.configReport(node.id))?.document ?? '')).toEqual({
      'messages.prefix': REDACTED,
      'channels.x.token': REDACTED,
    });
    const answers = [
      await put(node, { ...report, config_hash: 'f'.repeat(64) }),
      await put(node, { ...report, [SECRET]: 1 }),
      await put(node, { ...report, values: { [`a.${SECRET}`]: Infinity, ...report.values, [`${SECRET} x`]: 1 } }),
      await put(node, JSON.stringify(report).slice(0, -1)),
    ];
    for (const answer of answers) {
      expect([400, 422]).toContain(answer.status);
      expect(JSON.stringify(answer.body)).not.toMatch(new RegExp(`${SECRET}|short-one`));
    }
  });

  it.each([
    ['no object', '[]', 422],
    ['no JSON', '{', 400],
    ['nothing', '', 400],
    ['a hash that is none', { revision: null, config_hash: 'x', values: {} }, 422],
    ['a path in another', reportOf(null, { a: {}, 'a.b': 1 }), 422],
    [
      'a path of the prototype',
      `{"revision":null,"config_hash":"${'f'.repeat(64)}","values":{"a":{"__proto__":1}}}`,
      422,
    ],
    [
      'endless nesting',
      `{"revision":null,"config_hash":"${'f'.repeat(64)}","values":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      422,
    ],
    ['a number without end', `{"revision":null,"config_hash":"${'f'.repeat(64)}","values":{"a":1e999}}`, 422],
    ['half a character', `{"revision":null,"config_hash":"${'f'.repeat(64)}","values":{"a":"\\ud800"}}`, 422],
  ])('is refused with the field and the fix: %s', async (_what, report, status) => {
    const answer = await put(node, report);
    expect(answer.status).toBe(status);
    if (status === 422) expect((answer.body['errors'] as object[]).length).toBeGreaterThan(0);
    expect(door.errors).toEqual([]);
  });

  it('has at most 256 KiB, announced or not, and is plain JSON', async () => {
    const large = `{"a":"${'x'.repeat(262_144)}"}`;
    const announced = await put(node, large);
    expect([announced.status, typeOf(announced)]).toEqual([413, 'too-large']);
    const chunked = await put(node, large, { headers: { 'transfer-encoding': 'chunked' } });
    expect(chunked.status).toBe(413);
    expect((await put(node, '{}', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await put(node, '{}', { headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
  });

  it('is refused before it is read when the sender may not send it', async () => {
    const answer = await put(node, '{}', {
      token: null,
      // A body that never comes: whoever waits for it does not answer.
      headers: { 'content-length': '200000', expect: '100-continue' },
    });
    expect([answer.status, answer.headers['connection']]).toEqual([401, 'close']);
  });

  it('is signed where the node must sign, and every signature is verified', async () => {
    door.mustSign.add(node.id);
    const report = JSON.stringify(reportOf(null, { 'cron.enabled': true }));
    expect(typeOf(await put(node, report))).toBe('signature-required');
    const signature = await node.signature(report);
    expect(typeOf(await put(node, report.replace('true', 'null'), { headers: { 'x-jws-signature': signature } }))).toBe(
      'invalid-signature'
    );
    expect((await put(node, report, { headers: { 'x-jws-signature': signature } })).status).toBe(204);
  });
});
