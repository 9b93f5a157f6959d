import { setTimeout as sleep } from 'node:timers/promises';
import type { Goodbye } from '@openclaw-fleet/contract';
import { Tally } from './counters.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';
import type { Scenario } from './faults.ts';
import { SimulatedNode } from './node.ts';
import type { Time } from './node.ts';
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
}

export interface Simulation {
  readonly plans: readonly NodePlan[];
  elapsedMs(): number;
  /** What the node at `index` does now. */
  behaviour(index: number): Behaviour;
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

/**
 * Starts a fleet over real TLS, each node with its own certificate and token.
 * @throws RangeError when the scenario names a zone that does not exist; Error when a key or an endpoint is not valid
 */
export function runSimulation(options: SimulationOptions): Simulation {
  const { endpoint, credentials, maxConcurrent = 64, maxConnections = 8000, time = realTime } = options;
  const plans = planFleet({ ...options, ids: credentials.map(({ id }) => id) });
  const gate = gateOf(maxConcurrent);
  const tally = new Tally();
  const beganMs = time.now();
  const nodes = plans.map((plan) => {
    const own = credentials[plan.index] as Credentials;
    const keepAlive = plan.index < maxConnections;
    const makeSender = () => createSender({ endpoint, credentials: own, keepAlive, gate, now: () => time.now() });
    return new SimulatedNode({ plan, sender: makeSender(), makeClone: makeSender, time, beganMs, tally });
  });
  nodes.forEach((node) => node.start());
  return {
    plans,
    elapsedMs: () => time.now() - beganMs,
    behaviour: (index) => {
      const node = nodes[index];
      if (!node) throw new RangeError(`There is no node ${index}: the simulation has ${nodes.length}.`);
      return node.behaviour();
    },
    counters: () => tally.counters(),
    latencyMs: (quantile) => tally.latencyMs(quantile),
    stop: async (goodbye) => {
      await Promise.all(nodes.map((node) => node.stop(goodbye)));
    },
  };
}
