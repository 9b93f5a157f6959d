import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configHash } from '../configurations/hash.ts';
import { BRIDGE_BLOCKS, START, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';
import { OpenApiClient } from './testing/openapi-client.ts';
import type { Answer, Call, OpenApi } from './testing/openapi-client.ts';

const why = { reason: 'because the test says so' };
const values = { 'messages.ackReaction': 'eyes' };
const target = { path: { targetId: 'n1' } };
const sick = { path: { targetId: 'sick' } };
const inAWeek = new Date(START + 7 * 86_400_000).toISOString();

let api: Harness;
let client: OpenApiClient;

beforeAll(async () => {
  api = await startApi();
  await api.send('n1', BRIDGE_BLOCKS);
  await api.send('n2');
  for (const id of ['sick', 'sick-too']) {
    api.bridges.add(id, { gatewayState: 'hung', health: 'error' });
    const hung = { ...BRIDGE_BLOCKS.reported, gateway_state: 'hung', health_status: 'error' } as const;
    await api.send(id, { ...BRIDGE_BLOCKS, capabilities: ['restart', 'reconcile', 'doctor'], reported: hung });
  }
  const reported = { ...values, 'messages.queue': { cap: 20 } };
  await api.configurations.acceptReport('n1', { revision: null, config_hash: configHash(reported), values: reported });
  const document = (await (await api.ask('/openapi.json')).json()) as OpenApi;
  client = new OpenApiClient(document, api.origin, api.tokenOf.approver);
});
afterAll(() => api.stop());

/** Calls what must go well. */
async function ok(id: string, call?: Call): Promise<Answer & { data: Record<string, unknown> }> {
  const answer = await client.call(id, call);
  if (answer.status >= 300) throw new Error(`${id} answered ${answer.status}: ${JSON.stringify(answer.data)}`);
  return answer as Answer & { data: Record<string, unknown> };
}

/** Changes what `read` shows, from the version that it shows. */
async function change(id: string, read: string, call: Call & { readonly path: Record<string, string> }) {
  const names = client.operations.get(read)?.path.match(/\{\w+\}/g) ?? [];
  const path = Object.fromEntries(names.map((name) => [name.slice(1, -1), call.path[name.slice(1, -1)] ?? '']));
  const { etag } = await ok(read, { path });
  return ok(id, { ...call, header: { 'If-Match': etag ?? '' } });
}

describe('a client made from the document alone', () => {
  it('reads how the fleet is doing', async () => {
    const { data: page } = await ok('listTargets', { query: { sort: '-score', band: 'healthy', limit: '1' } });
    expect(page['items']).toHaveLength(1);
    for (const id of [
      'getTarget',
      'getHealthScore',
      'listTargetDrift',
      'listTargetViolations',
      'getScoreHistory',
      'getTimeline',
    ]) {
      await ok(id, target);
    }
    for (const id of [
      'getSummary',
      'getFleetMap',
      'getMe',
      'listDrift',
      'listViolations',
      'listAvailable',
      'discoverBridges',
      'streamEvents',
    ])
      await ok(id);
  });

  it('reads what the collector says of itself', async () => {
    for (const id of ['getMetrics', 'getOpenApi', 'getDocs', 'getHealth', 'getReadiness']) await ok(id);
  });

  it.each(['', 'AsApprover'])('writes policies, at the addresses %p', async (as) => {
    const policyId = `made${as.toLowerCase()}`;
    const path = { policyId };
    const made = await ok(`createPolicy${as}`, {
      body: { id: policyId, name: 'Made', limits: { cpuPct: 90 }, ...why },
    });
    expect([made.status, made.location]).toEqual([201, `/fleet/policies/${policyId}`]);
    await change(`changePolicy${as}`, 'getPolicy', { path, body: { limits: { cpuPct: 80 }, ...why } });
    const preview = as === '' ? 'previewPolicy' : 'previewPolicyAsOperator';
    await ok(preview, { path, body: { applyTo: ['n1'] } });
    const waiver = { id: 'w1', code: 'cpu-over-limit', expiresAt: inAWeek, reason: 'a heat wave' };
    expect((await change(`addWaiver${as}`, 'getPolicy', { path, body: waiver })).status).toBe(201);
    await change(`removeWaiver${as}`, 'getPolicy', { path: { policyId, waiverId: 'w1' }, body: why });
    const { data } = await ok('listPolicies');
    expect(data['items']).toContainEqual(expect.objectContaining({ id: policyId, version: 4, limits: { cpuPct: 80 } }));

    await ok(`applyPolicy${as}`, { ...target, body: { policyId, ...why } });
    const look = as === '' ? 'previewTarget' : 'previewTargetAsOperator';
    await ok(look, { ...target, body: { policyId: 'default' } });
    const inUse = await client.call(`deletePolicy${as}`, { path, header: { 'If-Match': '"4"' }, body: why });
    expect(inUse.status).toBe(409);
    await ok(`applyPolicy${as}`, { ...target, body: { policyId: 'default', ...why } });
    const deleted = await change(`deletePolicy${as}`, 'getPolicy', { path, body: why });
    expect([deleted.status, deleted.data]).toEqual([204, '']);
  });

  it.each(['', 'AsApprover'])('writes configurations and what is desired, at the addresses %p', async (as) => {
    const document = { ...values, 'messages.prefix': as };
    const { data: revision } = await ok(`createConfig${as}`, { body: { title: 'written', values: document, ...why } });
    const configId = String(revision['id']);
    const adopted = await ok(`adoptConfig${as}`, { ...target, body: { title: 'as it runs', ...why } });
    const other = (adopted.data['revision'] as { id: string }).id;
    await ok('listConfigs');
    await ok('getConfig', { path: { configId } });
    const { data: diff } = await ok('diffConfig', { path: { configId }, query: { to: other } });
    expect(diff['equal']).toBe(false);
    const desired = await change(`changeDesiredState${as}`, 'getDesiredState', {
      ...target,
      body: { configRevision: configId, ...why },
    });
    expect(desired.data['configRevision']).toBe(configId);
    const overlay = { 'messages.ackReaction': 'fire' };
    const put = await change(`putOverlay${as}`, 'getOverlay', { ...target, body: { values: overlay, ...why } });
    expect(put.data['values']).toEqual(overlay);
    await change(`putOverlay${as}`, 'getOverlay', { ...target, body: { values: {}, ...why } });
  });

  it.each(['', 'AsOperator'])('asks for repairs, cancels and holds back, at the addresses %p', async (as) => {
    const decide = as === '' ? '' : 'AsApprover';
    const dry = await ok(`reconcileTarget${as}`, { ...sick, body: { ...why, dryRun: true } });
    expect(dry.data['refusals']).toEqual([]);
    const run = await ok(`reconcileTarget${as}`, {
      ...sick,
      header: { 'Idempotency-Key': `key-of${as}-1` },
      body: why,
    });
    expect([run.status, run.location]).toEqual([201, `/fleet/remediations/runs/${String(run.data['id'])}`]);
    const path = { runId: String(run.data['id']) };
    await ok('getRun', { path });
    await ok('listRuns', { query: { state: 'approved', limit: '1' } });
    await ok('getRemediations');
    for (const id of ['approveRun', 'denyRun']) {
      const { status } = await client.call(`${id}${decide}`, { path, body: why });
      expect([id, [200, 409].includes(status)]).toEqual([id, true]);
    }
    const { status: cancelled } = await client.call(`cancelRun${as}`, { path, body: why });
    expect([200, 409]).toContain(cancelled);

    const body = { ...why, playbook: 'BridgeStuck', targetIds: ['sick', 'sick-too'] };
    await ok(`createBatch${as}`, { body: { ...body, dryRun: true } });
    for (const end of ['approveBatch', 'denyBatch'] as const) {
      const batch = await ok(`createBatch${as}`, { body });
      const batchId = String(batch.data['id']);
      await ok('getBatch', { path: { batchId } });
      const decided = await client.call(`${end}${decide}`, { path: { batchId }, body: why });
      expect([200, 409]).toContain(decided.status);
      const stopped = await client.call(`cancelBatch${as}`, { path: { batchId }, body: why });
      expect([200, 409]).toContain(stopped.status);
    }

    for (const [begin, end] of [
      ['pauseTarget', 'resumeTarget'],
      ['cordonTarget', 'uncordonTarget'],
    ] as const) {
      await ok(`${begin}${as}`, { ...sick, body: why });
      await ok(`${end}${as}`, { ...sick, body: why });
    }
    await ok(`pauseFleet${as}`, { body: why });
    expect((await ok('listHolds', { query: { kind: 'pause' } })).data['items']).toHaveLength(1);
    await ok(`resumeFleet${as}`, { body: why });

    for (const id of ['clearQuarantine', 'liftIsolation'])
      expect((await client.call(`${id}${decide}`, { ...sick, body: why })).status).toBe(409);
    const breaker = { ...why, playbook: 'BridgeStuck', fault: 'drift.runtime' };
    expect((await client.call(`closeBreaker${decide}`, { body: breaker })).status).toBe(409);
    const second = { path: { targetId: 'n2' } };
    await ok(`retireTarget${decide}`, { ...second, body: why });
    await ok(`reinstateTarget${decide}`, { ...second, body: why });
  });

  it('reads the audit, and is told what became of alerts', async () => {
    await ok('readAudit', { query: { limit: '1', action: 'policy.created' } });
    await ok('readAudit', { query: { format: 'jsonl' } });
    await ok('getAuditHead');
    const alert = { status: 'firing', labels: {}, annotations: {}, startsAt: inAWeek, fingerprint: 'abc' };
    const { data } = await ok('takeAlerts', { body: { version: '4', status: 'firing', alerts: [alert] } });
    expect(data['alerts']).toEqual([expect.objectContaining({ fingerprint: 'abc', outcome: 'ignored' })]);
  });

  it('is told why when something cannot be done', async () => {
    for (const id of ['confirmOutage', 'confirmOutageAsApprover']) {
      const { status, data } = await client.call(id, { body: why });
      expect([status, data]).toEqual([409, expect.objectContaining({ detail: expect.stringContaining('not blind') })]);
    }
  });

  it('is told that nobody proposed a change', async () => {
    const path = { policyId: 'default', proposalId: '00000000-0000-4000-8000-000000000000' };
    expect((await ok('listProposals', { path: { policyId: 'default' } })).data['items']).toEqual([]);
    for (const as of ['', 'AsApprover']) {
      for (const id of ['approveProposal', 'denyProposal'])
        expect((await client.call(`${id}${as}`, { path, body: why })).status).toBe(404);
    }
  });

  it('notices what is not in the document', async () => {
    await expect(client.call('confirmOutage', { body: { reason: 1 } })).rejects.toThrow(/reason/);
    await expect(client.call('confirmOutage')).rejects.toThrow('a body');
    await expect(client.call('getTarget')).rejects.toThrow('targetId');
    await expect(client.call('getTarget', { ...target, query: { q: 'x' } })).rejects.toThrow('takes no query');
  });

  it('called everything that the document has for it', () => {
    const all = [...client.operations].filter(([, { operation }]) => !operation.tags.includes('intake'));
    expect([...client.called].sort()).toEqual(all.map(([id]) => id).sort());
  });
});
