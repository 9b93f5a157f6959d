import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { heartbeatSchema } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { createTestNode } from '../client/testing/node.ts';
import type { TestNode } from '../client/testing/node.ts';
import type { Bridge, BridgeOptions } from './bridge.ts';
import { createBridge } from './bridge.ts';
import { settingsFromEnv } from './settings.ts';
import { FakeGateway } from './testing/fake-gateway.ts';
import { createRevisionSigner, hashOf } from './testing/revisions.ts';
import { waitFor } from './testing/wait-for.ts';

let gateway: FakeGateway;
let node: TestNode;
let bridge: Bridge | null;
let logged: string[];

function create(env: Record<string, string> = {}, options: Partial<BridgeOptions> = {}): Bridge {
  bridge = createBridge({
    settings: settingsFromEnv({
      OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.href,
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: join(node.folder, 'token'),
      OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
      ...env,
    }),
    publishing: node.settings,
    logger: {
      info: (message) => logged.push(`info ${message}`),
      warn: (message) => logged.push(`warn ${message}`),
      error: (message) => logged.push(`error ${message}`),
    },
    ...options,
  });
  return bridge;
}

const beats = (): Heartbeat[] =>
  node.collector.requests
    .filter(({ path }) => path === '/openclaw/availability')
    .map(({ body }) => heartbeatSchema.parse(JSON.parse(body.toString())));

const get = async (path: string, method = 'GET'): Promise<Response> => fetch(new URL(path, bridge!.url!), { method });

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
  Object.assign(gateway.answers, {
    'diagnostics.lanes': { lanes: [{ lane: 'main', queuedCount: 1, activeCount: 2, maxConcurrent: 8 }] },
    'gateway.restart.preflight': { counts: { cronRuns: 1 } },
    health: { ok: true },
    'system.info': { eventLoop: { cpuCoreRatio: 0.5 }, processMemory: { rssBytes: 7 } },
    'config.get': { parsed: { a: 1 }, valid: true, configRevisionHash: 'h', appliedConfigHash: 'h' },
    'cron.list': { jobs: [{ id: 'a', enabled: true }] },
    'cron.runs': { entries: [{ action: 'finished', jobId: 'a', runId: 'r', status: 'error', ts: Date.now() }] },
  });
  node = await createTestNode();
  node.write('token', 'gateway-token\n');
  [bridge, logged] = [null, []];
});

afterEach(async () => {
  await bridge?.stop();
  await gateway.close();
  await node.close();
});

