import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { ada, bob, Desk, failure, MINUTE, spec, START } from './testing/desk.ts';

const open: Desk[] = [];
const track = (desk: Desk): Desk => {
  open.push(desk);
  return desk;
};
const start = async (...flags: Parameters<typeof Desk.start>): Promise<Desk> => track(await Desk.start(...flags));

afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

/** The audit chain, as stored. */
async function audit(desk: Desk): Promise<{ actor: string; action: string; subject: string; reason: string }[]> {
  await desk.storage.check();
  const db = new Database(join(desk.folder, 'fleet.db'), { readonly: true });
  try {
    return db.prepare('select actor, action, subject, reason from audit order by seq').all() as never;
  } finally {
    db.close();
  }
}

const production = { name: 'Production', owner: 'platform', limits: { cpuPct: 80 } };

describe('the default profile', () => {
  it('is there from the first start, of every target, and can be edited', async () => {
    const desk = await start();
    await desk.report(['n1', 'n2']);
    expect(desk.policies.list()).toMatchObject([{ id: 'default', version: 1, targets: 2, provisioned: false }]);
    const edited = await desk.policies.update('default', { owner: 'platform' }, 1, ada);
    expect(edited).toMatchObject({ version: 2, owner: 'platform', updatedBy: 'token:ada' });
    expect(desk.policies.of('n1')).toBe(desk.policies.of('n2'));
    expect(desk.policies.of('n1')).toMatchObject({ owner: 'platform', profileVersion: 2 });
  });

  it('is written once: a second start finds it', async () => {
    const desk = track(await (await Desk.start()).restart());
    expect(desk.policies.get('default')).toMatchObject({ version: 1 });
    expect((await audit(desk)).map(({ action }) => action)).toEqual(['policy.created']);
  });

  it('is never deleted', async () => {
    const desk = await start();
    expect(await failure(desk.policies.remove('default', 1, ada))).toMatchObject({ kind: 'protected' });
    expect(desk.policies.get('default')).not.toBeNull();
  });
});

describe('creating a profile', () => {
  it('stores it complete, with who and why in the audit chain, over a restart', async () => {
    const first = await Desk.start();
    const created = await first.policies.create('production', production, ada);
    expect(created).toMatchObject({
      ...spec(production),
      id: 'production',
      version: 1,
      targets: 0,
      updatedBy: 'token:ada',
    });
    const desk = track(await first.restart());
    expect(desk.policies.get('production')).toEqual(created);
    expect((await audit(desk)).at(-1)).toEqual({
      actor: 'token:ada',
      action: 'policy.created',
      subject: 'policy:production',
      reason: ada.reason,
    });
  });

  it('refuses an id that is taken, and says its version', async () => {
    const desk = await start();
    await desk.policies.create('production', production, ada);
    expect(await failure(desk.policies.create('production', production, bob))).toMatchObject({
      kind: 'exists',
      current: 1,
      message: expect.stringContaining('choose another id') as unknown,
    });
  });

  it('names every field that is wrong, and the fix', async () => {
    const desk = await start();
    const found = await failure(
      desk.policies.create(
        'production',
        {
          name: 'Production',
          driftmode: 'Audit',
          minimumBridgeVersion: 1.4,
          desired: { configRevision: 'f'.repeat(64) },
          windows: [{ kind: 'deny', schedule: '0 22 * *', durationMinutes: 60, reason: 'month end' }],
        } as never,
        ada
      )
    );
    expect(found).toMatchObject({
      kind: 'invalid',
      errors: [
        { field: 'minimumBridgeVersion', message: expect.stringContaining('put it in quotes') as unknown },
        { field: 'driftmode', message: expect.stringContaining('did you mean driftMode?') as unknown },
      ],
    });
    const parsed = await failure(
      desk.policies.create(
        'production',
        {
          name: 'Production',
          desired: { configRevision: 'f'.repeat(64) },
          windows: [{ kind: 'deny', schedule: '0 22 * *', durationMinutes: 60, reason: 'month end', timeZone: 'Mars' }],
          waivers: [
            { id: 'w', code: 'runtime-error', expiresAt: '2027-01-01T00:00:00Z', reason: 'known' },
            { id: 'w', code: 'cpu-over-limit', expiresAt: '2027-01-01T00:00:00Z', reason: 'known' },
          ],
          guardrails: { attempts: 2, inFlightMost: 500, haste: true },
        },
        ada
      )
    );
    expect(parsed.kind === 'invalid' && parsed.errors.map(({ field }) => field)).toEqual([
      'windows[0].schedule',
      'windows[0].timeZone',
      'waivers[1].id',
      'guardrails.inFlightMost',
      'guardrails.haste',
      'desired.configRevision',
    ]);
    expect(await failure(desk.policies.create('Production!', production, ada))).toMatchObject({ kind: 'invalid' });
    expect(desk.policies.list()).toHaveLength(1);
  });

  it('refuses to go without a reason', async () => {
    const desk = await start();
    const unsaid = { ...ada, reason: ' ' };
    expect(await failure(desk.policies.create('production', production, unsaid))).toMatchObject({
      kind: 'invalid',
      errors: [{ field: 'reason' }],
    });
  });
});

