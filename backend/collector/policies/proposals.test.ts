import { afterEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat, PolicyProposal } from '@openclaw-fleet/contract';
import { Proposals, type Proposer } from './proposals.ts';
import { Desk, failure, MINUTE } from './testing/desk.ts';

const open: Desk[] = [];
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

const person = (name: string): Proposer => ({
  actor: { name: `grafana:${name}`, via: 'grafana-id-token', label: `Dr. ${name}` },
  person: name,
  reason: `${name} said so`,
});
const [ann, ben] = [person('ann'), person('ben')];
const service: Proposer = { actor: { name: 'token:ci', via: 'api-token' }, person: null, reason: 'the pipeline' };

const behind: Partial<Heartbeat> = {
  reported: {
    bridge_version: '1.0.0',
    gateway_state: 'running',
    apply_status: 'UNSET',
    sync_lag_ms: 10,
    health_status: 'warn',
    health_reasons: ['slow'],
    metrics: {},
  },
};

/** A desk with three targets that automation would begin on, were it let. */
async function desk(automation = true): Promise<{ desk: Desk; proposals: Proposals; again: () => Promise<Proposals> }> {
  const one = await Desk.start();
  open.push(one);
  await one.report(['n1', 'n2', 'n3'], behind);
  const parts = {
    policies: one.policies,
    store: one.storage,
    automation: () => automation,
    timings: TIMINGS.production,
    clock: () => one.clock.now,
  };
  const again = async (): Promise<Proposals> => {
    const proposals = new Proposals(parts);
    await proposals.load();
    return proposals;
  };
  return { desk: one, proposals: await again(), again };
}

const AUTO = { driftMode: 'ApplyAndAutoCorrect' } as const;

describe('a change that would have automation begin on several targets', () => {
  it('waits for another person, over a restart, and is then theirs', async () => {
    const { desk: one, proposals, again } = await desk();
    const asked = await proposals.change('default', AUTO, 1, ann);
    expect(asked).toMatchObject({
      kind: 'proposed',
      proposal: { targets: ['n1', 'n2', 'n3'], playbooks: ['BridgeStuck'], person: 'ann', version: 1 },
    });
    expect(one.policies.get('default')).toMatchObject({ version: 1, driftMode: 'Audit' });
    const id = asked.kind === 'proposed' ? asked.proposal.id : '';
    const later = await again();
    expect(later.list('default')).toMatchObject([{ requestedBy: 'grafana:ann', requestedByName: 'Dr. ann' }]);
    expect(await failure(later.approve('default', id, ann))).toMatchObject({ kind: 'not-allowed' });
    expect(await failure(later.approve('default', id, service))).toMatchObject({ kind: 'not-allowed' });
    expect(await later.approve('default', id, ben)).toMatchObject({
      version: 2,
      driftMode: 'ApplyAndAutoCorrect',
      updatedBy: 'grafana:ben',
    });
    expect(await failure(later.approve('default', id, ben))).toMatchObject({ kind: 'not-found' });
    expect((await one.storage.auditRecords({ newestFirst: false, limit: 10 })).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['policy.change-proposed', 'policy.proposal-approved', 'policy.updated'])
    );
  });

  it('has no name of a person where it was stored before names were kept, or a service asked', async () => {
    const { desk: one, proposals, again } = await desk();
    await proposals.change('default', AUTO, 1, service);
    expect(proposals.list('default')).toMatchObject([{ requestedBy: 'token:ci', requestedByName: null }]);
    const [stored] = await one.storage.proposals();
    const { requestedByName, ...before } = JSON.parse(stored?.doc ?? '') as PolicyProposal;
    expect(requestedByName).toBeNull();
    const audit = { actor: ann.actor, action: 'x', subject: 'default', reason: null, atMs: one.clock.now, data: {} };
    await one.storage.dropProposal(before.id, audit);
    await one.storage.putProposal({ id: before.id, doc: JSON.stringify(before) }, audit);
    expect((await again()).list('default')).toMatchObject([{ requestedByName: null }]);
  });

  it('waits too where what would begin is for a burst of failures, which is no drift', async () => {
    const { desk: one, proposals } = await desk();
    const jobs = {
      total: 5,
      enabled: 5,
      failing: 2,
      results_1h: 10,
      failures_1h: 6,
      results_24h: 200,
      failures_24h: 8,
    };
    const well = { ...behind.reported!, health_status: 'ok' } as const;
    one.clock.now += MINUTE;
    await one.report(['n1', 'n2', 'n3'], { reported: well, jobs });
    expect(await proposals.change('default', AUTO, 1, ann)).toMatchObject({
      kind: 'proposed',
      proposal: { targets: ['n1', 'n2', 'n3'], playbooks: ['FailureBurst'] },
    });
  });

  it('ends when it is denied, when its time is over, and when the profile is changed meanwhile', async () => {
    const { desk: one, proposals } = await desk();
    const ask = async (): Promise<string> => {
      const asked = await proposals.change('default', AUTO, one.policies.get('default')?.version ?? 0, ann);
      return asked.kind === 'proposed' ? asked.proposal.id : '';
    };
    const denied = await ask();
    await proposals.deny('default', denied, ben);
    expect(await failure(proposals.approve('default', denied, ben))).toMatchObject({ kind: 'not-found' });
    const late = await ask();
    one.clock.now += 30 * MINUTE;
    expect(proposals.list('default')).toEqual([]);
    expect(await failure(proposals.approve('default', late, ben))).toMatchObject({ kind: 'not-found' });
    await one.report(['n1', 'n2', 'n3'], behind);
    const overtaken = await ask();
    expect((await one.storage.proposals()).map(({ id }) => id)).toEqual([overtaken]);
    await one.policies.update('default', { owner: 'platform' }, 1, ben);
    expect(await failure(proposals.approve('default', overtaken, ben))).toMatchObject({ kind: 'conflict' });
    expect(one.policies.get('default')).toMatchObject({ driftMode: 'Audit', version: 2 });
  });
});

