import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { heartbeatSchema, observationSchema } from '@openclaw-fleet/contract';
import type { ActionReceipt, ActionRequest, Heartbeat, Instruction, Observation } from '@openclaw-fleet/contract';
import { createTestNode } from '../client/testing/node.ts';
import type { TestNode } from '../client/testing/node.ts';
import type { Bridge, BridgeOptions } from './bridge.ts';
import { createBridge } from './bridge.ts';
import { settingsFromEnv } from './settings.ts';
import { createCaller } from './testing/actions.ts';
import type { TestCaller } from './testing/actions.ts';
import { FakeGateway } from './testing/fake-gateway.ts';
import { waitFor } from './testing/wait-for.ts';

type Json = Record<string, unknown>;
let gateway: FakeGateway;
let node: TestNode;
let bridge: Bridge;
let collector: TestCaller;
let logged: string[];
let jobs: Json[];

const job = (id: string, changes: Json = {}): Json => ({
  id,
  name: `job ${id}`,
  enabled: true,
  payload: { kind: 'command' },
  configRevision: 1,
  state: { consecutiveErrors: 4 },
  ...changes,
});

/** Scheduled jobs as the gateway keeps them: an update needs the revision that was read, and makes another. */
function schedule(): void {
  gateway.answers['cron.list'] = () => ({ jobs: jobs.map((one) => ({ ...one })) });
  gateway.answers['cron.update'] = ({ id, patch, expectedConfigRevision }) => {
    const one = jobs.find((known) => known['id'] === id);
    if (one === undefined || one['configRevision'] !== expectedConfigRevision) {
      return { fail: { code: 'INVALID_REQUEST', message: 'cron job changed since last load' } };
    }
    Object.assign(one, patch, { configRevision: Number(one['configRevision']) + 1 });
    return { ...one };
  };
}

/** Another start of the gateway: it hangs up, and says hello with another boot id. */
function reboot(bootId: string): void {
  gateway.hello = { ...gateway.hello, server: { version: '2026.9.6', buildId: 'b', bootId } };
  gateway.drop();
}