describe('updating a profile', () => {
  it('replaces the fields that are there and leaves the others, defaults too', async () => {
    const desk = await start();
    await desk.policies.create('production', { ...production, requiredTags: ['gpu:true'] }, ada);
    const updated = await desk.policies.update(
      'production',
      { limits: { queueDepth: 9 }, owner: undefined, driftMode: 'ApplyAndMonitor' },
      1,
      bob
    );
    expect(updated).toMatchObject({
      version: 2,
      owner: 'platform',
      requiredTags: ['gpu:true'],
      driftMode: 'ApplyAndMonitor',
    });
    expect(updated.limits).toEqual({ queueDepth: 9 });
  });

  it('of two editors lets one win; the loser is told the current version, and nothing of it is stored', async () => {
    const desk = await start();
    await desk.policies.create('production', production, ada);
    const [won, lost] = await Promise.allSettled([
      desk.policies.update('production', { owner: 'ada' }, 1, ada),
      desk.policies.update('production', { owner: 'bob' }, 1, bob),
    ]);
    expect(won).toMatchObject({ status: 'fulfilled', value: { version: 2, owner: 'ada' } });
    expect(lost).toMatchObject({
      status: 'rejected',
      reason: {
        failure: { kind: 'conflict', current: 2, message: expect.stringContaining('If-Match: "2"') as unknown },
      },
    });
    expect(desk.policies.get('production')).toMatchObject({ version: 2, owner: 'ada' });
    expect(await desk.policies.update('production', { owner: 'bob' }, 2, bob)).toMatchObject({ owner: 'bob' });
  });

  it('notices what another process wrote, takes it over and refuses', async () => {
    const desk = await start();
    await desk.policies.create('production', production, ada);
    const [row] = (await desk.storage.profiles()).filter(({ id }) => id === 'production');
    const text = JSON.stringify({ ...spec({ ...production, owner: 'elsewhere' }), revisionSinceMs: 1 });
    const entry = { ...bob, action: 'policy.updated', subject: 'policy:production', atMs: START, data: {} };
    await desk.storage.putProfile({ ...row!, version: 2, spec: text }, entry);
    expect(await failure(desk.policies.update('production', { owner: 'ada' }, 1, ada))).toMatchObject({
      kind: 'conflict',
      current: 2,
    });
    expect(desk.policies.get('production')).toMatchObject({ version: 2, owner: 'elsewhere' });
  });

  it('is refused for one that is not there, and for fields that are not valid', async () => {
    const desk = await start();
    expect(await failure(desk.policies.update('production', {}, 1, ada))).toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('GET /fleet/policies') as unknown,
    });
    expect(await failure(desk.policies.update('default', { limits: { cpuPct: -1 } }, 1, ada))).toMatchObject({
      kind: 'invalid',
      errors: [{ field: 'limits.cpuPct' }],
    });
    expect(desk.policies.get('default')).toMatchObject({ version: 1 });
  });

  it('keeps since when a revision is desired, unless the revision changes', async () => {
    const desk = await start();
    const revision = await desk.revision({ 'messages.ackReaction': 'eyes' });
    const other = await desk.revision({ 'messages.ackReaction': 'wave' });
    await desk.report(['n1']);
    await desk.policies.update('default', { desired: { configRevision: revision } }, 1, ada);
    desk.clock.now += MINUTE;
    await desk.policies.update('default', { owner: 'platform' }, 2, ada);
    expect(desk.policies.of('n1')).toMatchObject({ revision, revisionSinceMs: START });
    const again = track(await (open.pop() as Desk).restart());
    expect(again.policies.of('n1')).toMatchObject({ revision, revisionSinceMs: START });
    await again.policies.update('default', { desired: { configRevision: other } }, 3, ada);
    expect(again.policies.of('n1')).toMatchObject({ revision: other, revisionSinceMs: START + MINUTE });
  });
});

