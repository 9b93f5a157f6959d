import { beforeEach, describe, expect, it } from '@jest/globals';
import { cure, fakeJob } from './testing/bridges.ts';
import { BridgeError } from './types.ts';
import { BEN, MINUTE, noEffect, onVerb, refuses, SECOND, World } from './testing/world.ts';

// Typed as what it stands for.
const containing = (text: string): unknown => expect.stringContaining(text);

let world: World;
beforeEach(async () => {
  world = await World.start();
});

async function repaired(id: string): ReturnType<World['ended']> {
  const run = await world.request(id);
  return world.ended(run.id);
}
const summaries = (steps: readonly { id: string; state: string }[]): string[] =>
  steps.map(({ id, state }) => `${id} ${state}`);

describe('BridgeStuck', () => {
  it('restarts a gateway that hangs, verifies, takes a snapshot, and waits until it stays well', async () => {
    world.hung('n1');
    const began = world.now;
    const run = await repaired('n1');
    expect(run).toMatchObject({ state: 'succeeded', attempt: 1, playbook: 'BridgeStuck', fault: 'drift.runtime' });
    expect(summaries(run.steps)).toEqual([
      'witness succeeded',
      'restart succeeded',
      'started succeeded',
      'metrics succeeded',
      'reconcile succeeded',
      'clear succeeded',
      'record succeeded',
    ]);
    expect(world.verbs()).toEqual(['restart', 'reconcile']);
    expect(Date.parse(run.endedAt ?? '') - began).toBeGreaterThanOrEqual(world.timings.verifyClear);
    expect(run.steps[0]?.evidence['asked']).toHaveLength(3);
    expect(run.steps[1]?.evidence).toMatchObject({
      asked: { instruction: { verb: 'restart', what: 'gateway' }, gateway_boot_id: 'gateway-1' },
      receipt: { state: 'succeeded' },
    });
    expect(run.steps.at(-1)?.evidence).toMatchObject({
      before: { gateway_state: 'hung', gateway_boot_id: 'gateway-1' },
      after: { gateway_state: 'running', gateway_boot_id: 'gateway-2' },
    });
    const names = (await world.audit()).map(({ action }) => action);
    expect(names).toEqual([
      'remediation.approved',
      'remediation.running',
      'remediation.asked',
      'remediation.answered',
      'remediation.asked',
      'remediation.answered',
      'remediation.verifying',
      'remediation.succeeded',
    ]);
  });

  it('leaves a bridge alone whose next heartbeat arrives, as after the end of an outage', async () => {
    const node = world.add('n1', { lastAcceptedMs: 10 * MINUTE });
    const run = await world.request('n1');
    await world.pass(MINUTE);
    expect(world.verbs()).toEqual([]);
    node.lastAcceptedMs = SECOND;
    expect(await world.ended(run.id)).toMatchObject({ state: 'no_fault', attempt: 0 });
    expect(world.verbs()).toEqual([]);
  });

  it('asks a bridge whose heartbeats do not arrive to end itself', async () => {
    world.add('n1', { lastAcceptedMs: 10 * MINUTE });
    const run = await repaired('n1');
    expect(run.state).toBe('succeeded');
    expect(run.steps[1]?.evidence).toMatchObject({ asked: { instruction: { what: 'bridge' }, gateway_boot_id: null } });
  });

  it('does nothing where nothing answers, uses no attempt, and names the runbook', async () => {
    world.hung('n1').silent = true;
    const run = await repaired('n1');
    expect(run).toMatchObject({ state: 'unreachable', attempt: 0 });
    expect(run.reason).toContain('https://runbooks.test/repairs#bridgestuck');
    expect(world.verbs()).toEqual([]);
    expect(run.steps.at(-1)).toMatchObject({ id: 'record', state: 'succeeded' });
    expect(run.steps[1]).toMatchObject({ state: 'skipped', summary: 'Not reached: the run ended before.' });
    const [told] = await world.store.timeline('n1', null, 1);
    expect(told).toMatchObject({ kind: 'repair', summary: containing('reached nobody') });
  });

  it('goes on when the bridge answers at the third ask', async () => {
    world.hung('n1').deaf = 2;
    expect((await repaired('n1')).state).toBe('succeeded');
  });

  it('does nothing where the bridge sees no fault', async () => {
    const node = world.hung('n1');
    const run = await world.request('n1');
    await world.pass(SECOND);
    Object.assign(node, { gatewayState: 'running', health: 'ok' });
    expect(await world.ended(run.id)).toMatchObject({ state: 'no_fault', attempt: 0 });
    expect(world.verbs()).toEqual([]);
  });

  it('has no effect when the gateway does not come back by a restart that was done', async () => {
    world.hung('n1').carryOut = noEffect;
    const run = await repaired('n1');
    expect(run).toMatchObject({ state: 'no_effect', attempt: 1 });
    expect(run.reason).toContain('The gateway is hung');
    expect(world.verbs()).toEqual(['restart']);
  });

  it('has no effect when the condition comes back while it is verified', async () => {
    const node = world.hung('n1');
    const run = await world.request('n1');
    await world.until(() => world.remediation.open().some(({ clearSince }) => clearSince !== null));
    node.health = 'error';
    const ended = await world.ended(run.id);
    expect(ended).toMatchObject({ state: 'no_effect', clearSince: null });
  });

  it.each(['restart-limit', 'boot-changed'] as const)(
    'fails in words when the bridge refuses with %s',
    async (refusal) => {
      world.hung('n1').carryOut = refuses(refusal);
      const run = await repaired('n1');
      expect(run.state).toBe('failed');
      expect(run.reason).toMatch(refusal === 'restart-limit' ? /restarted too often/ : /Somebody restarted/);
      expect(world.verbs()).toEqual([]);
    }
  );

  it('fails when the restart fails, and does not restart again', async () => {
    world.hung('n1').carryOut = () => ({ state: 'failed', message: 'the supervisor gave up after 15 s' });
    const run = await repaired('n1');
    expect(run).toMatchObject({ state: 'failed', reason: 'the supervisor gave up after 15 s' });
    expect(world.verbs()).toEqual(['restart']);
  });

  it('looks instead of repeating when the outcome is unknown', async () => {
    world.hung('n1').carryOut = onVerb(
      'restart',
      (node, request) => {
        cure(node, request);
        return { state: 'outcome_unknown', message: 'the bridge ended while it was at it' };
      },
      cure
    );
    const run = await repaired('n1');
    expect(run.state).toBe('succeeded');
    expect(run.steps[1]).toMatchObject({
      id: 'restart',
      state: 'failed',
      summary: containing('not done again'),
    });
    expect(world.verbs()).toEqual(['restart', 'reconcile']);
  });

  it('waits for a verb that takes its time', async () => {
    world.hung('n1').takesMs = 50 * SECOND;
    const run = await repaired('n1');
    expect(run.state).toBe('succeeded');
    expect(world.verbs()).toEqual(['restart', 'reconcile']);
  });

  it('fails when the bridge stays busy with something else', async () => {
    world.hung('n1').busy = 'run-of-somebody-else.1';
    expect(await repaired('n1')).toMatchObject({ state: 'failed', reason: containing('busy') });
    expect(world.verbs()).toEqual([]);
  });
});

