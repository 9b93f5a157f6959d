import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  isEnded,
  VIOLATION_SEVERITIES,
  type AlertAnswer,
  type AuditPage,
  type Availability,
  type Batch,
  type DryRun,
  type FleetTarget,
  type Plan,
  type PolicyProfile,
  type PolicyProposal,
  type PolicyViolation,
  type RemediationStatus,
  type TimelinePage,
  type ViolationPage,
} from '@openclaw-fleet/contract';
import { AcceptanceStage, type Who } from './support/acceptance-stage.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
/** Among those that automation is on for at 50 %, and not: their ids decide, on every collector alike. */
const IN = ['burst-2', 'burst-6'];
const OUT = ['burst-1', 'burst-4'];
const DRIFTED = ['edited-1', 'edited-2', 'narrow-1', 'narrow-2', 'strict-1', 'strict-2', 'strict-3'];
const BATCH = ['batch-1', 'batch-2', 'batch-3'];
const BAD = ['bad-1', 'bad-2', 'bad-3'];
const HELD = { window: 'window-2', paused: 'paused-1' };
const CALM = ['calm-1', 'calm-2'];
const BURSTS = [...IN, ...OUT, HELD.window, HELD.paused, ...CALM];
const PLAIN = 30;

const why = { reason: 'looked at it' };
let stage: AcceptanceStage;

beforeAll(async () => {
  stage = new AcceptanceStage(['hangs', 'stops', ...DRIFTED, ...BATCH, ...BAD, ...BURSTS]);
  const auto = { driftMode: 'ApplyAndAutoCorrect' };
  const always = { kind: 'deny', schedule: '* * * * *', durationMinutes: 60, reason: 'the yearly closing' };
  await stage.start(PLAIN, {
    strict: { spec: { unknownConfigSeverity: 'critical' }, ids: ['strict-1', 'strict-2', 'strict-3'] },
    narrow: { spec: { guardrails: { inFlightMost: 1 } }, ids: ['narrow-1', 'narrow-2'] },
    auto: { spec: auto, ids: [...IN, ...OUT, HELD.paused] },
    windowed: { spec: { ...auto, windows: [always] }, ids: [HELD.window] },
    calm: { spec: {}, ids: CALM },
  });
  stage.befall('hangs', { kind: 'gateway-hang' });
  for (const id of [...DRIFTED, ...BATCH]) stage.befall(id, { kind: 'config-drift' });
  for (const id of BAD) stage.befall(id, { kind: 'config-drift', repair: 'rolls-back' });
  for (const id of ['stops', ...BURSTS]) stage.befall(id, { kind: 'job-failures', ratio: 0.6 });
}, 3 * MINUTE);

afterAll(() => stage.close(), MINUTE);

const violationsOf = async (id: string): Promise<PolicyViolation[]> =>
  (await stage.get<ViolationPage>(`/fleet/targets/${id}/violations?state=open`)).items;
const audited = async (subject: string) =>
  (await stage.get<AuditPage>(`/fleet/audit?subject=${subject}&limit=500`, 'ben')).items.reverse();
const listed = async (id: string): Promise<boolean> =>
  (await stage.get<Availability>('/openclaw/availability?limit=500')).nodes.some(({ node_id }) => node_id === id);
const decide = (who: Who, id: string, what: 'approve' | 'deny' | 'cancel', of = 'runs') =>
  stage.call<Plan>(who, 'POST', `/fleet/remediations/${of}/${id}/${what}`, why);

