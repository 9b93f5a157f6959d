import { execFileSync } from 'node:child_process';
import { randomUUID, X509Certificate } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmbeddedStorage } from '../storage/index.ts';
import type { TrustStore } from '../storage/types.ts';
import { CredentialError } from './credential-error.ts';
import { enrolNode, nodeFiles, rotateNode, type EnrolmentContext, type EnrolRequest } from './enrolment.ts';
import { pinOfCertificate } from './pins.ts';
import { initPki, loadPki, rotateKeys } from './pki.ts';
import { handshake, Workshop } from './testing/workshop.ts';
import { Trust } from './trust.ts';

const NOW = Date.now();
let workshop: Workshop;
let store: EmbeddedStorage;
let context: EnrolmentContext;

beforeEach(async () => {
  workshop = new Workshop();
  store = await workshop.storage();
  const pki = workshop.path('pki');
  const pins = await initPki(pki, {
    names: ['localhost'],
    authorityDays: 3650,
    collectorDays: 90,
    force: false,
    nowMs: NOW,
  });
  const { authority } = loadPki(pki);
  const actor = { name: 'cli:me@here', via: 'local-shell' } as const;
  context = { store, authority: authority!, pins, days: 90, actor, nowMs: NOW, newId: randomUUID };
});
afterEach(async () => workshop.close());

function request(name: string, changes: Partial<EnrolRequest> = {}): EnrolRequest {
  return {
    name,
    nodeId: null,
    names: [],
    requireSignature: false,
    out: workshop.path('nodes', name),
    nodeFolder: null,
    endpoint: 'https://fleet.example.com:8443',
    audience: 'openclaw-fleet',
    zone: null,
    timings: 'production',
    ...changes,
  };
}

const envOf = (folder: string) => parseEnv(readFileSync(nodeFiles(folder).env, 'utf8'));
const enrolments = async () => (await store.trustSnapshot()).enrolments;

