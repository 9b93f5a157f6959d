import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Run } from '@openclaw-fleet/contract';
import { ANNA, BEN, CARL, MINUTE, SECOND, World } from './testing/world.ts';
import type { RemediationFailure, Requester } from './types.ts';
import { RemediationError } from './types.ts';

// Typed as what it stands for.
const containing = (text: string): unknown => expect.stringContaining(text);

let world: World;
beforeEach(async () => {
  world = await World.start();
});

async function failure(promise: Promise<unknown>): Promise<RemediationFailure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RemediationError) return error.failure;
    throw error;
  }
  throw new Error('nothing was refused');
}
const approve = (id: string, by: Requester, more: { digest?: string; breakGlass?: boolean } = {}) =>
  world.remediation.approve(id, by, {
    reason: 'looked at it',
    digest: more.digest ?? null,
    breakGlass: more.breakGlass ?? false,
  });
const stateOf = async (run: Run): Promise<string> => (await world.detail(run.id)).state;

/** A run that waits for one approval. */
async function pending(): Promise<Run> {
  world.drifted('n1', { severity: 'critical' });
  const run = await world.request('n1');
  expect(run.state).toBe('pending_approval');
  return run;
}

describe('requests', () => {
  it('gives the same run for the same key and body, and refuses another body', async () => {
    world.drifted('n1');
    const keyed = (bodyHash: string) => world.ask('n1', { idempotency: { key: 'key-12345', bodyHash } });
    const first = await world.remediation.request(keyed('x'));
    const again = await world.remediation.request(keyed('x'));
    expect([first.created, again.created]).toEqual([true, false]);
    expect(again.run.id).toBe(first.run.id);
    expect(await failure(world.remediation.request(keyed('y')))).toMatchObject({ kind: 'key-reused' });
    const other = await failure(world.remediation.request({ ...keyed('x'), by: BEN }));
    expect(other).toMatchObject({ kind: 'refused', refusal: { reason: 'target-busy' } });
  });

  it('gives one run to two requests with one key at the same time', async () => {
    world.drifted('n1');
    const asked = world.ask('n1', { idempotency: { key: 'key-12345', bodyHash: 'x' } });
    const both = await Promise.all([world.remediation.request(asked), world.remediation.request(asked)]);
    expect(new Set(both.map(({ run }) => run.id)).size).toBe(1);
    expect(both.map(({ created }) => created).sort()).toEqual([false, true]);
  });

  it('stores what it refused as a blocked run, also for its key', async () => {
    world.drifted('n1', { bridged: false });
    const asked = world.ask('n1', { idempotency: { key: 'key-12345', bodyHash: 'x' } });
    const first = await failure(world.remediation.request(asked));
    expect(first).toMatchObject({ kind: 'refused', refusal: { reason: 'no-bridge' }, run: { state: 'blocked' } });
    expect(await failure(world.remediation.request(asked))).toEqual(first);
    expect(await world.allRuns()).toHaveLength(1);
    expect(world.remediation.status().refused).toEqual({ 'no-bridge': 1 });
    expect(await world.audit()).toMatchObject([{ action: 'remediation.blocked', actor: 'grafana:anna' }]);
  });

  it('lets a target have one run at a time', async () => {
    world.drifted('n1');
    const [one, two] = await Promise.allSettled([world.request('n1'), world.request('n1', { by: BEN })]);
    expect(one.status).toBe('fulfilled');
    expect(two.status).toBe('rejected');
  });

  it('shows what would happen and stores nothing', async () => {
    world.drifted('n1', { isolated: true, severity: 'critical' });
    const { plan, refusals } = world.remediation.dryRun(world.ask('n1'));
    expect(plan).toMatchObject({
      approvalsNeeded: 1,
      actions: [{ verb: 'reconcile' }, { verb: 'reload' }, { verb: 'reconcile' }],
    });
    expect(refusals).toEqual([]);
    await world.remediation.pause(null, BEN, 'a release');
    expect(world.remediation.dryRun(world.ask('n1')).refusals).toMatchObject([{ targetId: 'n1', reason: 'paused' }]);
    expect(await world.allRuns()).toEqual([]);
  });

  it('refuses what is not the plan that was seen, stores nothing, and leaves its key free', async () => {
    world.drifted('n1', { severity: 'critical' });
    const { plan } = world.remediation.dryRun(world.ask('n1'));
    expect(plan.approvalsNeeded).toBe(1);
    world.say('n1', { severity: 'minor' });
    const asked = { ...world.ask('n1', { idempotency: { key: 'key-12345', bodyHash: 'x' } }), digest: plan.digest };
    expect(await failure(world.remediation.request(asked))).toMatchObject({
      kind: 'refused',
      refusal: null,
      message: 'What would be done is no longer what you saw: look at the plan again.',
    });
    expect([await world.allRuns(), await world.audit()]).toEqual([[], []]);
    const now = world.remediation.dryRun(asked).plan;
    expect(now.digest).not.toBe(plan.digest);
    const again = { ...asked, digest: now.digest, idempotency: { key: 'key-12345', bodyHash: 'y' } };
    const { run, created } = await world.remediation.request(again);
    expect([created, run.state]).toEqual([true, 'approved']);
    world.say('n1', { severity: 'critical' });
    expect(await world.remediation.request(again)).toMatchObject({ created: false, run: { id: run.id } });
  });

  it('goes by the plan that was seen when a guardrail would refuse it too', async () => {
    world.drifted('n1', { bridged: false });
    const digest = 'f'.repeat(64);
    expect(await failure(world.request('n1', { digest }))).toMatchObject({ refusal: null });
    expect(await world.allRuns()).toEqual([]);
    const seen = world.remediation.dryRun(world.ask('n1')).plan.digest;
    expect(await failure(world.request('n1', { digest: seen }))).toMatchObject({ refusal: { reason: 'no-bridge' } });
  });

  it('takes a batch as it was seen, with those that are held back, and no other', async () => {
    world.drifted('n1');
    world.drifted('n2', { bridged: false });
    const asked = { ...world.ask('n1'), playbook: 'ConfigDrift', targetIds: ['n1', 'n2'], selector: null } as const;
    const seen = world.remediation.dryRunBatch(asked);
    expect(seen.refusals).toMatchObject([{ targetId: 'n2', reason: 'no-bridge' }]);
    world.say('n1', { severity: 'critical' });
    const refusal = await failure(world.remediation.requestBatch({ ...asked, digest: seen.plan.digest }));
    expect(refusal).toMatchObject({ kind: 'refused', refusal: null, message: containing('look at the plan again') });
    expect(await world.allRuns()).toEqual([]);
    world.say('n1', { severity: 'minor' });
    const { batch } = await world.remediation.requestBatch({ ...asked, digest: seen.plan.digest });
    expect(batch.plan.targets.map(({ targetId }) => targetId)).toEqual(['n1']);
  });

  it('does not know a target that is not there', async () => {
    expect(await failure(world.request('nobody'))).toMatchObject({ kind: 'not-found' });
  });

  it('waits for a place among those in flight, and says so', async () => {
    for (const id of ['n1', 'n2']) world.hung(id);
    const [one, two] = [await world.request('n1'), await world.request('n2')];
    await world.pass(5 * SECOND);
    expect(await world.detail(two.id)).toMatchObject({ state: 'approved', refusal: { reason: 'in-flight-cap' } });
    await world.ended(one.id);
    expect(await world.ended(two.id)).toMatchObject({ state: 'succeeded', refusal: null });
  });

  it('expires what could not begin in time', async () => {
    for (const id of ['n1', 'n2']) world.hung(id);
    await world.request('n1');
    await world.pass(SECOND);
    const two = await world.request('n2');
    await world.remediation.pause('n2', BEN, 'somebody works on it');
    const ended = await world.ended(two.id);
    expect(ended).toMatchObject({ state: 'expired', reason: containing('paused'), startedAt: null });
  });
});

