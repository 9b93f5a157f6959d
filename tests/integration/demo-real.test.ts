import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { targetPageSchema, type FleetTarget, type GatewayState } from '@openclaw-fleet/contract';
import { fullConfigHash } from '../../backend/bridge/gateway/config-hash.ts';
import { adminCall } from '../../backend/bridge/testing/admin.ts';
import { OPENCLAW_VERSION, openclawOrSkip } from '../../backend/bridge/testing/openclaw.ts';
import { parseOptions, portsOf } from '../../scripts/lib/options.mjs';
import { portProblems } from '../../scripts/lib/ports.mjs';
import { findStack } from '../../scripts/lib/stack.mjs';
import { folderOf, freeBase, isUp, processesOf, startDemo, stopDemos, type StartedDemo } from './support/demo.ts';
import { PrometheusReader } from './support/prometheus.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
/** What three gateways that start at once may take on a machine that does other things too. */
const START = 8 * MINUTE;
/** What a single wait may take there; a test has several. */
const WAIT = 3 * MINUTE;
const LIMIT = 8 * MINUTE;
const root = resolve(import.meta.dirname, '..', '..');
const stack = findStack();

// The demo installs it in the same place, and so finds it.
const openclaw = await openclawOrSkip('npm run demo:real');

/** Three gateways and what they take above their ports: the last begins at 260. */
const PORTS = 380;
const NAMES = ['real-01', 'real-02', 'real-03'] as const;
type Name = (typeof NAMES)[number];
const [HANGS, DIES, DRAINS] = NAMES;

