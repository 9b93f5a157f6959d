import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PROBLEM_TYPE_PREFIX } from '@openclaw-fleet/contract';
import express from 'express';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { enrolNode, nodeFiles } from '../identity/enrolment.ts';
import { newKeyPair, privatePem, type KeyPair } from '../identity/keys.ts';
import { identityOf, type Peer as IdentityPeer } from '../identity/peer.ts';
import { initPki, loadPki, type CollectorCredentials, type Pins } from '../identity/pki.ts';
import { renewalText, renewalWait } from '../identity/renewal.ts';
import { handshake, Workshop } from '../identity/testing/workshop.ts';
import { Trust } from '../identity/trust.ts';
import type { EmbeddedStorage } from '../storage/index.ts';
import { credentialsRouter, MINTED_TOKEN_ISSUER } from './credentials.ts';
import { peerOf } from './peer.ts';
import { tokenDigest, TokenVerifier } from './token.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.now();
const actor = { name: 'cli:test@host', via: 'local-shell' } as const;

let workshop: Workshop;
let store: EmbeddedStorage;
let trust: Trust;
let credentials: CollectorCredentials;
let pins: Pins;
let server: Server;
let nowMs = START;
const peers = new WeakMap<object, IdentityPeer>();
let withAuthority = true;
let requireEnrolment = true;

interface TestNode {
  readonly id: string;
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
}

beforeAll(async () => {
  workshop = new Workshop();
  store = await workshop.storage();
  trust = new Trust(store);
  const pki = workshop.path('pki');
  pins = await initPki(pki, {
    names: ['localhost'],
    authorityDays: 3650,
    collectorDays: 90,
    force: false,
    nowMs: START,
  });
  credentials = loadPki(pki);
  const app = express();
  app.use((request, response, next) => {
    credentialsRouter({
      store,
      trust,
      credentials: () => ({ tokenKey: credentials.tokenKey, authority: withAuthority ? credentials.authority : null }),
      peerOf: ({ socket }) => peers.get(socket),
      audience: 'openclaw-fleet',
      requireEnrolment,
      nodeDays: 90,
      clock: () => nowMs,
    })(request, response, next);
  });
  server = createServer(
    { cert: credentials.server.certificate, key: credentials.server.privateKey, ca: credentials.ca, requestCert: true },
    app
  );
  server.on('secureConnection', (socket) => {
    const certificate = socket.getPeerX509Certificate();
    const identity = certificate === undefined ? null : identityOf(certificate);
    if (identity?.kind === 'node') peers.set(socket, identity);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await workshop.close();
});
beforeEach(() => {
  nowMs = START;
});
afterEach(() => {
  withAuthority = true;
  requireEnrolment = true;
});

async function enrolled(names: string[] = []): Promise<TestNode> {
  const name = `n-${randomUUID()}`;
  const settings = {
    out: workshop.path(name),
    nodeFolder: null,
    endpoint: 'https://localhost',
    audience: 'a',
    zone: null,
    timings: 'production' as const,
  };
  const node = await enrolNode(
    { ...settings, name, nodeId: null, names, requireSignature: true },
    { store, authority: credentials.authority!, pins, days: 90, actor, nowMs: START - 61 * DAY, newId: randomUUID }
  );
  await trust.refresh();
  const files = nodeFiles(node.folder);
  return {
    id: node.nodeId,
    cert: readFileSync(files.certificate, 'utf8'),
    key: readFileSync(files.key, 'utf8'),
    fingerprint: node.fingerprint,
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

function call(
  path: string,
  client: { cert: string; key: string },
  body = '',
  headers: Record<string, string> = {},
  method = 'POST'
): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      path,
      method,
      ca: credentials.ca,
      cert: client.cert,
      key: client.key,
      agent: false,
    };
    const sent = httpsRequest(
      { ...options, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          const parsed = JSON.parse(text) as Record<string, unknown>;
          resolve({
            status: response.statusCode ?? 0,
            type: String(parsed['type']).replace(PROBLEM_TYPE_PREFIX, ''),
            headers: response.headers,
            body: parsed,
          });
        });
      }
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const spki = (keys: KeyPair): string => keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const proofOf = (keys: KeyPair, text: string): string =>
  sign('sha256', Buffer.from(text), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');

function renew(node: TestNode, keys = newKeyPair(), changes: Record<string, unknown> = {}): Promise<Answer> {
  const body = { public_key: spki(keys), proof: proofOf(keys, renewalText(node.id)), ...changes };
  return call('/openclaw/renew', node, JSON.stringify(body), { 'Content-Type': 'application/json' });
}

const stored = async (id: string) => (await store.trustSnapshot()).enrolments.find((one) => one.nodeId === id);

describe('POST /openclaw/token', () => {
  it('mints a short-lived token bound to the certificate, which the intake takes from this node alone', async () => {
    const node = await enrolled();
    const { status, headers, body } = await call('/openclaw/token', node);
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 });
    const token = String(body['access_token']);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: credentials.tokenKey.kid, typ: 'JWT' });
    const { payload } = await jwtVerify(token, credentials.tokenKey.publicKey, { currentDate: new Date(nowMs) });
    const now = Math.floor(nowMs / 1000);
    const thumbprint = Buffer.from(node.fingerprint, 'hex').toString('base64url');
    expect(payload).toEqual({
      iss: 'openclaw-fleet',
      sub: node.id,
      aud: 'openclaw-fleet',
      iat: now,
      exp: now + 900,
      cnf: { 'x5t#S256': thumbprint },
    });

    const issuer = {
      issuer: MINTED_TOKEN_ISSUER,
      key: credentials.tokenKey.publicKey,
      claim: 'sub',
      mayName: () => true,
      mustBind: true,
    };
    const verifier = new TokenVerifier({ audience: 'openclaw-fleet', issuers: [issuer] });
    const peer = (pem: string) => peerOf(new X509Certificate(pem))!;
    expect(await verifier.verify(token, tokenDigest(token), peer(node.cert), nowMs)).toBe(node.id);
    const thief = await enrolled();
    await expect(verifier.verify(token, tokenDigest(token), peer(thief.cert), nowMs)).rejects.toMatchObject({
      problem: 'identity-mismatch',
    });
  });

  it('refuses a certificate that names no node, a node that is not enrolled, a revoked one, and other methods', async () => {
    const collector = { cert: credentials.client.certificate, key: credentials.client.privateKey };
    expect(await call('/openclaw/token', collector)).toMatchObject({ status: 403, type: 'certificate-required' });

    const keys = newKeyPair();
    const { certificate } = await credentials.authority!.issueNode('stranger', {
      publicKey: keys.publicKey,
      names: [],
      days: 90,
      nowMs: START,
    });
    const stranger = { cert: certificate, key: privatePem(keys.privateKey) };
    expect(await call('/openclaw/token', stranger)).toMatchObject({ status: 403, type: 'not-enrolled' });
    requireEnrolment = false;
    expect(await call('/openclaw/token', stranger)).toMatchObject({ status: 200 });
    requireEnrolment = true;

    const node = await enrolled();
    await store.revokeNode(node.id, 1, {
      actor,
      action: 'node.revoked',
      subject: node.id,
      reason: 'r',
      atMs: 1,
      data: {},
    });
    await trust.refresh();
    const refused = await call('/openclaw/token', node);
    expect(refused).toMatchObject({
      status: 403,
      type: 'revoked',
      body: { message: expect.stringContaining('openclaw-fleet enroll') },
    });
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(await call('/openclaw/token', await enrolled(), '', {}, 'GET')).toMatchObject({
      status: 405,
      type: 'method-not-allowed',
      headers: { allow: 'POST' },
    });
  });
});

