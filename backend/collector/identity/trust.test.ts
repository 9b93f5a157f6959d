import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmbeddedStorage } from '../storage/index.ts';
import { StorageError, type TrustSnapshot, type TrustStore } from '../storage/types.ts';
import { AUDIT, enrolment, Workshop } from './testing/workshop.ts';
import { Trust, type Revoked } from './trust.ts';
import { newApiToken } from './tokens.ts';

const PRINT = 'ab'.repeat(32);
let workshop: Workshop;
let store: EmbeddedStorage;
let trust: Trust;
let revoked: Revoked[];

beforeEach(async () => {
  workshop = new Workshop();
  store = await workshop.storage();
  trust = new Trust(store);
  revoked = [];
  trust.onRevoked((one) => revoked.push(one));
});
afterEach(async () => workshop.close());

describe('Trust', () => {
  it('trusts nobody before it has read storage, then whom storage names', async () => {
    await store.putEnrolment(enrolment('a', { fingerprint: PRINT, notAfterMs: 5000, requireSignature: true }), AUDIT);
    expect(trust.standing('a', PRINT)).toBe('not-enrolled');
    expect(await trust.refresh()).toBe(true);
    expect(trust.node('a')).toMatchObject({
      name: 'a',
      requireSignature: true,
      revoked: false,
      notAfterS: 5,
      fingerprint: PRINT,
    });
    expect(trust.standing('a', PRINT)).toBe('ok');
    expect(trust.standing('b', PRINT)).toBe('not-enrolled');
    expect([trust.requiresSignature('a'), trust.requiresSignature('b')]).toEqual([true, false]);
    expect(await trust.refresh()).toBe(false);
    expect(revoked).toEqual([]);
  });

  it('hears of a revocation made by another process, and says whom to throw out, once', async () => {
    await store.putEnrolment(enrolment('a'), AUDIT);
    await store.putEnrolment(enrolment('b'), AUDIT);
    await trust.refresh();
    const other = await workshop.storage();
    await other.revokeNode('a', 1, AUDIT);
    await other.revokeCertificate(PRINT, 1, AUDIT);
    await trust.refresh();
    expect(revoked).toEqual([{ nodeIds: ['a'], fingerprints: [PRINT] }]);
    expect(trust.isRevoked('a', '00')).toBe(true);
    expect(trust.isRevoked('b', '00')).toBe(false);
    expect(trust.standing('b', PRINT)).toBe('revoked');
    expect(trust.isRevoked('nobody', PRINT.toUpperCase().replace(/..(?=.)/g, '$&:'))).toBe(true);
    await other.putEnrolment(enrolment('c'), AUDIT);
    await trust.refresh();
    expect(revoked).toHaveLength(1);
  });

  it('refuses a revoked certificate, and takes a live one of the same node', async () => {
    const [old, live] = ['12'.repeat(32), '34'.repeat(32)];
    await store.putEnrolment(enrolment('a', { fingerprint: old }), AUDIT);
    await store.putEnrolment(enrolment('a', { fingerprint: live }), AUDIT);
    await store.revokeCertificate(old, 1, AUDIT);
    await trust.refresh();
    expect([trust.standing('a', old), trust.standing('a', live)]).toEqual(['revoked', 'ok']);
  });

  it('takes of a node none but what was issued since all before was revoked, and says whom to look at, once', async () => {
    const [old, newest, next, unknown] = ['12', '34', '56', '78'].map((two) => two.repeat(32)) as [
      string,
      string,
      string,
      string,
    ];
    const all = (): string[] => [old, newest, next, unknown].map((one) => trust.standing('a', one));
    const notAfterMs = 5000;
    await store.putEnrolment(enrolment('a', { fingerprint: old }), AUDIT);
    await store.putEnrolment(enrolment('a', { fingerprint: newest, notAfterMs }), AUDIT);
    await store.putEnrolment(enrolment('b', { fingerprint: old }), AUDIT);
    await trust.refresh();
    expect(all()).toEqual(['ok', 'ok', 'ok', 'ok']);
    await store.revokeIssued('a', newest, 1, AUDIT);
    await trust.refresh();
    expect(all()).toEqual(['revoked', 'revoked', 'revoked', 'revoked']);
    expect(trust.certificateEndS('a')).toBeUndefined();
    expect(revoked).toEqual([{ nodeIds: ['a'], fingerprints: [newest] }]);
    await store.putEnrolment(enrolment('a', { fingerprint: next, notAfterMs }), AUDIT);
    await trust.refresh();
    expect(all()).toEqual(['revoked', 'revoked', 'ok', 'revoked']);
    expect(trust.isRevoked('a', next.toUpperCase().replace(/..(?=.)/g, '$&:'))).toBe(false);
    expect(trust.certificateEndS('a')).toBe(5);
    expect(trust.standing('b', old)).toBe('ok');
    expect(revoked).toHaveLength(1);
    await store.revokeIssued('a', next, 1, AUDIT);
    await trust.refresh();
    expect(revoked.at(-1)).toEqual({ nodeIds: ['a'], fingerprints: [next] });
  });

  it('tells nobody any more after the unsubscribe', async () => {
    const heard: Revoked[] = [];
    const stop = trust.onRevoked((one) => heard.push(one));
    await store.putEnrolment(enrolment('a'), AUDIT);
    await trust.refresh();
    stop();
    await store.revokeNode('a', 1, AUDIT);
    await trust.refresh();
    expect([revoked.length, heard.length]).toEqual([1, 0]);
  });

  it('knows tokens, and their end', async () => {
    const { token } = newApiToken({ name: 't', role: 'viewer', kind: 'service', person: null, expiresMs: null }, 1);
    await store.putToken(token, AUDIT);
    await trust.refresh();
    expect(trust.token(token.id)).toEqual(token);
    expect([...trust.tokens()]).toEqual([token]);
    await store.revokeToken(token.id, 7, AUDIT);
    await trust.refresh();
    expect(trust.token(token.id)?.revokedMs).toBe(7);
  });

  it('knows when the newest certificate of a node ends, until it is revoked, alone or with its node', async () => {
    const end = (id: string) => trust.certificateEndS(id);
    await store.putEnrolment(enrolment('a', { fingerprint: PRINT, notAfterMs: 5000 }), AUDIT);
    await store.putEnrolment(enrolment('b', { notAfterMs: 6000 }), AUDIT);
    await trust.refresh();
    expect([end('a'), end('b'), end('nobody')]).toEqual([5, 6, undefined]);
    await store.revokeCertificate(PRINT, 1, AUDIT);
    await store.revokeNode('b', 1, AUDIT);
    await trust.refresh();
    expect([end('a'), end('b')]).toEqual([undefined, undefined]);
    const renewed = enrolment('a', { fingerprint: 'cd'.repeat(32), notAfterMs: 90_000 });
    await store.putEnrolment(renewed, AUDIT);
    await trust.adopt('a', renewed);
    expect(end('a')).toBe(90);
  });

  it('takes over a single renewal without reading all, and more than one by reading', async () => {
    await store.putEnrolment(enrolment('a'), AUDIT);
    await trust.refresh();
    const renewed = enrolment('a', { fingerprint: PRINT });
    await store.putEnrolment(renewed, AUDIT);
    await trust.adopt('a', renewed);
    expect(trust.node('a')?.fingerprint).toBe(PRINT);
    expect(await trust.refresh()).toBe(false);

    await store.revokeNode('a', 1, AUDIT);
    await store.putEnrolment(renewed, AUDIT);
    await trust.adopt('a', renewed);
    expect(trust.standing('a', PRINT)).toBe('revoked');
    expect(revoked).toEqual([{ nodeIds: ['a'], fingerprints: [] }]);
  });

  it('reads once for calls that overlap', async () => {
    await store.putEnrolment(enrolment('a'), AUDIT);
    let snapshots = 0;
    const counting: TrustStore = Object.assign(Object.create(store) as TrustStore, {
      trustVersion: () => store.trustVersion(),
      trustSnapshot: () => ((snapshots += 1), store.trustSnapshot()),
    });
    const shared = new Trust(counting);
    expect(await Promise.all([shared.refresh(), shared.refresh(), shared.refresh()])).toEqual([true, true, true]);
    expect(snapshots).toBe(1);
  });

  it('watches by the timer it is given, and keeps what it knew when storage fails', async () => {
    await store.putEnrolment(enrolment('a'), AUDIT);
    await trust.refresh();
    const errors: unknown[] = [];
    let tick = (): void => undefined;
    let failed = (): void => undefined;
    const failure = new Promise<void>((resolve) => (failed = resolve));
    const stop = trust.watch(
      1000,
      (error) => {
        errors.push(error);
        failed();
      },
      (callback, ms) => {
        expect(ms).toBe(1000);
        tick = callback;
        return () => (tick = () => undefined);
      }
    );
    await store.revokeNode('a', 1, AUDIT);
    const heard = new Promise<void>((resolve) => trust.onRevoked(() => resolve()));
    tick();
    await heard;
    expect(trust.standing('a', PRINT)).toBe('revoked');
    await store.close();
    tick();
    await failure;
    expect(errors).toEqual([expect.any(StorageError)]);
    expect(trust.standing('a', PRINT)).toBe('revoked');
    stop();
  });

  it('holds 100,000 enrolments in under 400 bytes each, and lets others run while it reads them', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const make = (index: number) =>
      enrolment(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, {
        name: `gateway-${index}`,
        fingerprint: PRINT.slice(6) + (index & 0xffffff).toString(16).padStart(6, '0'),
      });
    const snapshot = (): TrustSnapshot => ({
      version: 1,
      enrolments: Array.from({ length: 100_000 }, (_, index) => make(index)),
      revokedCertificates: [],
      tokens: [],
    });
    const large = new Trust({
      trustVersion: () => Promise.resolve(1),
      trustSnapshot: () => Promise.resolve(snapshot()),
    } as unknown as TrustStore);
    gc();
    const before = process.memoryUsage().heapUsed;
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await large.refresh();
    clearInterval(timer);
    gc();
    expect(large.size).toBe(100_000);
    expect((process.memoryUsage().heapUsed - before) / 100_000).toBeLessThan(400);
    expect(turns).toBeGreaterThan(3);
  });
});
