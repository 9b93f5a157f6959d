import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Run } from '@openclaw-fleet/contract';
import { cure } from './testing/bridges.ts';
import { ANNA, BEN, MINUTE, noEffect, SECOND, World } from './testing/world.ts';
import { RemediationError, type Requester } from './types.ts';

const SERVICE: Requester = { actor: { name: 'token:alertmanager', via: 'api-token' }, person: null };

let world: World;
beforeEach(async () => {
  world = await World.start();
});
const on = (): void => {
  world.automation = { enabled: true, percent: 100 };
};
const began = async (): Promise<Run[]> => (await world.allRuns()).filter(({ state }) => state !== 'blocked').reverse();

describe('automation', () => {
  it('is off by default, and repairs a minor fault when it is on', async () => {
    world.hung('n1');
    await world.pass(5 * MINUTE);
    expect(await world.allRuns()).toEqual([]);
    on();
    await world.pass(SECOND);
    const [run] = await began();
    expect(run).toMatchObject({ trigger: 'automation', state: 'running', requestedBy: 'system', attempt: 1 });
    expect(await world.ended(run?.id ?? '')).toMatchObject({ state: 'succeeded' });
  });

  it('stores what a guardrail holds back once while it lasts, also over a restart', async () => {
    on();
    world.hung('n1');
    await world.remediation.pause('n1', BEN, 'somebody works on it');
    await world.pass(10 * MINUTE);
    await world.restart();
    await world.pass(10 * MINUTE);
    expect(await world.allRuns()).toMatchObject([
      { state: 'blocked', trigger: 'automation', refusal: { reason: 'target-paused' } },
    ]);
    await world.remediation.resume('n1', BEN, 'done');
    await world.pass(10 * MINUTE);
    expect((await began())[0]).toMatchObject({ state: 'succeeded' });
  });

  it('does nothing after all when the fleet becomes blind while the second witness is asked', async () => {
    on();
    world.hung('n1');
    await world.pass(SECOND);
    world.standing = { verdict: 'blind' };
    const [run] = await began();
    expect(run).toMatchObject({ state: 'running' });
    expect(await world.ended(run?.id ?? '')).toMatchObject({
      state: 'cancelled',
      attempt: 0,
      reason: expect.stringMatching(
        /^Nothing was done after all: The collector cannot see the fleet/
      ) as unknown as string,
    });
    expect(world.verbs()).toEqual([]);
  });

  it('goes on with what a person asked for while the second witness is asked, and with what it has begun to do', async () => {
    on();
    world.hung('n1');
    await world.until(() => world.verbs().length > 0);
    world.standing = { verdict: 'blind' };
    const [run] = await began();
    expect(await world.ended(run?.id ?? '')).toMatchObject({ state: 'succeeded' });
    world.standing = {};
    world.automation = { enabled: false, percent: 100 };
    world.hung('n2');
    const asked = await world.request('n2');
    await world.pass(SECOND);
    world.standing = { verdict: 'blind' };
    expect(await world.ended(asked.id)).toMatchObject({ state: 'succeeded' });
  });

  it('does not tell of what it is not meant for', async () => {
    on();
    world.hung('n1', { driftMode: 'Audit' });
    world.hung('n2', { severity: 'critical', isolated: true });
    await world.pass(MINUTE);
    expect(await world.allRuns()).toEqual([]);
  });

  it('says on the whole why nothing begins', () => {
    expect(world.remediation.status().automation.held).toMatchObject({ reason: 'automation-off' });
    on();
    expect(world.remediation.status().automation.held).toBeNull();
    world.standing = { verdict: 'blind' };
    expect(world.remediation.status().automation.held).toMatchObject({ reason: 'blind' });
  });

  it('goes by canary and waves in one batch, and never has more in flight than it may', async () => {
    on();
    const ids = Array.from({ length: 12 }, (_, index) => `n${index}`);
    for (const id of ids) world.drifted(id);
    let most = 0;
    await world.until(async () => {
      most = Math.max(most, world.remediation.status().inFlight);
      return (await began()).filter(({ state }) => state === 'succeeded').length === ids.length;
    }, 120 * MINUTE);
    const runs = await began();
    expect(most).toBeLessThanOrEqual(2);
    expect(new Set(runs.map(({ batchId }) => batchId)).size).toBe(1);
    const canary = runs.filter(({ wave }) => wave === 0);
    expect(canary).toHaveLength(1);
    const first = Date.parse(canary[0]?.endedAt ?? '');
    expect(runs.slice(1).every(({ startedAt }) => Date.parse(startedAt ?? '') >= first)).toBe(true);
    const batch = await world.remediation.batch(runs[0]?.batchId ?? '');
    expect(batch).toMatchObject({ state: 'done', progress: { total: 12, states: { succeeded: 12 } } });
  });

  it('lets a canary show first that it helps, however many might be in flight', async () => {
    on();
    for (let index = 0; index < 40; index += 1) world.add(`well${index}`);
    for (const id of ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']) world.drifted(id);
    await world.pass(4 * MINUTE);
    expect(await began()).toHaveLength(1);
    await world.until(async () => (await began()).length > 1);
    const [canary, ...others] = await began();
    expect(canary).toMatchObject({ wave: 0, state: 'succeeded' });
    expect(others.map(({ wave }) => wave)).toEqual([1]);
  });

  it('takes more targets than one plan may have into the next batch, and holds none of them back for that', async () => {
    on();
    for (let index = 0; index < 240; index += 1) world.add(`well${index}`);
    for (let index = 0; index < 60; index += 1) world.drifted(`n${index}`);
    await world.until(async () => (await began()).length === 60, 180 * MINUTE);
    const runs = await world.allRuns();
    expect(runs.filter(({ state }) => state === 'blocked')).toEqual([]);
    expect(new Set(runs.map(({ batchId }) => batchId)).size).toBe(2);
    // Of fifty, ten percent follow on the canaries, however many more there are.
    const first = runs.filter(({ batchId }) => batchId === runs.at(-1)?.batchId);
    expect(first.filter(({ wave }) => wave < 2)).toHaveLength(10);
  });

  it('is held up by no word of a node', async () => {
    on();
    for (let index = 0; index < 20; index += 1) world.add(`well${index}`);
    world.hung('n0');
    const { reported } = world.facts.get('n0') ?? {};
    if (!reported) throw new Error('nothing reported');
    world.say('n0', { reported: { ...reported, openclaw_version: '\ud800' } });
    world.hung('n1');
    await world.until(async () => (await began()).filter(({ state }) => state === 'succeeded').length === 2);
  });

  it('tells of what holds back a large fleet bit by bit, once for each target', async () => {
    on();
    for (let index = 0; index < 600; index += 1) world.drifted(`n${index}`, { zone: 'us', zoneVerdict: 'full' });
    await world.pass(SECOND);
    const blocked = async () => (await world.remediation.runs({ states: ['blocked'], limit: 1 })).total;
    expect(await blocked()).toBe(500);
    await world.pass(world.timings.probe);
    expect(await blocked()).toBe(600);
    await world.pass(world.timings.probe);
    expect(await blocked()).toBe(600);
  });

  it('halts with the canary that fails: no new target, but its own retry, until a person lets go of the batch', async () => {
    on();
    for (const id of ['n1', 'n2', 'n3']) world.drifted(id).carryOut = noEffect;
    await world.pass(9 * MINUTE);
    expect(await began()).toMatchObject([{ targetId: 'n1', state: 'no_effect' }]);
    const batchId = (await began())[0]?.batchId ?? '';
    expect(await world.remediation.batch(batchId)).toMatchObject({ state: 'halted' });
    const blocked = (await world.allRuns()).filter(({ state }) => state === 'blocked');
    expect(blocked.map(({ targetId, refusal }) => [targetId, refusal?.reason]).sort()).toEqual([
      ['n2', 'batch-halted'],
      ['n3', 'batch-halted'],
    ]);
    await world.pass(60 * MINUTE);
    const runs = await began();
    expect(runs.map(({ targetId, trigger, attempt }) => [targetId, trigger, attempt])).toEqual([
      ['n1', 'automation', 1],
      ['n1', 'retry', 2],
      ['n1', 'retry', 3],
    ]);
    expect(world.remediation.holds('n1', 'quarantine')).toMatchObject([{ subject: 'drift.config', by: 'system' }]);
    for (const id of ['n2', 'n3']) world.bridges.node(id).carryOut = cure;
    await world.remediation.cancel(batchId, BEN, 'the cause is known');
    await world.until(async () =>
      (await began()).some(({ targetId, state }) => targetId === 'n3' && state === 'succeeded')
    );
  });

  it('tries a target again after the backoff, and keeps what is counted over a restart', async () => {
    on();
    world.hung('n1').carryOut = noEffect;
    const ends: number[] = [];
    await world.until(async () => {
      const past = (await began()).filter(({ endedAt }) => endedAt !== null);
      if (past.length > ends.length) {
        ends.push(world.now);
        await world.restart();
      }
      return past.length === 2;
    });
    const [one, two] = await began();
    const between = Date.parse(two?.startedAt ?? '') - Date.parse(one?.endedAt ?? '');
    expect(between).toBeGreaterThanOrEqual(world.timings.attemptBackoff);
    expect(between).toBeLessThan(world.timings.attemptBackoff * 1.2 + 15 * SECOND);
    expect(two?.attempt).toBe(2);
  });

  it('asks an unreachable target again after the backoff, without an attempt', async () => {
    on();
    world.hung('n1').silent = true;
    await world.pass(25 * MINUTE);
    const runs = await began();
    expect(runs.map(({ state, attempt }) => [state, attempt])).toEqual(
      [
        ['unreachable', 0],
        ['unreachable', 0],
        ['unreachable', 0],
      ].slice(0, runs.length)
    );
    expect(runs.length).toBeGreaterThanOrEqual(2);
  });

  it('begins for an alert under the same guardrails', async () => {
    world.hung('n1');
    // An alert goes on firing under one key: what was refused once is asked anew.
    const idempotency = { key: 'fingerprint-1', bodyHash: 'one' };
    const ask = () =>
      world.request('n1', { trigger: 'alertmanager', by: SERVICE, reason: 'BridgeDown fires', idempotency });
    await expect(ask()).rejects.toMatchObject({ failure: { kind: 'refused', refusal: { reason: 'automation-off' } } });
    on();
    const run = await ask();
    expect(run).toMatchObject({ state: 'approved', trigger: 'alertmanager', requestedBy: 'token:alertmanager' });
    expect((await ask()).id).toBe(run.id);
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded' });
  });

  it('tells an alert of a halt, also for a target that a person had tried before', async () => {
    world.drifted('n2').carryOut = noEffect;
    expect(await world.ended((await world.request('n2')).id)).toMatchObject({ state: 'no_effect' });
    world.drifted('n1').carryOut = noEffect;
    world.automation = { enabled: true, percent: 100 };
    world.say('n2', { driftMode: 'Audit' });
    await world.until(async () =>
      (await world.allRuns()).some(({ targetId, state }) => targetId === 'n1' && state === 'no_effect')
    );
    await world.pass(12 * MINUTE);
    world.say('n2', { driftMode: 'ApplyAndAutoCorrect' });
    const asked = world.request('n2', { trigger: 'alertmanager', by: SERVICE, reason: 'ConfigDrift fires' });
    await expect(asked).rejects.toMatchObject({ failure: { refusal: { reason: 'batch-halted' } } });
  });
});

describe('quarantines and breakers', () => {
  const exhaust = async (): Promise<void> => {
    on();
    world.drifted('n1').carryOut = noEffect;
    await world.until(() => world.remediation.holds('n1', 'quarantine').length > 0, 120 * MINUTE);
  };

  it('ends a quarantine when a person clears it, and attempts begin anew', async () => {
    await exhaust();
    await expect(world.request('n1')).rejects.toBeInstanceOf(RemediationError);
    await world.remediation.clearQuarantine('n1', null, BEN, 'the disk was full');
    expect(world.remediation.holds('n1')).toEqual([]);
    await world.pass(15 * SECOND);
    expect((await began()).at(-1)).toMatchObject({ state: 'running', attempt: 1 });
  });

  it('ends a quarantine when another revision is desired', async () => {
    await exhaust();
    world.say('n1', { desiredRevision: 'd'.repeat(64) });
    await world.pass(SECOND);
    expect(world.remediation.holds('n1')).toEqual([]);
  });

  it('opens the breaker of a playbook that does not help, and a person closes it', async () => {
    for (let index = 0; index < 6; index += 1) world.drifted(`n${index}`).carryOut = noEffect;
    for (let index = 0; index < 5; index += 1) await world.ended((await world.request(`n${index}`)).id);
    expect(world.remediation.efficacy()).toMatchObject([{ playbook: 'ConfigDrift', noEffect: 5, breakerOpen: true }]);
    expect(world.remediation.holds(null, 'breaker')).toMatchObject([{ subject: 'ConfigDrift drift.config' }]);
    await world.restart();
    expect(world.remediation.efficacy()).toMatchObject([{ noEffect: 5, breakerOpen: true }]);
    expect(await world.request('n5')).toMatchObject({ state: 'pending_approval' });
    await world.remediation.closeBreaker('ConfigDrift', 'drift.config', BEN, 'fixed');
    expect(world.remediation.efficacy()).toMatchObject([{ runs: 0, breakerOpen: false }]);
  });
});

describe('batches', () => {
  const asked = {
    playbook: 'ConfigDrift',
    reason: 'the new revision',
    by: ANNA,
    trigger: 'manual',
    idempotency: null,
    selector: null,
  } as const;

  it('needs an approval, goes wave by wave, and tries again what fell short while it is unchanged', async () => {
    for (const id of ['n1', 'n2', 'n3']) world.drifted(id);
    let tries = 0;
    world.bridges.node('n2').carryOut = (node, request) => (++tries > 2 ? cure(node, request) : undefined);
    const { batch } = await world.remediation.requestBatch({ ...asked, targetIds: ['n3', 'n1', 'n2', 'n1'] });
    expect(batch).toMatchObject({ state: 'pending_approval', progress: { total: 3 } });
    await world.remediation.approve(batch.id, BEN, { reason: 'fine', digest: batch.plan.digest, breakGlass: false });
    await world.until(async () =>
      (await began()).some(({ targetId, state }) => targetId === 'n2' && state === 'succeeded')
    );
    await world.until(async () => (await world.remediation.batch(batch.id))?.state === 'done');
    const runs = await began();
    expect(runs.map(({ targetId, wave, state, trigger }) => [targetId, wave, state, trigger])).toEqual(
      expect.arrayContaining([
        ['n1', 0, 'succeeded', 'manual'],
        ['n2', 1, 'no_effect', 'manual'],
        ['n3', 2, 'succeeded', 'manual'],
        ['n2', 1, 'succeeded', 'retry'],
      ])
    );
  });

  it('begins a wave once the one before has ended, and halts with its canary', async () => {
    for (let index = 0; index < 40; index += 1) world.add(`well${index}`);
    const go = async (ids: string[]): Promise<string> => {
      const { batch } = await world.remediation.requestBatch({ ...asked, targetIds: ids });
      await world.remediation.approve(batch.id, BEN, { reason: 'fine', digest: null, breakGlass: false });
      return batch.id;
    };
    const ids = ['n1', 'n2', 'n3', 'n4'];
    for (const id of ids) world.drifted(id);
    const first = await go(ids);
    await world.pass(4 * MINUTE);
    const states = async (id: string) =>
      (await world.remediation.batch(id))?.runs.map(({ wave, state }) => [wave, state]);
    expect((await states(first))?.sort()).toEqual([
      [0, 'verifying'],
      [1, 'approved'],
      [2, 'approved'],
      [3, 'approved'],
    ]);
    await world.remediation.cancel(first, ANNA, 'enough');
    await world.until(() => world.remediation.open().length === 0);
    const others = ['m1', 'm2', 'm3', 'm4'];
    for (const id of others) world.drifted(id).carryOut = noEffect;
    const second = await go(others);
    await world.pass(5 * MINUTE);
    expect(await world.remediation.batch(second)).toMatchObject({ state: 'halted', progress: { failed: 1 } });
    expect(world.remediation.open().map(({ state, refusal }) => [state, refusal?.reason])).toEqual(
      Array.from({ length: 3 }, () => ['approved', 'batch-halted'])
    );
    await world.until(() => world.remediation.open().length === 0, 120 * MINUTE);
    expect((await states(second))?.filter(([, state]) => state === 'expired')).toHaveLength(3);
  });

  it('is not tried again once somebody cancelled it', async () => {
    for (let index = 0; index < 20; index += 1) world.add(`well${index}`);
    const go = async (ids: string[]): Promise<string> => {
      for (const id of ids) world.drifted(id);
      const { batch } = await world.remediation.requestBatch({ ...asked, targetIds: ids });
      await world.remediation.approve(batch.id, BEN, { reason: 'fine', digest: null, breakGlass: false });
      return batch.id;
    };
    const first = await go(['n1', 'n2', 'n3']);
    world.bridges.node('n2').carryOut = noEffect;
    await world.until(async () => (await began()).some(({ state }) => state === 'no_effect'));
    await world.remediation.cancel(first, ANNA, 'it does not help');
    expect(await world.remediation.batch(first)).toMatchObject({ state: 'cancelled', reason: expect.any(String) });
    const second = await go(['m1', 'm2']);
    world.bridges.node('m2').carryOut = noEffect;
    await world.until(() => world.remediation.open().length === 0);
    expect(await world.remediation.batch(second)).toMatchObject({ state: 'done', progress: { failed: 1 } });
    await world.remediation.cancel(second, ANNA, 'nor does it here');
    await world.pass(40 * MINUTE);
    expect((await began()).filter(({ trigger }) => trigger === 'retry')).toEqual([]);
    await expect(world.remediation.cancel(second, ANNA, 'again')).rejects.toMatchObject({
      failure: { kind: 'refused' },
    });
  });

  it('does not try again what is not as it was approved', async () => {
    for (const id of ['n1', 'n2']) world.drifted(id).carryOut = noEffect;
    const { batch } = await world.remediation.requestBatch({ ...asked, targetIds: ['n1', 'n2'] });
    await world.remediation.approve(batch.id, BEN, { reason: 'fine', digest: null, breakGlass: false });
    await world.until(async () => (await began()).some(({ state }) => state === 'no_effect'));
    world.bridges.node('n1').gatewayBoot += 1;
    await world.pass(30 * MINUTE);
    expect((await began()).filter(({ targetId }) => targetId === 'n1')).toHaveLength(1);
  });

  it('is never for all: an empty list and a selector that finds nothing are errors', async () => {
    world.add('n1');
    await expect(world.remediation.requestBatch({ ...asked, targetIds: [] })).rejects.toMatchObject({
      failure: { kind: 'invalid' },
    });
    await expect(
      world.remediation.requestBatch({ ...asked, targetIds: null, selector: { zone: ['eu'] } })
    ).rejects.toMatchObject({
      failure: { kind: 'invalid', field: 'selector' },
    });
    await expect(world.remediation.requestBatch({ ...asked, targetIds: ['nobody'] })).rejects.toMatchObject({
      failure: { kind: 'invalid' },
    });
  });

  it('refuses a plan of more than 50', async () => {
    const ids = Array.from({ length: 51 }, (_, index) => `n${index}`);
    for (const id of ids) world.drifted(id);
    await expect(world.remediation.requestBatch({ ...asked, targetIds: ids })).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: { reason: 'plan-too-large' } },
    });
  });

  it('refuses a selector that finds half a fleet at once', async () => {
    for (let index = 0; index < 501; index += 1) world.drifted(`n${index}`);
    const request = { ...asked, targetIds: null, selector: { zone: ['eu'] } };
    const refusal = { failure: { kind: 'refused', refusal: { reason: 'plan-too-large' } } };
    await expect(world.remediation.requestBatch(request)).rejects.toMatchObject(refusal);
    expect(() => world.remediation.dryRunBatch(request)).toThrow('more than 500 targets');
  });

  it('has blocked runs for those that are held back, and a plan for the others', async () => {
    for (const id of ['n1', 'n2', 'n3']) world.drifted(id);
    await world.remediation.pause('n2', BEN, 'somebody works on it');
    const { batch } = await world.remediation.requestBatch({ ...asked, targetIds: ['n1', 'n2', 'n3'] });
    expect(batch.plan.targets.map(({ targetId }) => targetId)).toEqual(['n1', 'n3']);
    expect(batch.progress.states).toEqual({ blocked: 1, pending_approval: 2 });
  });

  it('ends as a whole when it is cancelled or denied', async () => {
    for (const id of ['n1', 'n2']) world.drifted(id);
    const { batch } = await world.remediation.requestBatch({ ...asked, targetIds: ['n1', 'n2'] });
    await world.remediation.deny(batch.id, BEN, 'no');
    expect(await world.remediation.batch(batch.id)).toMatchObject({
      state: 'denied',
      progress: { states: { denied: 2 } },
    });
    const second = await world.remediation.requestBatch({ ...asked, targetIds: ['n1', 'n2'] });
    await world.remediation.cancel(second.batch.id, ANNA, 'no');
    expect(await world.remediation.batch(second.batch.id)).toMatchObject({
      state: 'cancelled',
      progress: { states: { cancelled: 2 } },
    });
  });

  it('does not try a single run again that one person began', async () => {
    world.drifted('n1').carryOut = noEffect;
    await world.ended((await world.request('n1')).id);
    await world.pass(30 * MINUTE);
    expect(await world.allRuns()).toHaveLength(1);
  });
});

describe('holds', () => {
  it('keeps pauses and cordons with who and why, over a restart', async () => {
    world.hung('n1');
    await world.remediation.cordon('n1', BEN, 'a new disk');
    await world.remediation.pause(null, ANNA, 'a release');
    expect([...world.cordoned]).toEqual(['n1']);
    world.cordoned = new Set();
    await world.restart();
    expect([...world.cordoned]).toEqual(['n1']);
    expect(world.remediation.holds(null)).toMatchObject([
      { kind: 'cordon', targetId: 'n1', by: 'grafana:ben', reason: 'a new disk' },
      { kind: 'pause', targetId: null, by: 'grafana:anna', reason: 'a release' },
    ]);
    await expect(world.remediation.pause(null, BEN, 'again')).rejects.toBeInstanceOf(RemediationError);
    await world.remediation.uncordon('n1', BEN, 'done');
    await world.remediation.resume(null, BEN, 'done');
    expect(world.remediation.holds(null)).toEqual([]);
    expect(world.cordoned.size).toBe(0);
    expect((await world.audit()).map(({ action }) => action)).toEqual([
      'remediation.cordoned',
      'remediation.paused',
      'remediation.uncordoned',
      'remediation.resumed',
    ]);
  });
});