describe('P1: policy violations', () => {
  it.each([
    ['hangs', 'runtime-error', 'BridgeStuck'],
    ['edited-1', 'config-drift', 'ConfigDrift'],
    ['stops', 'job-failures-over-limit', 'FailureBurst'],
  ])('of %s are visible (%s), with a severity, a hint and a playbook', async (id, code, playbook) => {
    const found = await waitFor(
      async () => (await violationsOf(id)).find((violation) => violation.code === code),
      `the violation ${code} of ${id}`
    );
    expect(VIOLATION_SEVERITIES).toContain(found.severity);
    expect(found).toMatchObject({ targetId: id, suggestedPlaybookId: playbook, resolvedAt: null });
    expect([found.message, found.hint].every((words) => words.length > 20)).toBe(true);
    const ofFleet = `/fleet/violations?code=${code}&severity=${found.severity}&target=${id}`;
    expect((await stage.get<ViolationPage>(ofFleet)).items).toEqual([found]);
    await waitFor(
      () =>
        stage.events.seen.some(({ name, data }) => name === 'policy-violation' && data['id'] === found.id)
          ? true
          : null,
      'the event'
    );
    const series = new RegExp(`^openclaw_fleet_violation_targets\\{code="${code}",.*"${found.severity}"\\} [1-9]`, 'm');
    expect(series.test(await stage.collector.metrics())).toBe(true);
  });
});

