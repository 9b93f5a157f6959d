import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@openclaw-fleet/client';
import type { Goodbye } from '@openclaw-fleet/contract';
import { SimulatedBridge } from './acting/bridge.ts';
import { clockOf } from './acting/clock.ts';
import { Tally } from './counters.ts';
import type { Counters } from './counters.ts';
import { CredentialsError } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import type { Fault, Scenario } from './faults.ts';
import { SimulatedNode } from './node.ts';
import type { NodeOptions, Time } from './node.ts';
import { planFleet } from './scenario.ts';
import type { Behaviour, NodePlan } from './scenario.ts';
import { createSender, gateOf } from './sender.ts';

export interface SimulationOptions {
  /** https URL of the intake. */
  readonly endpoint: string;
  /** One per node. */
  readonly credentials: readonly Credentials[];
  readonly seed: number;
  /** Names of the zones; nodes are dealt to them in turn. */
  readonly zones: readonly string[];
  readonly rampMs: number;
  /** The interval before the collector told one, and the unit of the scenario's times. Milliseconds. */
  readonly beatMs: number;
  readonly scenario: Scenario;
  /** Share of the nodes that stand for a gateway with a bridge; default 1. */
  readonly bridgedShare?: number;
  /** Requests under way at once; default 64. */
  readonly maxConcurrent?: number;
  /** Nodes that keep their connection between beats, the first so many; the others open one per beat. Default 8000. */
  readonly maxConnections?: number;
  readonly time?: Time;
  /** Bridged nodes take verbs: each opens a door on loopback, and reports where. Without this they are only watched. */
  readonly doors?: {
    /** For receipts; default: a folder of its own, which the end removes. */
    readonly stateDir?: string;
    readonly logger?: Logger;
  };
}

export interface Simulation {
  readonly plans: readonly NodePlan[];
  elapsedMs(): number;
  /** What the node at `index` does now. */
  behaviour(index: number): Behaviour;
  /** A fault befalls the node at `index` now, and lasts until a verb cures it. @throws RangeError when the scenario starts over */
  befall(index: number, fault: Fault): void;
  /** Where the bridge of the node at `index` takes verbs, or did last, as `127.0.0.1:40001`; null: nowhere yet. */
  door(index: number): string | null;
  counters(): Counters;
  /** Milliseconds that a share `quantile` of the last 10,000 requests took at most, the wait for their turn included. */
  latencyMs(quantile: number): number;
  /** Ends every node; with `goodbye` each says so. Resolves once every connection is closed. */
  stop(goodbye?: Goodbye): Promise<void>;
}

const realTime: Time = {
  now: Date.now,
  sleep: async (ms, signal) => {
    if (ms > 0 && !signal.aborted) await sleep(ms, undefined, { signal }).catch(() => undefined);
  },
};

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** How the bridges of a fleet are made that take verbs, and what ends with them. */
function doorsOf(options: SimulationOptions, time: Time) {
  const { doors, endpoint } = options;
  if (!doors) return { bridgeOf: () => ({}), remove: () => undefined };
  const own = doors.stateDir === undefined ? mkdtempSync(join(tmpdir(), 'openclaw-fleet-simulator-')) : null;
  const stateDir = doors.stateDir ?? own ?? '';
  const clock = clockOf(time);
  const { logger = SILENT } = doors;
  return {
    bridgeOf: (plan: NodePlan, credentials: Credentials): Pick<NodeOptions, 'makeBridge'> => {
      if (!plan.bridged) return {};
      const common = { plan, credentials, endpoint, clock, logger, stateDir: join(stateDir, String(plan.index)) };
      return { makeBridge: (host) => new SimulatedBridge({ ...common, host }) };
    },
    remove: () => {
      if (own !== null) rmSync(own, { recursive: true, force: true });
    },
  };
}

function checkPins(credentials: readonly Credentials[]): void {
  const without = credentials.find(({ clientPins, actionsPins }) => !clientPins?.length || !actionsPins?.length);
  if (without === undefined) return;
  throw new CredentialsError(
    `${without.id} cannot tell who may ask it for verbs: its node.env lacks OPENCLAW_CLIENT_PIN or OPENCLAW_ACTIONS_PIN. Enrol it again, or leave --doors out.`
  );
}

/**
 * Starts a fleet over real TLS, each node with its own certificate and token.
 * @throws RangeError when the scenario names a zone that does not exist; CredentialsError when a node that is to take verbs
 *   lacks pins; Error when a key or an endpoint is not valid
 */
export function runSimulation(options: SimulationOptions): Simulation {
  const { endpoint, credentials, maxConcurrent = 64, maxConnections = 8000, time = realTime } = options;
  const plans = planFleet({ ...options, ids: credentials.map(({ id }) => id) });
  if (options.doors) checkPins(credentials);
  const { bridgeOf, remove } = doorsOf(options, time);
  const gate = gateOf(maxConcurrent);
  const tally = new Tally();
  const beganMs = time.now();
  const nodes = plans.map((plan) => {
    const own = credentials[plan.index] as Credentials;
    const keepAlive = plan.index < maxConnections;
    const makeSender = () => createSender({ endpoint, credentials: own, keepAlive, gate, now: () => time.now() });
    const common = { plan, makeClone: makeSender, time, beganMs, tally };
    return new SimulatedNode({ ...common, sender: makeSender(), ...bridgeOf(plan, own) });
  });
  const nodeAt = (index: number): SimulatedNode => {
    const node = nodes[index];
    if (!node) throw new RangeError(`There is no node ${index}: the simulation has ${nodes.length}.`);
    return node;
  };
  nodes.forEach((node) => node.start());
  return {
    plans,
    elapsedMs: () => time.now() - beganMs,
    behaviour: (index) => nodeAt(index).behaviour(),
    befall: (index, fault) => nodeAt(index).befall(fault),
    door: (index) => nodeAt(index).address,
    counters: () => tally.counters(),
    latencyMs: (quantile) => tally.latencyMs(quantile),
    stop: async (goodbye) => {
      await Promise.all(nodes.map((node) => node.stop(goodbye)));
      remove();
    },
  };
}
