import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TIMINGS } from '@openclaw-fleet/contract';
import { collectorPins } from '../../../backend/collector/identity/pki.ts';
import { SIMULATED_VALUES } from '../../../backend/simulator/acting/gateway.ts';
import { applyPolicy } from '../../../backend/simulator/demo/fleet-api.ts';
import {
  collectorGrafanaSettings,
  grafanaUrl,
  makeSecret,
  notBuilt,
  secretIn,
} from '../../../backend/simulator/demo/grafana.ts';
import type { Fault, Scenario } from '../../../backend/simulator/faults.ts';
import { runSimulation, SCENARIOS, type Credentials, type Simulation } from '../../../backend/simulator/index.ts';
import { findGrafana } from '../../../scripts/lib/grafana.mjs';
import { findOnPath } from '../../../scripts/lib/path.mjs';
import { openclawOrSkip } from '../../../backend/bridge/testing/openclaw.ts';
import { TestCollector } from '../../integration/support/collector.ts';
import { enrolMany } from '../../integration/support/fleet.ts';
import { KeptGateway } from '../../integration/support/kept-gateway.ts';
import { TestPrometheus } from '../../integration/support/prometheus.ts';
import { waitFor } from '../../integration/support/wait.ts';
import type { StageFacts } from './facts.ts';
import {
  attachGrafana,
  issuerOf,
  namedGrafana,
  NOT_INSTALLED,
  ROOT,
  startGrafana,
  type SomeGrafana,
} from './grafana.ts';
import { freePorts } from './ports.ts';

const ZONES = ['eu-west-1', 'us-east-1', 'ap-south-1'];
const BEAT = TIMINGS.demo.beat;
const NEVER = new Promise<never>(() => undefined);
const COME_MS = 120_000;

/** Demo timings; what only makes one wait is shorter, and what a busy machine takes is as long as in production. */
const SETTINGS = {
  OPENCLAW_FLEET_TIMINGS: 'demo',
  OPENCLAW_FLEET_DURATIONS_GRACE: '10',
  OPENCLAW_FLEET_DURATIONS_RUNTIME_DRIFT_CRITICAL_AFTER: '10',
  OPENCLAW_FLEET_DURATIONS_APPROVAL_EXPIRY: '1800',
  OPENCLAW_FLEET_METRICS_PER_TARGET: 'full',
};

export interface StageOptions {
  /** Simulated nodes. */
  readonly targets: number;
  /** false: their bridges take no verbs, and no profile says what they should run. Default true. */
  readonly acting?: boolean;
  /** The interval of the collector's settings, and over how long the nodes start. Milliseconds. */
  readonly beatMs?: number;
  readonly rampMs?: number;
  readonly scenario?: Scenario;
  /** Real OpenClaw gateways, kept by real bridges. */
  readonly real?: number;
  /** `VITE_SMART_FLEET_V2_ENABLED`. */
  readonly flag?: string;
  /** The built app; default: the repository's dist/. */
  readonly dist?: string;
  /** More settings of the collector. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told what is done, in words. */
  readonly say?: (line: string) => void;
}

const POLICY = {
  id: 'gateways',
  name: 'All gateways',
  driftMode: 'ApplyAndMonitor',
  values: SIMULATED_VALUES,
} as const;

interface Play {
  readonly beatMs: number;
  readonly rampMs: number;
  readonly acting: boolean;
}

/** The simulated nodes of a stage, which play one scenario after another. */
export class Nodes {
  readonly #collector: TestCollector;
  readonly #credentials: readonly Credentials[];
  readonly #how: Play;
  #simulation: Simulation | null = null;

  constructor(collector: TestCollector, credentials: readonly Credentials[], how: Play) {
    const pins = collectorPins(join(collector.folder, 'pki'));
    const own = { clientPins: pins.client.split(','), actionsPins: pins.actions.split(',') };
    this.#collector = collector;
    this.#credentials = credentials.map((each) => ({ ...each, ...own }));
    this.#how = how;
  }

  /** Ends what they play, and has them play another. */
  async play(scenario: Scenario): Promise<void> {
    await this.stop();
    const { beatMs, rampMs, acting } = this.#how;
    this.#simulation = runSimulation({
      endpoint: `https://localhost:${this.#collector.intakePort}`,
      credentials: this.#credentials,
      seed: 1,
      zones: ZONES,
      rampMs,
      beatMs,
      scenario,
      ...(acting && { doors: {} }),
    });
  }

  /** A fault befalls one now, and lasts until a verb cures it. */
  befall(id: string, fault: Fault): void {
    const plan = this.#simulation?.plans.find((each) => each.id === id);
    if (plan === undefined) throw new RangeError(`There is no simulated node ${id}.`);
    this.#simulation?.befall(plan.index, fault);
  }

  async stop(): Promise<void> {
    await this.#simulation?.stop();
    this.#simulation = null;
  }
}

/** A whole fleet on this machine: collector, simulated nodes whose bridges repair, Prometheus where it is installed, Grafana. */
export class Stage {
  readonly facts: StageFacts;
  readonly collector: TestCollector;
  readonly grafana: SomeGrafana;
  readonly nodes: Nodes;
  readonly gateways: readonly KeptGateway[];
  readonly #ending: AsyncDisposableStack;

