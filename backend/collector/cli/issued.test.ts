import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AUDIT, enrolment, Workshop } from '../identity/testing/workshop.ts';
import type { EmbeddedStorage } from '../storage/index.ts';
import { issuedTo, KEYS_ROTATED, unpinned } from './issued.ts';

const [first, second] = ['12'.repeat(32), '34'.repeat(32)];
let workshop: Workshop;
let store: EmbeddedStorage;

beforeEach(async () => {
  workshop = new Workshop();
  store = await workshop.storage();
});
afterEach(async () => workshop.close());

const put = async (nodeId: string, fingerprint: string, action: string): Promise<void> =>
  store.putEnrolment(enrolment(nodeId, { fingerprint, notAfterMs: 1000 }), {
    ...AUDIT,
    action,
    subject: nodeId,
    data: { fingerprint },
  });

const rotatedKeys = async (atMs: number): Promise<void> =>
  store.appendAudit({ ...AUDIT, action: KEYS_ROTATED, subject: 'collector', atMs });

async function cut(): Promise<void> {
  const [last] = await store.auditRecords({ newestFirst: true, limit: 1 });
  await store.cutAudit(last!, { ...AUDIT, action: 'audit.cut', data: { seq: last!.seq, hash: last!.hash } });
}

const names = async (nowMs = 0) => (await unpinned(store, nowMs))?.nodes.map(({ nodeId }) => nodeId) ?? null;

describe('to whom a certificate was issued', () => {
  it('is known of the newest, of older ones by the audit, and of nobody else’s', async () => {
    await put('a', first, 'node.enrolled');
    await put('a', second, 'node.renewed');
    for (const known of [first, second])
      expect(await issuedTo(store, known)).toMatchObject({ nodeId: 'a', enrolment: { fingerprint: second } });
    expect(await issuedTo(store, '56'.repeat(32))).toBeNull();
    await cut();
    expect(await issuedTo(store, first)).toBeNull();
    expect(await issuedTo(store, second)).toMatchObject({ nodeId: 'a' });
  });

  it('is found beyond the first page of the audit', async () => {
    await put('a', first, 'node.enrolled');
    for (let index = 0; index < 1001; index += 1) await put('b', second, 'node.enrolled');
    await put('a', second, 'node.rotated');
    expect(await issuedTo(store, first)).toMatchObject({ nodeId: 'a' });
  });
});

describe('whom the next rotation of keys would cut off', () => {
  it('is nobody before the first', async () => {
    expect(await names()).toBeNull();
    await put('a', first, 'node.enrolled');
    expect(await names()).toBeNull();
  });

  it('is who got no files since the last, a renewal being none, and can still come in', async () => {
    await put('a', first, 'node.enrolled');
    await put('b', first, 'node.enrolled');
    await put('c', first, 'node.enrolled');
    await rotatedKeys(77);
    await put('a', second, 'node.renewed');
    await put('b', second, 'node.rotated');
    await put('d', second, 'node.enrolled');
    await store.revokeNode('c', 1, AUDIT);
    expect(await names()).toEqual(['a']);
    expect(await unpinned(store, 0)).toMatchObject({ rotatedMs: 77 });
    expect(await names(2000)).toEqual([]);
    await rotatedKeys(78);
    expect(await names()).toEqual(['a', 'b', 'd']);
  });

  it('may be everybody from before the audit was cut, when that has no rotation', async () => {
    await put('a', first, 'node.enrolled');
    await cut();
    await put('b', first, 'node.enrolled');
    expect(await unpinned(store, 0)).toMatchObject({ nodes: [{ nodeId: 'a' }], rotatedMs: null });
  });
});
