import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TIMINGS, type FleetTarget, type GatewayState } from '@openclaw-fleet/contract';
import { fullConfigHash } from '../../backend/bridge/gateway/config-hash.ts';
import { addFailingJob, adminCall } from '../../backend/bridge/testing/admin.ts';
import { ensureOpenclaw, OPENCLAW_VERSION, orSkip, startGateway } from '../../backend/bridge/testing/openclaw.ts';
import type { RealGateway } from '../../backend/bridge/testing/openclaw.ts';
import { bridgeProgram } from '../../backend/simulator/demo/real.ts';
import { runSimulation, SCENARIOS, type Simulation } from '../../backend/simulator/index.ts';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { TestCollector } from './support/collector.ts';
import { EventReader } from './support/events.ts';
import { enrolMany } from './support/fleet.ts';
import { TestProcess } from './support/process.ts';
import { TestPrometheus } from './support/prometheus.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
/** What a gateway's start may take on a machine that does other things too. */
const START = 4 * MINUTE;
const root = resolve(import.meta.dirname, '..', '..');

const programs = await orSkip('a real gateway seen in Prometheus', async (say) => {
  const prometheus = findOnPath('prometheus');
  if (prometheus === null) throw new Error('prometheus is needed: apt-get install prometheus');
  return { prometheus, openclaw: await ensureOpenclaw(say) };
});

/** The target under test. The others are there so that the fleet is no single node, whose silence would be judged blind. */
const GATEWAY = 'gateway-01';
const ZONE = 'local';
const STEADY = ['plain-01', 'plain-02', 'plain-03', 'plain-04'];
const DYING = 'plain-05';