describe('deleting a profile', () => {
  it('is refused while targets have it, naming them', async () => {
    const desk = await start();
    const ids = Array.from({ length: 12 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    await desk.report(ids);
    await desk.policies.create('production', production, ada);
    await desk.policies.apply(ids, 'production', null, ada);
    const found = await failure(desk.policies.remove('production', 1, ada));
    expect(found).toMatchObject({ kind: 'in-use', usedBy: ids });
    expect(found.message).toContain('n09 and 2 more: apply another to them first');
  });

  it('goes on counting versions when the id is used again', async () => {
    const desk = await start();
    await desk.policies.create('production', production, ada);
    expect(await failure(desk.policies.remove('production', 7, ada))).toMatchObject({ kind: 'conflict', current: 1 });
    await desk.policies.remove('production', 1, ada);
    expect(desk.policies.get('production')).toBeNull();
    expect(await failure(desk.policies.remove('production', 1, ada))).toMatchObject({ kind: 'not-found' });
    expect(await desk.policies.create('production', production, bob)).toMatchObject({ version: 2 });
    expect((await audit(desk)).map(({ action }) => action)).toEqual([
      'policy.created',
      'policy.created',
      'policy.deleted',
      'policy.created',
    ]);
  });
});

describe('applying a profile', () => {
  it('gives it to the targets named, with an entry in the timeline of each, and to nobody else', async () => {
    const desk = await start();
    await desk.report(['n1', 'n2', 'n3']);
    await desk.policies.create('production', production, ada);
    expect(await desk.policies.apply(['n1', 'n2', 'n1'], 'production', null, ada)).toEqual({
      applied: ['n1', 'n2'],
      unchanged: [],
    });
    expect(await desk.policies.apply(['n2', 'n3'], 'production', null, ada)).toEqual({
      applied: ['n3'],
      unchanged: ['n2'],
    });
    expect(desk.policies.of('n1')).toBe(desk.policies.of('n3'));
    expect(desk.policies.of('n1')).toMatchObject({ profileId: 'production', limits: { cpuPct: 80 } });
    expect(desk.policies.list().map(({ id, targets }) => [id, targets])).toEqual([
      ['default', 0],
      ['production', 3],
    ]);
    const entries = await desk.storage.timeline('n2', null, 10);
    expect(entries.filter(({ kind }) => kind === 'policy')).toMatchObject([
      {
        summary: 'The policy production was applied, in the place of default',
        actor: 'token:ada',
        reason: ada.reason,
        data: { before: 'default', after: 'production' },
      },
    ]);
  });

  it('refuses an empty list, a target that never reported, and a profile that is not there', async () => {
    const desk = await start();
    await desk.report(['n1']);
    expect(await failure(desk.policies.apply([], 'default', null, ada))).toMatchObject({
      kind: 'invalid',
      errors: [{ field: 'targetIds' }],
    });
    expect(await failure(desk.policies.apply(['n1', 'n9'], 'default', null, ada))).toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('n9') as unknown,
    });
    expect(await failure(desk.policies.apply(['../n1'], 'default', null, ada))).toMatchObject({ kind: 'invalid' });
    expect(await failure(desk.policies.apply(['n1'], 'production', null, ada))).toMatchObject({ kind: 'not-found' });
  });

  it('is decided from the revision of the settings that was read', async () => {
    const desk = await start();
    await desk.report(['n1']);
    await desk.policies.create('production', production, ada);
    await desk.policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 0, bob);
    expect(await failure(desk.policies.apply(['n1'], 'production', { n1: 0 }, ada))).toMatchObject({
      kind: 'conflict',
      current: 1,
    });
    await desk.policies.apply(['n1'], 'production', { n1: 1 }, ada);
    expect(desk.policies.target('n1')).toMatchObject({
      rev: 2,
      profileId: 'production',
      desired: { maxSyncLagMs: 5000 },
    });
  });

  it('judges the targets by it before it is answered', async () => {
    const desk = await start();
    await desk.report(['n1', 'n2']);
    const before = desk.fleet.get('n2')?.assessment;
    await desk.policies.create('production', { ...production, requiredTags: ['tier:gold'] }, ada);
    await desk.policies.apply(['n1'], 'production', null, ada);
    expect(desk.fleet.get('n1')?.assessment.faults).toMatchObject([{ code: 'required-tag-missing' }]);
    expect(desk.fleet.get('n2')?.assessment).toEqual(before);
    const stored = await desk.storage.timeline('n1', null, 10);
    expect(stored.some(({ kind }) => kind === 'violation')).toBe(true);
    await desk.policies.update('production', { requiredTags: [] }, 1, ada);
    expect(desk.fleet.get('n1')?.assessment.faults).toEqual([]);
    const [after, cause] = (await desk.storage.timeline('n1', null, 3)).toReversed().slice(-2).toReversed();
    expect(after).toMatchObject({ kind: 'violation', data: { change: 'resolved' } });
    expect(cause).toMatchObject({ kind: 'policy', actor: ada.actor.name, reason: ada.reason });
    expect(cause?.summary).toContain('production');
  });
});