describe('what is asked for right after an attempt', () => {
  /** When n1 was repaired, and was broken again at once. */
  async function brokenAgain(severity: 'minor' | 'critical'): Promise<number> {
    world.drifted('n1', { severity });
    const run = await world.request('n1');
    if (severity === 'critical') await approve(run.id, BEN);
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded' });
    world.drifted('n1', { severity });
    return world.now;
  }
  const sinceMs = async (run: Run, fromMs: number): Promise<number> =>
    Date.parse((await world.detail(run.id)).startedAt ?? '') - fromMs;

  it('waits out the backoff and begins, also over a restart', async () => {
    const endedMs = await brokenAgain('minor');
    const run = await world.request('n1');
    await world.pass(9 * MINUTE);
    expect(await world.detail(run.id)).toMatchObject({ state: 'approved', refusal: { reason: 'backoff' } });
    await world.restart();
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded' });
    // Longer than what waits for nothing has to begin.
    expect(await sinceMs(run, endedMs)).toBeGreaterThan(world.timings.executionExpiry);
  });

  it('does so when it was approved at once, and in a batch', async () => {
    const endedMs = await brokenAgain('critical');
    world.drifted('n2', { severity: 'critical' });
    const { batch } = await world.remediation.requestBatch({
      ...world.ask('n1'),
      playbook: 'ConfigDrift',
      targetIds: ['n1', 'n2'],
      selector: null,
    });
    await approve(batch.id, BEN);
    const [first, second] = (await world.allRuns()).filter(({ batchId }) => batchId === batch.id).reverse();
    expect(await world.ended(first!.id)).toMatchObject({ state: 'succeeded', targetId: 'n1' });
    expect(await sinceMs(first!, endedMs)).toBeGreaterThan(world.timings.executionExpiry);
    expect(await world.ended(second!.id)).toMatchObject({ state: 'succeeded' });
  });

  it('has from then on the time that others have, and no more', async () => {
    const endedMs = await brokenAgain('minor');
    const run = await world.request('n1');
    await world.remediation.pause('n1', BEN, 'somebody works on it');
    expect(await world.ended(run.id)).toMatchObject({ state: 'expired', reason: containing('paused') });
    const { attemptBackoff, executionExpiry } = world.timings;
    expect(world.now - endedMs).toBeGreaterThanOrEqual(attemptBackoff + executionExpiry);
    expect(world.now - endedMs).toBeLessThanOrEqual(1.2 * attemptBackoff + executionExpiry + 2 * SECOND);
  });
});