describe('enrolNode', () => {
  it('makes a node that can prove who it is, and enrols it', async () => {
    const node = await enrolNode(request('gw-1', { zone: 'eu-west', names: ['gw-1.example.com'] }), context);
    const files = nodeFiles(node.folder);
    expect(node.nodeId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(readdirSync(node.folder).toSorted()).toEqual(['ca.crt', 'node.crt', 'node.env', 'node.key']);
    expect(statSync(files.key).mode & 0o777).toBe(0o600);
    expect(statSync(node.folder).mode & 0o777).toBe(0o700);

    const { ca, server } = loadPki(workshop.path('pki'));
    const [key, cert] = [readFileSync(files.key, 'utf8'), readFileSync(files.certificate, 'utf8')];
    const seen = await handshake(
      { cert: server.certificate, key: server.privateKey, ca },
      { key, cert, ca: readFileSync(files.ca, 'utf8'), servername: 'localhost' }
    );
    expect(seen).toEqual({ error: null, clientNames: `URI:openclaw://node/${node.nodeId}, DNS:gw-1.example.com` });
    expect(node.pin).toBe(pinOfCertificate(cert));

    expect(await enrolments()).toEqual([
      {
        nodeId: node.nodeId,
        name: 'gw-1',
        enrolledMs: NOW,
        fingerprint: node.fingerprint,
        notAfterMs: node.notAfterMs,
        requireSignature: false,
        revokedMs: null,
      },
    ]);
    expect(envOf(node.folder)).toEqual({
      OPENCLAW_ENABLED: 'true',
      OPENCLAW_ENDPOINT: 'https://fleet.example.com:8443',
      OPENCLAW_NODE_ID: node.nodeId,
      OPENCLAW_HOSTNAME: 'gw-1',
      OPENCLAW_CA_FILE: files.ca,
      OPENCLAW_CERT_FILE: files.certificate,
      OPENCLAW_KEY_FILE: files.key,
      OPENCLAW_SERVER_PIN: context.pins.server,
      OPENCLAW_CLIENT_PIN: context.pins.client,
      OPENCLAW_ACTIONS_PIN: context.pins.actions,
      OPENCLAW_TOKEN_AUDIENCE: 'openclaw-fleet',
      OPENCLAW_SIGN_PAYLOAD: 'false',
      OPENCLAW_TAGS: 'region:eu-west',
    });
  });

  it('writes settings that a shell and Node read alike', async () => {
    const { folder } = await enrolNode(
      request('gw-1', { timings: 'demo', zone: 'z', nodeFolder: '/etc/openclaw-fleet', requireSignature: true }),
      context
    );
    const env = envOf(folder);
    expect(env).toMatchObject({
      OPENCLAW_KEY_FILE: '/etc/openclaw-fleet/node.key',
      OPENCLAW_TIMINGS: 'demo',
      OPENCLAW_SIGN_PAYLOAD: 'true',
    });
    const script = `set -a; . '${nodeFiles(folder).env}'; env | grep ^OPENCLAW_`;
    expect(
      parseEnv(execFileSync('/bin/sh', ['-c', script], { env: { PATH: process.env['PATH'] }, encoding: 'utf8' }))
    ).toEqual(env);
  });

  it('takes an id of any allowed form', async () => {
    expect((await enrolNode(request('chimera-01.prod', { nodeId: 'uuid-1234' }), context)).nodeId).toBe('uuid-1234');
  });

  it.each<[string, Partial<EnrolRequest>, RegExp]>([
    ['an id that is not allowed', { nodeId: 'a/b' }, /the id "a\/b" is not valid/],
    ['a name that would leave its folder', { name: '../x' }, /the name "..\/x" is not valid/],
    ['a zone that would break the settings', { zone: 'a\nOPENCLAW_ENABLED=false' }, /the zone .* is not valid/],
    ['a DNS name that is none', { names: ['a b'] }, /neither a DNS name nor an IP address/],
    ['an address that would break the settings', { endpoint: 'https://x/$(id)' }, /OPENCLAW_ENDPOINT would be/],
    ['a folder that would break the settings', { nodeFolder: '/a b' }, /OPENCLAW_CA_FILE would be/],
  ])('refuses %s, and leaves nothing behind', async (_, changes, message) => {
    await expect(enrolNode(request('gw-1', { ...changes, out: workshop.path('out') }), context)).rejects.toThrow(
      message
    );
    expect(existsSync(workshop.path('out')) ? readdirSync(workshop.path('out')) : []).toEqual([]);
    expect(await enrolments()).toEqual([]);
  });

  it('refuses an id or a name that is taken, and a revoked id for ever', async () => {
    await enrolNode(request('gw-1', { nodeId: 'a' }), context);
    await expect(enrolNode(request('gw-2', { nodeId: 'a' }), context)).rejects.toThrow(
      /the id a is enrolled already \(as gw-1\): run openclaw-fleet rotate a/
    );
    await expect(enrolNode(request('gw-1', { out: workshop.path('o') }), context)).rejects.toThrow(
      /the name gw-1 is enrolled already \(id a\)/
    );
    await store.revokeNode('a', NOW, {
      actor: context.actor,
      action: 'node.revoked',
      subject: 'a',
      reason: 'r',
      atMs: NOW,
      data: {},
    });
    await expect(enrolNode(request('gw-2', { nodeId: 'a' }), context)).rejects.toThrow(
      /the id a is revoked and stays so/
    );
    const again = await enrolNode(request('gw-1', { out: workshop.path('o') }), context);
    expect(again.nodeId).not.toBe('a');
  });

  it('never overwrites files, and takes no folder that others can write in', async () => {
    const { folder } = await enrolNode(request('gw-1'), context);
    const key = readFileSync(nodeFiles(folder).key, 'utf8');
    await expect(enrolNode(request('gw-2', { out: folder }), context)).rejects.toThrow(
      /holds node\.crt, node\.key, ca\.crt, node\.env already: choose another folder/
    );
    expect(readFileSync(nodeFiles(folder).key, 'utf8')).toBe(key);
    mkdirSync(workshop.path('open'));
    chmodSync(workshop.path('open'), 0o777);
    await expect(enrolNode(request('gw-2', { out: workshop.path('open') }), context)).rejects.toThrow(/chmod 700/);
  });

  it('takes its files away again when storage fails', async () => {
    const failing = {
      trustSnapshot: () => store.trustSnapshot(),
      putEnrolment: () => Promise.reject(new Error('disk full')),
    };
    await expect(enrolNode(request('gw-1'), { ...context, store: failing as unknown as TrustStore })).rejects.toThrow(
      'disk full'
    );
    expect(readdirSync(workshop.path('nodes', 'gw-1'))).toEqual([]);
  });
});

describe('rotateNode', () => {
  const rotate = async (changes: Partial<Parameters<typeof rotateNode>[0]> = {}) => {
    const [enrolment] = await enrolments();
    return rotateNode(
      { ...request('gw-1'), enrolment: enrolment!, revokeCurrent: false, reason: null, ...changes },
      context
    );
  };

  it('names a node whose name was forgotten by its id', async () => {
    const before = await enrolNode(request('gw-1'), context);
    const [enrolment] = await enrolments();
    const after = await rotate({ enrolment: { ...enrolment!, name: '' }, out: workshop.path('elsewhere') });
    expect(envOf(after.folder)).toMatchObject({ OPENCLAW_HOSTNAME: before.nodeId, OPENCLAW_NODE_ID: before.nodeId });
  });

  it('gives the node a new key and certificate under its id, and keeps what a person wrote into its settings', async () => {
    const before = await enrolNode(request('gw-1'), context);
    const key = readFileSync(nodeFiles(before.folder).key, 'utf8');
    appendFileSync(nodeFiles(before.folder).env, 'OPENCLAW_TAGS=region:mars,gpu:true\n');
    const pins = await rotateKeys(workshop.path('pki'), { days: 90, nowMs: NOW, force: false });
    context = { ...context, pins };
    const after = await rotate({ names: ['gw.example.com'] });
    expect(after.nodeId).toBe(before.nodeId);
    expect(after.pin).not.toBe(before.pin);
    expect(readFileSync(nodeFiles(before.folder).key, 'utf8')).not.toBe(key);
    expect(
      new X509Certificate(readFileSync(nodeFiles(after.folder).certificate)).checkHost('gw.example.com')
    ).toBeDefined();
    expect(envOf(after.folder)).toMatchObject({
      OPENCLAW_TAGS: 'region:mars,gpu:true',
      OPENCLAW_SERVER_PIN: pins.server,
      OPENCLAW_CLIENT_PIN: pins.client,
      OPENCLAW_ACTIONS_PIN: pins.actions,
    });
    const {
      enrolments: [stored],
      revokedCertificates,
    } = await store.trustSnapshot();
    expect(stored?.fingerprint).toBe(after.fingerprint);
    expect(revokedCertificates).toEqual([]);
  });

  it('refuses every certificate of until now when told so, also one that is not the newest', async () => {
    const first = await enrolNode(request('gw-1'), context);
    const second = await rotate();
    const third = await rotate({ revokeCurrent: true, reason: 'laptop lost' });
    const trust = new Trust(store);
    await trust.refresh();
    const standing = [first, second, third].map(({ nodeId, fingerprint }) => trust.standing(nodeId, fingerprint));
    expect(standing).toEqual(['revoked', 'revoked', 'ok']);
    expect((await store.trustSnapshot()).revokedCertificates).toEqual([second.fingerprint]);
    const [record] = await store.auditRecords({ action: 'certificate.revoked', newestFirst: true, limit: 1 });
    expect(record).toMatchObject({
      subject: first.nodeId,
      reason: 'laptop lost',
      data: JSON.stringify({ fingerprint: second.fingerprint, andAllBefore: true }),
    });
    const fourth = await rotate();
    await trust.refresh();
    expect([third, fourth].map((one) => trust.standing(one.nodeId, one.fingerprint))).toEqual(['ok', 'ok']);
    expect(trust.standing(first.nodeId, first.fingerprint)).toBe('revoked');
  });

  it('leaves none that counts when the new one cannot be made', async () => {
    await enrolNode(request('gw-1'), context);
    const unfit = { out: workshop.path('elsewhere'), endpoint: 'https://x/$(id)' };
    await expect(rotate({ ...unfit, revokeCurrent: true, reason: 'laptop lost' })).rejects.toThrow(CredentialError);
    expect(await enrolments()).toMatchObject([{ admitted: [] }]);
  });

  it('gives nothing to a revoked node', async () => {
    const { nodeId, folder } = await enrolNode(request('gw-1'), context);
    const key = readFileSync(nodeFiles(folder).key, 'utf8');
    await store.revokeNode(nodeId, NOW, {
      actor: context.actor,
      action: 'node.revoked',
      subject: nodeId,
      reason: 'r',
      atMs: NOW,
      data: {},
    });
    await expect(rotate()).rejects.toThrow(CredentialError);
    expect(readFileSync(nodeFiles(folder).key, 'utf8')).toBe(key);
  });
});