describe('a target’s own PATCH', () => {
  it('outranks its profile field by field, and gives a field back', async () => {
    const desk = await start();
    await desk.report(['n1']);
    await desk.policies.update('default', { desired: { bridgeVersion: '1.4.0', maxSyncLagMs: 9000 } }, 1, ada);
    await desk.policies.patchDesired('n1', { bridgeVersion: '1.5.0' }, 0, bob);
    expect(desk.policies.of('n1').desired).toMatchObject({ bridgeVersion: '1.5.0', maxSyncLagMs: 9000 });
    await desk.policies.patchDesired('n1', { bridgeVersion: null, maxSyncLagMs: 5000 }, 1, bob);
    expect(desk.policies.of('n1').desired).toMatchObject({ bridgeVersion: null, maxSyncLagMs: 5000 });
    const target = await desk.policies.patchDesired('n1', {}, 2, bob, ['bridgeVersion']);
    expect(target).toMatchObject({ rev: 3, desired: { maxSyncLagMs: 5000 }, updatedBy: 'token:bob' });
    expect(desk.policies.of('n1').desired).toMatchObject({ bridgeVersion: '1.4.0', maxSyncLagMs: 5000 });
    const [newest] = await desk.storage.timeline('n1', null, 1);
    expect(newest?.summary).toContain('bridgeVersion left to the policy');
  });

  it('of two editors lets one win; the loser is told the current revision', async () => {
    const desk = await start();
    await desk.report(['n1']);
    const [won, lost] = await Promise.allSettled([
      desk.policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 0, ada),
      desk.policies.patchDesired('n1', { maxSyncLagMs: 6000 }, 0, bob),
    ]);
    expect(won).toMatchObject({ status: 'fulfilled', value: { rev: 1 } });
    expect(lost).toMatchObject({ reason: { failure: { kind: 'conflict', current: 1 } } });
    expect(desk.policies.of('n1').desired.maxSyncLagMs).toBe(5000);
  });

  it('refuses what is not valid: a revision that is not there, a field set and given back', async () => {
    const desk = await start();
    await desk.report(['n1']);
    const revision = 'e'.repeat(64);
    expect(await failure(desk.policies.patchDesired('n1', { configRevision: revision }, 0, ada))).toMatchObject({
      errors: [{ field: 'configRevision', message: expect.stringContaining('/fleet/configs') as unknown }],
    });
    const both = desk.policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 0, ada, ['maxSyncLagMs']);
    expect(await failure(both)).toMatchObject({ errors: [{ field: 'inherit[0]' }] });
    expect(await failure(desk.policies.patchDesired('n9', {}, 0, ada))).toMatchObject({ kind: 'not-found' });
    expect(desk.policies.target('n1')).toMatchObject({ rev: 0 });
  });

  it('survives a restart, with its time', async () => {
    const first = await Desk.start();
    await first.report(['n1']);
    const revision = await first.revision({ 'messages.ackReaction': 'eyes' });
    await first.policies.patchDesired('n1', { configRevision: revision }, 0, ada);
    first.clock.now += MINUTE;
    await first.policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 1, ada);
    const desk = track(await first.restart());
    expect(desk.policies.of('n1')).toMatchObject({ revision, revisionSinceMs: START, desired: { maxSyncLagMs: 5000 } });
    expect(desk.policies.configuration('n1')).toEqual({ revision, overlay: {} });
    expect(desk.policies.configuration('n2')).toBeNull();
  });
});

