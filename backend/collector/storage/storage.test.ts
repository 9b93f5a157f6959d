import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { openStorage, StorageError, type ApiToken, type Enrolment } from './index.ts';
import { changed, fleetStoreContract, put, row, whole } from './store-contract.ts';
import { audit, auditedActions, folder, storageIn } from './testing/temporary.ts';

const enrolment = (nodeId: string): Enrolment => ({
  nodeId,
  name: `node ${nodeId}`,
  enrolledMs: 1,
  fingerprint: 'ab'.repeat(32),
  notAfterMs: 99,
  requireSignature: true,
  revokedMs: null,
});

const token: ApiToken = {
  id: 't1',
  name: 'prometheus',
  hash: 'cd'.repeat(32),
  role: 'viewer',
  kind: 'service',
  person: null,
  createdMs: 1,
  expiresMs: null,
  revokedMs: null,
};

describe('the embedded fleet store', () => {
  fleetStoreContract(async () => {
    const store = await storageIn(folder());
    return { store, takeEpoch: () => store.takeEpoch() };
  });

  it('is the same after it was closed and opened again', async () => {
    const path = folder();
    const first = await storageIn(path);
    await Promise.all(Array.from({ length: 3000 }, (_, index) => put(first, { row: row(`n${index}`) })));
    await first.close();
    const seen = new Set<string>();
    const total = await (await storageIn(path)).loadNodes((rows) => rows.forEach((stored) => seen.add(stored.nodeId)));
    expect(total).toBe(3000);
    expect(seen.size).toBe(3000);
  });

  it('commits what waits when it closes', async () => {
    const path = folder();
    const first = await storageIn(path);
    const write = put(first, { row: row('last') });
    await first.close();
    expect(await write).toEqual({ ok: true });
    expect(await (await storageIn(path)).loadNodes(() => undefined)).toBe(1);
  });

  it('commits also what came while another commit was under way', async () => {
    const store = await storageIn(folder());
    const first = put(store, { row: row('first') });
    await new Promise((resolve) => setImmediate(resolve));
    const second = put(store, { row: row('second') });
    await store.close();
    expect([await first, await second]).toEqual([{ ok: true }, { ok: true }]);
    await expect(put(store, { row: row('third') })).rejects.toThrow(StorageError);
    await expect(store.scores('first', 0, 9, 9)).rejects.toThrow(StorageError);
  });

  it('copies what was written once there is enough of it, and is at rest from then on', async () => {
    const file = join(folder(), 'small.db');
    const checkpointBytes = 200_000;
    const store = await openStorage({ file, checkpointBytes, checkpointEveryMs: 5 });
    let rev = 0;
    const beat = (): Promise<unknown> => put(store, { row: row('a', { rev: ++rev }) });
    let largest = 0;
    while (largest <= checkpointBytes) {
      await beat();
      largest = (await store.sizes()).wal;
    }
    // The file shrinks with the first write after all was copied.
    while ((await store.sizes()).wal > checkpointBytes) await beat();
    expect((await store.sizes()).wal).toBeLessThanOrEqual(checkpointBytes);
    await store.close();
  });

  it('fails what it cannot store, and says so', async () => {
    const path = folder();
    const store = await storageIn(path);
    const blocker = new Database(join(path, 'fleet.db'));
    blocker.exec('drop table nodes');
    blocker.close();
    await expect(put(store, { row: row('a') })).rejects.toThrow(StorageError);
    await expect(put(store, { row: row('a') })).rejects.toThrow(/nodes/);
  });

  it('is made once when several processes open it at once', async () => {
    const path = folder();
    const all = await Promise.all(Array.from({ length: 4 }, () => storageIn(path)));
    await put(all[0]!, { row: row('a') });
    expect(await all[3]!.loadNodes(() => undefined)).toBe(1);
  });

  it('names the file it cannot open', async () => {
    const path = folder();
    writeFileSync(join(path, 'fleet.db'), 'this is no database, and long enough to be read as one'.repeat(100));
    await expect(openStorage({ file: join(path, 'fleet.db') })).rejects.toThrow(/fleet\.db/);
  });
});

