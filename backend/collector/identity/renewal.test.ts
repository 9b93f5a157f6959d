import { randomUUID, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmbeddedStorage } from '../storage/index.ts';
import { enrolNode, rotateNode, type EnrolledNode, type EnrolmentContext } from './enrolment.ts';
import { newKeyPair } from './keys.ts';
import { initPki, loadPki } from './pki.ts';
import { renewalText, renewNode } from './renewal.ts';
import { Workshop } from './testing/workshop.ts';
import { Trust } from './trust.ts';

const HOUR = 3_600_000;
const START = Date.now();
let workshop: Workshop;
let store: EmbeddedStorage;
let trust: Trust;
let context: EnrolmentContext;
let nowMs = START;

beforeEach(async () => {
  nowMs = START;
  workshop = new Workshop();
  store = await workshop.storage();
  trust = new Trust(store);
  const pki = workshop.path('pki');
  const init = { names: ['localhost'], authorityDays: 3650, collectorDays: 90, force: false, nowMs };
  const pins = await initPki(pki, init);
  const actor = { name: 'cli:me@here', via: 'local-shell' } as const;
  context = { store, authority: loadPki(pki).authority!, pins, days: 90, actor, nowMs, newId: randomUUID };
});
afterEach(async () => workshop.close());

const settings = () => ({
  out: workshop.path('gw-1'),
  nodeFolder: null,
  endpoint: 'https://localhost',
  audience: 'a',
  zone: null,
  timings: 'production' as const,
  names: [],
});

const enrolled = async (): Promise<EnrolledNode> =>
  enrolNode({ ...settings(), name: 'gw-1', nodeId: null, requireSignature: false }, context);

async function rotated(revokeCurrent: boolean): Promise<EnrolledNode> {
  const [enrolment] = (await store.trustSnapshot()).enrolments;
  return rotateNode({ ...settings(), enrolment: enrolment!, revokeCurrent, reason: 'stolen' }, { ...context, nowMs });
}

/** Renews an hour later than the last time. */
async function renew(nodeId: string, fingerprint256: string): Promise<string> {
  nowMs += HOUR;
  const keys = newKeyPair();
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const proof = sign('sha256', Buffer.from(renewalText(nodeId)), {
    key: keys.privateKey,
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url');
  const { authority } = context;
  await renewNode({ publicKey, proof }, { nodeId, fingerprint256 }, { store, trust, authority, days: 90, nowMs });
  return trust.node(nodeId)?.fingerprint ?? '';
}

describe('a renewal, once every certificate of until now was revoked', () => {
  it('is refused to whoever has an older certificate, and leaves the new one alone', async () => {
    const stolen = await enrolled();
    const renewed = await renew(stolen.nodeId, stolen.fingerprint);
    const fresh = await rotated(true);
    for (const old of [stolen.fingerprint, renewed]) {
      await expect(renew(stolen.nodeId, old)).rejects.toMatchObject({ problem: 'revoked' });
    }
    expect(trust.node(fresh.nodeId)?.fingerprint).toBe(fresh.fingerprint);
    expect(trust.standing(fresh.nodeId, fresh.fingerprint)).toBe('ok');
  });

  it('goes on from the new one, also when its answer is lost again and again', async () => {
    await enrolled();
    const { nodeId, fingerprint } = await rotated(true);
    let newest = '';
    for (let round = 0; round < 20; round += 1) newest = await renew(nodeId, fingerprint);
    expect(trust.standing(nodeId, newest)).toBe('ok');
    const after = await renew(nodeId, newest);
    expect(trust.standing(nodeId, after)).toBe('ok');
    const again = new Trust(store);
    await again.refresh();
    expect(again.standing(nodeId, after)).toBe('ok');
  });

  it('is refused when they were revoked while it was under way', async () => {
    const stolen = await enrolled();
    await trust.refresh();
    const { authority } = context;
    const late = Object.assign(Object.create(authority) as typeof authority, {
      issueNode: async (...args: Parameters<typeof authority.issueNode>) => {
        await rotated(true);
        return authority.issueNode(...args);
      },
    });
    context = { ...context, authority: late };
    const real = { ...context, authority };
    const attempt = renew(stolen.nodeId, stolen.fingerprint);
    context = real;
    await expect(attempt).rejects.toMatchObject({ problem: 'revoked' });
    const [stored] = (await store.trustSnapshot()).enrolments;
    expect(stored?.admitted).toEqual([stored?.fingerprint]);
    expect(await store.auditRecords({ action: 'node.renewed', newestFirst: true, limit: 1 })).toEqual([]);
  });
});