async function start(env: Record<string, string> = {}, options: Partial<BridgeOptions> = {}): Promise<void> {
  bridge = createBridge({
    settings: settingsFromEnv({
      OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.href,
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: join(node.folder, 'token'),
      OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
      OPENCLAW_BRIDGE_STATE_DIR: join(node.folder, 'state'),
      OPENCLAW_BRIDGE_ACTIONS_LISTEN: '127.0.0.1:0',
      OPENCLAW_CLIENT_PIN: collector.identity.pin,
      OPENCLAW_ACTIONS_PIN: collector.signer.pin,
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
  await bridge.start();
}

const beats = (): Heartbeat[] =>
  node.collector.requests
    .filter(({ path }) => path === '/openclaw/availability')
    .map(({ body }) => heartbeatSchema.parse(JSON.parse(body.toString())));
const doorPort = (): number => {
  const address = beats().find(({ reported }) => reported?.actions_address)?.reported?.actions_address ?? '';
  return Number(address.split(':').at(-1));
};
async function carryOut(instruction: Instruction, changes: Partial<ActionRequest> = {}): Promise<ActionReceipt> {
  const request = collector.request(instruction, changes);
  const { status, body } = await collector.act(request);
  expect([200, 202]).toContain(status);
  expect(body['action_id']).toBe(request.action_id);
  return collector.ended(request.action_id, 15_000);
}
async function observation(): Promise<Observation> {
  return observationSchema.parse((await collector.send('GET', '/v1/observation')).body);
}
const asked = (method: string): Json[] =>
  gateway.requests.filter((one) => one.method === method).map((one) => one.params);
const enabled = (): unknown[] => jobs.filter((one) => one['enabled']).map((one) => one['id']);

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
  Object.assign(gateway.answers, {
    'diagnostics.lanes': { lanes: [] },
    'gateway.restart.preflight': { safe: true, counts: { cronRuns: 2 } },
    'gateway.restart.request': () => {
      setTimeout(() => reboot('boot-2'), 10);
      return { ok: true, status: 'scheduled' };
    },
    health: { ok: true },
    'system.info': {},
    'config.get': { parsed: { a: 1 }, valid: true, configRevisionHash: 'h', appliedConfigHash: 'h' },
    'cron.runs': { entries: [{ action: 'finished', jobId: 'a', runId: 'r', status: 'error', ts: Date.now() }] },
  });
  jobs = [job('a'), job('b'), job('other', { enabled: false }), job('beat', { payload: { kind: 'heartbeat' } })];
  jobs.push(job('own', { declarationKey: 'memory-core:x' }), job('auto', { state: { autoDisabled: { reason: 'x' } } }));
  schedule();
  node = await createTestNode();
  node.write('token', 'gateway-token');
  logged = [];
  collector = createCaller(node.authority, doorPort);
});

afterEach(async () => {
  await bridge.stop();
  await gateway.close();
  await node.close();
});

async function ready(env: Record<string, string> = {}, options: Partial<BridgeOptions> = {}): Promise<void> {
  await start(env, options);
  await waitFor(
    () => `the door in a beat: ${JSON.stringify(beats())} ${logged.join('\n')}`,
    () => beats().some(({ reported, capabilities }) => reported?.actions_address && capabilities?.includes('throttle'))
  );
}

describe('what a bridge declares', () => {
  it('is what works: every verb with a token that gives operator.admin', async () => {
    await ready();
    expect(beats().find(({ capabilities }) => capabilities?.includes('throttle'))?.capabilities).toEqual([
      ...['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config', 'transport:direct_https'],
    ]);
    expect(doorPort()).toBeGreaterThan(0);
  });

  it('is less with a token that can only read', async () => {
    gateway.grantsAdmin = false;
    await start();
    await waitFor('a beat', () => beats().length > 0);
    expect(beats()[0]?.capabilities).toEqual(['reconcile', 'doctor', 'transport:direct_https']);
    expect(logged.join()).toContain('OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE');
    expect(await carryOut({ verb: 'restart', what: 'gateway' })).toMatchObject({ refusal: 'not-declared' });
  });

  it('is nothing without a door, and no connection with full rights is ever made', async () => {
    await start({ OPENCLAW_BRIDGE_ACTIONS_LISTEN: '' });
    await waitFor('a beat', () => beats().length > 0);
    expect(beats()[0]?.capabilities).toEqual(['transport:direct_https']);
    expect(beats()[0]?.reported?.actions_address).toBeUndefined();
    expect(JSON.stringify(asked('connect'))).not.toContain('operator.admin');
  });
});

describe('a tunnel', () => {
  const { PATH = '' } = process.env;
  afterEach(() => void (process.env['PATH'] = PATH));

  it('leads to the door, and its port is in the next beat', async () => {
    // Where ssh would be: says what sshd gave it, and stays.
    const said = 'echo "Allocated port 4242 for remote forward to 127.0.0.1:1" >&2';
    writeFileSync(join(node.folder, 'ssh'), `#!/bin/sh\necho "$@" > "$0.args"\n${said}\nexec sleep 60\n`, {
      mode: 0o755,
    });
    process.env['PATH'] = `${node.folder}:${PATH}`;
    await ready({
      OPENCLAW_BRIDGE_TRANSPORT: 'reverse_ssh',
      OPENCLAW_BRIDGE_SSH_HOST: 'hub.example',
      OPENCLAW_BRIDGE_SSH_USER: 'tunnel',
      OPENCLAW_BRIDGE_SSH_KEY_FILE: join(node.folder, 'node.key'),
      OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE: join(node.folder, 'ca.crt'),
    });
    await waitFor('the port', () => beats().some(({ reported }) => reported?.tunnel_port === 4242));
    expect(readFileSync(join(node.folder, 'ssh.args'), 'utf8')).toContain(`:${doorPort()}`);
  });
});

describe('a restart', () => {
  it('goes by RPC while the gateway answers, and is done when another boot id is ready', async () => {
    await ready();
    const receipt = await carryOut({ verb: 'restart', what: 'gateway' }, { gateway_boot_id: 'boot-1' });
    expect(receipt).toMatchObject({
      state: 'succeeded',
      before: { gateway_boot_id: 'boot-1', way: 'rpc' },
      after: { gateway_boot_id: 'boot-2' },
    });
    expect(receipt.notes.map(({ text }) => text).join('\n')).toMatch(
      /preflight: safe \(cronRuns 2\)[^]*gateway\.restart\.request: scheduled/
    );
    expect(asked('gateway.restart.request')).toEqual([{ reason: 'openclaw-fleet run-1' }]);
    expect(await carryOut({ verb: 'restart', what: 'gateway' })).toMatchObject({ refusal: 'restart-limit' });
    expect((await observation()).restart_allowed_at).not.toBeNull();
  }, 20_000);

  it('whose request gets no answer is seen to have happened', async () => {
    await ready();
    gateway.answers['gateway.restart.request'] = () => {
      reboot('boot-2');
      return { ok: true, status: 'scheduled' };
    };
    const receipt = await carryOut({ verb: 'restart', what: 'gateway' });
    expect(receipt).toMatchObject({ state: 'succeeded', after: { gateway_boot_id: 'boot-2' } });
    expect(receipt.notes.map(({ text }) => text).join('\n')).toContain('gateway.restart.request: CLOSED');
  }, 20_000);

  it('is refused for a gateway that runs and would not start with what is saved', async () => {
    await ready();
    gateway.answers['config.get'] = { parsed: { a: 1 }, valid: false };
    const receipt = await carryOut({ verb: 'restart', what: 'gateway' });
    expect(receipt).toMatchObject({ state: 'refused', refusal: 'gateway-unavailable' });
    expect(receipt.message).toMatch(/^Nothing was done: the saved configuration is not valid.*would not start/);
    expect(asked('gateway.restart.request')).toEqual([]);
    expect((await observation()).restart_allowed_at).toBeNull();
  });

  it('goes ahead where the gateway cannot say whether what is saved is valid', async () => {
    await ready();
    gateway.answers['config.get'] = { fail: { code: 'UNAVAILABLE', message: 'busy' } };
    expect(await carryOut({ verb: 'restart', what: 'gateway' })).toMatchObject({ state: 'succeeded' });
  }, 20_000);

  it('is refused for another boot than the one it was decided on', async () => {
    await ready();
    const receipt = await carryOut({ verb: 'restart', what: 'gateway' }, { gateway_boot_id: 'boot-0' });
    expect(receipt).toMatchObject({ state: 'refused', refusal: 'boot-changed' });
    expect(asked('gateway.restart.request')).toEqual([]);
    expect((await observation()).restart_allowed_at).toBeNull();
  });

  it('is refused for a gateway that hangs when nobody could end it', async () => {
    await ready({ OPENCLAW_TIMINGS: 'demo' });
    gateway.silent = true;
    const receipt = await carryOut({ verb: 'restart', what: 'gateway' });
    expect(receipt).toMatchObject({ state: 'refused', refusal: 'no-supervisor' });
    expect(await observation()).toMatchObject({ gateway_state: 'hung', health_status: 'error', jobs: null });
  }, 30_000);

  it('of the bridge ends it, where it is supervised; else it is refused', async () => {
    let left = 0;
    await ready({}, { leave: () => (left += 1) });
    expect(await carryOut({ verb: 'restart', what: 'bridge' })).toMatchObject({ refusal: 'no-supervisor' });
    await bridge.stop();
    node.collector.requests.length = 0;
    await ready({ OPENCLAW_BRIDGE_SUPERVISED: 'true' }, { leave: () => (left += 1) });
    const request = collector.request({ verb: 'restart', what: 'bridge' });
    expect(await collector.act(request)).toMatchObject({ status: 202 });
    await waitFor('the end', () => left === 1);
    await bridge.stop('restart');
    expect(beats().at(-1)?.goodbye).toBe('restart');
    node.collector.requests.length = 0;
    await ready({ OPENCLAW_BRIDGE_SUPERVISED: 'true' });
    expect(await collector.ended(request.action_id)).toMatchObject({
      state: 'succeeded',
      message: 'The bridge was started anew.',
    });
  }, 20_000);
});

describe('throttle and resume', () => {
  const throttle = (...ids: string[]): Promise<ActionReceipt> => carryOut({ verb: 'throttle', jobs: ids });
  const resume = (check: boolean, ...ids: string[]): Promise<ActionReceipt> =>
    carryOut({ verb: 'resume', jobs: ids, check });
  const all = ['a', 'b', 'beat', 'own', 'auto'];

  it('disable the jobs that are named, remember them over a restart, and enable them again', async () => {
    await ready();
    expect(await throttle('a', 'b')).toMatchObject({
      state: 'succeeded',
      before: { enabled: 2 },
      after: { enabled: 0 },
    });
    expect(enabled()).toEqual(['beat', 'own', 'auto']);
    const seen = (await observation()).jobs?.filter(({ throttled }) => throttled).map(({ id }) => id);
    expect(seen).toEqual(['a', 'b']);
    await bridge.stop();
    node.collector.requests.length = 0;
    await ready();
    expect(await resume(false, 'a')).toMatchObject({ state: 'succeeded' });
    expect(await resume(false, 'b')).toMatchObject({ state: 'succeeded' });
    expect(enabled()).toEqual(all);
  }, 20_000);

  it.each([
    ['a heartbeat', ['a', 'beat'], 'protected-job'],
    ['a plugin’s own', ['own', 'a'], 'protected-job'],
    ['one that there is not', ['a', 'gone'], 'unknown-job'],
  ])('touch no job when one of them is %s', async (_what, ids, refusal) => {
    await ready();
    expect(await throttle(...ids)).toMatchObject({ state: 'refused', refusal });
    expect(enabled()).toEqual(all);
    expect(asked('cron.update')).toEqual([]);
  });

  it('leave alone what somebody else disabled, or OpenClaw itself', async () => {
    await ready();
    expect(await throttle('other', 'auto')).toMatchObject({ state: 'succeeded' });
    expect(await resume(false, 'other')).toMatchObject({ state: 'refused', refusal: 'protected-job' });
    expect(await resume(false, 'auto')).toMatchObject({ state: 'refused', refusal: 'protected-job' });
    expect(enabled()).not.toContain('other');
  });

  it('forget a job that somebody enabled meanwhile: when they disable it again, it is theirs', async () => {
    await ready();
    await throttle('a');
    const [first] = jobs;
    Object.assign(first ?? {}, { enabled: true });
    await throttle('b');
    Object.assign(first ?? {}, { enabled: false });
    expect(await resume(false, 'a')).toMatchObject({ refusal: 'protected-job' });
  });

  it('read a job again that was changed between the look and the change, once', async () => {
    await ready();
    const update = gateway.answers['cron.update'] as (params: Json) => Json;
    let raced = false;
    gateway.answers['cron.update'] = (params) => {
      if (!raced) jobs.filter((one) => one['id'] === 'a').forEach((one) => (one['configRevision'] = 7));
      raced = true;
      return update(params);
    };
    const receipt = await throttle('a');
    expect(receipt).toMatchObject({ state: 'succeeded' });
    expect(receipt.notes.map(({ text }) => text).join()).toContain('changed by somebody meanwhile');
    expect(enabled()).not.toContain('a');
  });

  it('leave a job to who disabled it between the look and the change', async () => {
    await ready();
    const update = gateway.answers['cron.update'] as (params: Json) => Json;
    gateway.answers['cron.update'] = (params) => {
      jobs
        .filter((one) => one['id'] === 'a')
        .forEach((one) => Object.assign(one, { configRevision: 7, enabled: false }));
      return update(params);
    };
    expect(await throttle('a')).toMatchObject({ state: 'succeeded' });
    expect(await resume(false, 'a')).toMatchObject({ refusal: 'protected-job' });
    expect(enabled()).not.toContain('a');
  });

  it('say what they did when a job is removed meanwhile', async () => {
    await ready();
    const update = gateway.answers['cron.update'] as (params: Json) => Json;
    gateway.answers['cron.update'] = (params) => {
      jobs = jobs.filter((one) => one['id'] !== 'b');
      return update(params);
    };
    const receipt = await throttle('a', 'b');
    expect(receipt).toMatchObject({ state: 'succeeded', message: '1 of 2 jobs are disabled.' });
    expect(receipt.notes.map(({ text }) => text)).toContain('b was removed by somebody meanwhile');
  });

  it('remember what they disabled while the gateway lists no jobs', async () => {
    await ready();
    await throttle('a');
    const all = jobs;
    jobs = [];
    expect(await resume(false, 'a')).toMatchObject({ refusal: 'unknown-job' });
    jobs = all;
    expect(await resume(false, 'a')).toMatchObject({ state: 'succeeded' });
  });

  it('say which jobs could not be changed', async () => {
    await ready();
    gateway.answers['cron.update'] = { fail: { code: 'UNAVAILABLE', message: 'secret words' } };
    const receipt = await throttle('a');
    expect(receipt).toMatchObject({ state: 'failed', message: expect.stringContaining('still enabled: a') as unknown });
    expect(JSON.stringify(receipt)).not.toContain('secret words');
  });

  it('run a job once before it is enabled, and leave one disabled that fails, with those after it', async () => {
    await ready();
    await throttle('a', 'b');
    const status: Json = { a: 'ok', b: 'error' };
    gateway.answers['cron.run'] = ({ id, mode }) => (mode === 'force' ? { ok: true, runId: `run-${String(id)}` } : {});
    gateway.answers['cron.runs'] = ({ id, runId }) => ({
      entries: [{ action: 'finished', jobId: id, runId, status: status[String(id)], ts: Date.now() }],
    });
    expect(await resume(true, 'a')).toMatchObject({ state: 'succeeded' });
    expect(await resume(true, 'b')).toMatchObject({ state: 'failed', after: { enabled: 0 } });
    expect(enabled()).toContain('a');
    expect(enabled()).not.toContain('b');
    expect(asked('cron.run')).toEqual([
      { id: 'a', mode: 'force' },
      { id: 'b', mode: 'force' },
    ]);
  });
});

describe('the other verbs', () => {
  it('doctor reads with the right to read alone, and says what it found in codes', async () => {
    await ready();
    gateway.answers['health'] = {
      plugins: { errors: [{ message: 'secret words' }] },
      modelRuntime: { degraded: true },
    };
    gateway.answers['cron.status'] = { enabled: false };
    const before = gateway.requests.length;
    const receipt = await carryOut({ verb: 'doctor' });
    expect(receipt).toMatchObject({ state: 'succeeded', after: { findings: 3 } });
    expect(receipt.notes.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        'plugins that failed to load: 1',
        'the model runtime is degraded',
        'the scheduler is switched off',
      ])
    );
    expect(JSON.stringify(receipt)).not.toContain('secret words');
    const connects = gateway.requests.slice(before).filter(({ method }) => method === 'connect');
    expect(connects.map(({ params }) => params['scopes'])).toEqual([['operator.read']]);
  });

  it('reconcile reads everything over a new connection and sends a heartbeat with all of it', async () => {
    await ready();
    const [connects, sent] = [asked('connect').length, beats().length];
    gateway.answers['config.get'] = { parsed: { a: 2 }, valid: true, configRevisionHash: 'i', appliedConfigHash: 'i' };
    const receipt = await carryOut({ verb: 'reconcile', apply: null });
    expect(receipt.state).toBe('succeeded');
    expect(receipt.after['full_config_hash']).not.toBe(receipt.before['full_config_hash']);
    expect(asked('connect').length).toBeGreaterThan(connects);
    await waitFor('a beat with every block', () =>
      beats()
        .slice(sent)
        .some(({ reported, capabilities, jobs: block }) => reported && capabilities && block)
    );
  });

  it('observation is one, whatever the gateway counts', async () => {
    jobs = [job('a', { state: { consecutiveErrors: 1.5 } }), job('b', { state: { consecutiveErrors: 1e300 } })];
    await ready();
    expect((await observation()).jobs?.map((one) => one.consecutive_errors)).toEqual([Number.MAX_SAFE_INTEGER, 1]);
  });

  it('observation looks now, and tells what the collector accepted last', async () => {
    node.collector.answer = () => ({ body: { status: 'accepted', next_heartbeat_seconds: 60 } });
    await ready();
    let seen = await observation();
    // The first heartbeat may still be on its way.
    while (seen.last_accepted_ms === null) seen = await observation();
    expect(seen).toMatchObject({
      node_id: 'node-1',
      gateway_state: 'running',
      gateway_boot_id: 'boot-1',
      openclaw_version: '2026.9.6',
      health_status: 'ok',
      metrics_ok: true,
      busy: null,
      job_results_1h: 1,
      job_failures_1h: 1,
    });
    expect(seen.last_accepted_ms).toBeGreaterThanOrEqual(0);
    expect(seen.jobs?.find(({ id }) => id === 'a')).toMatchObject({
      enabled: true,
      throttled: false,
      throttleable: true,
      consecutive_errors: 4,
      results_1h: 1,
      failures_1h: 1,
    });
    expect(
      seen.jobs
        ?.filter(({ throttleable }) => !throttleable)
        .map(({ id }) => id)
        .sort()
    ).toEqual(['beat', 'own']);
  });

  it('say that the gateway cannot be asked, and do nothing', async () => {
    await ready();
    await gateway.close();
    expect(await carryOut({ verb: 'throttle', jobs: ['a'] })).toMatchObject({ refusal: 'gateway-unavailable' });
    expect(await carryOut({ verb: 'reconcile', apply: null })).toMatchObject({ refusal: 'gateway-unavailable' });
  }, 20_000);

  it('keep the token from every file, log line and answer', async () => {
    await ready();
    await carryOut({ verb: 'throttle', jobs: ['a'] });
    const text = [...logged, JSON.stringify(await observation()), JSON.stringify(beats())].join('\n');
    expect(text).not.toContain('gateway-token');
    const throttled = join(node.folder, 'state/throttled.json');
    expect(existsSync(throttled) && readFileSync(throttled, 'utf8')).not.toContain('gateway-token');
  });
});
