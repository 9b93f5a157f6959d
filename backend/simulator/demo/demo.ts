import { join, relative } from 'node:path';
import { TIMINGS } from '@openclaw-fleet/contract';
import { nodeBinary } from '../../../scripts/lib/install.mjs';
import { clean } from '../../../scripts/lib/leftovers.mjs';
import type { DemoOptions } from '../../../scripts/lib/options.mjs';
import { progress } from '../../../scripts/lib/progress.mjs';
import { findStack } from '../../../scripts/lib/stack.mjs';
import { SIMULATED_VALUES } from '../acting/gateway.ts';
import { countersInWords } from '../counters.ts';
import type { Credentials } from '../credentials.ts';
import { runSimulation } from '../fleet.ts';
import type { Simulation } from '../fleet.ts';
import { SCENARIOS } from '../scenarios.ts';
import { enrolAll, fleetCommand } from './credentials.ts';
import type { FleetCommand } from './credentials.ts';
import { baseEnvironment, collectorSettings } from './environment.ts';
import type { Places } from './environment.ts';
import { applyPolicy, readFleet, waitUntilReady } from './fleet-api.ts';
import { logTo } from './log.ts';
import { makeTokens } from './people.ts';
import { Processes } from './processes.ts';
import { bridgeProgram, installProgram, RealGateways } from './real.ts';
import { lineView, tableView } from './screen.ts';
import type { View } from './screen.ts';
import { Stack } from './stack.ts';
import type { Part } from './stack.ts';
import { listenForStop, Stopped } from './stop.ts';
import type { Stop } from './stop.ts';
import { doingOf, introduction } from './words.ts';

const ZONES = ['eu-west-1', 'us-east-1'];
const REAL_ZONE = 'local';
const SIMULATED = 6;
const REFRESH_MS = 1000;
const READY_MS = 60_000;
/** Its first start makes a database. */
const GRAFANA_READY_MS = 180_000;
/** All of `count` gateways start at once, and share the processors. */
const gatewaysReadyMs = (count: number): number => 120_000 + 60_000 * count;

const out = process.stdout;
const say = (line: string): void => void out.write(`${line}\n`);
const shown = (path: string): string => relative(process.cwd(), path) || '.';

/** Prefix of the names of real gateways. */
const REAL = 'real';
const nameOf = (prefix: string, index: number): string => `${prefix}-${String(index + 1).padStart(2, '0')}`;

interface Member {
  readonly name: string;
  readonly zone: string;
  readonly folder: string;
}

/** Everything that `npm start` runs, from the first certificate to the last process. */
export class Demo {
  readonly #options: DemoOptions;
  readonly #places: Places;
  readonly #node: string;
  readonly #env: Record<string, string>;
  readonly #collectorEnv: Record<string, string>;
  readonly #apiUrl: string;
  readonly #intakeUrl: string;
  readonly #stop: Stop;
  readonly #processes: Processes;
  readonly #gateways = new RealGateways();
  readonly #view: View;
  readonly #stack: Stack;
  readonly #fleet: FleetCommand;
  #simulation: Simulation | null = null;