describe('events', () => {
  it('are written with the change they tell of, and read in commit order', async () => {
    const store = await storageIn(folder());
    let told = 0;
    const stop = store.onEvents(() => told++);
    const event = (targetId: string) =>
      changed({ events: [{ name: 'target-offline', targetId, atMs: 7, data: { targetId } }] });
    const epoch = await store.takeEpoch();
    await store.writeDecision(epoch, [whole(row('a'), event('a')), whole(row('b', { rev: 5 }), event('b'))]);
    await put(store, { row: row('c'), changes: event('c') });
    expect(told).toBe(2);
    stop();
    const all = await store.eventsAfter(0, 10);
    expect(all.map(({ name, data }) => [name, data['targetId']])).toEqual([
      ['target-offline', 'a'],
      ['target-offline', 'c'],
    ]);
    expect(await store.eventsAfter(all[0]!.id, 10)).toEqual([all[1]]);
    expect(await store.eventBounds()).toEqual({ first: all[0]!.id, last: all[1]!.id });
    expect(await store.sweep({ eventsBeforeMs: 8, retiredBeforeMs: 0, historyBeforeMs: 0 })).toMatchObject({
      events: 2,
      nodes: 0,
    });
    expect(await store.eventBounds()).toEqual({ first: 0, last: 0 });
  });
});

describe('the name of an enrolment', () => {
  it('goes once it is over for long and its target is gone; the id and the revocation stay', async () => {
    const store = await storageIn(folder());
    const enrol = (nodeId: string, more: Partial<Enrolment>) =>
      store.putEnrolment({ ...enrolment(nodeId), notAfterMs: 9_000, ...more }, audit('node.enrolled'));
    await enrol('revoked', {});
    await enrol('revoked-later', {});
    await enrol('revoked-there', {});
    await enrol('over', { notAfterMs: 99 });
    await enrol('over-there', { notAfterMs: 99 });
    await enrol('good', {});
    await store.revokeNode('revoked', 99, audit('node.revoked'));
    await store.revokeNode('revoked-later', 100, audit('node.revoked'));
    await store.revokeNode('revoked-there', 99, audit('node.revoked'));
    await put(store, { row: row('revoked-there'), changes: changed({}) });
    await put(store, { row: row('over-there'), changes: changed({}) });
    const before = await store.trustSnapshot();
    const limits = { eventsBeforeMs: 0, historyBeforeMs: 0, retiredBeforeMs: 100 };
    expect(await store.sweep(limits)).toMatchObject({ enrolments: 2 });
    const after = await store.trustSnapshot();
    expect(after).toEqual({
      ...before,
      version: before.version + 1,
      enrolments: before.enrolments.map((one) =>
        one.nodeId === 'revoked' || one.nodeId === 'over' ? { ...one, name: '' } : one
      ),
    });
    expect(after.enrolments.find(({ nodeId }) => nodeId === 'revoked')).toMatchObject({ name: '', revokedMs: 99 });
    expect(await store.sweep(limits)).toMatchObject({ enrolments: 0 });
    expect(await store.trustVersion()).toBe(after.version);
  });
});