describe('a restart of the collector', () => {
  it('begins the verification anew: what happened while nobody looked is not known', async () => {
    world.hung('n1');
    const run = await world.request('n1');
    await world.until(() => world.remediation.open().some(({ clearSince }) => clearSince !== null));
    await world.pass(world.timings.verifyClear - MINUTE);
    const restarted = world.now;
    await world.restart();
    const ended = await world.ended(run.id);
    expect(ended.state).toBe('succeeded');
    expect(Date.parse(ended.endedAt ?? '') - restarted).toBeGreaterThanOrEqual(world.timings.verifyClear);
  });

  it('sends nothing that was not sent before somebody stopped the run', async () => {
    const node = world.hung('n1');
    const run = await world.request('n1');
    world.bridges.tap = (when, call) => {
      if (when === 'before' && call === 'act') throw new BridgeError('unreachable', 'the connection broke');
    };
    await world.until(() => world.remediation.open()[0]?.state === 'running');
    await world.pass(10 * SECOND);
    expect((await world.detail(run.id)).steps[1]).toMatchObject({ id: 'restart', state: 'running' });
    await world.remediation.cancel(run.id, BEN, 'I am on it');
    world.bridges.tap = () => undefined;
    await world.restart();
    expect(await world.ended(run.id)).toMatchObject({ state: 'cancelled' });
    expect(world.verbs()).toEqual([]);
    expect(node.gatewayState).toBe('hung');
  });
});

