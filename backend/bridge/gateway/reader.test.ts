import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@openclaw-fleet/client';
import type { Clock } from '@openclaw-fleet/client';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { waitFor } from '../testing/wait-for.ts';
import { fullConfigHash } from './config-hash.ts';
import type { GatewayReader, ReaderOptions } from './reader.ts';
import { createGatewayReader } from './reader.ts';

let gateway: FakeGateway;
let reader: GatewayReader | null = null;
let states: string[];

const config = (parsed: object, saved = 'hmac:1', applied = saved): Record<string, unknown> => ({
  parsed,
  valid: true,
  issues: [],
  configRevisionHash: saved,
  appliedConfigHash: applied,
});
const lane = { lane: 'main', queuedCount: 1, activeCount: 2, maxConcurrent: 8, draining: false, blockedBy: null };
const failedRun = { action: 'finished', jobId: 'a', status: 'error', deliveryStatus: 'not-delivered' };

function start(options: Partial<ReaderOptions> = {}): GatewayReader {
  const created: GatewayReader = createGatewayReader({
    url: gateway.url,
    token: () => 'gateway-token',
    version: '0.1.0',
    probeMs: 50,
    slowMs: 60_000,
    clock: systemClock,
    random: () => 0,
    onChange: () => {
      const { state } = created.observed().judgement;
      if (states.at(-1) !== state) states.push(state);
    },
    ...options,
  });
  reader = created;
  created.start();
  return created;
}

const count = (method: string): number => gateway.requests.filter((request) => request.method === method).length;

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
  states = [];
  Object.assign(gateway.answers, {
    'diagnostics.lanes': { lanes: [lane], dynamic: null },
    'gateway.restart.preflight': { safe: true, counts: { cronRuns: 1 } },
    health: { ok: true },
    'system.info': { eventLoop: { cpuCoreRatio: 0.5 }, processMemory: { rssBytes: 7 } },
    'config.get': config({ a: 1 }),
    'cron.list': { jobs: [{ id: 'a', enabled: true, lastRunStatus: 'error' }], hasMore: false, nextOffset: null },
    'cron.runs': { entries: [{ ...failedRun, runId: 'r1', ts: Date.now() }], hasMore: false, nextOffset: null },
  });
});

afterEach(async () => {
  reader?.stop();
  await gateway.close();
});