describe('P1: a repair', () => {
  it(
    'is one click for one target, and is traceable from the request to the audit',
    async () => {
      await stage.faulty('hangs', 'BridgeStuck');
      const ended = 'openclaw_fleet_repairs_ended_total{playbook="BridgeStuck",state="succeeded",trigger="manual"}';
      const restarted = 'openclaw_fleet_actions_total{verb="restart",outcome="succeeded"}';
      const before = [await stage.metric(ended), await stage.metric(restarted)];
      const asked = await stage.call<{ id: string }>('ann', 'POST', '/fleet/targets/hangs/reconcile', why);
      const { id } = asked.body;
      expect([asked.status, asked.headers.get('location')]).toEqual([201, `/fleet/remediations/runs/${id}`]);
      const run = await stage.ended(id);
      expect(run).toMatchObject({ state: 'succeeded', playbook: 'BridgeStuck', fault: 'drift.runtime', attempt: 1 });
      expect(run.plan).toMatchObject({ approvalsNeeded: 0, reason: why.reason, requestedBy: run.requestedBy });
      expect(run.requestedBy).toMatch(/^token:/);

      expect(run.steps.flatMap(({ verb, state }) => (verb === null ? [] : [[verb, state]]))).toEqual([
        ['restart', 'succeeded'],
        ['reconcile', 'succeeded'],
      ]);
      for (const { id: step, state, startedAt, endedAt, summary, evidence } of run.steps) {
        expect([step, state]).toEqual([step, 'succeeded']);
        expect(Date.parse(startedAt ?? '')).toBeLessThanOrEqual(Date.parse(endedAt ?? ''));
        expect([step, summary.length > 10, Object.keys(evidence).length > 0]).toEqual([step, true, true]);
      }

      const way = ['approved', 'running', 'verifying', 'succeeded'];
      await waitFor(() => stage.told(id).length === way.length, 'the events of the run');
      expect(stage.told(id)).toEqual(way.map((state, index) => ({ before: way[index - 1] ?? null, state })));

      const { items } = await stage.get<TimelinePage>('/fleet/targets/hangs/timeline?limit=100');
      const told = items.filter(({ kind, data }) => kind === 'repair' && data['runId'] === id).reverse();
      expect(told.map(({ data }) => data['state']).filter((state) => state !== undefined)).toEqual(way);
      expect(told[0]).toMatchObject({ actor: run.requestedBy, reason: why.reason });

      const records = await audited(id);
      const words = records.map(({ action }) => action.replace('remediation.', ''));
      expect(words.filter((word) => way.includes(word))).toEqual(way);
      expect(words.filter((word) => !way.includes(word))).toEqual(['asked', 'answered', 'asked', 'answered']);
      expect(records[0]).toMatchObject({ actor: run.requestedBy, via: 'api-token', reason: why.reason });
      for (const { data } of records.filter(({ action }) => way.includes(action.replace('remediation.', ''))))
        expect(JSON.parse(data)).toMatchObject({ runId: id, targetId: 'hangs', digest: run.plan.digest });
      expect(records.at(-1)?.reason).toBe(run.reason);

      expect(await stage.metric(ended)).toBe((before[0] ?? 0) + 1);
      expect(await stage.metric(restarted)).toBe((before[1] ?? 0) + 1);
      expect(await violationsOf('hangs')).toEqual([]);
    },
    MINUTE
  );

  it(
    'of an isolated target with a critical fault waits for a person who did not ask for it',
    async () => {
      await stage.faulty('strict-1', 'ConfigDrift');
      expect(await stage.collector.target('strict-1')).toMatchObject({ isolated: true });
      const run = await stage.reconcile('ben', 'strict-1');
      expect(run.state).toBe('pending_approval');
      expect((await stage.run(run.id)).plan).toMatchObject({ approvalsNeeded: 1, approvals: [] });
      const approve = `/fleet/remediations/runs/${run.id}/approve`;
      expect(await stage.refused('ben', approve, why)).toMatchObject({ status: 409, problem: 'approval-refused' });
      expect(await stage.refused('ann', approve, why)).toMatchObject({ status: 403, problem: 'forbidden' });
      expect(await stage.refused('pipeline', approve, why)).toMatchObject({ status: 403, problem: 'person-required' });
      expect(await stage.run(run.id)).toMatchObject({ state: 'pending_approval', steps: expect.any(Array) });
      expect(stage.faults('strict-1')).toEqual(['config-drift']);

      expect((await decide('cid', run.id, 'approve')).status).toBe(200);
      const done = await stage.ended(run.id);
      expect([done.state, stage.faults('strict-1')]).toEqual(['succeeded', []]);
      expect(done.plan.approvals).toMatchObject([{ person: 'cid', decision: 'approve', reason: why.reason }]);
      const approved = (await audited(run.id)).find(({ action }) => action === 'remediation.approved');
      expect(approved).toMatchObject({ actor: done.plan.approvals[0]?.actor, reason: why.reason });
      await waitFor(async () => !(await stage.collector.target('strict-1')).isolated, 'the isolation to end');
    },
    MINUTE
  );

  it('can be denied and cancelled while it waits, and then is over with nothing done', async () => {
    await stage.faulty('strict-2', 'ConfigDrift');
    const denied = await stage.reconcile('ann', 'strict-2');
    expect((await decide('ben', denied.id, 'deny')).status).toBe(200);
    expect(await stage.run(denied.id)).toMatchObject({ state: 'denied', attempt: 0 });
    expect((await decide('cid', denied.id, 'approve')).status).toBe(409);
    const cancelled = await stage.reconcile('ann', 'strict-2');
    expect((await decide('ann', cancelled.id, 'cancel')).status).toBe(200);
    expect((await decide('cid', cancelled.id, 'approve')).status).toBe(409);
    const run = await stage.run(cancelled.id);
    expect(run).toMatchObject({ state: 'cancelled', attempt: 0, reason: expect.stringContaining(why.reason) });
    expect(run.steps.filter(({ startedAt }) => startedAt !== null)).toEqual([]);
    expect(stage.faults('strict-2')).toEqual(['config-drift']);
  });

  it(
    'that runs can be cancelled: no other verb follows, and what it did is taken back',
    async () => {
      await stage.faulty('stops', 'FailureBurst');
      const { id } = await stage.reconcile('ann', 'stops', { playbook: 'FailureBurst' });
      await stage.until(id, 'to have throttled', ({ steps }) =>
        steps.some((step) => step.id === 'throttled' && step.state === 'succeeded')
      );
      expect((await decide('ann', id, 'cancel')).status).toBe(200);
      const run = await stage.ended(id);
      expect(run.state).toBe('cancelled');
      expect(run.steps.find(({ id: step }) => step === 'resume-rest')).toMatchObject({ state: 'succeeded' });
      expect(run.steps.some(({ id: step, state }) => step === 'clear' && state === 'succeeded')).toBe(false);
      await waitFor(async () => {
        const { jobs } = await stage.collector.target('stops');
        return jobs !== null && jobs.enabled === 11;
      }, 'every job to be enabled again');
    },
    MINUTE
  );

  it(
    'does not begin during a pause, which says who paused and why; what runs finishes',
    async () => {
      await Promise.all(['edited-1', 'edited-2'].map((id) => stage.faulty(id, 'ConfigDrift')));
      const first = await stage.reconcile('ann', 'edited-1');
      await stage.until(first.id, 'to begin', ({ state }) => state !== 'approved');
      await stage.ok('ben', 'POST', '/fleet/pause', { reason: 'a release is under way' });
      expect(await stage.metric('openclaw_fleet_repairs_paused')).toBe(1);
      const held = await stage.refused('ann', '/fleet/targets/edited-2/reconcile', why);
      expect(held).toMatchObject({ status: 409, problem: 'repair-refused', guardrail: 'paused' });
      expect(held.words).toMatch(/a release is under way/);
      expect(await stage.run(held.runId ?? '')).toMatchObject({ state: 'blocked', refusal: { reason: 'paused' } });
      expect((await stage.ended(first.id)).state).toBe('succeeded');
      await stage.ok('ann', 'POST', '/fleet/resume', { reason: 'it is through' });
      const second = await stage.reconcile('ann', 'edited-2');
      expect((await stage.ended(second.id)).state).toBe('succeeded');
    },
    MINUTE
  );

  it(
    'waits for its turn where a profile allows one in flight',
    async () => {
      await Promise.all(['narrow-1', 'narrow-2'].map((id) => stage.faulty(id, 'ConfigDrift')));
      const first = await stage.reconcile('ann', 'narrow-1');
      await stage.until(first.id, 'to begin', ({ state }) => state !== 'approved');
      const second = await stage.reconcile('ann', 'narrow-2');
      await stage.until(second.id, 'to be held back', ({ refusal }) => refusal?.reason === 'in-flight-cap');
      const [one, two] = [await stage.ended(first.id), await stage.ended(second.id)];
      expect([one.state, two.state, two.refusal]).toEqual(['succeeded', 'succeeded', null]);
      expect(Date.parse(two.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(one.endedAt ?? ''));
    },
    MINUTE
  );
});

describe('P1: what people decide about a target', () => {
  it('lifting an isolation lets discovery list it again', async () => {
    await stage.faulty('strict-3', 'ConfigDrift');
    expect([await listed('strict-3'), await listed('plain-00')]).toEqual([false, true]);
    const lift = '/fleet/targets/strict-3/lift-isolation';
    expect((await stage.refused('ann', lift, why)).problem).toBe('forbidden');
    expect(await stage.ok<FleetTarget>('ben', 'POST', lift, why)).toMatchObject({ isolated: false });
    expect(await listed('strict-3')).toBe(true);
    const { items } = await stage.get<TimelinePage>('/fleet/targets/strict-3/timeline?limit=100');
    expect(items.find(({ reason }) => reason === why.reason)).toMatchObject({
      summary: 'isolation lifted',
      actor: expect.stringMatching(/^token:/),
    });
    expect((await audited('strict-3')).at(-1)).toMatchObject({ action: 'target.isolation-lifted', ...why });
    expect((await stage.reconcile('ann', 'strict-3')).state).toBe('pending_approval');
  });

  it('a cordon takes it out of discovery, and it is still watched', async () => {
    await stage.ok('ann', 'POST', '/fleet/targets/plain-00/cordon', why);
    await waitFor(async () => !(await listed('plain-00')), 'it to be left out');
    expect((await stage.collector.target('plain-00')).liveness.state).toBe('online');
    await stage.ok('ann', 'POST', '/fleet/targets/plain-00/uncordon', why);
    await waitFor(() => listed('plain-00'), 'it to be listed');
  });
});

describe('P2: a batch', () => {
  const ask = (body: object, key: string) =>
    stage.call<Batch>('ann', 'POST', '/fleet/remediations/batches', body, { 'idempotency-key': key });
  const batchOf = (id: string) => stage.get<Batch>(`/fleet/remediations/batches/${id}`);

  it(
    'is the same for the same key and body, however often it is asked for at once, and goes on by waves',
    async () => {
      await Promise.all(BATCH.map((id) => stage.faulty(id, 'ConfigDrift')));
      const body = { playbook: 'ConfigDrift', targetIds: BATCH, ...why };
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask(body, 'the-night-shift')));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
      const [id, ...others] = new Set(answers.map(({ body: batch }) => batch.id));
      expect(others).toEqual([]);
      expect((await ask({ ...body, reason: 'another reason' }, 'the-night-shift')).status).toBe(409);
      expect((await ask({ ...body, targetIds: BATCH.slice(1) }, 'the-night-shift')).status).toBe(409);
      const runs = await stage.runs(`&batch=${id ?? ''}`);
      expect(runs.map(({ targetId, state }) => [targetId, state]).sort()).toEqual(
        BATCH.map((target) => [target, 'pending_approval'])
      );

      expect((await decide('ben', id ?? '', 'approve', 'batches')).status).toBe(200);
      const done = await waitFor(
        async () => {
          const batch = await batchOf(id ?? '');
          return batch.runs.every(({ state }) => isEnded(state)) && batch;
        },
        'the batch to end',
        MINUTE
      );
      expect(done).toMatchObject({ state: 'done', progress: { total: 3, states: { succeeded: 3 }, failed: 0 } });
      const inOrder = [...done.runs].sort((a, b) => a.wave - b.wave);
      expect(inOrder.map(({ wave }) => wave)).toEqual([0, 1, 2]);
      for (const [index, run] of inOrder.entries()) {
        const ended = Date.parse(inOrder[index - 1]?.endedAt ?? '1970-01-01T00:00:00Z');
        expect(Date.parse(run.startedAt ?? '')).toBeGreaterThanOrEqual(ended);
      }
      expect((await ask(body, 'the-night-shift')).body.id).toBe(id);
    },
    2 * MINUTE
  );

  it(
    'is halted by a canary that fails, before it comes to the others',
    async () => {
      await Promise.all(BAD.map((id) => stage.faulty(id, 'ConfigDrift')));
      const { body } = await ask({ playbook: 'ConfigDrift', targetIds: BAD, ...why }, 'will-not-do');
      expect(body.state).toBe('pending_approval');
      await decide('ben', body.id, 'approve', 'batches');
      const halted = await waitFor(
        async () => {
          const batch = await batchOf(body.id);
          return batch.state === 'halted' && batch;
        },
        'the halt',
        MINUTE
      );
      expect(halted.reason).toMatch(/canary failed/);
      expect(halted.runs.map(({ state, wave }) => [wave, state]).sort()).toEqual([
        [0, 'rolled_back'],
        [1, 'approved'],
        [2, 'approved'],
      ]);
      const [held] = halted.runs.filter(({ wave }) => wave === 1);
      await stage.until(held?.id ?? '', 'to say why', ({ refusal }) => refusal?.reason === 'batch-halted');
      expect((await decide('ann', body.id, 'cancel', 'batches')).status).toBe(200);
      const over = await batchOf(body.id);
      expect(over.state).toBe('cancelled');
      expect(over.runs.filter(({ startedAt }) => startedAt !== null).map(({ wave }) => wave)).toEqual([0]);
    },
    MINUTE
  );

  it('is refused for more than 50 targets, and for none', async () => {
    const targetIds = [...BAD, ...BATCH, ...DRIFTED, 'stops', ...BURSTS];
    for (let index = 0; targetIds.length < 51; index++) targetIds.push(`plain-${String(index).padStart(2, '0')}`);
    expect(targetIds.length).toBe(51);
    const path = '/fleet/remediations/batches';
    const body = { playbook: 'ConfigDrift', ...why };
    const dry = (ids: string[]) =>
      stage.ok<DryRun>('ann', 'POST', path, { ...body, targetIds: ids, dryRun: true }).then(({ refusals }) => refusals);
    const tooLarge = (await dry(targetIds)).filter(({ reason }) => reason === 'plan-too-large');
    expect(tooLarge.map(({ targetId }) => targetId).sort()).toEqual([...targetIds].sort());
    expect(tooLarge[0]?.message).toMatch(/50/);
    expect((await dry(targetIds.slice(1))).filter(({ reason }) => reason === 'plan-too-large')).toEqual([]);
    expect(await stage.refused('ann', path, { ...body, targetIds })).toMatchObject({
      problem: 'repair-refused',
      guardrail: 'plan-too-large',
    });
    expect((await stage.refused('ann', path, { ...body, targetIds: [] })).problem).toBe('invalid-body');
    expect((await stage.refused('ann', path, { ...body, selector: { zone: ['nowhere'] } })).status).toBe(422);
  });
});