describe('an overlay', () => {
  it('changes the hash that is expected, and the time to get there begins anew', async () => {
    const desk = await start();
    await desk.report(['n1', 'n2']);
    const revision = await desk.revision({ 'messages.ackReaction': 'eyes', 'logging.level': 'info' });
    await desk.policies.update('default', { desired: { configRevision: revision } }, 1, ada);
    desk.clock.now += MINUTE;
    await desk.policies.setOverlay('n1', { 'logging.level': 'debug' }, 0, ada);
    expect(desk.policies.of('n2').desired.configHash).toBe(revision);
    expect(desk.policies.of('n1').desired.configHash).not.toBe(revision);
    expect(desk.policies.of('n1')).toMatchObject({ revision, revisionSinceMs: START + MINUTE });
    expect(desk.policies.configuration('n1')).toEqual({ revision, overlay: { 'logging.level': 'debug' } });
    desk.clock.now += MINUTE;
    await desk.policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 1, ada);
    expect(desk.policies.of('n1')).toMatchObject({ revisionSinceMs: START + MINUTE });
    await desk.policies.setOverlay('n1', {}, 2, ada);
    expect(desk.policies.of('n1').desired.configHash).toBe(revision);
  });

  it('is refused without a revision, off its paths, and over its shape', async () => {
    const desk = await start();
    await desk.report(['n1']);
    const overlay = { 'logging.level': 'debug' };
    expect(await failure(desk.policies.setOverlay('n1', overlay, 0, ada))).toMatchObject({
      kind: 'invalid',
      errors: [{ field: 'overlay', message: expect.stringContaining('name one first') as unknown }],
    });
    const revision = await desk.revision({ 'messages.ackReaction': 'eyes' });
    await desk.policies.patchDesired('n1', { configRevision: revision }, 0, ada);
    expect(await failure(desk.policies.setOverlay('n1', overlay, 1, ada))).toMatchObject({
      errors: [{ field: 'overlay.logging.level' }],
    });
    expect(await failure(desk.policies.setOverlay('n1', { 'a.constructor.b': 1 }, 1, ada))).toMatchObject({
      kind: 'invalid',
    });
    expect(desk.policies.target('n1')).toMatchObject({ rev: 1, overlay: {} });
  });
});