(programs === null ? describe.skip : describe)(
  `OpenClaw ${OPENCLAW_VERSION}, its bridge, the collector and Prometheus`,
  () => {
    const ending = new AsyncDisposableStack();
    let collector: TestCollector;
    let gateway: RealGateway;
    let bridge: TestProcess;
    let prometheus: TestPrometheus;
    let events: EventReader;
    let dying: Simulation;

    beforeAll(async () => {
      const { openclaw, prometheus: binary } = programs!;
      collector = new TestCollector({
        OPENCLAW_FLEET_TIMINGS: 'demo',
        // As in production: a busy machine's pauses are no shorter because the beats are.
        OPENCLAW_FLEET_DURATIONS_GRACE: String(TIMINGS.production.grace / 1000),
        OPENCLAW_FLEET_METRICS_PER_TARGET: 'full',
      });
      ending.defer(() => collector.close());
      const credentials = await enrolMany(collector, [...STEADY, DYING]);
      await collector.start();
      gateway = await startGateway({ openclaw, parent: collector.folder });
      ending.defer(() => gateway.stop());

      const endpoint = `https://localhost:${collector.intakePort}`;
      const out = join(collector.folder, 'nodes', GATEWAY);
      collector.cli('enroll', GATEWAY, '--id', GATEWAY, '--zone', ZONE, '--out', out, '--endpoint', endpoint);
      const env = { PATH: process.env['PATH'] ?? '', HOME: collector.folder };
      const places = { root, folder: collector.folder };
      bridge = new TestProcess(
        bridgeProgram({ name: 'bridge', node: process.execPath, places, env, credentials: out, gateway, port: 0 })
      );
      ending.defer(() => bridge.stop().then(() => undefined));
      const [, bridgeAddress = ''] = await bridge.logs(/serves \/healthz and \/metrics on http:\/\/([^/"]+)/);

      prometheus = await TestPrometheus.start(binary, collector, [bridgeAddress]);
      ending.defer(() => prometheus.stop());
      events = await EventReader.open(collector);
      ending.defer(() => events.close());
      const simulate = (ids: readonly string[]): Simulation => {
        const simulation = runSimulation({
          endpoint,
          credentials: credentials.filter(({ id }) => ids.includes(id)),
          seed: 3,
          zones: [ZONE],
          rampMs: 0,
          beatMs: TIMINGS.demo.beat,
          scenario: SCENARIOS.steady,
          bridgedShare: 0,
        });
        ending.defer(() => simulation.stop());
        return simulation;
      };
      simulate(STEADY);
      dying = simulate([DYING]);
      await gateway.ready();
    }, START);

    afterAll(async () => {
      await ending.disposeAsync();
      expect(existsSync(collector.folder)).toBe(false);
    }, MINUTE);

    const target = (): Promise<FleetTarget> => collector.target(GATEWAY);
    const offline = () => events.seen.filter(({ name }) => name === 'target-offline');
    const series = (family: string): string => `${family}{target="${GATEWAY}",zone="${ZONE}"}`;
    const value = (family: string): Promise<number | null> => prometheus.value(series(family));
    const states = (family: string, label: string): Promise<string[]> => prometheus.states(series(family), label);

    /** Waits until the API shows the target so. */
    async function shows(what: string, holds: (seen: FleetTarget) => boolean, limitMs = MINUTE): Promise<FleetTarget> {
      let last: FleetTarget | null = null;
      const found = async (): Promise<FleetTarget | null> => {
        last = await target();
        return holds(last) ? last : null;
      };
      return waitFor(found, () => `the API to show ${what}; it shows ${JSON.stringify(last)}`, limitMs, 100);
    }

    /** Waits until Prometheus has scraped what `read` reads, and it is `wanted`. */
    async function scrapes<T>(what: string, read: () => Promise<T>, wanted: T): Promise<void> {
      let last: T | null = null;
      const found = async (): Promise<boolean> => {
        last = await read();
        return JSON.stringify(last) === JSON.stringify(wanted);
      };
      await waitFor(
        found,
        () => `${JSON.stringify(wanted)} as ${what} in Prometheus; it has ${JSON.stringify(last)}`,
        MINUTE,
        100
      );
    }

    /** The gateway's state and health in the API and in Prometheus. @returns the target, for the reason */
    async function gatewayIs(
      state: GatewayState,
      health: 'ok' | 'warn' | 'error'
    ): Promise<NonNullable<FleetTarget['reported']>> {
      const is = ({ reported }: FleetTarget): boolean =>
        reported?.gatewayState === state && reported.healthStatus === health;
      const { reported } = await shows(`${state} with health ${health}`, is);
      await scrapes('state', () => states('openclaw_target_gateway_state', 'state'), [state]);
      await scrapes('health', () => states('openclaw_target_health_status', 'status'), [health]);
      return reported!;
    }

    it(
      'shows its version, configuration, jobs and health',
      async () => {
        const job = await addFailingJob(gateway);
        await adminCall(gateway, 'cron.run', { id: job['id'], mode: 'force' });
        const hash = fullConfigHash(JSON.parse(readFileSync(gateway.configFile, 'utf8')) as Record<string, unknown>);
        await gatewayIs('running', 'ok');
        // The gateway makes a review job of its own.
        const seen = await shows(
          'its failing job, and that all is well',
          ({ jobs, reported }) => jobs?.failing === 1 && jobs.total === 2 && reported?.healthStatus === 'ok'
        );
        expect(seen).toMatchObject({
          id: GATEWAY,
          name: GATEWAY,
          zone: ZONE,
          bridged: true,
          transport: 'direct_https',
          environment: 'local',
          liveness: { state: 'online' },
          reported: {
            openclawVersion: OPENCLAW_VERSION,
            fullConfigHash: hash,
            configValid: true,
            configConverged: true,
            healthReasons: [],
          },
          jobs: { total: 2, enabled: 2, failing: 1, results_1h: 1, failures_1h: 1 },
        });

        const version = `openclaw_target_info{target="${GATEWAY}",openclaw_version="${OPENCLAW_VERSION}"}`;
        await scrapes('version', () => prometheus.value(version), 1);
        await scrapes('hash', () => value('openclaw_target_full_config_hash'), Number.parseInt(hash.slice(0, 12), 16));
        await scrapes('liveness', () => states('openclaw_target_state', 'state'), ['online']);
        await scrapes('jobs', () => value('openclaw_target_jobs'), 2);
        await scrapes('failing jobs', () => value('openclaw_target_jobs_failing'), 1);
        await scrapes('failures', () => value('openclaw_target_job_failures_last_hour'), 1);
        await scrapes('the fleet', () => prometheus.value('openclaw_fleet_targets{state="online"}'), STEADY.length + 2);
        await scrapes("the bridge's own", () => prometheus.states('openclaw_bridge_gateway_state', 'state'), [
          'running',
        ]);
        await scrapes('what it scrapes', () => prometheus.value('sum(up)'), 2);
      },
      3 * MINUTE
    );

    it(
      'shows that it drains, and works again',
      async () => {
        const suspension = { requestId: 'it', drain: true, terminalPolicy: 'terminate' };
        const { suspensionId } = await adminCall(gateway, 'gateway.suspend.prepare', suspension);
        try {
          expect((await gatewayIs('draining', 'warn')).healthReasons).toEqual(['suspended by its operator']);
          await scrapes('slots', () => value('openclaw_target_available_slots'), 0);
        } finally {
          await adminCall(gateway, 'gateway.suspend.resume', { suspensionId });
        }
        await gatewayIs('running', 'ok');
      },
      3 * MINUTE
    );

    it(
      'shows that it hangs (SIGSTOP), and works again (SIGCONT)',
      async () => {
        const { reported } = await target();
        gateway.signal('SIGSTOP');
        try {
          const { healthReasons } = await gatewayIs('hung', 'error');
          expect(healthReasons[0]).toMatch(/^no answer within 2 s, \d+ times in a row$/);
          expect((await target()).liveness.state).toBe('online');
        } finally {
          gateway.signal('SIGCONT');
        }
        expect((await gatewayIs('running', 'ok')).gatewayBootId).toBe(reported?.gatewayBootId);
      },
      3 * MINUTE
    );

    it(
      'shows that it is dead (SIGKILL)',
      async () => {
        gateway.signal('SIGKILL');
        expect(await gateway.exited).toBe('SIGKILL');
        const { healthReasons, openclawVersion } = await gatewayIs('dead', 'error');
        expect(healthReasons[0]).toMatch(/^connection refused for \d+ s: nothing listens$/);
        expect(openclawVersion).toBe(OPENCLAW_VERSION);
      },
      2 * MINUTE
    );

    it(
      'tells a bridge that was stopped from a node that fell silent',
      async () => {
        expect(await bridge.stop()).toBe('0');
        const stopped = await shows('a stopped bridge', (seen) => seen.liveness.state === 'stopped');
        expect(stopped.liveness.reason).toMatch(/^it shut down cleanly/);
        const heardAfter = async (): Promise<boolean> =>
          (await collector.target(DYING)).lastSeenAt! > stopped.lastSeenAt!;
        await waitFor(heardAfter, 'a later heartbeat of the other');
        await dying.stop();
        const silent = await waitFor(
          () => offline().find(({ data }) => data['targetId'] === DYING),
          'its event',
          MINUTE
        );
        expect(silent).toMatchObject({ name: 'target-offline', data: { zone: ZONE } });
        // It has been silent for longer than the one that was just reported.
        expect((await target()).liveness).toMatchObject({ state: 'stopped', flapping: false });
        await scrapes('liveness', () => states('openclaw_target_state', 'state'), ['stopped']);
        expect(offline().filter(({ data }) => data['targetId'] === GATEWAY)).toEqual([]);
      },
      2 * MINUTE
    );
  }
);