describe('the gateway reader', () => {
  it('has read everything when the first look is over', async () => {
    const created = start();
    await created.firstLook(5_000);
    expect(created.observed()).toMatchObject({
      judgement: { state: 'running', reasons: [] },
      version: '2026.9.6',
      build: '2026.9.6-release-eb377ac59e6c',
      bootId: 'boot-1',
      readiness: { ready: true },
      lanes: [{ name: 'main', queued: 1, active: 2, workers: 8, closed: false }],
      work: { cronRuns: 1 },
      config: { fullHash: fullConfigHash({ a: 1 }), valid: true, converged: true },
      system: { cpuPct: 50, memUsedBytes: 7 },
      jobs: { list: { total: 1, enabled: 1, failing: 1 }, counts: { results1h: 1, failures1h: 1, undelivered1h: 1 } },
      connected: true,
      connectionTrouble: null,
      readTroubles: [],
    });
    await waitFor('a look a moment ago', () => created.observed().syncLagMs < 2_000);
  });

  it('reads lanes and work with each probe, the rest once in a while', async () => {
    start();
    await waitFor('four rounds', () => count('diagnostics.lanes') >= 4);
    expect(count('gateway.restart.preflight')).toBeGreaterThanOrEqual(3);
    for (const method of ['health', 'system.info', 'config.get', 'cron.list', 'cron.runs']) {
      expect([method, count(method)]).toEqual([method, 1]);
    }
  });

  it('reads the rest again when it is due, but not the history of jobs', async () => {
    start({ slowMs: 100 });
    await waitFor('three reads', () => count('health') >= 3);
    expect(count('config.get')).toBeGreaterThanOrEqual(3);
    expect(count('cron.runs')).toBe(1);
  });

  it('reads the configuration at once when it changed, and again with the next round', async () => {
    const created = start({ probeMs: 300 });
    await created.firstLook(5_000);
    gateway.answers['config.get'] = config({ a: 2 });
    gateway.emit('config.changed', { hash: 'hmac:2' });
    await waitFor('the new hash', () => created.observed().config?.fullHash === fullConfigHash({ a: 2 }), 250);
    await waitFor('the second look', () => count('config.get') >= 3);
  });

  it('watches a configuration that is not active until it is', async () => {
    gateway.answers['config.get'] = config({ a: 1 }, 'hmac:2', 'hmac:1');
    const created = start();
    await waitFor('some rounds', () => count('config.get') >= 3);
    expect(created.observed().divergedMs).toBeGreaterThan(0);
    gateway.answers['config.get'] = config({ a: 1 }, 'hmac:2');
    await waitFor('convergence', () => created.observed().divergedMs === 0);
    const reads = count('config.get');
    await waitFor('more rounds', () => count('diagnostics.lanes') > reads + 3);
    expect(count('config.get')).toBeLessThanOrEqual(reads + 1);
  });

  it('counts job events, once beside the history', async () => {
    const created = start();
    await created.firstLook(5_000);
    gateway.emit('cron', { ...failedRun, runId: 'r1', runAtMs: Date.now(), job: {} });
    gateway.emit('cron', { ...failedRun, runId: 'r2', runAtMs: Date.now(), job: {} });
    await waitFor('the second result', () => created.observed().jobs?.counts.results1h === 2);
  });

  it('reads all pages of jobs, and of the history as far as a day', async () => {
    const page = (offset: number, more: boolean): Record<string, unknown> => ({
      hasMore: more,
      nextOffset: offset + 200,
    });
    gateway.answers['cron.list'] = ({ offset }) => ({
      jobs: [{ id: `job-${String(offset)}`, enabled: true }],
      ...page(Number(offset), offset === 0),
    });
    gateway.answers['cron.runs'] = ({ offset }) => ({
      entries: [{ ...failedRun, runId: String(offset), ts: Date.now() - Number(offset) * 300_000 }],
      ...page(Number(offset), true),
    });
    const created = start();
    await created.firstLook(5_000);
    expect(created.observed().jobs).toMatchObject({ list: { total: 2 }, counts: { results24h: 2 } });
    const offsets = (method: string): unknown[] =>
      gateway.requests.filter((request) => request.method === method).map((request) => request.params['offset']);
    expect(offsets('cron.list')).toEqual([0, 200]);
    expect(offsets('cron.runs')).toEqual([0, 200, 400]);
  });

  it('follows an announced restart to a new boot id', async () => {
    const created = start();
    await created.firstLook(5_000);
    gateway.emit('shutdown', { reason: 'gateway restarting', restartExpectedMs: 1500 });
    await waitFor('draining', () => states.includes('draining'));
    const port = Number(gateway.url.port);
    await gateway.close();
    await waitFor('restarting', () => states.includes('restarting'));
    const { answers } = gateway;
    gateway = new FakeGateway();
    Object.assign(gateway.answers, answers);
    gateway.hello = { ...gateway.hello, server: { version: '2026.9.6', buildId: 'b', bootId: 'boot-2' } };
    await gateway.listen(port);
    await waitFor('the new boot id', () => created.observed().bootId === 'boot-2');
    expect(states.slice(-4)).toEqual(['running', 'draining', 'restarting', 'running']);
    expect(created.reconnects).toBe(1);
  });

  it('knows at once that a gateway was killed', async () => {
    const created = start({ probeMs: 60_000 });
    await created.firstLook(5_000);
    await gateway.close();
    await waitFor('dead', () => created.observed().judgement.state === 'dead');
  });

  it('takes a suspension for what it is, and its refusals for no trouble', async () => {
    const created = start();
    await created.firstLook(5_000);
    const fail = { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 1, details: { reason: 'gateway-suspending' } };
    for (const method of Object.keys(gateway.answers)) gateway.answers[method] = { fail };
    gateway.probes['/startupz'] = [503, { status: 'draining', version: '2026.9.6' }];
    gateway.probes['/readyz'] = [503, { ready: false, failing: ['gateway-draining'] }];
    gateway.emit('gateway.suspension', { phase: 'prepared' });
    await waitFor('draining', () => created.observed().judgement.reasons[0] === 'suspended by its operator');
    expect(created.observed().readTroubles).toEqual([]);
    expect(created.observed().config?.fullHash).toBe(fullConfigHash({ a: 1 }));
  });

  describe('that has more jobs than are read', () => {
    /** A page of 200, of so many rows in all. */
    const page =
      (key: string, rows: number, row: (index: number) => object) =>
      ({ offset }: Record<string, unknown>) => {
        const from = Number(offset);
        const end = Math.min(from + 200, rows);
        const found = Array.from({ length: end - from }, (_, index) => row(from + index));
        return { [key]: found, hasMore: end < rows, nextOffset: end < rows ? end : null };
      };
    const listOf = (rows: number) => page('jobs', rows, (index) => ({ id: `j${index}`, enabled: true }));
    const runsOf = (rows: number) =>
      page('entries', rows, (index) => ({ ...failedRun, runId: `r${index}`, ts: Date.now() - index }));

    it('says once what the counts miss, and again after all was read', async () => {
      const told: string[] = [];
      Object.assign(gateway.answers, { 'cron.list': listOf(1_001), 'cron.runs': runsOf(1_001) });
      const created = start({ slowMs: 50, onPartial: (message) => told.push(message) });
      await waitFor('a third list', () => count('cron.list') > 10);
      expect(created.observed().jobs).toMatchObject({ list: { total: 1_000 }, counts: { results24h: 1_000 } });
      const [jobs, results] = [
        expect.stringContaining('more than 1000 scheduled jobs'),
        expect.stringContaining('more than 1000 job results'),
      ];
      expect(told).toEqual([jobs, results]);
      gateway.answers['cron.list'] = listOf(1_000);
      const before = count('cron.list');
      await waitFor('all of it', () => count('cron.list') > before + 10);
      gateway.answers['cron.list'] = listOf(1_001);
      await waitFor('the second time', () => told.length === 3);
      expect(told[2]).toEqual(jobs);
    });

    it('says nothing of exactly as many', async () => {
      const told: string[] = [];
      Object.assign(gateway.answers, { 'cron.list': listOf(1_000), 'cron.runs': runsOf(1_000) });
      const created = start({ onPartial: (message) => told.push(message) });
      await created.firstLook(5_000);
      expect(created.observed().jobs).toMatchObject({ list: { total: 1_000 }, counts: { results24h: 1_000 } });
      expect(told).toEqual([]);
    });
  });

  it('says which read failed, until it works again', async () => {
    const answer = gateway.answers['health'] ?? {};
    delete gateway.answers['health'];
    const created = start({ slowMs: 50 });
    await waitFor('trouble', () => created.observed().readTroubles.length > 0);
    expect(created.observed().readTroubles).toEqual(['health: INVALID_REQUEST']);
    gateway.answers['health'] = answer;
    await waitFor('its end', () => created.observed().readTroubles.length === 0);
  });

  it('asks a gateway that could not answer for the rest as soon as it can', async () => {
    const answer = gateway.answers['config.get'] ?? {};
    gateway.answers['config.get'] = { fail: { code: 'UNAVAILABLE', details: { reason: 'gateway-suspending' } } };
    const created = start({ slowMs: 3_600_000 });
    await created.firstLook(5_000);
    expect(created.observed().config).toBeNull();
    gateway.answers['config.get'] = answer;
    await waitFor('the configuration', () => created.observed().config !== null);
  });

  it('lets the age of what it read grow while it cannot read', async () => {
    const created = start();
    await created.firstLook(5_000);
    const fail = { code: 'UNAVAILABLE', details: {} };
    for (const method of Object.keys(gateway.answers)) gateway.answers[method] = { fail };
    await waitFor('an older state', () => created.observed().syncLagMs > 200);
  });

  it('reads probes alone without a token, and says so', async () => {
    const created = start({ token: null });
    await created.firstLook(5_000);
    await waitFor('rounds', () => gateway.probed >= 9);
    expect(created.observed()).toMatchObject({ judgement: { state: 'running' }, connected: false, lanes: null });
    expect(created.observed().connectionTrouble).toContain('set OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE');
    await waitFor('a look a moment ago', () => created.observed().syncLagMs < 1_000);
    expect(gateway.frames).toEqual([]);
  });

  it('gives up the first look in time when nothing answers', async () => {
    gateway.silent = true;
    const created = start();
    await created.firstLook(100);
    expect(created.observed().judgement.state).toBe('unknown');
  });

  it('leaves no timer and no connection behind', async () => {
    const timers = new Set<() => void>();
    const clock: Clock = {
      ...systemClock,
      after: (ms, fn) => {
        const done = (): void => {
          timers.delete(done);
          cancel();
        };
        const cancel = systemClock.after(ms, () => {
          timers.delete(done);
          fn();
        });
        timers.add(done);
        return done;
      },
    };
    const created = start({ clock });
    await created.firstLook(5_000);
    await waitFor('the timer of the next probe', () => timers.size > 0);
    created.stop();
    await waitFor('the end of the connection', () => gateway.connections === 0);
    expect(timers.size).toBe(0);
  });
});
