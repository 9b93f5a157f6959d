import { join, relative, resolve } from 'node:path';
import { TIMINGS } from '@openclaw-fleet/contract';
import { nodeBinary } from '../../../scripts/lib/install.mjs';
import { clean, RUN_VARIABLE } from '../../../scripts/lib/leftovers.mjs';
import { parseOptions } from '../../../scripts/lib/options.mjs';
import type { DemoOptions } from '../../../scripts/lib/options.mjs';
import { findOnPath } from '../../../scripts/lib/path.mjs';
import { progress } from '../../../scripts/lib/progress.mjs';
import { countersInWords } from '../counters.ts';
import { runSimulation } from '../fleet.ts';
import type { Simulation } from '../fleet.ts';
import { SCENARIOS } from '../scenarios.ts';
import { createToken, enrolAll, fleetCommand } from './credentials.ts';
import { baseEnvironment, collectorSettings } from './environment.ts';
import type { Places } from './environment.ts';
import { readFleet, waitUntilReady } from './fleet-api.ts';
import { Processes } from './processes.ts';
import { prometheusProgram, writePrometheusConfig } from './prometheus.ts';
import { lineView, tableView } from './screen.ts';
import type { View } from './screen.ts';
import { listenForStop, Stopped } from './stop.ts';
import type { Stop } from './stop.ts';
import { doingOf, introduction } from './words.ts';

const ZONES = ['eu-west-1', 'us-east-1'];
const SIMULATED = 6;
const REFRESH_MS = 1000;
const READY_MS = 60_000;

const out = process.stdout;
const say = (line: string): void => void out.write(`${line}\n`);

/** Runs something slow behind a line of progress. */
async function slowly<T>(title: string, work: Promise<T>, detail?: () => string): Promise<T> {
  const bar = progress(out, title, detail);
  try {
    const result = await work;
    bar.end('done');
    return result;
  } catch (error) {
    bar.end(error instanceof Stopped ? 'stopped' : 'failed');
    throw error;
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #places: Places;
  readonly #stop: Stop;
  readonly #processes: Processes;
  readonly #env: Record<string, string>;
  #simulation: Simulation | null = null;

  constructor(options: DemoOptions, places: Places) {
    this.#options = options;
    this.#places = places;
    this.#env = baseEnvironment(process.env, places);
    this.#processes = new Processes(places.folder, (error) => this.#stop.end({ code: 1, message: error.message }));
    this.#stop = listenForStop(process, () => this.#hurry());
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
    const { intakePort, apiPort, prometheusPort } = this.#options;
    const { root, folder } = this.#places;
    const settings = collectorSettings(this.#places, this.#options);
    const node = nodeBinary(root);
    const env = { ...this.#env, ...settings };
    const fleet = fleetCommand(this.#processes, node, root, env);
    const intakeUrl = `https://localhost:${intakePort}`;
    const apiUrl = `http://127.0.0.1:${apiPort}`;

    await this.#step("Making an authority and the collector's certificates", fleet('pki', 'init'));
    const tokenFile = join(folder, 'viewer-token');
    const prometheus = writePrometheusConfig(this.#places, apiPort, []);
    const token = await this.#step(
      'Making API tokens',
      createToken(fleet, 'demo', tokenFile).then(async (made) => {
        await createToken(fleet, 'prometheus', prometheus.tokenFile);
        return made;
      })
    );
    const names = Array.from({ length: SIMULATED }, (_, index) => `gateway-${String(index + 1).padStart(2, '0')}`);
    const nodes = names.map((name, index) => ({
      name,
      zone: ZONES[index % ZONES.length] ?? '',
      folder: join(folder, 'nodes', name),
    }));
    let enrolled = 0;
    const credentials = await this.#step(
      `Enrolling ${nodes.length} nodes`,
      enrolAll(fleet, nodes, (done) => (enrolled = done)),
      () => `${enrolled} of ${nodes.length}`
    );

    const collector = join(root, 'backend', 'collector', 'cli', 'openclaw-fleet.mjs');
    this.#processes.start({ name: 'collector', command: node, args: [collector, 'start'], env, cwd: root });
    await this.#step(
      'Starting the collector',
      waitUntilReady('The collector', `${apiUrl}/readyz`, READY_MS, this.#stop.orThrow)
    );
    const binary = findOnPath('prometheus');
    const prometheusUrl = binary === null ? null : `http://127.0.0.1:${prometheusPort}`;
    if (binary !== null) {
      this.#processes.start(prometheusProgram(binary, this.#places, prometheus.config, prometheusPort, this.#env));
      await this.#step(
        'Starting Prometheus',
        waitUntilReady('Prometheus', `${prometheusUrl}/-/ready`, READY_MS, this.#stop.orThrow)
      );
    }
    const scenario = SCENARIOS.demo;
    this.#simulation = runSimulation({
      endpoint: intakeUrl,
      credentials,
      seed: 1,
      zones: ZONES,
      rampMs: TIMINGS.demo.beat,
      beatMs: TIMINGS.demo.beat,
      scenario,
    });
    const shown = (path: string): string => relative(process.cwd(), path) || '.';
    const lines = introduction({
      intakeUrl,
      apiUrl,
      prometheusUrl,
      tokenFile: shown(tokenFile),
      logs: `${shown(join(folder, 'logs'))}/`,
      simulated: SIMULATED,
      real: 0,
      scenario: 'some misbehave in turn, over and over',
    });
    lines.forEach(say);
    if (this.#options.exitAfterSeconds !== null) this.#stop.endAfter(this.#options.exitAfterSeconds * 1000);
    await this.#watch(apiUrl, token);
  }

  #step<T>(title: string, work: Promise<T>, detail?: () => string): Promise<T> {
    return slowly(title, Promise.race([work, this.#stop.orThrow]), detail);
  }

  /** Shows the fleet until the demo ends. */
  async #watch(apiUrl: string, token: string): Promise<void> {
    const view = this.#view();
    for (;;) {
      try {
        const picture = await Promise.race([readFleet(apiUrl, token), this.#stop.orThrow]);
        view.show(picture, this.#doing());
      } catch (error) {
        if (error instanceof Stopped) return;
        view.trouble(`The collector does not answer: ${(error as Error).message}`);
      }
      await Promise.race([new Promise((done) => setTimeout(done, REFRESH_MS)), this.#stop.orThrow]);
    }
  }

  #view(): View {
    if (!out.isTTY || !this.#options.table) return lineView(out);
    return tableView(out, ['', 'DEMO, with demo timings. Ctrl-C stops everything.'], !process.env['NO_COLOR']);
  }

  #doing(): Map<string, string> {
    const simulation = this.#simulation;
    return new Map(simulation?.plans.map((plan) => [plan.id, doingOf(simulation.behaviour(plan.index))]));
  }

  async #takeDown(): Promise<void> {
    if (this.#simulation) {
      await this.#simulation.stop('shutdown');
      say(`Simulated heartbeats: ${countersInWords(this.#simulation.counters())}.`);
    }
    await this.#processes.stopAll(['collector']);
  }

  #hurry(): void {
    this.#processes.killAll();
    clean(this.#places.folder);
    process.stderr.write('Killed everything.\n');
    process.exit(130);
  }
}

const folder = process.env[RUN_VARIABLE];
if (folder === undefined) {
  process.stderr.write('Start the demo with "npm start".\n');
  process.exitCode = 2;
} else {
  const root = resolve(import.meta.dirname, '..', '..', '..');
  const demo = new Demo(parseOptions(process.argv.slice(2)), { root, folder });
  process.exit(await demo.run());
}
