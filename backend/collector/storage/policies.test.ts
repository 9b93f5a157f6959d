import { describe, expect, it } from '@jest/globals';
import { StorageError, type NewChange, type ProfileRow, type RevisionRow, type TargetSettingsRow } from './index.ts';
import { audit, auditedActions, folder, storageIn } from './testing/temporary.ts';

const profile = (id: string, version: number, changes: Partial<ProfileRow> = {}): ProfileRow => ({
  id,
  version,
  spec: `{"name":"${id} ${version}"}`,
  provisioned: false,
  createdMs: 1,
  updatedMs: version,
  updatedBy: 'token:t1',
  ...changes,
});
const settings = (nodeId: string, rev: number, profileId: string): TargetSettingsRow => ({
  nodeId,
  rev,
  profileId,
  desired: `{"maxSyncLagMs":${rev * 1000}}`,
  overlay: '{}',
  revisionSinceMs: 3,
  updatedMs: rev,
  updatedBy: 'token:t1',
});
const change = (nodeId: string): NewChange => ({
  nodeId,
  atMs: 9,
  kind: 'policy',
  summary: 'profile production applied',
  actor: 'token:t1',
  reason: 'a test',
  data: { profileId: 'production' },
});
const revision = (id: string, createdMs: number): RevisionRow => ({
  id,
  title: `revision ${id}`,
  document: '{"messages.ackReaction":"eyes"}',
  createdMs,
  createdBy: 'token:t1',
  reason: 'a test',
  adoptedFrom: createdMs % 2 ? null : 'n1',
});

describe('policy profiles', () => {
  it('are written from the version that was read, or not at all', async () => {
    const path = folder();
    const store = await storageIn(path);
    const taken = { ok: true };
    expect(await store.putProfile(profile('p', 2), audit('lost'))).toEqual({ ok: false, current: null });
    expect(await store.putProfile(profile('p', 1), audit('policy.created'))).toEqual(taken);
    expect(await store.putProfile(profile('p', 2, { provisioned: true }), audit('policy.updated'))).toEqual(taken);
    const current = profile('p', 2, { provisioned: true });
    for (const version of [1, 2, 4])
      expect(await store.putProfile(profile('p', version), audit('lost'))).toEqual({ ok: false, current });
    expect(await store.profiles()).toEqual([current]);
    expect(auditedActions(path)).toEqual(['policy.created', 'policy.updated']);
  });

  it('go on counting when a deleted id is used again', async () => {
    const path = folder();
    const store = await storageIn(path);
    await store.putProfile(profile('p', 1), audit('policy.created'));
    await store.putProfile(profile('p', 2), audit('policy.updated'));
    expect(await store.lastProfileVersion('p')).toBe(0);
    const current = profile('p', 2);
    expect(await store.deleteProfile('p', 1, audit('lost'))).toEqual({ ok: false, current });
    expect(await store.deleteProfile('p', 2, audit('policy.deleted'))).toEqual({ ok: true });
    expect(await store.deleteProfile('p', 2, audit('lost'))).toEqual({ ok: false, current: null });
    expect(await store.profiles()).toEqual([]);
    expect(await store.lastProfileVersion('p')).toBe(2);
    expect(await store.putProfile(profile('p', 1), audit('lost'))).toEqual({ ok: false, current: null });
    expect(await store.putProfile(profile('p', 3), audit('policy.created'))).toEqual({ ok: true });
    expect(await store.deleteProfile('p', 3, audit('policy.deleted'))).toEqual({ ok: true });
    expect(await store.lastProfileVersion('p')).toBe(3);
    expect(auditedActions(path).filter((action) => action === 'lost')).toEqual([]);
  });

  it('stay while settings of a target name them, and are never named when they are gone', async () => {
    const path = folder();
    const store = await storageIn(path);
    await store.putProfile(profile('p', 1), audit('policy.created'));
    for (const nodeId of ['b', 'a'])
      expect(await store.putSettings(settings(nodeId, 1, 'p'), change(nodeId), audit('policy.applied'))).toEqual({
        ok: true,
      });
    expect(await store.deleteProfile('p', 1, audit('lost'))).toEqual({ ok: false, usedBy: ['a', 'b'] });
    expect(await store.profiles()).toEqual([profile('p', 1)]);
    for (const nodeId of ['a', 'b'])
      await store.putSettings(settings(nodeId, 2, 'default'), change(nodeId), audit('policy.applied'));
    expect(await store.deleteProfile('p', 1, audit('policy.deleted'))).toEqual({ ok: true });
    const late = store.putSettings(settings('a', 3, 'p'), change('a'), audit('lost'));
    await expect(late).rejects.toThrow(StorageError);
    await expect(late).rejects.toThrow(/profile p was deleted/);
    expect(await store.settings()).toEqual([settings('a', 2, 'default'), settings('b', 2, 'default')]);
    expect(await store.timeline('a', null, 9)).toHaveLength(2);
    expect(auditedActions(path)).not.toContain('lost');
  });

  it('are won by one of two who edit at once', async () => {
    const path = folder();
    const [one, two] = [await storageIn(path), await storageIn(path)];
    await one.putProfile(profile('p', 1), audit('policy.created'));
    for (let version = 2; version < 12; version++) {
      const results = await Promise.all(
        [one, two].map((store, index) =>
          store.putProfile(profile('p', version, { updatedBy: `${index}` }), audit(`${index}`))
        )
      );
      const winner = results.findIndex(({ ok }) => ok);
      const current = profile('p', version, { updatedBy: `${winner}` });
      expect(results[1 - winner]).toEqual({ ok: false, current });
      expect(await one.profiles()).toEqual([current]);
      expect(auditedActions(path).at(-1)).toBe(`${winner}`);
    }
    expect(auditedActions(path)).toHaveLength(11);
  });
});