(openclaw === null ? describe.skip : describe)(`npm run demo:real, OpenClaw ${OPENCLAW_VERSION}`, () => {
  let flags: string[];
  let demo: StartedDemo;
  let folder: string;
  let prometheus: PrometheusReader;

  beforeAll(async () => {
    const base = await freeBase(PORTS);
    flags = ['--no-table', '--no-grafana', '--port-base', String(base)];
    demo = startDemo('demo:real', ...flags);
    await isUp(demo, START);
    folder = folderOf(demo);
    prometheus = new PrometheusReader(`http://127.0.0.1:${base + 2}`);
  }, START + MINUTE);

  afterAll(stopDemos, MINUTE);

  /** What the page says of one gateway. */
  function told(name: Name): { url: URL; pid: number } {
    const [, url = '', pid = ''] =
      new RegExp(`^ +${name} +(\\S+) +real OpenClaw gateway, process (\\d+)$`, 'm').exec(demo.text()) ?? [];
    return { url: new URL(url), pid: Number(pid) };
  }

  const homeOf = (name: Name): string => join(folder, `openclaw-gateway-${NAMES.indexOf(name) + 1}`);
  const configOf = (name: Name): string => join(homeOf(name), '.openclaw', 'openclaw.json');
  const configAt = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

  async function targets(): Promise<FleetTarget[]> {
    const [, api = ''] = /OPENCLAW_FLEET_URL=(\S+)/.exec(demo.text()) ?? [];
    const authorization = `Bearer ${readFileSync(join(folder, 'viewer-token'), 'utf8')}`;
    const answer = await fetch(`${api}/fleet/targets?limit=500`, { headers: { authorization } });
    return targetPageSchema.parse(await answer.json()).items;
  }

  /** Waits until the API shows a gateway so. */
  async function shows(name: Name, what: string, holds: (seen: FleetTarget) => boolean): Promise<FleetTarget> {
    let last: FleetTarget | undefined;
    return waitFor(
      async () => {
        last = (await targets()).find((target) => target.name === name);
        return last && holds(last) ? last : null;
      },
      () => `the API to show ${name} ${what}; it shows ${JSON.stringify(last)}; the demo said:\n${demo.text()}`,
      WAIT,
      100
    );
  }

  const isRunning = ({ liveness, reported }: FleetTarget): boolean =>
    liveness.state === 'online' && reported?.gatewayState === 'running' && reported.healthStatus === 'ok';

  async function scrapes(query: string, wanted: number): Promise<void> {
    let last: number | null = null;
    await waitFor(
      async () => (last = await prometheus.value(query)) === wanted,
      () => `${wanted} from ${query}; Prometheus has ${String(last)}`,
      WAIT,
      200
    );
  }

  /** Waits until the API, the terminal and Prometheus have shown that state of the gateway of a node that is online. */
  async function becomes(name: Name, state: GatewayState, health: string): Promise<readonly string[]> {
    const { id, reported } = await shows(
      name,
      `${state}, with health ${health}`,
      ({ liveness, reported: now }) =>
        liveness.state === 'online' && now?.gatewayState === state && now.healthStatus === health
    );
    await says(new RegExp(`${name} gateway \\S+ -> ${state}`));
    // It may be over already.
    const series = `openclaw_target_gateway_state{target="${id}",state="${state}"}`;
    if (stack.prometheus !== null) await scrapes(`max_over_time(${series}[30m])`, 1);
    return reported!.healthReasons;
  }

  const says = (pattern: RegExp): Promise<RegExpExecArray> =>
    waitFor(
      () => pattern.exec(demo.text()),
      () => `the demo to say ${String(pattern)}; it said:\n${demo.text()}`,
      WAIT,
      100
    );

  it(
    'shows three real gateways online, with version, configuration and state',
    async () => {
      for (const name of NAMES) {
        // It is read after the gateway is seen to run.
        const seen = await shows(
          name,
          'running, with its configuration and jobs',
          (now) => isRunning(now) && typeof now.reported?.fullConfigHash === 'string' && now.jobs !== null
        );
        expect(seen).toMatchObject({
          zone: 'local',
          environment: 'local',
          bridged: true,
          jobs: { failing: 0 },
          reported: {
            openclawVersion: OPENCLAW_VERSION,
            fullConfigHash: fullConfigHash(configAt(configOf(name))),
            configValid: true,
            healthReasons: [],
          },
        });
      }
      expect((await targets()).filter(({ zone }) => zone !== 'local')).toHaveLength(6);
    },
    LIMIT
  );

  (stack.prometheus === null ? it.skip : it)(
    'has their series in Prometheus, which finds the bridges by itself',
    async () => {
      for (const { id, reported } of (await targets()).filter(({ zone }) => zone === 'local')) {
        const one = `target="${id}"`;
        const series: [string, number][] = [
          [`openclaw_target_info{${one},openclaw_version="${OPENCLAW_VERSION}"}`, 1],
          [`openclaw_target_full_config_hash{${one}}`, Number.parseInt(reported!.fullConfigHash!.slice(0, 12), 16)],
          [`openclaw_target_gateway_state{${one},state="running"}`, 1],
          [`openclaw_target_state{${one},state="online"}`, 1],
        ];
        for (const [query, wanted] of series) await scrapes(query, wanted);
      }
      await scrapes('sum(up{job="openclaw-bridge"})', NAMES.length);
      await scrapes('sum(openclaw_bridge_gateway_state{state="running"})', NAMES.length);
    },
    LIMIT
  );

  it(
    'shows one that hangs (SIGSTOP), one that is dead (SIGKILL) and one that drains, and why',
    async () => {
      const gateway = {
        url: told(DRAINS).url,
        token: readFileSync(join(homeOf(DRAINS), 'gateway-token'), 'utf8'),
      };
      process.kill(told(DIES).pid, 'SIGKILL');
      process.kill(told(HANGS).pid, 'SIGSTOP');
      const suspension = { requestId: 'it', drain: true, terminalPolicy: 'terminate' };
      const [dead, hung, draining] = await Promise.all([
        becomes(DIES, 'dead', 'error'),
        becomes(HANGS, 'hung', 'error'),
        adminCall(gateway, 'gateway.suspend.prepare', suspension).then(async ({ suspensionId }) => {
          const reasons = await becomes(DRAINS, 'draining', 'warn');
          await adminCall(gateway, 'gateway.suspend.resume', { suspensionId });
          return reasons;
        }),
      ]);
      expect(dead[0]).toMatch(/^connection refused for \d+ s: nothing listens$/);
      expect(hung[0]).toMatch(/^no answer within 2 s, \d+ times in a row$/);
      expect(draining).toEqual(['suspended by its operator']);
    },
    LIMIT
  );

  it(
    'shows them well again: one goes on (SIGCONT), one is started anew by its bridge, one takes work again',
    async () => {
      process.kill(told(HANGS).pid, 'SIGCONT');
      const [, pid = ''] = await says(new RegExp(`The gateway of ${DIES} runs as process (\\d+) now\\.`));
      expect(Number(pid)).not.toBe(told(DIES).pid);
      for (const name of NAMES) await shows(name, 'running again', isRunning);
    },
    LIMIT
  );

  it(
    'keeps the rest of what its page promises: SIGUSR2 restarts one, an edit changes the hash of another',
    async () => {
      const [, file = ''] = /edit (\S+) +its configuration hash changes/.exec(demo.text()) ?? [];
      expect(resolve(root, file)).toBe(configOf(HANGS));
      const bootOf = ({ reported }: FleetTarget): string | null => reported?.gatewayBootId ?? null;
      const before = bootOf(await shows(DRAINS, 'running, as a known process', (seen) => bootOf(seen) !== null));
      const edited = { ...configAt(configOf(HANGS)), messages: { ackReaction: '👀' } };
      writeFileSync(configOf(HANGS), JSON.stringify(edited));
      process.kill(told(DRAINS).pid, 'SIGUSR2');
      const [leaving] = await Promise.all([
        shows(DRAINS, 'draining or restarting', ({ reported }) =>
          ['draining', 'restarting'].includes(reported?.gatewayState ?? '')
        ),
        shows(
          HANGS,
          'with the hash of what was written',
          ({ reported }) => reported?.fullConfigHash === fullConfigHash(configAt(configOf(HANGS)))
        ),
      ]);
      expect(leaving.reported?.healthReasons[0]).toMatch(/^(draining|restarting|starting)\b/);
      await shows(DRAINS, 'running, started anew', (seen) => isRunning(seen) && ![null, before].includes(bootOf(seen)));
      expect(configAt(configOf(HANGS))).toMatchObject({ messages: { ackReaction: '👀' } });
    },
    LIMIT
  );

  it(
    'leaves nothing behind after Ctrl-C, though one of them hangs',
    async () => {
      process.kill(told(HANGS).pid, 'SIGSTOP');
      expect(processesOf(folder).length).toBeGreaterThan(2 * NAMES.length);
      process.kill(-demo.pid, 'SIGINT');
      await demo.ended;
      expect(demo.text()).toContain('Everything is stopped, and the demo folder is removed.');
      expect(processesOf(folder)).toEqual([]);
      expect(existsSync(folder)).toBe(false);
      expect(await portProblems(portsOf(parseOptions(['--real=3', ...flags]), stack))).toEqual([]);
    },
    LIMIT
  );
});