describe('approvals', () => {
  it('begins once another person approved', async () => {
    const run = await pending();
    await world.pass(MINUTE);
    expect(await stateOf(run)).toBe('pending_approval');
    expect(await failure(approve(run.id, ANNA))).toMatchObject({ kind: 'not-allowed' });
    const service: Requester = { actor: { name: 'token:ci', via: 'api-token' }, person: null };
    expect(await failure(approve(run.id, service))).toMatchObject({ kind: 'not-allowed' });
    expect(await approve(run.id, BEN)).toMatchObject({
      approvals: [{ person: 'ben', decision: 'approve' }],
      approveBefore: null,
    });
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded', breakGlass: false });
  });

  it('needs two where two are needed, and counts a person once', async () => {
    world.drifted('n1', { windowOpen: false, windowReason: 'a freeze' });
    const run = await world.request('n1');
    await approve(run.id, BEN);
    await approve(run.id, BEN);
    expect(await stateOf(run)).toBe('pending_approval');
    await approve(run.id, CARL);
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded' });
  });

  it('marks everything when an approver breaks the glass', async () => {
    const run = await pending();
    const plan = await approve(run.id, ANNA, { breakGlass: true });
    expect(plan).toMatchObject({ breakGlass: true, approvals: [{ decision: 'break-glass' }] });
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded', breakGlass: true });
    expect(await world.audit()).toContainEqual(
      expect.objectContaining({ action: 'remediation.break-glass', actor: 'grafana:anna' })
    );
    const events = await world.store.eventsAfter(0, 100);
    expect(events.filter(({ data }) => data['state'] === 'approved').map(({ data }) => data['breakGlass'])).toEqual([
      true,
    ]);
  });

  it('ends with one deny', async () => {
    const run = await pending();
    await world.remediation.deny(run.id, BEN, 'not now');
    expect(await world.detail(run.id)).toMatchObject({ state: 'denied', reason: containing('not now') });
    expect(await failure(approve(run.id, CARL))).toMatchObject({ kind: 'refused' });
    expect(world.verbs()).toEqual([]);
  });
});