describe('settings of targets', () => {
  it('are written from the revision that was read, with an entry in the timeline', async () => {
    const path = folder();
    const store = await storageIn(path);
    expect(await store.putSettings(settings('a', 1, 'default'), change('a'), audit('target.patched'))).toEqual({
      ok: true,
    });
    for (const rev of [1, 3])
      expect(await store.putSettings(settings('a', rev, 'default'), change('a'), audit('lost'))).toEqual({
        ok: false,
        current: settings('a', 1, 'default'),
      });
    expect(await store.putSettings(settings('b', 2, 'default'), change('b'), audit('lost'))).toEqual({
      ok: false,
      current: null,
    });
    expect(await store.settings()).toEqual([settings('a', 1, 'default')]);
    expect(await store.timeline('a', null, 9)).toMatchObject([
      { at: '1970-01-01T00:00:00.009Z', kind: 'policy', actor: 'token:t1', data: { profileId: 'production' } },
    ]);
    expect(await store.timeline('b', null, 9)).toEqual([]);
    expect(auditedActions(path)).toEqual(['target.patched']);
  });
});

describe('configuration revisions', () => {
  it('are stored once', async () => {
    const path = folder();
    const store = await storageIn(path);
    expect(await store.putRevision(revision('bb', 1), audit('revision.created'))).toBe(true);
    expect(await store.putRevision(revision('aa', 2), audit('revision.adopted'))).toBe(true);
    expect(await store.putRevision(revision('bb', 3), audit('lost'))).toBe(false);
    expect(await store.revisions()).toEqual([revision('bb', 1), revision('aa', 2)]);
    expect(auditedActions(path)).toEqual(['revision.created', 'revision.adopted']);
  });

  it('are known by every hash that was issued, and by what a bridge reported last', async () => {
    const store = await storageIn(folder());
    for (const nodeId of ['a', 'b']) await store.putIssuedHash('h1', nodeId, 1);
    await store.putIssuedHash('h2', 'a', 2);
    expect((await store.issuedHashes()).sort()).toEqual(['h1', 'h2']);
    expect(await store.configReport('a')).toBeNull();
    const report = { nodeId: 'a', revision: 'bb', configHash: 'h1', document: '{}', reportedMs: 1 };
    await store.putConfigReport(report);
    await store.putConfigReport({ ...report, revision: null, configHash: 'h2', reportedMs: 2 });
    expect(await store.configReport('a')).toEqual({ ...report, revision: null, configHash: 'h2', reportedMs: 2 });
  });
});

describe('what was acknowledged', () => {
  it('is the same after it was closed and opened again', async () => {
    const path = folder();
    const first = await storageIn(path);
    await first.putProfile(profile('p', 1), audit('policy.created'));
    await first.putProfile(profile('gone', 1), audit('policy.created'));
    await first.deleteProfile('gone', 1, audit('policy.deleted'));
    await first.putSettings(settings('a', 1, 'p'), change('a'), audit('policy.applied'));
    await first.putRevision(revision('bb', 1), audit('revision.created'));
    await first.putIssuedHash('h1', 'a', 1);
    await first.close();
    const again = await storageIn(path);
    expect(await again.profiles()).toEqual([profile('p', 1)]);
    expect(await again.lastProfileVersion('gone')).toBe(1);
    expect(await again.settings()).toEqual([settings('a', 1, 'p')]);
    expect(await again.revisions()).toEqual([revision('bb', 1)]);
    expect(await again.issuedHashes()).toEqual(['h1']);
    expect(await again.timeline('a', null, 9)).toHaveLength(1);
  });
});