  private constructor(ending: AsyncDisposableStack, { facts, collector, grafana, nodes, gateways }: Parts) {
    this.#ending = ending;
    this.facts = facts;
    this.collector = collector;
    this.grafana = grafana;
    this.nodes = nodes;
    this.gateways = gateways;
  }

  /** @throws Error when the app was not built, Grafana is not installed, or something does not come up */
  static async start(options: StageOptions): Promise<Stage> {
    if (namedGrafana(process.env) === null) {
      const unbuilt = notBuilt(options.dist ?? join(ROOT, 'dist'));
      if (unbuilt !== null) throw new Error(unbuilt);
      if (findGrafana(process.env) === null) throw new Error(NOT_INSTALLED);
    }
    await using ending = new AsyncDisposableStack();
    const parts = await bringUp(options, ending);
    return new Stage(ending.move(), parts);
  }

  /** A fault befalls a node now, and lasts until a verb cures it. A real gateway can only hang: its process is stopped. */
  befall(id: string, fault: Fault): void {
    const real = this.gateways.find((each) => each.id === id);
    if (real === undefined) this.nodes.befall(id, fault);
    else if (fault.kind === 'gateway-hang') process.kill(real.pid, 'SIGSTOP');
    else throw new RangeError(`${id} is real, and ${fault.kind} cannot be done to it.`);
  }

  async stop(): Promise<void> {
    await this.#ending.disposeAsync();
  }
}

type Parts = Pick<Stage, 'facts' | 'collector' | 'grafana' | 'nodes' | 'gateways'>;

async function bringUp(options: StageOptions, ending: AsyncDisposableStack): Promise<Parts> {
  const { targets, real = 0, acting = true, flag, dist, settings = {}, say = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'fleet-e2e-'));
  ending.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [grafanaPort = 0, apiPort = 0] = await freePorts(2);
  const named = namedGrafana(process.env);
  const secretFile = join(folder, 'grafana-secret');
  makeSecret(secretFile);

  say('Making an authority, tokens and nodes');
  const collector = new TestCollector({
    ...SETTINGS,
    ...collectorGrafanaSettings(named?.url ?? grafanaUrl(grafanaPort), secretFile),
    ...(named && { OPENCLAW_FLEET_GRAFANA_ISSUER: await issuerOf(named.url, named.admin) }),
    ...settings,
  });
  ending.defer(() => collector.close());
  collector.apiPort = apiPort;
  const approver = collector.tokenOf('approver');
  const ids = Array.from({ length: targets }, (_, index) => `gateway-${String(index + 1).padStart(2, '0')}`);
  const credentials = await enrolMany(collector, ids);

  say('Starting the collector');
  await collector.start();
  const collectorUrl = `http://127.0.0.1:${apiPort}`;
  const prometheus = findOnPath('prometheus');
  const scraper = prometheus === null ? null : await TestPrometheus.start(prometheus, collector, []);
  ending.defer(() => scraper?.stop());
  const prometheusUrl = scraper?.url ?? null;

  say(named ? `Using the Grafana at ${named.url}` : 'Starting Grafana');
  const grafana = named
    ? await attachGrafana(named, { collectorUrl, secret: secretIn(secretFile) })
    : await startGrafana(folder, {
        port: grafanaPort,
        collectorUrl,
        secretFile,
        prometheusUrl,
        ...(flag !== undefined && { flag }),
        ...(dist !== undefined && { dist }),
      });
  ending.defer(async () => {
    await grafana.stop();
  });

  say(`Starting ${targets} simulated nodes`);
  const nodes = new Nodes(collector, credentials, { beatMs: BEAT, rampMs: BEAT, ...options, acting });
  ending.defer(() => nodes.stop());
  await nodes.play(options.scenario ?? SCENARIOS.steady);
  if (acting) await applyPolicy(collectorUrl, approver, POLICY, ids, COME_MS, NEVER);

  const gateways = await startReal(collector, real, say, ending);
  await waitFor(
    async () => (await collector.summary()).online >= targets / 2 + gateways.length,
    'the fleet to be online',
    COME_MS + (options.rampMs ?? 0),
    200
  );
  const { admin, accounts, version } = grafana;
  const tokens = { viewer: collector.token, approver };
  return {
    facts: {
      grafanaUrl: grafana.url,
      grafanaVersion: version,
      admin,
      accounts,
      collectorUrl,
      tokens,
      prometheusUrl,
      secretFile,
    },
    collector,
    grafana,
    nodes,
    gateways,
  };
}

async function startReal(
  collector: TestCollector,
  count: number,
  say: (line: string) => void,
  ending: AsyncDisposableStack
): Promise<KeptGateway[]> {
  if (count === 0) return [];
  say(`Starting ${count} real OpenClaw ${count === 1 ? 'gateway' : 'gateways'}`);
  const openclaw = await openclawOrSkip('real gateways');
  if (openclaw === null) return [];
  const gateways: KeptGateway[] = [];
  for (let index = 1; index <= count; index++) {
    const gateway = await KeptGateway.start(collector, openclaw, `real-${String(index).padStart(2, '0')}`);
    ending.defer(() => gateway.stop());
    gateways.push(gateway);
  }
  return gateways;
}