describe('waivers of a profile', () => {
  const waiver = {
    id: 'migration',
    code: 'required-tag-missing' as const,
    targetIds: ['n1'],
    expiresAt: '2026-02-06T13:00:00Z',
    reason: 'tagged next week',
  };

  it('hold for those named until they end, and are removed', async () => {
    const desk = await start();
    await desk.policies.update('default', { requiredTags: ['tier:gold'] }, 1, ada);
    await desk.report(['n1', 'n2']);
    expect(desk.fleet.get('n1')?.assessment.faults).toHaveLength(1);
    expect(await desk.policies.addWaiver('default', waiver, 2, ada)).toMatchObject({ version: 3, waivers: [waiver] });
    expect(desk.fleet.get('n1')?.assessment.faults).toHaveLength(0);
    expect(desk.fleet.get('n2')?.assessment.faults).toHaveLength(1);
    await desk.policies.removeWaiver('default', 'migration', 3, ada);
    expect(desk.fleet.get('n1')?.assessment.faults).toHaveLength(1);
    expect((await audit(desk)).map(({ action }) => action).slice(-2)).toEqual([
      'policy.waiver-added',
      'policy.waiver-removed',
    ]);
  });

  it('end by themselves', async () => {
    const desk = await start();
    await desk.policies.update('default', { requiredTags: ['tier:gold'] }, 1, ada);
    await desk.policies.addWaiver('default', waiver, 2, ada);
    await desk.report(['n1']);
    expect(desk.fleet.get('n1')?.assessment.faults).toHaveLength(0);
    desk.clock.now += 60 * MINUTE;
    await desk.report(['n1']);
    expect(desk.fleet.get('n1')?.assessment.faults).toHaveLength(1);
    const expired = await desk.policies.update('default', { owner: 'platform' }, 3, ada);
    expect(expired.waivers).toHaveLength(1);
  });

  it('end within a year, unless they are there already', async () => {
    const desk = await start();
    const inDays = (days: number) => new Date(START + days * 1440 * MINUTE).toISOString();
    const tooLong = { ...waiver, expiresAt: inDays(367) };
    const message = expect.stringContaining(`more than a year ahead: name a time up to ${inDays(366)}`) as unknown;
    expect(await failure(desk.policies.addWaiver('default', tooLong, 1, ada))).toMatchObject({
      errors: [{ field: 'expiresAt', message }],
    });
    expect(await failure(desk.policies.update('default', { waivers: [tooLong] }, 1, ada))).toMatchObject({
      errors: [{ field: 'waivers[0].expiresAt', message }],
    });
    await desk.policies.addWaiver('default', { ...waiver, expiresAt: inDays(366) }, 1, ada);
    desk.clock.now -= 1440 * MINUTE;
    expect(await desk.policies.update('default', { owner: 'platform' }, 2, ada)).toMatchObject({ version: 3 });
  });

  it('are refused when they are over, unknown, or there already', async () => {
    const desk = await start();
    const over = { ...waiver, expiresAt: '2026-02-06T12:00:00Z' };
    expect(await failure(desk.policies.addWaiver('default', over, 1, ada))).toMatchObject({
      errors: [{ field: 'expiresAt', message: expect.stringContaining('in the future') as unknown }],
    });
    expect(await failure(desk.policies.update('default', { waivers: [over] }, 1, ada))).toMatchObject({
      errors: [{ field: 'waivers[0].expiresAt' }],
    });
    expect(await failure(desk.policies.removeWaiver('default', 'migration', 1, ada))).toMatchObject({
      kind: 'not-found',
    });
    await desk.policies.addWaiver('default', waiver, 1, ada);
    expect(await failure(desk.policies.addWaiver('default', waiver, 2, ada))).toMatchObject({ kind: 'exists' });
  });
});

describe('maintenance windows of a target', () => {
  it('are those of its profile', async () => {
    const desk = await start();
    await desk.report(['n1', 'n2']);
    const deny = { kind: 'deny' as const, schedule: '0 12 * * *', durationMinutes: 30, reason: 'lunch' };
    await desk.policies.create('production', { ...production, windows: [deny] }, ada);
    await desk.policies.apply(['n1'], 'production', null, ada);
    expect(desk.policies.window('n1', START + MINUTE)).toMatchObject({ open: false, window: { timeZone: 'UTC' } });
    expect(desk.policies.window('n1', START + 30 * MINUTE)).toMatchObject({ open: true });
    expect(desk.policies.window('n2', START + MINUTE)).toMatchObject({ open: true });
  });
});

describe('when storage fails', () => {
  it('nothing changed, and the error is storage’s', async () => {
    const desk = await Desk.start();
    await desk.report(['n1']);
    await desk.storage.close();
    await expect(desk.policies.update('default', { owner: 'ada' }, 1, ada)).rejects.toThrow(/storage|database/i);
    await expect(desk.policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 0, ada)).rejects.toThrow();
    expect(desk.policies.get('default')).toMatchObject({ version: 1, owner: null });
    expect(desk.policies.target('n1')).toMatchObject({ rev: 0 });
    await desk.close();
  });
});

describe('flags of seed 000', () => {
  it('hold where no profile says otherwise', async () => {
    const desk = await start({ maxSyncLagMs: 30_000, minimumBridgeVersion: '1.0.0' });
    expect(desk.policies.of('n1')).toMatchObject({ desired: { maxSyncLagMs: 30_000 }, minimumBridgeVersion: '1.0.0' });
  });
});
