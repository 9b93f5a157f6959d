import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  batchSchema,
  dryRunSchema,
  fleetTargetSchema,
  holdListSchema,
  holdSchema,
  planSchema,
  problemSchema,
  remediationStatusSchema,
  runDetailSchema,
  runPageSchema,
  runSchema,
} from '@openclaw-fleet/contract';
import type { Role, Run } from '@openclaw-fleet/contract';
import { BRIDGE_BLOCKS, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

const MINUTE = 60_000;
const QUIET = { total: 5, enabled: 5, failing: 0, results_1h: 12, failures_1h: 0, results_24h: 200, failures_24h: 2 };
const why = { reason: 'seen in the list' };
const EVERY = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'];

let api: Harness;
async function start(): Promise<void> {
  api = await startApi();
  for (const id of ['hung', 'hung-too']) await fault(id);
  const reported = { ...BRIDGE_BLOCKS.reported, health_status: 'ok' } as const;
  await api.send('well', { ...BRIDGE_BLOCKS, capabilities: EVERY, jobs: QUIET, reported });
  await api.send('plain');
}
const stop = (): Promise<void> => api.stop();
const each = (): void => {
  beforeEach(start);
  afterEach(stop);
};
/** For what changes nothing. */
const once = (): void => {
  beforeAll(start);
  afterAll(stop);
};

/** A beat of a node whose gateway hangs, which its bridge sees too. */
async function fault(id: string): Promise<void> {
  if (!api.bridges.nodes.has(id)) api.bridges.add(id, { gatewayState: 'hung', health: 'error' });
  await beatOf(id);
}
async function beatOf(id: string): Promise<void> {
  const hangs = api.bridges.node(id).gatewayState === 'hung';
  const reported = {
    ...BRIDGE_BLOCKS.reported,
    gateway_state: hangs ? 'hung' : 'running',
    health_status: hangs ? 'error' : 'ok',
  } as const;
  await api.send(id, { ...BRIDGE_BLOCKS, capabilities: EVERY, jobs: QUIET, reported });
}
/** Time goes by, with beats of those that hang, and with what repairs do. */
async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    for (let tick = 0; tick < 12; tick++) {
      api.clock.now += 5000;
      await api.remediation.tick();
    }
    for (const id of api.bridges.nodes.keys()) await beatOf(id);
    await api.fleet.tick(api.clock.now);
  }
}