describe('ConfigDrift', () => {
  it('does not apply what is desired no more by the time the second witness has answered', async () => {
    world.drifted('n1');
    const run = await world.request('n1');
    await world.pass(SECOND);
    world.say('n1', { desiredRevision: 'd'.repeat(64) });
    expect(await world.ended(run.id)).toMatchObject({
      state: 'cancelled',
      attempt: 0,
      reason: containing('Another configuration is desired by now'),
    });
    expect(world.verbs()).toEqual([]);
  });

  it('applies the desired revision without a restart, and skips a reload that is not needed', async () => {
    world.drifted('n1');
    const run = await repaired('n1');
    expect(run.state).toBe('succeeded');
    expect(run.steps[1]?.evidence).toMatchObject({
      asked: { instruction: { verb: 'reconcile', apply: { allowRestart: false, configHash: 'a'.repeat(64) } } },
    });
    expect(summaries(run.steps)).toContain('reload skipped');
    expect(world.verbs()).toEqual(['reconcile', 'reconcile']);
  });

  it('reloads what is saved and not active', async () => {
    const node = world.drifted('n1');
    node.carryOut = onVerb(
      'reconcile',
      (one, request) => {
        one.converged = false;
        cure(one, request);
        return undefined;
      },
      cure
    );
    // The snapshot afterwards must not undo the reload.
    const plain = node.carryOut;
    node.carryOut = (one, request) =>
      request.instruction.verb === 'reconcile' && request.instruction.apply === null ? undefined : plain(one, request);
    expect((await repaired('n1')).state).toBe('succeeded');
    expect(world.verbs()).toEqual(['reconcile', 'reload', 'reconcile']);
  });

  it('is rolled back when the bridge says so', async () => {
    world.drifted('n1').carryOut = () => ({ state: 'rolled_back', message: 'it did not converge within 2 min' });
    expect(await repaired('n1')).toMatchObject({
      state: 'rolled_back',
      attempt: 1,
      reason: 'it did not converge within 2 min',
    });
    expect(world.verbs()).toEqual(['reconcile']);
  });

  it('leaves what needs a restart to a person', async () => {
    world.drifted('n1').carryOut = refuses('needs-restart');
    expect(await repaired('n1')).toMatchObject({
      state: 'failed',
      reason: containing('needs a restart'),
    });
  });

  it('has no effect while the fleet still holds the drift open', async () => {
    world.drifted('n1', { stuckOpen: true });
    expect(await repaired('n1')).toMatchObject({ state: 'no_effect', reason: containing('still holds it open') });
  });
});