/** An alert as Alertmanager posts it. */
const alert = (labels: Record<string, string>, fingerprint = 'c1e5b0a2d3f49786') => ({
  status: 'firing',
  labels: { alertname: 'OpenClawJobFailures', severity: 'high', ...labels },
  annotations: { summary: 'Jobs fail' },
  startsAt: '2026-02-06T12:34:56.123Z',
  fingerprint,
});
const notification = (...alerts: object[]) => ({ version: '4', status: 'firing', receiver: 'fleet', alerts });
async function alarm(labels: Record<string, string>, fingerprint?: string): Promise<AlertAnswer['alerts'][number]> {
  const body = notification(alert(labels, fingerprint));
  const { alerts } = await stage.ok<AlertAnswer>('alerts', 'POST', '/alertmanager/webhook', body);
  expect(alerts.length).toBe(1);
  return alerts[0]!;
}
const burst = (target: string) => ({ playbook: 'FailureBurst', target });
const begunByItself = async () =>
  (await stage.runs('&trigger=automation')).filter(({ state }) => state !== 'blocked').map(({ targetId }) => targetId);
const repairedByItself = (id: string) =>
  waitFor(
    async () => (await stage.runs(`&trigger=automation&target=${id}&state=succeeded`))[0],
    `automation to repair ${id}`,
    MINUTE,
    100
  );