interface AskOptions {
  readonly role?: Role;
  readonly key?: string;
}
async function post(path: string, body: object, { role = 'operator', key }: AskOptions = {}) {
  const response = await api.ask(path, role, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    location: response.headers.get('location'),
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
}
const reconcile = (id: string, more: object = {}, options: AskOptions = {}) =>
  post(`/fleet/targets/${id}/reconcile`, { ...why, ...more }, options);
async function begun(id: string): Promise<Run> {
  const { status, body } = await reconcile(id);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return runSchema.parse(body);
}
function problemOf({ body, status }: { body: unknown; status: number }) {
  const { type, ...rest } = problemSchema.parse(body);
  expect(rest.status).toBe(status);
  return { ...rest, name: type.split(':').at(-1) };
}
const get = async (path: string, role: Role = 'viewer'): Promise<unknown> => {
  const response = await api.ask(path, role);
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
};
const detailOf = async (id: string) => runDetailSchema.parse(await get(`/fleet/remediations/runs/${id}`));
const runs = async (query = '') => runPageSchema.parse(await get(`/fleet/remediations/runs${query}`));
/** A batch of two, which needs one approval. */
async function batchOfTwo(): Promise<ReturnType<typeof batchSchema.parse>> {
  const { status, body } = await post('/fleet/remediations/batches', {
    ...why,
    playbook: 'BridgeStuck',
    targetIds: ['hung', 'hung-too'],
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return batchSchema.parse(body);
}

describe('POST /fleet/targets/:targetId/reconcile', () => {
  each();

  it.each(['/fleet/targets/hung/reconcile', '/fleet/operator/targets/hung/reconcile'])(
    'at %s begins the repair that the worst fault suggests, which is seen to its end',
    async (path) => {
      const { status, location, body } = await post(path, why);
      const run = runSchema.parse(body);
      expect([status, location]).toEqual([201, `/fleet/remediations/runs/${run.id}`]);
      expect(run).toMatchObject({ targetId: 'hung', playbook: 'BridgeStuck', state: 'approved', trigger: 'manual' });
      await pass(8);
      const ended = await detailOf(run.id);
      expect(ended.state).toBe('succeeded');
      expect(ended.plan).toMatchObject({ requestedBy: expect.stringMatching(/^token:/), reason: why.reason });
      expect(ended.steps.find(({ id }) => id === 'restart')).toMatchObject({ state: 'succeeded', verb: 'restart' });
      const timeline = (await get('/fleet/targets/hung/timeline?limit=100')) as {
        items: { kind: string; summary: string }[];
      };
      expect(timeline.items.filter(({ kind }) => kind === 'repair').map(({ summary }) => summary)).toEqual(
        expect.arrayContaining([expect.stringContaining('succeeded'), expect.stringContaining('began')])
      );
    }
  );

  it('gives the same run to the same key, and refuses the key with another body', async () => {
    const key = 'night-shift-1';
    const first = await reconcile('hung', {}, { key });
    const again = await reconcile('hung', {}, { key });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(again.location).toBeNull();
    const other = problemOf(await reconcile('hung', { reason: 'for another reason' }, { key }));
    expect([other.status, other.name, other.detail]).toEqual([409, 'conflict', expect.stringContaining('key')]);
    expect(problemOf(await reconcile('hung-too', {}, { key })).name).toBe('conflict');
    expect((await runs()).total).toBe(1);
  });

  it('takes the key from the body, and from the header before that', async () => {
    expect((await reconcile('hung', { idempotencyKey: 'from-the-body' })).status).toBe(201);
    expect((await reconcile('hung', { idempotencyKey: 'from-the-body' })).status).toBe(200);
    expect((await reconcile('hung', {}, { key: 'from-the-body' })).status).toBe(200);
    const outranked = await reconcile('hung', { idempotencyKey: 'from-the-body' }, { key: 'from-the-header' });
    expect(problemOf(outranked)).toMatchObject({ name: 'repair-refused', refusal: { reason: 'target-busy' } });
  });

  it('lets the hint pass by which a proxy may send a request again, whatever it says, and takes it for no key', async () => {
    const send = (id: string, hint: string) =>
      api.ask(`/fleet/operator/targets/${id}/reconcile`, 'operator', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-idempotency-key': hint,
          'idempotency-key': `repair-of-${id}`,
        },
        body: JSON.stringify(why),
      });
    expect([(await send('hung', 'x')).status, (await send('hung', 'another')).status]).toEqual([201, 200]);
    expect((await send('hung-too', 'x')).status).toBe(201);
    expect((await runs()).total).toBe(2);
  });

  it('keeps the keys of callers apart', async () => {
    const key = 'everybody-uses-it';
    const first = runSchema.parse((await reconcile('hung', {}, { key })).body);
    const other = await reconcile('hung-too', {}, { key, role: 'approver' });
    expect([other.status, runSchema.parse(other.body).id === first.id]).toEqual([201, false]);
  });

  it('shows what would happen, and does nothing', async () => {
    const dry = await reconcile('hung', { dryRun: true }, { key: 'dry-run-key' });
    const { plan, refusals } = dryRunSchema.parse(dry.body);
    expect([dry.status, plan.playbook, refusals]).toEqual([200, 'BridgeStuck', []]);
    const held = dryRunSchema.parse((await reconcile('well', { dryRun: true, playbook: 'BridgeStuck' })).body);
    expect(held.refusals).toContainEqual(expect.objectContaining({ targetId: 'well', reason: 'no-fault' }));
    expect((await runs()).total).toBe(0);
    expect((await reconcile('hung', {}, { key: 'dry-run-key' })).status).toBe(201);
  });

  it('is for the plan that was seen alone, where its digest says which', async () => {
    const options = { key: 'seen-key-1' };
    const other = 'f'.repeat(64);
    expect(problemOf(await reconcile('hung', { digest: other }, options))).toMatchObject({
      status: 409,
      name: 'conflict',
      detail: 'What would be done is no longer what you saw: look at the plan again.',
    });
    expect((await runs()).total).toBe(0);
    const { plan } = dryRunSchema.parse((await reconcile('hung', { dryRun: true, digest: other })).body);
    const first = await reconcile('hung', { digest: plan.digest }, options);
    const again = await reconcile('hung', { digest: plan.digest }, options);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(runSchema.parse(again.body).id).toBe(runSchema.parse(first.body).id);
    expect(problemOf(await reconcile('hung', { digest: other }, options)).detail).toMatch(/idempotency key was used/);
  });

  it('never begins where the person saw that it has to be approved first', async () => {
    const { plan } = dryRunSchema.parse((await reconcile('hung', { dryRun: true, approvalsNeeded: 2 })).body);
    const { digest, approvalsNeeded } = plan;
    expect(problemOf(await reconcile('hung', { digest, approvalsNeeded: approvalsNeeded + 1 }))).toMatchObject({
      name: 'conflict',
      detail: 'It needs fewer approvals than you saw, and might begin at once: look at the plan again.',
    });
    expect((await runs()).total).toBe(0);
    expect((await reconcile('hung', { digest, approvalsNeeded })).status).toBe(201);
  });

  it('names the guardrail that refuses, and the run that says so for good', async () => {
    const refused = problemOf(await reconcile('well', { playbook: 'BridgeStuck' }));
    expect(refused).toMatchObject({ status: 409, name: 'repair-refused', refusal: { reason: 'no-fault' } });
    expect(await detailOf(refused.runId ?? '')).toMatchObject({ state: 'blocked', refusal: { reason: 'no-fault' } });
    expect(problemOf(await reconcile('plain', { playbook: 'BridgeStuck' })).refusal?.reason).toBe('no-bridge');
    expect(problemOf(await reconcile('well'))).toMatchObject({
      name: 'repair-refused',
      refusal: { reason: 'no-fault' },
    });
    expect((await runs('?state=blocked')).total).toBe(2);
  });

  it('is refused to viewers, for unknown targets, and for bodies that are none', async () => {
    expect(problemOf(await reconcile('hung', {}, { role: 'viewer' })).name).toBe('forbidden');
    expect(problemOf(await reconcile('nobody')).name).toBe('not-found');
    for (const body of [
      { reason: '' },
      { playbook: 'RmRf' },
      { dryRun: 'yes' },
      { digest: 'F00' },
      { actor: 'root' },
      { person: 'ada' },
    ])
      expect(problemOf(await reconcile('hung', body)).name).toBe('invalid-body');
    expect((await runs()).total).toBe(0);
  });
});

describe('approving', () => {
  each();

  const approve = (id: string, more: object = {}, role: Role = 'approver') =>
    post(`/fleet/approver/remediations/runs/${id}/approve`, { reason: 'it is right', ...more }, { role });

  it('lets a batch of two begin, once another person than the requester says so', async () => {
    const batch = await batchOfTwo();
    const [run] = batch.runs;
    expect([batch.state, batch.plan.approvalsNeeded, batch.runs.length]).toEqual(['pending_approval', 1, 2]);
    await pass(1);
    expect(api.bridges.executed).toEqual([]);
    const { status, body } = await approve(run!.id, { digest: batch.plan.digest });
    const plan = planSchema.parse(body);
    expect([status, plan.approvals.map(({ person }) => person)]).toEqual([200, ['ada']]);
    await pass(20);
    const done = batchSchema.parse(await get(`/fleet/remediations/batches/${batch.id}`));
    expect([done.state, done.progress.states.succeeded]).toEqual(['done', 2]);
  });

  it('is not for the requester, whatever the role', async () => {
    api.bridges.add('third', { gatewayState: 'hung', health: 'error' });
    const asked = await post(
      '/fleet/remediations/batches',
      { ...why, playbook: 'BridgeStuck', targetIds: ['hung', 'hung-too'] },
      { role: 'approver' }
    );
    const { id } = batchSchema.parse(asked.body);
    const own = await post(`/fleet/remediations/batches/${id}/approve`, why, { role: 'approver' });
    expect(problemOf(own)).toMatchObject({ status: 409, name: 'approval-refused' });
    const other = { authorization: `Bearer ${api.makeToken('approver', 'grace')}` };
    const response = await api.ask(`/fleet/remediations/batches/${id}/approve`, null, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...other },
      body: JSON.stringify(why),
    });
    expect(planSchema.parse(await response.json()).approvals.map(({ person }) => person)).toEqual(['grace']);
  });

  it('is the same person’s, by whichever token: no second token makes a second person', async () => {
    const olga = api.makeToken('approver', 'olga');
    const { id } = await batchOfTwo();
    const response = await api.ask(`/fleet/remediations/batches/${id}/approve`, null, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${olga}` },
      body: JSON.stringify(why),
    });
    expect([response.status, problemSchema.parse(await response.json()).type]).toEqual([
      409,
      expect.stringMatching(/approval-refused$/),
    ]);
  });

  it('is refused to operators, for another plan than was seen, and when it is too late', async () => {
    const { runs: all } = await batchOfTwo();
    const runId = all[0]!.id;
    expect(problemOf(await approve(runId, {}, 'operator')).name).toBe('forbidden');
    expect(problemOf(await approve(runId, { digest: '0'.repeat(64) }))).toMatchObject({ name: 'approval-refused' });
    expect(problemOf(await approve(runId, { digest: 'x' })).name).toBe('invalid-body');
    expect(problemOf(await approve('run-unknown')).name).toBe('not-found');
    api.clock.now += 31 * MINUTE;
    expect(problemOf(await approve(runId))).toMatchObject({ status: 409, name: 'approval-refused' });
    expect(api.bridges.executed).toEqual([]);
  });

  it('counts once however often the same person says it, and denying ends it', async () => {
    const batch = await batchOfTwo();
    const path = `/fleet/approver/remediations/batches/${batch.id}`;
    expect((await post(`${path}/approve`, why, { role: 'approver' })).status).toBe(200);
    const again = planSchema.parse((await post(`${path}/approve`, why, { role: 'approver' })).body);
    expect(again.approvals).toHaveLength(1);
    const denied = await post(`${path}/deny`, { reason: 'on second thought' }, { role: 'approver' });
    expect(denied.status).toBe(200);
    expect((await detailOf(batch.runs[0]!.id)).state).toBe('denied');
    await pass(2);
    expect(api.bridges.executed).toEqual([]);
  });
});

describe('cancelling', () => {
  each();

  it('ends what has not begun at once, and has nothing to stop after that', async () => {
    const run = await begun('hung');
    const path = `/fleet/operator/remediations/runs/${run.id}/cancel`;
    const cancelled = await post(path, why);
    expect([cancelled.status, runSchema.parse(cancelled.body).state]).toEqual([200, 'cancelled']);
    expect(problemOf(await post(path, why))).toMatchObject({ status: 409, name: 'approval-refused' });
    expect(problemOf(await post('/fleet/remediations/runs/run-unknown/cancel', why)).name).toBe('not-found');
    expect(problemOf(await post(path, why, { role: 'viewer' })).name).toBe('forbidden');
  });

  it('ends every run of a batch that has not ended', async () => {
    const { id } = await batchOfTwo();
    const { status, body } = await post(`/fleet/remediations/batches/${id}/cancel`, why);
    const batch = batchSchema.parse(body);
    expect([status, batch.state, batch.progress.states.cancelled]).toEqual([200, 'cancelled', 2]);
  });
});

describe('a repair of several targets', () => {
  each();

  const ask = (body: object, options?: AskOptions) =>
    post('/fleet/remediations/batches', { ...why, playbook: 'BridgeStuck', ...body }, options);

  it('is of those that a selector finds with the fault, listed in its plan', async () => {
    const { status, location, body } = await ask({ selector: { zone: ['us-east-1'] } });
    const batch = batchSchema.parse(body);
    expect([status, location]).toEqual([201, `/fleet/remediations/batches/${batch.id}`]);
    expect(batch.plan.targets.map(({ targetId }) => targetId)).toEqual(['hung', 'hung-too']);
    expect((await runs(`?batch=${batch.id}`)).total).toBe(2);
  });

  it('is the same for the same key', async () => {
    const first = await ask({ targetIds: ['hung', 'hung-too'] }, { key: 'batch-key-1' });
    const again = await ask({ targetIds: ['hung', 'hung-too'] }, { key: 'batch-key-1' });
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    expect(problemOf(await ask({ targetIds: ['hung'] }, { key: 'batch-key-1' })).name).toBe('conflict');
  });

  it('is shown first', async () => {
    const { status, body } = await ask({ targetIds: ['hung', 'well'], dryRun: true });
    expect([status, dryRunSchema.parse(body).refusals]).toEqual([
      200,
      expect.arrayContaining([expect.objectContaining({ targetId: 'well', reason: 'no-fault' })]),
    ]);
    expect((await runs()).total).toBe(0);
  });

  it('is for the plan that was seen alone, where its digest says which', async () => {
    const both = { targetIds: ['hung', 'hung-too'] };
    const other = 'f'.repeat(64);
    expect(problemOf(await ask({ ...both, digest: other }, { key: 'batch-key-2' })).name).toBe('conflict');
    expect((await runs()).total).toBe(0);
    const { plan } = dryRunSchema.parse((await ask({ ...both, dryRun: true, digest: other })).body);
    const seen = { digest: plan.digest, approvalsNeeded: plan.approvalsNeeded + 1 };
    expect(problemOf(await ask({ ...both, ...seen }, { key: 'batch-key-2' })).name).toBe('conflict');
    expect((await ask({ ...both, digest: plan.digest }, { key: 'batch-key-2' })).status).toBe(201);
  });
});

describe('the lists', () => {
  each();

  it('have runs newest first, page by page, and by state, target, playbook and trigger', async () => {
    for (let index = 0; index < 5; index++) {
      api.clock.now += 1000;
      await reconcile('well', { playbook: 'ConfigDrift' });
    }
    api.clock.now += 1000;
    const run = await begun('hung');
    const seen: Run[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await runs(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(page.total).toBe(6);
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(seen[0]?.id).toBe(run.id);
    expect(seen.map(({ createdAt }) => createdAt)).toEqual(
      seen
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .reverse()
    );
    expect(new Set(seen.map(({ id }) => id)).size).toBe(6);
    const total = async (query: string): Promise<number> => (await runs(query)).total;
    expect(await total('?state=blocked')).toBe(5);
    expect(await total('?state=blocked&state=approved')).toBe(6);
    expect(await total('?target=hung')).toBe(1);
    expect(await total('?playbook=ConfigDrift')).toBe(5);
    expect(await total('?trigger=automation')).toBe(0);
    expect(await total('?trigger=manual&target=well&state=approved')).toBe(0);
  });

  it('say how repairs stand', async () => {
    await reconcile('well', { playbook: 'BridgeStuck' });
    await batchOfTwo();
    const status = remediationStatusSchema.parse(await get('/fleet/remediations'));
    expect(status).toMatchObject({ inFlight: 0, pendingApprovals: expect.any(Number), refused: { 'no-fault': 1 } });
    expect(status.pendingApprovals).toBeGreaterThan(0);
    expect(status.automation).toMatchObject({ enabled: false, held: { reason: 'automation-off' } });
  });
});

describe('what holds back', () => {
  each();

  const holds = async (query = '') => holdListSchema.parse(await get(`/fleet/holds${query}`)).items;

  it('is a pause of everything or of one target, with who and why', async () => {
    const paused = holdSchema.parse((await post('/fleet/operator/pause', { reason: 'we move house' })).body);
    expect(paused).toMatchObject({
      kind: 'pause',
      targetId: null,
      reason: 'we move house',
      by: expect.stringMatching(/^token:/),
    });
    expect(problemOf(await post('/fleet/pause', why))).toMatchObject({ status: 409, name: 'conflict' });
    expect((await post('/fleet/targets/hung/pause', why)).status).toBe(200);
    expect((await holds()).length).toBe(2);
    expect((await holds('?target=hung&kind=pause')).length).toBe(1);
    expect(holdListSchema.parse((await post('/fleet/resume', why)).body).items.map(({ targetId }) => targetId)).toEqual(
      ['hung']
    );
    expect(holdListSchema.parse((await post('/fleet/targets/hung/resume', why)).body).items).toEqual([]);
    expect(problemOf(await post('/fleet/resume', why)).name).toBe('conflict');
  });

  it('lets nothing begin while it lasts', async () => {
    await post('/fleet/pause', why);
    await reconcile('hung');
    await pass(2);
    expect(api.bridges.executed).toEqual([]);
  });

  it('is a cordon, which routers are not told of either', async () => {
    const listed = async () => JSON.stringify(await get('/openclaw/availability'));
    expect(await listed()).toContain('"well"');
    expect((await post('/fleet/targets/well/cordon', why)).status).toBe(200);
    expect(await listed()).not.toContain('"well"');
    expect((await post('/fleet/operator/targets/well/uncordon', why)).status).toBe(200);
    expect(await listed()).toContain('"well"');
    expect(problemOf(await post('/fleet/targets/well/uncordon', why)).name).toBe('conflict');
  });

  it('is lifted by persons alone where it was set by rule, and says what it is not', async () => {
    const as = { role: 'approver' } as const;
    expect(problemOf(await post('/fleet/targets/hung/clear-quarantine', why, as)).name).toBe('conflict');
    expect(
      problemOf(await post('/fleet/targets/hung/clear-quarantine', { ...why, fault: 'drift.runtime' }, as)).name
    ).toBe('conflict');
    const breaker = { ...why, playbook: 'BridgeStuck', fault: 'drift.runtime' };
    expect(problemOf(await post('/fleet/breakers/close', breaker, as)).name).toBe('conflict');
    expect(problemOf(await post('/fleet/targets/hung/lift-isolation', why, as)).name).toBe('conflict');
    expect(problemOf(await post('/fleet/breakers/close', { ...breaker, fault: '../x' }, as)).name).toBe('invalid-body');
  });

  it('is an isolation, lifted for the drift that is open now', async () => {
    await pass(16);
    const target = async () => fleetTargetSchema.parse(await get('/fleet/targets/hung'));
    expect((await target()).isolated).toBe(true);
    const { status, body } = await post('/fleet/approver/targets/hung/lift-isolation', why, { role: 'approver' });
    expect([status, fleetTargetSchema.parse(body).isolated]).toEqual([200, false]);
  });

  it('is a target that was retired, until it is managed again', async () => {
    const as = { role: 'approver' } as const;
    expect(problemOf(await post('/fleet/targets/well/reinstate', why, as)).status).toBe(409);
    expect((await post('/fleet/targets/well/retire', why, as)).status).toBe(204);
    expect((await post('/fleet/targets/well/reinstate', why, as)).status).toBe(204);
    expect(fleetTargetSchema.parse(await get('/fleet/targets/well')).liveness.state).not.toBe('retired');
  });

  it('is of a target that is there', async () => {
    for (const what of [
      'pause',
      'resume',
      'cordon',
      'uncordon',
      'retire',
      'reinstate',
      'lift-isolation',
      'clear-quarantine',
    ])
      expect(problemOf(await post(`/fleet/targets/nobody/${what}`, why, { role: 'approver' })).status).toBe(404);
    expect((await api.ask('/fleet/holds?target=nobody')).status).toBe(404);
  });
});

describe('when nothing can be stored', () => {
  each();

  it('says so and begins nothing', async () => {
    await api.storage.takeEpoch();
    const refused = problemOf(await reconcile('hung'));
    expect([refused.status, refused.name]).toEqual([503, 'not-ready']);
    expect(api.bridges.executed).toEqual([]);
  });
});

describe('what is not understood', () => {
  once();
  const ask = (body: object) => post('/fleet/remediations/batches', { ...why, playbook: 'BridgeStuck', ...body });

  it.each(['short', 'has space 123', 'x'.repeat(129), 'ünïcödé-key'])('refuses the key %p', async (key) => {
    if (/^[\u0020-\u007e]*$/.test(key))
      expect(problemOf(await reconcile('hung', {}, { key }))).toMatchObject({
        status: 400,
        errors: [{ field: 'Idempotency-Key', message: expect.stringContaining('8 to 128') }],
      });
    expect(problemOf(await reconcile('hung', { idempotencyKey: key }))).toMatchObject({
      status: 422,
      errors: [{ field: 'idempotencyKey', message: expect.stringContaining('8 to 128') }],
    });
  });

  it.each([
    '?state=done',
    '?target=-bad',
    '?playbook=x',
    '?trigger=x',
    '?cursor=x',
    '?batch=../x',
    '?limit=501',
    '?q=1',
  ])('refuse %s', async (query) => expect((await api.ask(`/fleet/remediations/runs${query}`)).status).toBe(400));

  it('say that there is no such run or batch', async () => {
    expect((await api.ask('/fleet/remediations/runs/run-unknown')).status).toBe(404);
    expect((await api.ask('/fleet/remediations/batches/plan-unknown')).status).toBe(404);
    // A plan of one run is no batch.
    const { plan } = await detailOf((await begun('hung')).id);
    expect((await api.ask(`/fleet/remediations/batches/${plan.id}`)).status).toBe(404);
  });

  it.each([
    ['neither targets nor a selector', {}],
    ['both', { targetIds: ['hung'], selector: { zone: ['us-east-1'] } }],
    ['an empty list', { targetIds: [] }],
    ['an empty selector', { selector: {} }],
    ['a selector that finds nobody', { selector: { zone: ['nowhere'] } }],
    ['a target that is not there', { targetIds: ['nobody'] }],
    ['far too many', { targetIds: Array.from({ length: 501 }, (_, index) => `n${index}`) }],
  ])('is refused with %s: never "all"', async (_case, body) => {
    expect(problemOf(await ask(body))).toMatchObject({ status: 422, name: 'invalid-body' });
    expect((await runs('?state=pending_approval')).total).toBe(0);
  });
});
