import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { heartbeatSchema, TIMINGS } from '@openclaw-fleet/contract';
import type { GatewayState, Heartbeat, TimingsProfile } from '@openclaw-fleet/contract';
import { createTestNode } from '../client/testing/node.ts';
import type { TestNode } from '../client/testing/node.ts';
import type { Bridge } from './bridge.ts';
import { createBridge } from './bridge.ts';
import { fullConfigHash } from './gateway/config-hash.ts';
import { settingsFromEnv } from './settings.ts';
import { addFailingJob, adminCall } from './testing/admin.ts';
import { openclawOrSkip, OPENCLAW_VERSION, startGateway } from './testing/openclaw.ts';
import type { RealGateway } from './testing/openclaw.ts';
import { createRevisionSigner, hashOf } from './testing/revisions.ts';
import { waitFor } from './testing/wait-for.ts';

const openclaw = await openclawOrSkip('a bridge beside a real gateway');

const MINUTE = 60_000;

/** A bridge that publishes with the real client to a TLS server. */
interface Beside {
  readonly bridge: Bridge;
  readonly node: TestNode;
  /** Beats in order of arrival, each with the blocks it left out as unchanged. */
  beats(): readonly Heartbeat[];
  /** States the bridge has been in, each once in a row. */
  readonly states: GatewayState[];
  close(): Promise<void>;
}

async function bridgeBeside(
  gateway: RealGateway,
  timings: TimingsProfile,
  env: Readonly<Record<string, string>> = {}
): Promise<Beside> {
  const node = await createTestNode();
  const interval = timings === 'demo' ? 3 : 60;
  node.collector.answer = () => ({ body: { status: 'accepted', next_heartbeat_seconds: interval } });
  const beats: Heartbeat[] = [];
  const states: GatewayState[] = [];
  const look = (): void => {
    const { state } = bridge.observed().judgement;
    if (states.at(-1) !== state) states.push(state);
  };
  const bridge = createBridge({
    settings: settingsFromEnv({
      OPENCLAW_TIMINGS: timings,
      OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.href,
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: gateway.tokenFile,
      OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
      ...env,
    }),
    publishing: { ...node.settings, timings },
    logger: { info: look, warn: look, error: look },
  });
  const timer = setInterval(look, 5);
  return {
    bridge,
    node,
    states,
    beats: () => {
      const sent = node.collector.requests.filter(({ path }) => path === '/openclaw/availability');
      for (const { body } of sent.slice(beats.length)) {
        const { reported, jobs, capabilities } = beats.at(-1) ?? {};
        const beat = heartbeatSchema.parse(JSON.parse(body.toString()));
        beats.push({ ...defined({ reported, jobs, capabilities }), ...beat });
      }
      return beats;
    },
    close: async () => {
      clearInterval(timer);
      await bridge.stop();
      await node.close();
    },
  };
}

function defined<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