describe('any other change', () => {
  it('takes effect at once: automation is off, or begins on one target at the most', async () => {
    const off = await desk(false);
    expect(await off.proposals.change('default', AUTO, 1, ann)).toMatchObject({ kind: 'changed' });
    const { desk: one, proposals } = await desk();
    await one.policies.create('single', { name: 'One' }, ann);
    await one.policies.apply(['n1'], 'single', null, ann);
    expect(await proposals.change('single', AUTO, 1, ann)).toMatchObject({ kind: 'changed' });
    expect(await proposals.change('default', { owner: 'platform' }, 1, ann)).toMatchObject({ kind: 'changed' });
  });

  it('may be the end of a waiver, by which automation begins on nothing', async () => {
    const { desk: one, proposals } = await desk();
    const waiver = { id: 'w', code: 'runtime-error', expiresAt: '2026-02-07T00:00:00Z', reason: 'known' } as const;
    await one.policies.addWaiver('default', waiver, 1, ann);
    const ended = await proposals.removeWaiver('default', 'w', 2, ann);
    expect(ended).toMatchObject({ kind: 'changed', profile: { waivers: [], version: 3 } });
    expect(await failure(proposals.removeWaiver('default', 'w', 3, ann))).toMatchObject({ kind: 'not-found' });
    expect(await failure(proposals.removeWaiver('default', 'w', 1, ann))).toMatchObject({ kind: 'conflict' });
  });

  it('is refused as ever: a version that is over, a field that is not valid', async () => {
    const { proposals } = await desk();
    expect(await failure(proposals.change('default', AUTO, 7, ann))).toMatchObject({ kind: 'conflict', current: 1 });
    const bad = { ...AUTO, limits: { cpuPct: -1 } };
    expect(await failure(proposals.change('default', bad, 1, ann))).toMatchObject({ kind: 'invalid' });
    expect(await failure(proposals.change('nobody', AUTO, 1, ann))).toMatchObject({ kind: 'not-found' });
  });
});
