import { join } from 'node:path';
import { TIMINGS, VERBS } from '@openclaw-fleet/contract';
import type { HeartbeatReply } from '@openclaw-fleet/contract';
import type { Clock, Logger } from '@openclaw-fleet/client';
import { createActionsDoor, FileReceipts } from '../../bridge/index.ts';
import type { ActionsDoor, Actuator, Seen } from '../../bridge/index.ts';
import { keptRevision } from '../../bridge/configuration/kept.ts';
import { createConfigSync } from '../../bridge/configuration/sync.ts';
import type { ConfigSync } from '../../bridge/configuration/sync.ts';
import type { Credentials } from '../credentials.ts';
import type { CurableKind } from '../faults.ts';
import { BRIDGE_VERSION, JOBS, OPENCLAW_VERSION } from '../payload.ts';
import type { GatewayFacts } from '../payload.ts';
import { randomOf } from '../random.ts';
import type { Random } from '../random.ts';
import type { Behaviour, NodePlan } from '../scenario.ts';
import { createSimulatedActuator } from './actuator.ts';
import { SimulatedGateway } from './gateway.ts';
import { createNodeRequests } from './requests.ts';

/** The node beside which the bridge stands: its one process of both. */
export interface BridgeHost {
  bootId(): string;
  /** Since the last heartbeat that was accepted, in milliseconds; null: none since it started. */
  lastAcceptedMs(): number | null;
  /** Sends a heartbeat soon. @param all with every block in it */
  publish(all: boolean): void;
  /** Becomes another process. */
  reboot(): void;
  cure(kind: CurableKind): void;
  behaviour(): Behaviour;
}

export interface BridgeOptions {
  readonly plan: NodePlan;
  readonly credentials: Credentials;
  readonly endpoint: string;
  /** For receipts and the revision it was told; its own. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: BridgeHost;
}

const HOST = '127.0.0.1';
const CAPABILITIES = [...VERBS, 'config', 'supervisor:child', 'transport:direct_https'];
/** How long a start takes, and a lesser piece of work, in beats: from, and as much more at most. */
const START = { least: 0.5, more: 1 };
const STEP = { least: 0.03, more: 0.1 };
/** Before its process ends, so that who asked for it is answered. Milliseconds. */
const LAST_WORDS = 50;
/** A target's overlay is looked for this often. Beats. */
const REFRESH = 10;

/**
 * The bridge of a simulated node that takes verbs: the real door with a real identity, the real exchange about the
 * configuration, and a gateway that does what the script says.
 */
export class SimulatedBridge {
  readonly #options: BridgeOptions;
  readonly #gateway: SimulatedGateway;
  readonly #config: ConfigSync;
  readonly #actuator: Actuator;
  readonly #receipts: FileReceipts;
  readonly #random: Random;
  #door: ActionsDoor | null = null;
  /** Chosen with the first opening, and kept. */
  #port = 0;
  /** Openings and closings, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #away = false;
  #stopped = false;
  #readVersion = 0;
  /** The occurrence of drift that was there at the last look. */
  #drift: string | null = null;