describe('POST /openclaw/renew', () => {
  it('gives a node a certificate for its new key that works at once, under its own id and names', async () => {
    const node = await enrolled(['gw.example.com']);
    const keys = newKeyPair();
    const { status, body } = await renew(node, keys);
    expect(status).toBe(200);
    const cert = String(body['certificate']);
    expect(body['ca']).toBe(credentials.ca);
    const made = new X509Certificate(cert);
    expect(identityOf(made)).toMatchObject({ nodeId: node.id, names: ['gw.example.com'] });
    expect(made.checkPrivateKey(keys.privateKey)).toBe(true);
    expect(Math.round((made.validToDate.getTime() - nowMs) / DAY)).toBe(90);
    expect(await stored(node.id)).toMatchObject({
      fingerprint: identityOf(made)?.fingerprint256,
      requireSignature: true,
      revokedMs: null,
    });
    expect(trust.node(node.id)?.fingerprint).toBe(identityOf(made)?.fingerprint256);
    const front = { cert: credentials.server.certificate, key: credentials.server.privateKey, ca: credentials.ca };
    const client = { cert, key: privatePem(keys.privateKey), ca: credentials.ca, servername: 'localhost' };
    expect(await handshake(front, client)).toEqual({ error: null, clientNames: made.subjectAltName });
    expect(await call('/openclaw/token', client)).toMatchObject({ status: 200 });
  });

  const other = 'another-node';
  it.each<[string, (keys: KeyPair, node: TestNode) => Record<string, unknown>, number, string, string | null]>([
    [
      'a proof by another key',
      (_, node) => ({ proof: proofOf(newKeyPair(), renewalText(node.id)) }),
      422,
      'invalid-body',
      'proof',
    ],
    [
      "another node's id in the proof",
      (keys) => ({ proof: proofOf(keys, renewalText(other)) }),
      422,
      'invalid-body',
      'proof',
    ],
    ['a proof over something else', (keys, node) => ({ proof: proofOf(keys, node.id) }), 422, 'invalid-body', 'proof'],
    [
      'a DER proof',
      (keys, node) => ({
        proof: sign('sha256', Buffer.from(renewalText(node.id)), keys.privateKey).toString('base64url'),
      }),
      422,
      'invalid-body',
      'proof',
    ],
    ['no proof', () => ({ proof: undefined }), 422, 'invalid-body', 'proof'],
    ['a key that is none', () => ({ public_key: 'x' }), 422, 'invalid-body', 'public_key'],
    ['a private key', (keys) => ({ public_key: privatePem(keys.privateKey) }), 422, 'invalid-body', 'public_key'],
    ['a huge key', () => ({ public_key: 'x'.repeat(3000) }), 422, 'invalid-body', 'public_key'],
    ['a huge body', () => ({ more: 'x'.repeat(9000) }), 413, 'too-large', null],
  ])('refuses %s, and changes nothing', async (_, changes, status, type, field) => {
    const node = await enrolled();
    const version = await store.trustVersion();
    const keys = newKeyPair();
    const answer = await renew(node, keys, changes(keys, node));
    expect(answer).toMatchObject({ status, type });
    if (field !== null) expect(answer.body['errors']).toEqual([{ field, message: expect.any(String) }]);
    expect(await store.trustVersion()).toBe(version);
  });

  it('refuses what is not JSON', async () => {
    const node = await enrolled();
    expect(await call('/openclaw/renew', node, '{', { 'Content-Type': 'application/json' })).toMatchObject({
      status: 400,
      type: 'malformed-json',
    });
    expect(await call('/openclaw/renew', node, 'a=b', { 'Content-Type': 'text/plain' })).toMatchObject({
      status: 415,
      type: 'unsupported-media-type',
    });
    expect(await call('/openclaw/renew', node)).toMatchObject({ status: 415, type: 'unsupported-media-type' });
    expect(await call('/openclaw/renew', node, '', {}, 'PUT')).toMatchObject({
      status: 405,
      type: 'method-not-allowed',
    });
  });

  it('cannot be talked into another id: a field that names one is ignored', async () => {
    const node = await enrolled();
    const { body } = await renew(node, newKeyPair(), { node_id: other, id: other, sub: other });
    expect(identityOf(new X509Certificate(String(body['certificate'])))).toMatchObject({ nodeId: node.id });
  });

  it('refuses a revoked node and a revoked certificate, also one revoked a moment ago elsewhere', async () => {
    const [first, second] = [await enrolled(), await enrolled()];
    const cli = await workshop.storage();
    await cli.revokeNode(first.id, 1, {
      actor,
      action: 'node.revoked',
      subject: first.id,
      reason: 'r',
      atMs: 1,
      data: {},
    });
    await cli.revokeCertificate(second.fingerprint, 1, {
      actor,
      action: 'certificate.revoked',
      subject: second.id,
      reason: 'r',
      atMs: 1,
      data: {},
    });
    for (const node of [first, second]) {
      expect(await renew(node)).toMatchObject({ status: 403, type: 'revoked' });
      expect((await stored(node.id))?.fingerprint).toBe(node.fingerprint);
    }
  });

  it('refuses a second renewal within the hour, and says when to come again', async () => {
    const node = await enrolled();
    expect((await renew(node)).status).toBe(200);
    const again = await renew(node);
    expect(again).toMatchObject({ status: 429, type: 'rate-limited', headers: { 'retry-after': '3600' } });
    nowMs += HOUR;
    expect((await renew(node)).status).toBe(200);
  });

  it('gives one certificate to two that ask at the same moment', async () => {
    const node = await enrolled();
    const answers = await Promise.all([renew(node), renew(node), renew(node)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429, 429]);
  });

  it('says where to go when the authority is kept elsewhere', async () => {
    const node = await enrolled();
    withAuthority = false;
    const answer = await renew(node);
    expect(answer).toMatchObject({
      status: 501,
      type: 'renewal-unavailable',
      body: { detail: expect.stringContaining(`openclaw-fleet rotate ${node.id}`) },
    });
  });

  it('says so when storage fails, and gives no certificate that nobody knows of', async () => {
    const node = await enrolled();
    const failing = await workshop.storage();
    const doomed = new Trust(failing);
    await doomed.refresh();
    const [realStore, realTrust] = [store, trust];
    [store, trust] = [failing, doomed];
    await failing.close();
    const answer = await renew(node);
    [store, trust] = [realStore, realTrust];
    expect(answer).toMatchObject({ status: 503, type: 'storage-unavailable', headers: { 'retry-after': '5' } });
    expect((await stored(node.id))?.fingerprint).toBe(node.fingerprint);
  });
});

describe('renewalWait', () => {
  it.each([
    ['just renewed', 0, HOUR],
    ['half an hour ago', HOUR / 2, HOUR / 2],
    ['an hour ago', HOUR, 0],
    ['weeks ago', 61 * DAY, 0],
    ['expired', 100 * DAY, 0],
  ])('%s', (_, age, expected) => {
    expect(renewalWait(START + 90 * DAY, 90 * DAY, START + age)).toBe(expected);
  });

  it('lets certificates of under three hours renew in their last two thirds', () => {
    expect(renewalWait(START + HOUR, HOUR, START + HOUR / 6)).toBe(HOUR / 6);
    expect(renewalWait(START + HOUR, HOUR, START + HOUR / 3 + 1)).toBe(0);
  });
});