describe('trust', () => {
  it('changes with its audit record and its version, or not at all', async () => {
    const path = folder();
    const store = await storageIn(path);
    await store.putEnrolment(enrolment('n1'), audit('node.enrolled'));
    await store.putToken(token, audit('token.created'));
    expect(await store.trustVersion()).toBe(2);
    expect(await store.revokeNode('nobody', 3, audit('node.revoked'))).toBe(false);
    await expect(store.putToken(token, audit('token.created'))).rejects.toThrow(StorageError);
    expect(await store.trustVersion()).toBe(2);
    expect(await store.revokeNode('n1', 3, audit('node.revoked'))).toBe(true);
    await store.revokeCertificate('ef'.repeat(32), 4, audit('certificate.revoked'));
    expect(await store.revokeToken('t1', 6, audit('token.revoked'))).toBe(true);
    expect(await store.trustSnapshot()).toEqual({
      version: 5,
      enrolments: [{ ...enrolment('n1'), revokedMs: 3 }],
      revokedCertificates: ['ef'.repeat(32)],
      tokens: [{ ...token, revokedMs: 6 }],
    });
    expect(auditedActions(path)).toEqual([
      'node.enrolled',
      'token.created',
      'node.revoked',
      'certificate.revoked',
      'token.revoked',
    ]);
  });

  describe('once all that was issued to a node is revoked', () => {
    const [first, second, third] = ['12', '34', '56'].map((two) => two.repeat(32)) as [string, string, string];
    const newer = (fingerprint: string): Enrolment => ({ ...enrolment('n1'), fingerprint });
    const admitted = async (store: Awaited<ReturnType<typeof storageIn>>) =>
      (await store.trustSnapshot()).enrolments[0]?.admitted;

    it('counts what is issued from then on, and what that is renewed from', async () => {
      const path = folder();
      const store = await storageIn(path);
      await store.putEnrolment(newer(first), audit('node.enrolled'));
      expect(await store.revokeIssued('nobody', first, 3, audit('certificate.revoked'))).toBe(false);
      expect((await store.trustSnapshot()).revokedCertificates).toEqual([]);
      expect(await admitted(store)).toBeUndefined();
      expect(await store.revokeIssued('n1', first, 3, audit('certificate.revoked'))).toBe(true);
      expect(await admitted(store)).toEqual([]);
      expect((await store.trustSnapshot()).revokedCertificates).toEqual([first]);
      await store.putEnrolment(newer(second), audit('node.rotated'));
      expect(await admitted(store)).toEqual([second]);
      expect(await store.renewEnrolment(newer(third), second, audit('node.renewed'))).toMatchObject({
        fingerprint: third,
        admitted: [second, third],
      });
      expect(await admitted(store)).toEqual([second, third]);
      expect(auditedActions(path)).toEqual(['node.enrolled', 'certificate.revoked', 'node.rotated', 'node.renewed']);
    });

    it('stores no renewal from a certificate that does not count any more, nor of a node that is revoked', async () => {
      const path = folder();
      const store = await storageIn(path);
      await store.putEnrolment(newer(first), audit('node.enrolled'));
      await store.revokeIssued('n1', second, 3, audit('certificate.revoked'));
      await store.putEnrolment(newer(second), audit('node.rotated'));
      const before = await store.trustSnapshot();
      // The old one is not on the list of the revoked, the second is: each is reason enough.
      expect(await store.renewEnrolment(newer(third), first, audit('node.renewed'))).toBeNull();
      expect(await store.renewEnrolment(newer(third), second, audit('node.renewed'))).toBeNull();
      expect(await store.trustSnapshot()).toEqual(before);
      await store.putEnrolment({ ...newer(first), nodeId: 'n2' }, audit('node.enrolled'));
      await store.revokeNode('n2', 3, audit('node.revoked'));
      expect(await store.renewEnrolment({ ...newer(third), nodeId: 'n2' }, first, audit('node.renewed'))).toBeNull();
      expect(await store.renewEnrolment({ ...newer(third), nodeId: 'n3' }, first, audit('node.renewed'))).toBeNull();
      expect(auditedActions(path)).not.toContain('node.renewed');
    });
  });

  it('keeps a revoked node revoked when it is enrolled again', async () => {
    const store = await storageIn(folder());
    await store.putEnrolment(enrolment('n1'), audit('node.enrolled'));
    await store.revokeNode('n1', 3, audit('node.revoked'));
    await store.putEnrolment({ ...enrolment('n1'), fingerprint: '12'.repeat(32) }, audit('node.renewed'));
    const [stored] = (await store.trustSnapshot()).enrolments;
    expect(stored).toMatchObject({ revokedMs: 3, fingerprint: '12'.repeat(32) });
  });

  it('keeps one chain when two processes write at once', async () => {
    const path = folder();
    const [one, two] = [await storageIn(path), await storageIn(path)];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : two).putEnrolment(enrolment(`n${index}`), audit('node.enrolled'))
      )
    );
    expect(await one.trustVersion()).toBe(20);
    expect((await two.trustSnapshot()).enrolments).toHaveLength(20);
  });
});

describe('starts', () => {
  it('are counted within the window', async () => {
    const store = await storageIn(folder());
    expect(await store.noteStart(1_000, 0)).toBe(1);
    expect(await store.noteStart(2_000, 500)).toBe(2);
    expect(await store.noteStart(9_000, 1_500)).toBe(2);
  });
});