const heldBack = (id: string, reason: string) =>
  waitFor(
    async () =>
      (await stage.runs(`&trigger=automation&target=${id}&state=blocked`)).find(
        ({ refusal }) => refusal?.reason === reason
      ),
    `automation to be held back from ${id} by ${reason}`
  );

describe('P2: automation that is off', () => {
  it('begins nothing, whatever profiles say, and alerts ask in vain', async () => {
    for (const id of BURSTS)
      expect((await violationsOf(id)).map(({ code }) => code)).toContain('job-failures-over-limit');
    const { automation } = await stage.get<RemediationStatus>('/fleet/remediations');
    expect(automation).toMatchObject({ enabled: false, held: { reason: 'automation-off' } });
    const refused = { outcome: 'refused', refusal: 'automation-off', runId: null };
    expect(
      await stage.ok('alerts', 'POST', '/alertmanager/webhook', notification(alert(burst('burst-2'))))
    ).toMatchObject({ alerts: [{ ...refused, reason: expect.stringMatching(/automation\.enabled is false/) }] });
    // They have been failing since before the first of the repairs above.
    expect((await stage.runs()).filter(({ trigger }) => trigger !== 'manual' && trigger !== 'retry')).toEqual([]);
    for (const id of BURSTS) expect(stage.faults(id)).toEqual(['job-failures']);
  });
});

