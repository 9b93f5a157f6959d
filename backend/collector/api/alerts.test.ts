import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { alertAnswerSchema, problemSchema, runPageSchema } from '@openclaw-fleet/contract';
import type { AlertAnswer, Role } from '@openclaw-fleet/contract';
import { alertReason } from './handlers/alerts.ts';
import { BRIDGE_BLOCKS, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

const QUIET = { total: 5, enabled: 5, failing: 0, results_1h: 12, failures_1h: 0, results_24h: 200, failures_24h: 2 };
let api: Harness;
async function start(enabled = true): Promise<void> {
  api = await startApi({ automation: { enabled, percent: 100 } });
  api.bridges.add('hung', { gatewayState: 'hung', health: 'error' });
  api.bridges.add('well');
  await beatOf('hung', 'error');
  await beatOf('well', 'ok');
}
async function beatOf(id: string, health: 'ok' | 'warn' | 'error'): Promise<void> {
  const hangs = health === 'error';
  const reported = {
    ...BRIDGE_BLOCKS.reported,
    gateway_state: hangs ? 'hung' : 'running',
    health_status: health,
  } as const;
  await api.send(id, { ...BRIDGE_BLOCKS, capabilities: ['restart', 'reconcile', 'doctor'], jobs: QUIET, reported });
}
beforeEach(() => start());
afterEach(() => api.stop());

/** Automation may act on a node that is a little unwell, and long enough is gone since the start. */
async function automate(): Promise<void> {
  const { version } = api.policies.get('default') ?? { version: 0 };
  const actor = { name: 'test', via: 'system' } as const;
  const desired = { ...api.policies.get('default')?.desired, allowAutoRemediation: true };
  await api.policies.update('default', { driftMode: 'ApplyAndAutoCorrect', desired }, version, {
    actor,
    reason: 'to try',
  });
  api.bridges.add('warm', { health: 'warn' });
  for (let minute = 0; minute < 7; minute++) {
    api.clock.now += 60_000;
    await beatOf('hung', 'error');
    await beatOf('well', 'ok');
    await beatOf('warm', 'warn');
    await api.fleet.tick(api.clock.now);
  }
}

/** An alert as Alertmanager 0.28 posts it. */
const alert = (labels: Record<string, string>, more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'GatewayHangs', severity: 'critical', ...labels },
  annotations: { summary: 'The gateway of hung does not answer', runbook_url: 'https://runbooks.test/' },
  startsAt: '2026-02-06T12:34:56.123456789+01:00',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
  fingerprint: 'c1e5b0a2d3f49786',
  ...more,
});
const notification = (alerts: readonly object[], more: object = {}) => ({
  version: '4',
  groupKey: '{}:{zone="us-east-1"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'openclaw-fleet',
  groupLabels: { zone: 'us-east-1' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  alerts,
  ...more,
});
const post = (body: object, role: Role | null = 'operator') =>
  api.ask('/alertmanager/webhook', role, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
async function taken(...alerts: readonly object[]): Promise<AlertAnswer['alerts']> {
  const response = await post(notification(alerts));
  if (response.status !== 200) throw new Error(await response.text());
  return alertAnswerSchema.parse(await response.json()).alerts;
}
const asked = { playbook: 'BridgeStuck', target: 'hung' };
const runs = async () =>
  runPageSchema.parse(await (await api.ask('/fleet/remediations/runs?trigger=alertmanager')).json()).items;

async function counted(): Promise<Record<string, number>> {
  const text = await (await api.ask('/metrics')).text();
  const lines = text.matchAll(/^openclaw_collector_alerts_received_total\{outcome="([a-z]+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome = '', count]) => [outcome, Number(count)]));
}

describe('POST /alertmanager/webhook', () => {
  it('asks for the repair that the labels name, once for each time the alert began to fire', async () => {
    await automate();
    const warm = { playbook: 'BridgeStuck', target: 'warm' };
    const [first] = await taken(alert(warm));
    expect(first?.outcome).toBe('started');
    const [again] = await taken(
      alert(warm, { startsAt: '2026-02-06T11:34:56.123Z', annotations: { summary: 'other' } })
    );
    expect([again?.outcome, again?.runId]).toEqual(['repeated', first?.runId]);
    const all = await runs();
    expect(all).toEqual([expect.objectContaining({ id: first?.runId, targetId: 'warm', trigger: 'alertmanager' })]);
    const detail = (await (await api.ask(`/fleet/remediations/runs/${first?.runId}`)).json()) as { plan: object };
    expect(detail.plan).toMatchObject({
      reason: 'Alert GatewayHangs: The gateway of hung does not answer',
      requestedBy: expect.stringMatching(/^token:/),
    });
    const [later] = await taken(alert(warm, { startsAt: '2026-02-06T13:00:00Z' }));
    expect(later).toMatchObject({ outcome: 'refused', refusal: 'target-busy' });
  });

  it('is under every guardrail of automation: an alert does no more than automation may', async () => {
    expect(await taken(alert(asked))).toEqual([
      expect.objectContaining({ outcome: 'refused', refusal: 'after-start' }),
    ]);
    await automate();
    const [refused] = await taken(alert(asked, { startsAt: '2026-02-06T13:00:00Z' }));
    expect(refused).toMatchObject({
      outcome: 'refused',
      refusal: 'not-low-risk',
      runId: expect.stringMatching(/^run-/),
    });
  });

  it('answers 200 to what is refused, with why, so that nobody sends it again', async () => {
    const outcomes = await taken(
      alert({ playbook: 'BridgeStuck', target: 'well' }, { fingerprint: '01' }),
      alert({ playbook: 'BridgeStuck', target: 'nobody' }, { fingerprint: '02' }),
      alert({ playbook: 'BridgeStuck', target: '../etc' }, { fingerprint: '03' }),
      alert({ playbook: 'rm -rf', target: 'hung' }, { fingerprint: '04' }),
      alert({ playbook: '__proto__', target: 'hung' }, { fingerprint: '05' })
    );
    expect(outcomes.map(({ outcome, refusal }) => [outcome, refusal])).toEqual([
      ['refused', 'no-fault'],
      ['refused', 'no-target'],
      ['refused', 'no-target'],
      ['refused', null],
      ['refused', null],
    ]);
    for (const { reason } of outcomes) expect(reason).toMatch(/\.$/);
    expect(outcomes.map(({ fingerprint }) => fingerprint)).toEqual(['01', '02', '03', '04', '05']);
  });

  it('lets alone what is resolved, or asks for nothing', async () => {
    const outcomes = await taken(
      alert(asked, { status: 'resolved', endsAt: '2026-02-06T12:00:00Z' }),
      alert({ playbook: 'BridgeStuck' }),
      alert({ target: 'hung' }),
      alert({})
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ignored', 'ignored', 'ignored', 'ignored']);
    expect(await runs()).toEqual([]);
  });

  it.each([
    ['no notification', {}],
    ['another version', notification([], { version: '3' })],
    ['no list', notification([], { alerts: {} })],
    ['an alert without labels', notification([alert({}, { labels: undefined })])],
    ['labels that are no text', notification([alert({}, { labels: { target: 7 } })])],
    ['no time', notification([alert({}, { startsAt: 'now' })])],
    ['a fingerprint that is none', notification([alert({}, { fingerprint: 'x y' })])],
    ['more than 200 alerts', notification(Array.from({ length: 201 }, () => alert({})))],
  ])('refuses %s', async (_case, body) => {
    const response = await post(body);
    expect([response.status, problemSchema.parse(await response.json()).type]).toEqual([
      422,
      expect.stringMatching(/invalid-body$/),
    ]);
  });

  it('is for operators', async () => {
    expect((await post(notification([]), 'viewer')).status).toBe(403);
    expect((await post(notification([]), null)).status).toBe(401);
    expect((await post(notification([]))).status).toBe(200);
  });

  it('is told to come again when nothing can be stored', async () => {
    await api.storage.takeEpoch();
    expect((await post(notification([alert(asked)]))).status).toBe(503);
  });

  it('refuses everything while automation is off, so that nobody sends it again, and stores nothing', async () => {
    await api.stop();
    await start(false);
    const before = api.auditRecords();
    const outcomes = await taken(
      alert(asked),
      alert({ playbook: 'rm -rf', target: 'nobody' }),
      alert(asked, { status: 'resolved' }),
      alert({ target: 'hung' })
    );
    expect(outcomes.map(({ outcome, refusal }) => [outcome, refusal])).toEqual([
      ['refused', 'automation-off'],
      ['refused', 'automation-off'],
      ['ignored', null],
      ['ignored', null],
    ]);
    expect(outcomes[0]?.reason).toContain('automation.enabled');
    expect(await runs()).toEqual([]);
    expect(api.auditRecords()).toEqual(before);
    expect(await counted()).toEqual({ started: 0, repeated: 0, refused: 2, ignored: 2 });
  });

  it('counts what became of each alert, and of one that is sent again', async () => {
    expect(await counted()).toEqual({ started: 0, repeated: 0, refused: 0, ignored: 0 });
    await automate();
    const warm = { playbook: 'BridgeStuck', target: 'warm' };
    await taken(alert(warm), alert(warm), alert({ playbook: 'BridgeStuck', target: 'nobody' }), alert({}));
    expect(await counted()).toEqual({ started: 1, repeated: 1, refused: 1, ignored: 1 });
  });

  it('has room for 50 alerts with long annotations, as many as one notification has', async () => {
    const annotations = { summary: 's'.repeat(500), description: 'd'.repeat(8000), runbook_url: 'https://x.test/' };
    const many = Array.from({ length: 50 }, () =>
      alert({ playbook: 'BridgeStuck', target: 'nobody' }, { annotations })
    );
    expect(await taken(...many)).toHaveLength(50);
  });

  it('takes no label or annotation into a label of a metric or into the log', async () => {
    const evil = 'evil"} 1\n$(touch /tmp/x)\u001b[2J';
    const labels = { alertname: evil, playbook: evil, target: evil, [evil]: evil };
    await taken(alert(labels, { annotations: { summary: evil } }), alert({ ...labels, ...asked }));
    expect(await (await api.ask('/metrics')).text()).not.toContain('evil');
    expect(JSON.stringify(api.logged)).not.toContain('evil');
  });
});

describe('why an alert asks', () => {
  it('is what it says of itself, without control characters and not without end', () => {
    const reason = alertReason({
      labels: { alertname: 'A\u001b[31m\n' },
      annotations: { summary: `\u0000${'x'.repeat(600)}\ud83d\ude00` },
    });
    expect(reason).toMatch(/^Alert A \[31m : {2}x+$/);
    expect(reason).toHaveLength(500);
    expect(alertReason({ labels: {}, annotations: {} })).toBe('Alert without a name');
    const halved = alertReason({
      labels: { alertname: 'a' },
      annotations: { summary: `${'x'.repeat(490)}${'😀'.repeat(9)}` },
    });
    expect(halved.isWellFormed()).toBe(true);
  });
});
