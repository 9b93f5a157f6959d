import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Plan, Run } from '@openclaw-fleet/contract';
import { person, World } from './testing/world.ts';
import type { Requester } from './types.ts';

const called = (id: string, label: string): Requester => {
  const { actor } = person(id);
  return { actor: { ...actor, label }, person: id };
};
const [ANNA, BEN] = [called('anna', 'Anna Karenina'), called('ben', 'Ben Hur')];
const SERVICE: Requester = { actor: { name: 'token:ci', via: 'api-token' }, person: null };

let world: World;
beforeEach(async () => {
  world = await World.start();
});

const said = { reason: 'looked at it', digest: null, breakGlass: false };

/** A repair that somebody asked for and another person approved. */
async function approved(by = ANNA): Promise<Run> {
  world.drifted('n1', { severity: 'critical' });
  const run = await world.request('n1', { by });
  await world.remediation.approve(run.id, BEN, said);
  return run;
}

/** What is stored becomes what was stored before names were kept. */
async function forget(run: Run): Promise<void> {
  const stored = await world.store.run(run.id);
  const holds = await world.store.holds();
  if (stored === null) throw new Error('it is not stored');
  const without = (doc: string): string =>
    JSON.stringify(JSON.parse(doc), (key, value: unknown) =>
      ['requestedByName', 'byName', 'label'].includes(key) || (key === 'name' && value === 'Ben Hur')
        ? undefined
        : value
    );
  const before = await world.store.plan(run.planId);
  await world.store.writeRemediation(world.epoch, {
    plans: [{ ...stored.plan, doc: without(stored.plan.doc) }],
    runs: [{ ...stored.run, rev: stored.run.rev + 1, doc: without(stored.run.doc) }],
    putHolds: holds.map((row) => ({ ...row, doc: without(row.doc) })),
    ...{ steps: [], dropHolds: [], idempotency: [], events: [], timeline: [], audit: [] },
  });
  expect((await world.store.plan(run.planId))?.doc).not.toBe(before?.doc);
}

describe('names of people', () => {
  it('are kept beside who asked and who approved, also over a restart', async () => {
    const run = await approved();
    const seen = {
      requestedBy: 'grafana:anna',
      requestedByName: 'Anna Karenina',
      plan: {
        requestedBy: 'grafana:anna',
        requestedByName: 'Anna Karenina',
        approvals: [{ person: 'ben', actor: 'grafana:ben', name: 'Ben Hur' }],
      },
    };
    expect(run).toMatchObject({ requestedByName: 'Anna Karenina' });
    expect(await world.detail(run.id)).toMatchObject(seen);
    await world.restart();
    expect(await world.detail(run.id)).toMatchObject(seen);
    expect(await world.allRuns()).toMatchObject([{ requestedByName: 'Anna Karenina' }]);
  });

  it('are not those of services', async () => {
    expect(await world.detail((await approved(SERVICE)).id)).toMatchObject({
      requestedByName: null,
      plan: { requestedByName: null, approvals: [{ name: 'Ben Hur' }] },
    });
  });

  it('are beside who holds repairs back', async () => {
    world.add('n1');
    const held = { by: 'grafana:anna', byName: 'Anna Karenina' };
    expect(await world.remediation.pause(null, ANNA, 'we move house')).toMatchObject(held);
    await world.remediation.cordon('n1', SERVICE, 'it is examined');
    await world.restart();
    expect(world.remediation.holds(null, 'pause')).toMatchObject([held]);
    expect(world.remediation.holds('n1')).toMatchObject([{ by: 'token:ci', byName: null }]);
  });

  it('are null in what was stored before they were kept, which goes on as it was', async () => {
    world.add('n2');
    await world.remediation.pause('n2', ANNA, 'we move house');
    const run = await approved();
    await forget(run);
    await world.restart();
    expect(await world.detail(run.id)).toMatchObject({
      requestedByName: null,
      plan: { requestedByName: null, approvals: [{ person: 'ben', name: null }] },
    });
    expect(world.remediation.holds('n2')).toMatchObject([{ by: 'grafana:anna', byName: null }]);
    expect((await world.ended(run.id)).state).toBe('succeeded');
    expect((await world.store.run(run.id))?.plan.doc).toContain('"approvals"');
  });

  it('decide nothing: who is called like another is another', async () => {
    world.drifted('n1', { severity: 'critical' });
    const run = await world.request('n1', { by: ANNA });
    await expect(world.remediation.approve(run.id, called('anna', 'Ben Hur'), said)).rejects.toMatchObject({
      failure: { kind: 'not-allowed' },
    });
    const plan = await world.remediation.approve(run.id, called('eve', 'Anna Karenina'), said);
    expect(plan.approvals).toMatchObject([{ person: 'eve', actor: 'grafana:eve', name: 'Anna Karenina' }]);
  });

  it('change neither what is approved nor what the audit says', async () => {
    const digestOf = async (by: Requester): Promise<Plan['digest']> => {
      world = await World.start();
      world.drifted('n1', { severity: 'critical' });
      return (await world.detail((await world.request('n1', { by })).id)).plan.digest;
    };
    expect(await digestOf(called('anna', 'Somebody Else'))).toBe(await digestOf(ANNA));
    world = await World.start();
    await approved();
    const audit = await world.audit();
    expect(new Set(audit.map(({ actor }) => actor))).toEqual(new Set(['grafana:anna', 'grafana:ben']));
    expect(JSON.stringify(audit)).not.toMatch(/Anna Karenina|Ben Hur/);
  });
});