describe('P2: automation that is on for half of the targets', () => {
  beforeAll(async () => {
    await stage.ok('ann', 'POST', `/fleet/targets/${HELD.paused}/pause`, { reason: 'its owner looks at it' });
    await stage.startCollector({ SMART_FLEET_AUTOMATION_ENABLED: 'true', SMART_FLEET_AUTOMATION_PERCENT: '50' });
    await stage.automating();
  }, MINUTE);

  it(
    'takes an anomaly for what it is and repairs it by itself, on those that are in it',
    async () => {
      for (const id of IN) {
        const { id: runId } = await repairedByItself(id);
        const run = await stage.run(runId);
        expect(run).toMatchObject({ playbook: 'FailureBurst', fault: 'anomaly.job-failures', trigger: 'automation' });
        expect(run.plan.reason).toMatch(/job results of the last hour failed/);
        expect((await audited(runId))[0]).toMatchObject({ action: 'remediation.approved', via: 'system' });
        expect(stage.faults(id)).toEqual([]);
      }
    },
    2 * MINUTE
  );

  it('leaves the others alone, also when an alert asks', async () => {
    for (const id of OUT) {
      expect(await alarm(burst(id))).toMatchObject({
        outcome: 'refused',
        refusal: 'not-in-rollout',
        reason: expect.stringMatching(/50 %/),
      });
      expect(stage.faults(id)).toEqual(['job-failures']);
    }
    const begun = await begunByItself();
    expect(begun.filter((id) => OUT.includes(id) || CALM.includes(id))).toEqual([]);
  });

  it(
    'is held by a maintenance window',
    async () => {
      const id = HELD.window;
      const { refusal } = await heldBack(id, 'maintenance-window');
      expect(refusal?.message).toMatch(/the yearly closing/);
      expect(await alarm(burst(id))).toMatchObject({ outcome: 'refused', refusal: 'maintenance-window' });
      const dry = { playbook: 'FailureBurst', ...why, dryRun: true };
      const { plan } = await stage.ok<DryRun>('ann', 'POST', `/fleet/targets/${id}/reconcile`, dry);
      expect(plan.approvalsNeeded).toBe(2);
      expect(await begunByItself()).not.toContain(id);
      await stage.changePolicy('ben', 'windowed', { windows: [] });
      await repairedByItself(id);
    },
    MINUTE
  );

  it(
    'is held by a pause, of one target and of everything',
    async () => {
      const id = HELD.paused;
      const { refusal } = await heldBack(id, 'target-paused');
      expect(refusal?.message).toMatch(/its owner looks at it/);
      expect(await alarm(burst(id))).toMatchObject({ outcome: 'refused', refusal: 'target-paused' });
      await stage.ok('ann', 'POST', '/fleet/pause', { reason: 'a release is under way' });
      await stage.ok('ann', 'POST', `/fleet/targets/${id}/resume`, { reason: 'seen' });
      await heldBack(id, 'paused');
      const { automation } = await stage.get<RemediationStatus>('/fleet/remediations');
      expect(automation.held?.reason).toBe('paused');
      expect(await begunByItself()).not.toContain(id);
      await stage.ok('ann', 'POST', '/fleet/resume', { reason: 'it is through' });
      await repairedByItself(id);
    },
    MINUTE
  );
});