  constructor(options: BridgeOptions) {
    const { plan, credentials, endpoint, clock, logger, host } = options;
    this.#options = options;
    this.#random = randomOf(plan.seed, 'verbs');
    this.#gateway = new SimulatedGateway(plan);
    this.#receipts = new FileReceipts(join(options.stateDir, 'actions'));
    this.#config = createConfigSync({
      nodeId: plan.id,
      pins: credentials.actionsPins ?? [],
      requests: createNodeRequests({ endpoint, credentials, now: () => clock.now() }),
      kept: keptRevision(options.stateDir),
      refreshMs: REFRESH * plan.beatMs,
      clock,
      random: randomOf(plan.seed, 'configuration'),
      logger,
      onChange: () => undefined,
    });
    const takes = ({ least, more }: typeof START) => plan.beatMs * (least + more * this.#random());
    this.#actuator = createSimulatedActuator({
      gateway: this.#gateway,
      config: this.#config,
      now: () => clock.now(),
      work: (ms) => this.#after(ms),
      takes: { start: () => takes(START), step: () => takes(STEP) },
      bridgeBootId: () => host.bootId(),
      leave: () => void this.#leave(takes(START)),
      cure: (kind) => {
        host.cure(kind);
        this.#look();
      },
      look: () => this.#look(),
      publish: (all) => host.publish(all),
      observe: () => this.#observe(),
    });
  }

  /** Where the door is, or was last; null before the first opening. */
  get address(): string | null {
    return this.#port === 0 ? null : `${HOST}:${this.#port}`;
  }

  /** Does as the script says now: the door is open or closed. */
  async follow(behaviour: Behaviour): Promise<void> {
    this.#look(behaviour);
    const open = !this.#away && !behaviour.silent && !behaviour.curable.some(({ repair }) => repair === 'silent');
    await this.#turnTo(open);
  }

  replied(reply: HeartbeatReply): void {
    this.#config.replied(reply);
  }

  /** What a heartbeat says of the gateway. */
  facts(): GatewayFacts {
    this.#look();
    const seen = this.#gateway.seen();
    const { revision, configHash, applyStatus } = this.#config.facts();
    return {
      reported: {
        ...seen,
        apply_status: applyStatus,
        ...(revision !== null && { revision }),
        ...(configHash !== null && { config_hash: configHash }),
        ...(this.address !== null && { actions_address: this.address }),
      },
      jobs: seen.gateway_state === 'running' ? this.#gateway.jobs.block() : null,
      capabilities: CAPABILITIES,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#config.stop();
    await this.#turnTo(false);
  }

  #look(behaviour = this.#options.host.behaviour()): void {
    this.#gateway.follow(behaviour, this.#options.clock.now());
    const drift = this.#gateway.fault('config-drift')?.id ?? null;
    // An apply that failed is over with the fault.
    if (this.#drift !== null && drift === null) this.#config.applying(null);
    this.#drift = drift;
    this.#read();
  }

  /** A gateway that does not run cannot be read. */
  #read(): void {
    const { documentVersion, document, state } = this.#gateway;
    if (this.#readVersion === documentVersion || state !== 'running') return;
    this.#readVersion = documentVersion;
    this.#config.read(document);
  }

  #observe(): Seen {
    this.#look();
    const { clock, host } = this.#options;
    const nowMs = clock.now();
    const { reported } = this.facts();
    const running = reported.gateway_state === 'running';
    const jobs = running ? this.#gateway.jobs.observed(nowMs) : null;
    const seen: Seen = {
      bridge_version: BRIDGE_VERSION,
      bridge_boot_id: host.bootId(),
      last_accepted_ms: host.lastAcceptedMs(),
      gateway_state: reported.gateway_state,
      gateway_boot_id: this.#gateway.bootId,
      openclaw_version: OPENCLAW_VERSION,
      health_status: reported.health_status,
      health_reasons: reported.health_reasons,
      sync_lag_ms: reported.sync_lag_ms,
      revision: reported.revision ?? null,
      config_hash: reported.config_hash ?? null,
      full_config_hash: reported.full_config_hash ?? null,
      config_valid: reported.config_valid ?? null,
      config_converged: reported.config_converged ?? null,
      metrics_ok: true,
      capabilities: CAPABILITIES,
      jobs,
      job_results_1h: running ? JOBS.results1h : null,
      job_failures_1h: running ? this.#gateway.jobs.block().failures_1h : null,
    };
    const lies = host.behaviour().curable.some(({ repair }) => repair === 'lies');
    return lies ? this.#wellOf(seen) : seen;
  }

  /** What a bridge says that sees no fault. */
  #wellOf(seen: Seen): Seen {
    const told = this.#config.told();
    return {
      ...seen,
      last_accepted_ms: 0,
      gateway_state: 'running',
      health_status: 'ok',
      health_reasons: [],
      sync_lag_ms: 100,
      config_hash: told?.config_hash ?? seen.config_hash,
      jobs: this.#gateway.jobs
        .observed(0)
        .map((job) => ({ ...job, enabled: true, throttled: false, consecutive_errors: 0, failures_1h: 0 })),
      job_results_1h: JOBS.results1h,
      job_failures_1h: 0,
    };
  }

  /** The bridge's process ends, and its supervisor starts it anew after a while. */
  async #leave(ms: number): Promise<void> {
    const { host } = this.#options;
    await this.#after(LAST_WORDS);
    this.#away = true;
    await this.#turnTo(false);
    await this.#after(ms);
    this.#away = false;
    const stuck = this.#gateway.fault('beats-stale')?.repair === 'stuck';
    host.reboot();
    if (!stuck) host.cure('beats-stale');
    await this.follow(host.behaviour());
    host.publish(true);
  }

  #turnTo(open: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => (open && !this.#stopped ? this.#open() : this.#close()));
    return this.#turn;
  }

  async #open(): Promise<void> {
    if (this.#door !== null) return;
    const { plan, credentials, clock, logger } = this.#options;
    const scale = plan.beatMs / TIMINGS.production.beat;
    try {
      this.#door = await createActionsDoor({
        nodeId: plan.id,
        listen: { host: HOST, port: this.#port },
        credentials: { certificate: credentials.cert, key: credentials.key, authority: credentials.ca },
        clientPins: credentials.clientPins ?? [],
        actionsPins: credentials.actionsPins ?? [],
        actuator: this.#actuator,
        receipts: this.#receipts,
        limits: { gapMs: TIMINGS.production.restartGap * scale, hourMs: TIMINGS.production.restartHour * scale },
        clock,
        logger,
      });
      this.#port = this.#door.port;
    } catch (error) {
      // Somebody took the port meanwhile: the next beat tries another.
      this.#port = 0;
      logger.warn(`${plan.id}: ${(error as Error).message}`);
    }
  }

  async #close(): Promise<void> {
    const door = this.#door;
    this.#door = null;
    await door?.close();
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(ms, resolve));
  }
}