describe('races (docs/repairs.md)', () => {
  it('approve twice at once: approved once', async () => {
    const run = await pending();
    await Promise.all([approve(run.id, BEN), approve(run.id, BEN)]);
    const { plan } = await world.detail(run.id);
    expect(plan.approvals).toHaveLength(1);
    const actions = (await world.audit()).map(({ action }) => action);
    expect(actions.filter((action) => action === 'remediation.approved')).toHaveLength(1);
    await world.ended(run.id);
    expect(world.verbs()).toEqual(['reconcile', 'reconcile']);
  });

  it.each(['approve first', 'cancel first'])(
    'approve and cancel together: cancelled, with no verb (%s)',
    async (order) => {
      const run = await pending();
      const steps = [() => approve(run.id, BEN), () => world.remediation.cancel(run.id, CARL, 'wrong target')];
      if (order === 'cancel first') steps.reverse();
      const [first, second] = await Promise.allSettled(steps.map((step) => step()));
      expect(first?.status).toBe('fulfilled');
      expect(second?.status).toBe(order === 'cancel first' ? 'rejected' : 'fulfilled');
      await world.pass(10 * SECOND);
      expect(await stateOf(run)).toBe('cancelled');
      expect(world.verbs()).toEqual([]);
    }
  );

  it('approve after expiry: refused, and expired, whether or not a tick came before', async () => {
    const run = await pending();
    world.now += 30 * MINUTE;
    expect(await failure(approve(run.id, BEN))).toMatchObject({ kind: 'refused' });
    expect(await stateOf(run)).toBe('expired');
    world.drifted('n2', { severity: 'critical' });
    const two = await world.request('n2');
    await world.pass(30 * MINUTE);
    expect(await stateOf(two)).toBe('expired');
    expect(await failure(approve(two.id, BEN))).toMatchObject({ kind: 'refused' });
  });

  it('approve a plan whose target changed: refused, and void', async () => {
    const run = await pending();
    world.bridges.node('n1').gatewayBoot += 1;
    expect(await failure(approve(run.id, BEN))).toMatchObject({ kind: 'refused', message: containing('changed') });
    expect(await stateOf(run)).toBe('voided');
  });

  it('approve what one did not see: refused, and still to be decided', async () => {
    const run = await pending();
    expect(await failure(approve(run.id, BEN, { digest: 'f'.repeat(64) }))).toMatchObject({ kind: 'refused' });
    expect(await stateOf(run)).toBe('pending_approval');
  });

  it('a change after the approval and before the start: void', async () => {
    const run = await pending();
    await approve(run.id, BEN);
    world.say('n1', { desiredRevision: 'd'.repeat(64) });
    await world.pass(SECOND);
    expect(await world.detail(run.id)).toMatchObject({ state: 'voided', reason: containing('the desired revision') });
    expect(world.verbs()).toEqual([]);
  });

  it('cancel while verifying: refused, and it goes on', async () => {
    world.hung('n1');
    const run = await world.request('n1');
    await world.until(() => world.remediation.open()[0]?.state === 'verifying');
    expect(await failure(world.remediation.cancel(run.id, BEN, 'stop'))).toMatchObject({
      kind: 'refused',
      message: containing('verified'),
    });
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded' });
  });

  it('cancel while a verb is under way: that verb ends, and no other follows', async () => {
    world.hung('n1').takesMs = 30 * SECOND;
    const run = await world.request('n1');
    await world.until(() => world.verbs().length === 1);
    const [asked] = await world.remediation.cancel(run.id, BEN, 'I am on it');
    expect(asked).toMatchObject({ state: 'running', cancelRequested: true });
    expect(await world.ended(run.id)).toMatchObject({
      state: 'cancelled',
      attempt: 1,
      reason: containing('I am on it'),
    });
    expect(world.verbs()).toEqual(['restart']);
  });

  it('cancel of what has ended: refused', async () => {
    world.hung('n1');
    const run = await world.request('n1');
    await world.ended(run.id);
    expect(await failure(world.remediation.cancel(run.id, BEN, 'stop'))).toMatchObject({ kind: 'refused' });
    expect(await failure(world.remediation.cancel('run-nobody', BEN, 'stop'))).toMatchObject({ kind: 'not-found' });
  });

  it('another collector leads: nothing more is done here', async () => {
    world.hung('n1');
    const run = await world.request('n1');
    await world.store.takeEpoch();
    await world.pass(MINUTE);
    expect(world.verbs()).toEqual([]);
    await world.restart();
    expect(await world.ended(run.id)).toMatchObject({ state: 'succeeded' });
  });
});