describe('P2: automation that looks for itself once in a while, so that alerts come first', () => {
  beforeAll(async () => {
    await stage.startCollector({ SMART_FLEET_AUTOMATION_ENABLED: 'true', OPENCLAW_FLEET_DURATIONS_PROBE: '60' });
    await stage.automating();
  }, MINUTE);

  it('refuses with words what a guardrail or nobody can let through', async () => {
    const drift = { playbook: 'ConfigDrift', target: 'strict-2' };
    expect(await alarm(drift)).toMatchObject({ outcome: 'refused', refusal: 'isolated', reason: expect.any(String) });
    expect(await alarm(burst('calm-1'))).toMatchObject({ outcome: 'refused', refusal: 'drift-mode' });
    expect(await alarm(burst('nobody'))).toMatchObject({ outcome: 'refused', refusal: 'no-target' });
    expect((await alarm({ playbook: 'RmRf', target: 'calm-1' })).reason).toMatch(/must be one of BridgeStuck/);
    expect(await alarm({ target: 'calm-1' })).toMatchObject({ outcome: 'ignored' });
  });

  it(
    'is let in on several targets by two people, and then an alert starts the repair, once',
    async () => {
      const auto = { driftMode: 'ApplyAndAutoCorrect' };
      const { status, headers, body } = await stage.changePolicy<PolicyProposal>('ben', 'calm', auto);
      expect([status, headers.get('location')]).toEqual([202, '/fleet/policies/calm/proposals']);
      expect(body).toMatchObject({ targets: CALM, playbooks: ['FailureBurst'], change: auto });
      expect((await stage.get<PolicyProfile>('/fleet/policies/calm')).driftMode).toBe('Audit');
      const approve = `/fleet/policies/calm/proposals/${body.id}/approve`;
      expect((await stage.refused('ben', approve, why)).problem).toBe('approval-refused');
      expect((await stage.refused('pipeline', approve, why)).problem).toMatch(/^(approval-refused|person-required)$/);
      expect(await alarm(burst('calm-1'))).toMatchObject({ refusal: 'drift-mode' });
      const profile = await stage.ok<PolicyProfile>('cid', 'POST', approve, why);
      expect(profile.driftMode).toBe('ApplyAndAutoCorrect');

      const first = await alarm(burst('calm-1'), 'feed');
      expect(first).toMatchObject({ outcome: 'started', refusal: null });
      expect(await alarm(burst('calm-1'), 'feed')).toMatchObject({ outcome: 'repeated', runId: first.runId });
      const run = await stage.until(first.runId ?? '', 'to begin', ({ state }) => state === 'running');
      expect(run).toMatchObject({ trigger: 'alertmanager', fault: 'anomaly.job-failures', targetId: 'calm-1' });
      const [record] = await audited(run.id);
      expect(record).toMatchObject({ actor: run.requestedBy, reason: 'Alert OpenClawJobFailures: Jobs fail' });
      expect(run.requestedBy).toMatch(/^token:/);
    },
    MINUTE
  );
});