describe('a bridge', () => {
  it('says in its log that there are more jobs than it reads', async () => {
    const jobs = [{ id: 'a', enabled: true }];
    gateway.answers['cron.list'] = ({ offset }) => ({ jobs, hasMore: true, nextOffset: Number(offset) + 200 });
    await create().start();
    await waitFor('a beat', () => beats().length > 0);
    expect(logged).toContainEqual(expect.stringMatching(/^warn the gateway has more than 1000 scheduled jobs: /));
  });

  it('says everything in its first beat', async () => {
    await create({ OPENCLAW_BRIDGE_NAME: 'gw-1', OPENCLAW_BRIDGE_ENVIRONMENT: 'vps' }).start();
    await waitFor('a beat', () => beats().length > 0);
    expect(beats()[0]).toMatchObject({
      node_id: 'node-1',
      hostname: 'gw-1',
      version: '0.1.0',
      uptime_seconds: expect.any(Number) as unknown,
      capacity: { workers: 8, available_slots: 5 },
      queue_depth: { main: 1 },
      reported: {
        openclaw_version: '2026.9.6',
        gateway_boot_id: 'boot-1',
        gateway_state: 'running',
        health_status: 'ok',
        health_reasons: [],
        environment: 'vps',
        metrics_address: bridge?.url?.host,
        full_config_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        metrics: { cpu_pct: 50, mem_used_bytes: 7, queue_depth: 1, failed_pushes_1h: 0 },
      },
      capabilities: ['transport:direct_https'],
      jobs: { total: 1, enabled: 1, failing: 0, results_1h: 1, failures_1h: 1 },
    });
    expect(logged).toContain('info the gateway is running, health ok');
  });

  it('sends early when its gateway dies, long before the next beat is due', async () => {
    await create().start();
    await waitFor('the first beat', () => beats().length === 1);
    await gateway.close();
    await waitFor('the early beat', () => beats().length === 2);
    expect(beats()[1]?.reported).toMatchObject({ gateway_state: 'dead', health_status: 'error' });
    expect(beats()[1]?.reported?.health_reasons[0]).toContain('connection refused');
    expect(beats()[1]?.capacity).toEqual({ workers: 8, available_slots: 0 });
    expect(logged.some((line) => line.startsWith('error the gateway is dead, health error: connection refused'))).toBe(
      true
    );
  });

  it('sends early when the configuration changed', async () => {
    await create().start();
    await waitFor('the first beat', () => beats().length === 1);
    gateway.answers['config.get'] = { parsed: { a: 2 }, valid: true, configRevisionHash: 'h', appliedConfigHash: 'h' };
    gateway.emit('config.changed', { hash: 'h' });
    await waitFor('the early beat', () => beats().length === 2);
    expect(beats()[1]?.reported?.full_config_hash).not.toBe(beats()[0]?.reported?.full_config_hash);
  });

  it.each(['shutdown', 'restart'])('says goodbye as set: %s', async (goodbye) => {
    await create({ OPENCLAW_BRIDGE_GOODBYE: goodbye }).start();
    await waitFor('a beat', () => beats().length === 1);
    await bridge?.stop();
    expect(beats().at(-1)).toMatchObject({ goodbye });
    await waitFor('the end of the connection', () => gateway.connections === 0);
  });

  it('reports a gateway that is not there', async () => {
    const created = create();
    await gateway.close();
    await created.start();
    await waitFor('a beat', () => beats().length === 1);
    expect(beats()[0]?.reported).toMatchObject({ gateway_state: 'dead' });
    expect(beats()[0]?.jobs).toBeUndefined();
  });

  it('does not start with a token that others can read', async () => {
    chmodSync(join(node.folder, 'token'), 0o644);
    await expect(create().start()).rejects.toThrow(/OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: .* run: chmod 600/);
    expect(gateway.probed).toBe(0);
  });

  it('never tells the gateway token: not in a beat, a log or a metric', async () => {
    const secret = 'a-wrong-token-0123456789';
    writeFileSync(join(node.folder, 'token'), secret);
    await create().start();
    await waitFor('the refusal', () => gateway.frames.some((frame) => frame.includes(secret)));
    await waitFor('a beat', () => beats().length === 1, 10_000);
    const metrics = await (await get('/metrics')).text();
    expect(
      [metrics, ...logged, ...node.collector.requests.map(({ body }) => body.toString())].join('\n')
    ).not.toContain(secret);
  });

  it('serves metrics that promtool accepts', async () => {
    await create().start();
    await waitFor('a beat', () => beats().length === 1);
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const input = await response.text();
    expect(input).toContain('openclaw_bridge_gateway_state{state="running"} 1\n');
    expect(input).toContain('openclaw_bridge_probe_duration_seconds_count{endpoint="healthz"}');
    const checked = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    if (checked.error) throw checked.error;
    expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, '']);
  });

  it('serves its own health, and nothing else', async () => {
    await create().start();
    const health = await get('/healthz');
    expect([health.status, await health.json()]).toEqual([200, { ok: true, trouble: null }]);
    expect((await get('/metrics', 'HEAD')).status).toBe(200);
    expect((await get('/metrics', 'POST')).status).toBe(405);
    expect((await get('/')).status).toBe(404);
  });

  it('is not healthy once it stops probing', async () => {
    let skewMs = 0;
    const { clock } = node;
    await create(
      {},
      { clock: { now: () => clock.now(), monotonic: () => performance.now() + skewMs, after: () => () => undefined } }
    ).start();
    await waitFor('a probe', () => bridge!.observed().judgement.state !== 'unknown');
    expect((await get('/healthz')).status).toBe(200);
    skewMs = 41_000;
    const health = await get('/healthz');
    expect([health.status, await health.json()]).toEqual([503, { ok: false, trouble: 'no probe for 41 s' }]);
  });

  it('names a taken port', async () => {
    const { port } = gateway.url;
    await expect(create({ OPENCLAW_BRIDGE_LISTEN: `127.0.0.1:${port}` }).start()).rejects.toThrow(
      `OPENCLAW_BRIDGE_LISTEN: 127.0.0.1:${port} is taken; stop what listens there, or choose another port`
    );
  });

  it('says whether its gateway has the revision it was told, and reports an edit within a probe', async () => {
    const signer = createRevisionSigner();
    const values = { a: 1, 'messages.ackReaction': 'ok' };
    const revision = hashOf(values);
    const config = (parsed: object): object => ({
      parsed,
      valid: true,
      configRevisionHash: 'h',
      appliedConfigHash: 'h',
    });
    gateway.answers['config.get'] = config({ a: 1, messages: { ackReaction: 'ok' } }) as Record<string, unknown>;
    node.collector.answer = ({ path }) => {
      const url = new URL(path, 'https://x');
      if (url.pathname === '/openclaw/availability') {
        return { body: { status: 'accepted', next_heartbeat_seconds: 60, desired_revision: revision } };
      }
      const nonce = url.searchParams.get('nonce');
      return nonce === null ? { status: 204 } : { body: { jws: signer.revision(values, { nonce }) } };
    };
    const env = { OPENCLAW_ACTIONS_PIN: signer.pin, OPENCLAW_BRIDGE_STATE_DIR: join(node.folder, 'state') };
    // The demo's probes: every second.
    await create({ ...env, OPENCLAW_TIMINGS: 'demo' }).start();
    const managed = (): unknown => {
      const { revision: told, config_hash: hash, apply_status: status } = beats().at(-1)?.reported ?? {};
      return [told, hash, status].join(' ');
    };
    await waitFor('the revision', () => managed() === `${revision} ${revision} APPLIED`);
    const edited = { ...values, 'messages.ackReaction': 'no' };
    // Without the event that announces most changes.
    gateway.answers['config.get'] = config({ a: 1, messages: { ackReaction: 'no' } }) as Record<string, unknown>;
    await waitFor('the edit', () => managed() === `${revision} ${hashOf(edited)} APPLIED`, 2_500);
    const reports = (): string[] =>
      node.collector.requests
        .filter(({ path }) => path === '/openclaw/config-report')
        .map(({ body }) => body.toString());
    await waitFor('the report', () => reports().length === 2);
    expect(JSON.parse(reports()[1] ?? '')).toEqual({ revision, config_hash: hashOf(edited), values: edited });
    await bridge?.stop();
    const sent = beats().length;
    await create(env).start();
    await waitFor('the first beat after a restart', () => beats().length > sent);
    expect(managed()).toBe(`${revision} ${hashOf(edited)} APPLIED`);
  });

  it('reads and serves also while publishing is off', async () => {
    await create({}, { publishing: { disabled: 'OPENCLAW_ENABLED is false', byChoice: true } }).start();
    expect(await (await get('/metrics')).text()).toContain('openclaw_bridge_gateway_state{state="running"} 1\n');
    expect(node.collector.requests).toEqual([]);
  });
});