  constructor(options: DemoOptions, places: Places) {
    this.#options = options;
    this.#places = places;
    this.#node = nodeBinary(places.root);
    this.#env = baseEnvironment(process.env, places);
    const { apiPort, prometheusPort, alertmanagerPort, grafanaPort } = options;
    const ports = { api: apiPort, prometheus: prometheusPort, alertmanager: alertmanagerPort, grafana: grafanaPort };
    this.#stack = new Stack(findStack(), places, ports, options.grafana);
    this.#collectorEnv = { ...this.#env, ...collectorSettings(places, options), ...this.#stack.collectorSettings() };
    this.#apiUrl = `http://127.0.0.1:${options.apiPort}`;
    this.#intakeUrl = `https://localhost:${options.intakePort}`;
    this.#stop = listenForStop(process, () => this.#hurry());
    this.#processes = new Processes(places.folder, (error) => this.#stop.end({ code: 1, message: error.message }));
    this.#fleet = fleetCommand(this.#processes, this.#node, places.root, this.#collectorEnv);
    this.#view =
      out.isTTY && options.table
        ? tableView(
            out,
            ['', 'DEMO, with demo timings. Scroll up for addresses and logins. Ctrl-C stops everything.'],
            !process.env['NO_COLOR']
          )
        : lineView(out);
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    const up = this.#bringUp().catch((error: unknown) => {
      if (!(error instanceof Stopped)) this.#stop.end({ code: 1, message: (error as Error).message });
    });
    const { code, message } = await this.#stop.reached;
    (code === 0 ? process.stdout : process.stderr).write(`\n${message}\n`);
    await this.#takeDown();
    await up;
    clean(this.#places.folder);
    say('Everything is stopped, and the demo folder is removed.');
    return code;
  }

  async #bringUp(): Promise<void> {
    const { exitAfterSeconds, automation } = this.#options;
    const { folder } = this.#places;
    const simulated = this.#members(SIMULATED, 'gateway', (index) => ZONES[index % ZONES.length] ?? '');
    const real = this.#members(this.#options.gateways.length, REAL, () => REAL_ZONE);
    const { parts, credentials } = await this.#makeCredentials(simulated, real);
    // The collector looks for its silences from the start on.
    await this.#startParts(parts.filter(({ title }) => title === 'Alertmanager'));
    await this.#startCollector();
    await this.#startParts(parts.filter(({ title }) => title !== 'Alertmanager'));
    const accounts = await this.#stack.makeAccounts();
    const tokens = await this.#step('Making API tokens', makeTokens(this.#fleet, folder, accounts));
    await this.#startReal(real);
    this.#simulation = runSimulation({
      endpoint: this.#intakeUrl,
      credentials,
      seed: 1,
      zones: ZONES,
      rampMs: TIMINGS.demo.beat,
      beatMs: TIMINGS.demo.beat,
      scenario: SCENARIOS.demo,
      doors: { stateDir: join(folder, 'simulated'), logger: logTo(join(folder, 'logs', 'simulated-bridges.log')) },
    });
    await this.#applyPolicy(tokens.approver.token, credentials);
    const lines = introduction({
      intakeUrl: this.#intakeUrl,
      apiUrl: this.#apiUrl,
      stack: this.#stack,
      accounts,
      tokenFiles: {
        viewer: shown(tokens.viewer.file),
        operator: shown(tokens.operator.file),
        approver: shown(tokens.approver.file),
      },
      automation,
      logs: `${shown(join(folder, 'logs'))}/`,
      simulated: SIMULATED,
      real: this.#gateways.all.map(({ url, pid, configFile }, index) => ({
        name: real[index]?.name ?? '',
        url: url.origin,
        pid: pid ?? 0,
        configFile: shown(configFile),
      })),
      scenario: 'some misbehave in turn, over and over',
    });
    // In one piece: what waits for the page to be there reads all of it.
    say(lines.join('\n'));
    if (exitAfterSeconds !== null) this.#stop.endAfter(exitAfterSeconds * 1000);
    await this.#watch(tokens.viewer.token);
  }

  #members(count: number, prefix: string, zoneOf: (index: number) => string): Member[] {
    return Array.from({ length: count }, (_, index) => {
      const name = nameOf(prefix, index);
      return { name, zone: zoneOf(index), folder: join(this.#places.folder, 'nodes', name) };
    });
  }

  async #makeCredentials(
    simulated: readonly Member[],
    real: readonly Member[]
  ): Promise<{ parts: Part[]; credentials: Credentials[] }> {
    await this.#step("Making an authority and the collector's certificates", this.#fleet('pki', 'init'));
    const parts = await this.#step('Laying out what is installed', this.#stack.prepare(this.#fleet, this.#env));
    const all = [...simulated, ...real];
    let enrolled = 0;
    const credentials = await this.#step(
      `Enrolling ${all.length} nodes`,
      enrolAll(this.#fleet, all, (done) => (enrolled = done)),
      () => `${enrolled} of ${all.length}`
    );
    return { parts, credentials: credentials.slice(0, simulated.length) };
  }

  /** The simulated gateways run what is desired of them, until somebody edits one. */
  async #applyPolicy(token: string, members: readonly Credentials[]): Promise<void> {
    const driftMode = this.#options.automation ? 'ApplyAndAutoCorrect' : 'ApplyAndMonitor';
    const policy = { id: 'demo', name: 'Demo fleet', driftMode, values: SIMULATED_VALUES } as const;
    const ids = members.map(({ id }) => id);
    const applied = applyPolicy(this.#apiUrl, token, policy, ids, READY_MS, this.#stop.orThrow);
    await this.#step('Saying what configuration is desired', applied);
  }

  async #startCollector(): Promise<void> {
    const { root } = this.#places;
    const script = join(root, 'backend', 'collector', 'cli', 'openclaw-fleet.mjs');
    this.#processes.start({
      name: 'collector',
      command: this.#node,
      args: [script, 'start'],
      env: this.#collectorEnv,
      cwd: root,
    });
    await this.#step('Starting the collector', this.#ready('The collector', `${this.#apiUrl}/readyz`));
  }

  /** Starts what is installed beside the collector, all of it at once. */
  async #startParts(parts: readonly Part[]): Promise<void> {
    for (const { program } of parts) this.#processes.start(program);
    for (const { title, readyUrl } of parts) {
      const limit = title === 'Grafana' ? GRAFANA_READY_MS : READY_MS;
      await this.#step(`Starting ${title}`, waitUntilReady(title, readyUrl, limit, this.#stop.orThrow));
    }
  }

  async #startReal(members: readonly Member[]): Promise<void> {
    const { gateways: ports } = this.#options;
    if (ports.length === 0) return;
    const install = this.#processes.run(installProgram(this.#node, this.#places, this.#env));
    const openclaw = await this.#step('Looking for OpenClaw, or installing it once (644 MB)', install);
    await this.#gateways.layOut(openclaw, this.#node, ports, this.#places);
    for (const [index, gateway] of this.#gateways.all.entries()) {
      const [member, port] = [members[index], ports[index]];
      if (!member || !port) continue;
      const { places, node, env } = { places: this.#places, node: this.#node, env: this.#env };
      const name = `bridge-${index + 1}`;
      const { acting } = gateway;
      this.#processes.start(
        bridgeProgram({ name, node, places, env, credentials: member.folder, gateway, port: port.bridgePort, acting })
      );
    }
    const limitMs = gatewaysReadyMs(ports.length);
    let ready = 0;
    const all = this.#gateways.all.map(async ({ url }, index) => {
      const what = `The gateway of ${members[index]?.name ?? ''}`;
      await waitUntilReady(what, new URL('/readyz', url).href, limitMs, this.#stop.orThrow);
      ready += 1;
    });
    await this.#step(
      `Starting ${ports.length} real OpenClaw ${ports.length === 1 ? 'gateway' : 'gateways'}, about 20 s of work each`,
      Promise.all(all),
      () => `${ready} of ${ports.length} ready`
    );
    this.#gateways.onDeath((index, how) =>
      this.#view.note(`The gateway of ${members[index]?.name ?? ''} ended (${how}).`)
    );
  }

  #ready(what: string, url: string): Promise<void> {
    return waitUntilReady(what, url, READY_MS, this.#stop.orThrow);
  }

  /** Does something slow behind a line of progress, until it is done or the demo ends. */
  async #step<T>(title: string, work: Promise<T>, detail?: () => string): Promise<T> {
    const bar = progress(out, title, detail);
    try {
      const result = await Promise.race([work, this.#stop.orThrow]);
      bar.end('done');
      return result;
    } catch (error) {
      bar.end(error instanceof Stopped ? 'stopped' : 'failed');
      throw error;
    }
  }

  /** Shows the fleet until the demo ends. */
  async #watch(token: string): Promise<never> {
    for (;;) {
      try {
        const picture = await Promise.race([readFleet(this.#apiUrl, token), this.#stop.orThrow]);
        for (const [index, pid] of this.#gateways.moved())
          this.#view.note(`The gateway of ${nameOf(REAL, index)} runs as process ${pid} now.`);
        this.#view.show(picture, this.#doing(), this.#repairable());
      } catch (error) {
        if (error instanceof Stopped) throw error;
        this.#view.trouble(`The collector does not answer: ${(error as Error).message}`);
      }
      await Promise.race([new Promise((done) => setTimeout(done, REFRESH_MS)), this.#stop.orThrow]);
    }
  }

  #doing(): Map<string, string> {
    const simulation = this.#simulation;
    return new Map(simulation?.plans.map((plan) => [plan.id, doingOf(simulation.behaviour(plan.index))]));
  }

  #repairable(): Set<string> {
    const simulation = this.#simulation;
    const broken = simulation?.plans.filter(({ index }) => simulation.behaviour(index).curable.length > 0);
    return new Set(broken?.map(({ id }) => id));
  }

  async #takeDown(): Promise<void> {
    if (this.#simulation) {
      await this.#simulation.stop('shutdown');
      say(`Simulated heartbeats: ${countersInWords(this.#simulation.counters())}.`);
    }
    await this.#processes.stopAll(['collector']);
    await this.#gateways.stop();
  }

  #hurry(): void {
    this.#processes.killAll();
    clean(this.#places.folder);
    process.stderr.write('Killed everything.\n');
    process.exit(130);
  }
}