describe('P2: automation that is on for all', () => {
  beforeAll(async () => {
    await stage.startCollector({ SMART_FLEET_AUTOMATION_ENABLED: 'true' });
  }, MINUTE);

  it(
    'ends what an alert began, and takes the targets that were left out before',
    async () => {
      const [asked] = await stage.runs(
        '&trigger=alertmanager&target=calm-1&state=running&state=verifying&state=succeeded'
      );
      expect((await stage.ended(asked?.id ?? '')).state).toBe('succeeded');
      for (const id of [...OUT, 'calm-2']) await repairedByItself(id);
      for (const id of BURSTS) expect(stage.faults(id)).toEqual([]);
    },
    2 * MINUTE
  );

  it('has left no more in flight than its cap at any time, and an audit that verifies', async () => {
    const { inFlight, inFlightCap } = await stage.get<RemediationStatus>('/fleet/remediations');
    expect(inFlight).toBe(0);
    const flying = new Set<unknown>();
    let most = 0;
    const own = new Map<unknown, number>();
    for (const { data } of stage.statusEvents()) {
      if (data['state'] === 'running') own.set(data['targetId'], (own.get(data['targetId']) ?? 0) + 1);
      if (data['state'] === 'running' || data['state'] === 'verifying') flying.add(data['runId']);
      else flying.delete(data['runId']);
      most = Math.max(most, flying.size);
    }
    expect(most).toBeGreaterThanOrEqual(1);
    expect(most).toBeLessThanOrEqual(inFlightCap);
    expect(inFlightCap).toBeLessThanOrEqual(0.2 * (BURSTS.length + DRIFTED.length + 8 + PLAIN));
    expect(Math.max(...own.values())).toBeLessThanOrEqual(3);
    expect(stage.collector.cli('audit', 'verify')).toMatch(/The audit is whole/);
  });
});

describe('P2: SMART_FLEET_V2_ENABLED=false', () => {
  beforeAll(
    () => stage.startCollector({ SMART_FLEET_V2_ENABLED: 'false', SMART_FLEET_AUTOMATION_ENABLED: 'true' }),
    MINUTE
  );

  it.each([
    ['GET', '/fleet/targets'],
    ['GET', '/fleet/violations'],
    ['GET', '/fleet/events'],
    ['GET', '/fleet/remediations/runs'],
    ['GET', '/fleet/audit'],
    ['POST', '/fleet/targets/hangs/reconcile'],
    ['POST', '/fleet/approver/policies/calm/proposals/x/approve'],
    ['POST', '/fleet/remediations/batches'],
    ['POST', '/alertmanager/webhook'],
  ])('switches %s %s off', async (method, path) => {
    const { status, body } = await stage.call<{ detail: string }>(
      'ben',
      method,
      path,
      method === 'GET' ? undefined : {}
    );
    expect([status, body.detail]).toEqual([404, expect.stringMatching(/^SMART_FLEET_V2_ENABLED is false/)]);
  });

  it('keeps automation from acting, which nobody could see or stop', async () => {
    expect(await stage.metric('openclaw_fleet_automation_enabled')).toBe(0);
    expect(await stage.metric('openclaw_fleet_automation_held{reason="automation-off"}')).toBe(1);
  });

  it('leaves discovery and metrics on', async () => {
    await waitFor(() => listed('plain-00'), 'it to be listed');
    await waitFor(
      async () => (await stage.metric('openclaw_fleet_online_targets')) > PLAIN,
      'its fleet to be counted',
      60_000
    );
  });
});