describe('FailureBurst', () => {
  const failing = (id: string) => fakeJob(id, { consecutive_errors: 5, failures_1h: 9 });

  it('throttles the jobs that fail, examines, and resumes one by one with a watch between', async () => {
    const node = world.add('n1', { jobs: [failing('a'), fakeJob('ok'), failing('b')] });
    const run = await repaired('n1');
    expect(run.state).toBe('succeeded');
    expect(world.verbs()).toEqual(['throttle', 'doctor', 'resume', 'resume']);
    expect(run.steps.map(({ title }) => title)).toContain('Watch Job b for a while');
    const resumed = world.bridges.executed.filter(({ verb }) => verb === 'resume');
    expect((resumed[1]?.atMs ?? 0) - (resumed[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(world.timings.resumeSoak);
    expect(node.jobs.every(({ enabled }) => enabled)).toBe(true);
    expect(run.steps[1]?.evidence).toMatchObject({ asked: { instruction: { jobs: ['a', 'b'] } } });
  });

  it('leaves a job that fails again disabled, resumes the others, and fails', async () => {
    const node = world.add('n1', { jobs: [failing('a'), failing('b'), failing('c')] });
    const run = await world.request('n1');
    await world.until(() => world.verbs().includes('resume'));
    await world.pass(10 * SECOND);
    node.jobs = node.jobs.map((job) => (job.id === 'a' ? { ...job, consecutive_errors: 1 } : job));
    const ended = await world.ended(run.id);
    expect(ended).toMatchObject({ state: 'failed', reason: containing('Job a failed again') });
    expect(node.jobs.map(({ id, enabled }) => [id, enabled])).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
    ]);
    expect(world.verbs()).toEqual(['throttle', 'doctor', 'resume', 'throttle', 'resume']);
    expect(summaries(ended.steps).slice(-2)).toEqual(['hold-back succeeded', 'resume-rest succeeded']);
  });

  it('resumes all of them when it is cancelled', async () => {
    const node = world.add('n1', { jobs: [failing('a'), failing('b')] });
    const run = await world.request('n1');
    await world.until(() => world.verbs().includes('throttle'));
    await world.remediation.cancel(run.id, BEN, 'the jobs are needed now');
    const ended = await world.ended(run.id);
    expect(ended).toMatchObject({
      state: 'cancelled',
      reason: containing('the jobs are needed now'),
    });
    expect(node.jobs.every(({ enabled }) => enabled)).toBe(true);
    expect(ended.attempt).toBe(1);
  });

  it('leaves alone what somebody else disabled meanwhile', async () => {
    const node = world.add('n1', { jobs: [failing('a'), failing('b')] });
    const run = await world.request('n1');
    await world.until(() => world.verbs().includes('doctor'));
    node.jobs = node.jobs.map((job) => (job.id === 'b' ? { ...job, throttled: false } : job));
    const ended = await world.ended(run.id);
    expect(world.verbs().filter((verb) => verb === 'resume')).toHaveLength(1);
    expect(ended.steps.find(({ title }) => title === 'Watch Job b for a while')).toMatchObject({ state: 'skipped' });
    expect(node.jobs.find(({ id }) => id === 'b')?.enabled).toBe(false);
  });
});

describe('what goes wrong with one', () => {
  it('keeps no other from beginning: a fleet that cannot be looked at, a target that cannot', async () => {
    world.automation = { enabled: true, percent: 100 };
    for (let index = 0; index < 10; index += 1) world.add(`well${index}`);
    world.hung('n1');
    world.hung('n2');
    const bad = await world.request('n1');
    world.now += SECOND;
    const good = await world.request('n2');
    const get = world.facts.get.bind(world.facts);
    Object.assign(world.facts, {
      candidates: () => {
        throw new Error('no look at the fleet');
      },
      get: (id: string) => {
        if (id === 'n1') throw new Error('no look at n1');
        return get(id);
      },
    });
    await world.pass(SECOND);
    expect(await world.detail(good.id)).toMatchObject({ state: 'running' });
    expect(await world.detail(bad.id)).toMatchObject({ state: 'approved' });
    expect(world.logged).toHaveLength(2);
  });

  it('is told of and left as it is where what is stored of a run cannot be read', async () => {
    for (let index = 0; index < 10; index += 1) world.add(`well${index}`);
    world.hung('n1');
    world.hung('n2');
    const bad = await world.request('n1');
    const good = await world.request('n2');
    const stored = await world.store.run(bad.id);
    if (stored === null) throw new Error('it is not stored');
    const runs = [{ ...stored.run, rev: stored.run.rev + 1, doc: '{"of":"a later version"}' }];
    const none = {
      plans: [],
      steps: [],
      putHolds: [],
      dropHolds: [],
      idempotency: [],
      events: [],
      timeline: [],
      audit: [],
    };
    await world.store.writeRemediation(world.epoch, { ...none, runs });
    await world.restart();
    expect(world.logged).toMatchObject([[{}, containing(`Run ${bad.id} cannot be read`)]]);
    expect(await world.ended(good.id)).toMatchObject({ state: 'succeeded' });
  });

  it('is in the audit where a decision could not be carried out', async () => {
    world.add('n1');
    world.lift = () => Promise.reject(new RangeError('This target is not isolated, so there is nothing to lift.'));
    await expect(world.remediation.liftIsolation('n1', BEN, 'looked at it')).rejects.toMatchObject({
      failure: { kind: 'refused' },
    });
    expect((await world.audit()).map(({ action, actor }) => [action, actor])).toEqual([
      ['target.isolation-lifted', 'grafana:ben'],
      ['target.isolation-lifted-failed', 'grafana:ben'],
    ]);
  });
});