(openclaw === null ? describe.skip : describe)(`a bridge beside a real OpenClaw ${OPENCLAW_VERSION}`, () => {
  let gateway: RealGateway;
  let beside: Beside;

  const last = (): Heartbeat | undefined => beside.beats().at(-1);
  const reported = (): Heartbeat['reported'] => last()?.reported;
  const beatSays = (what: string, says: (beat: Heartbeat) => boolean, ms = 20_000): Promise<void> =>
    waitFor(
      () => `a beat that says ${what}; beat ${beside.beats().length} was ${JSON.stringify(last())}`,
      () => beside.beats().slice(-1).some(says),
      ms
    );
  const state = (wanted: GatewayState, ms = 20_000): Promise<void> =>
    beatSays(wanted, (beat) => beat.reported?.gateway_state === wanted, ms);
  const config = (): Record<string, unknown> =>
    JSON.parse(readFileSync(gateway.configFile, 'utf8')) as Record<string, unknown>;
  const saveConfig = (text: string): void => {
    writeFileSync(`${gateway.configFile}.new`, text, { mode: 0o600 });
    renameSync(`${gateway.configFile}.new`, gateway.configFile);
  };

  beforeAll(async () => {
    gateway = await startGateway({ openclaw: openclaw ?? '' });
    beside = await bridgeBeside(gateway, 'demo');
    await beside.bridge.start();
  }, MINUTE);

  afterAll(async () => {
    await beside.close();
    await gateway.stop();
  }, MINUTE);

  it(
    'sees it start',
    async () => {
      await gateway.ready();
      await state('running');
      expect(beside.beats()[0]?.reported?.gateway_state).toBe('dead');
      // A fast machine may start between two probes.
      const passed = beside.states.filter((one) => one !== 'unknown' && one !== 'starting');
      expect(passed).toEqual(['dead', 'running']);
    },
    4 * MINUTE
  );

  it(
    'reads its version, configuration, health, jobs and load',
    async () => {
      await beatSays('that all is well', (beat) => beat.reported?.health_status === 'ok', MINUTE);
      // The gateway makes its own review job, and a heartbeat job, which does not count, a moment after its start.
      await beatSays('its jobs', (beat) => beat.jobs?.total === 1);
      await beatSays('its load', (beat) => beat.reported?.metrics.cpu_pct !== undefined);
      expect(last()).toMatchObject({
        reported: {
          openclaw_version: OPENCLAW_VERSION,
          full_config_hash: fullConfigHash(config()),
          config_valid: true,
          config_converged: true,
          health_reasons: [],
        },
        capabilities: ['transport:direct_https'],
        jobs: { total: 1, enabled: 1, failing: 0, results_1h: 0, failures_1h: 0 },
        queue_depth: { main: 0, cron: 0 },
      });
      expect(reported()?.openclaw_build).toContain(OPENCLAW_VERSION);
      expect(reported()?.gateway_boot_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(reported()?.metrics.mem_used_bytes).toBeGreaterThan(100e6);
      expect(last()?.capacity['workers']).toBeGreaterThan(0);
      expect(last()?.capacity['available_slots']).toBe(last()?.capacity['workers']);
      expect(reported()?.sync_lag_ms).toBeLessThan(5_000);
    },
    2 * MINUTE
  );

  it(
    'counts a scheduled job that fails',
    async () => {
      const job = await addFailingJob(gateway);
      await adminCall(gateway, 'cron.run', { id: job['id'], mode: 'force' });
      await beatSays('a failing job', ({ jobs }) => jobs?.failures_1h === 1 && jobs.failing === 1);
      expect(last()?.jobs).toEqual({
        total: 2,
        enabled: 2,
        failing: 1,
        results_1h: 1,
        failures_1h: 1,
        results_24h: 1,
        failures_24h: 1,
      });
    },
    MINUTE
  );

  it(
    'notices an edit of the configuration on disk, and one that is not valid',
    async () => {
      const edited = { ...config(), messages: { ackReaction: 'ok' } };
      saveConfig(JSON.stringify(edited));
      await beatSays('the new hash', (beat) => beat.reported?.full_config_hash === fullConfigHash(edited));
      expect(reported()).toMatchObject({ config_valid: true });
      saveConfig('{"gateway":{"port":"no number"}}');
      await beatSays('an invalid file', (beat) => beat.reported?.config_valid === false);
      await beatSays('why', (beat) => beat.reported?.health_status === 'warn');
      expect(reported()?.health_reasons).toContain(
        "the saved configuration is not valid at gateway.port: the gateway's next start would fail"
      );
      saveConfig(JSON.stringify(edited));
      await beatSays(
        'a valid file',
        (beat) => beat.reported?.config_valid === true && beat.reported.config_converged === true
      );
    },
    2 * MINUTE
  );

  it(
    'reports an edit of a managed setting on disk within two probe intervals',
    async () => {
      const signer = createRevisionSigner();
      const edited = (ackReaction: string): string => JSON.stringify({ ...config(), messages: { ackReaction } });
      saveConfig(edited('before'));
      await beatSays(
        'the configuration to begin with',
        ({ reported: block }) => block?.full_config_hash === fullConfigHash(config()) && block.config_converged === true
      );
      const values = { 'messages.ackReaction': 'before' };
      const revision = hashOf(values);
      const slow = await bridgeBeside(gateway, 'production', { OPENCLAW_ACTIONS_PIN: signer.pin });
      const { collector } = slow.node;
      collector.answer = ({ path }) => {
        const nonce = new URL(path, 'https://x').searchParams.get('nonce');
        if (nonce !== null) return { body: { jws: signer.revision(values, { nonce }) } };
        if (path.endsWith('/config-report')) return { status: 204 };
        return { body: { status: 'accepted', next_heartbeat_seconds: 60, desired_revision: revision } };
      };
      const said = (): unknown => {
        const { config_hash: hash, apply_status: status } = slow.beats().at(-1)?.reported ?? {};
        return [hash, status].join(' ');
      };
      const reports = (): string[] =>
        collector.requests.filter(({ path }) => path.endsWith('/config-report')).map(({ body }) => body.toString());
      try {
        await slow.bridge.start();
        await waitFor(
          () => `the revision; ${String(said())}`,
          () => said() === `${revision} APPLIED`,
          30_000
        );
        await waitFor('the first report', () => reports().length === 1);
        saveConfig(edited('after'));
        const after = { 'messages.ackReaction': 'after' };
        await waitFor(
          () => `the edit; ${String(said())}`,
          () => said() === `${hashOf(after)} APPLIED`,
          2 * TIMINGS.production.probe
        );
        await waitFor('the report of it', () => reports().length === 2, 1_000);
        expect(JSON.parse(reports()[1] ?? '')).toEqual({ revision, config_hash: hashOf(after), values: after });
      } finally {
        await slow.close();
      }
    },
    2 * MINUTE
  );

  it(
    'sees it drain while it is suspended',
    async () => {
      const requestId = 'bridge-test';
      const held = await adminCall(gateway, 'gateway.suspend.prepare', {
        requestId,
        drain: true,
        terminalPolicy: 'terminate',
      });
      await state('draining');
      expect(reported()).toMatchObject({ health_status: 'warn', health_reasons: ['suspended by its operator'] });
      expect(last()?.capacity['available_slots']).toBe(0);
      await adminCall(gateway, 'gateway.suspend.resume', { suspensionId: held['suspensionId'] });
      await state('running');
    },
    MINUTE
  );

  it(
    'sees it hang (SIGSTOP) and come back (SIGCONT)',
    async () => {
      const before = reported()?.gateway_boot_id;
      gateway.signal('SIGSTOP');
      try {
        await state('hung', 30_000);
        expect(reported()).toMatchObject({ health_status: 'error', metrics: { failed_pushes_1h: 0 } });
        expect(reported()?.health_reasons[0]).toMatch(/^no answer within 2 s, \d+ times in a row$/);
        expect(last()?.capacity['available_slots']).toBe(0);
      } finally {
        gateway.signal('SIGCONT');
      }
      await state('running');
      expect(reported()?.gateway_boot_id).toBe(before);
    },
    2 * MINUTE
  );

  it(
    'follows a restart that it was told of to a new boot id, without alarm',
    async () => {
      const before = reported()?.gateway_boot_id;
      const [from, sent] = [beside.states.length, beside.beats().length];
      await adminCall(gateway, 'gateway.restart.request', { reason: 'bridge test' });
      await beatSays('a new boot id', (beat) => beat.reported?.gateway_boot_id !== before, 2 * MINUTE);
      await state('running', 2 * MINUTE);
      const passed = beside.states.slice(from);
      expect(passed).toContain('restarting');
      expect(passed.filter((one) => !['draining', 'restarting', 'running'].includes(one))).toEqual([]);
      const told = beside
        .beats()
        .slice(sent)
        .map((beat) => beat.reported);
      expect(told.map((block) => block?.gateway_state)).toContain('restarting');
      expect(told.map((block) => block?.health_status)).not.toContain('error');
      expect(told.flatMap((block) => block?.health_reasons ?? []).join('\n')).toContain(
        'it announced "gateway-restarting"'
      );
      await beatSays('its jobs again', ({ jobs }) => jobs?.failures_1h === 1 && jobs.results_24h === 1);
    },
    4 * MINUTE
  );

  it(
    'knows that it was killed (SIGKILL) before the next probe or beat would be due',
    async () => {
      const slow = await bridgeBeside(gateway, 'production');
      try {
        await slow.bridge.start();
        await waitFor('the first beat', () => slow.beats().some((beat) => beat.reported?.gateway_state === 'running'));
        const sent = slow.beats().length;
        const killedAt = Date.now();
        gateway.signal('SIGKILL');
        expect(await gateway.exited).toBe('SIGKILL');
        await waitFor('an early beat', () => slow.beats().length > sent, 5_000);
        const early = slow.beats()[sent];
        expect(early?.reported).toMatchObject({ gateway_state: 'dead', health_status: 'error' });
        expect(early?.reported?.health_reasons[0]).toMatch(/^connection refused for \d s: nothing listens$/);
        expect(Date.parse(early?.last_heartbeat ?? '')).toBeGreaterThanOrEqual(killedAt);
        expect(Date.parse(early?.last_heartbeat ?? '') - killedAt).toBeLessThan(5_000);
        await state('dead');
      } finally {
        await slow.close();
      }
    },
    MINUTE
  );
});
