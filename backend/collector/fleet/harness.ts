import { createHash } from 'node:crypto';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat, LivenessState, Timings } from '@openclaw-fleet/contract';
import type { NewEvent } from '../storage/types.ts';
import { MemoryStore } from './memory-store.ts';
import { Fleet } from './registry.ts';
import type { ExpectationSource, FleetNode, Receipt } from './types.ts';

/** When the tests' clock begins. */
export const START = Date.parse('2026-02-06T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

/** The example of seed 004 from `id`, sent at `atMs`. */
export function beat(id: string, atMs: number, more: Partial<Heartbeat> = {}): Heartbeat {
  return {
    node_id: id,
    hostname: `${id}.prod`,
    version: '1.2.0',
    capacity: { workers: 24, available_slots: 5 },
    queue_depth: { planner: 3, worker: 120 },
    last_heartbeat: new Date(atMs).toISOString(),
    tags: ['region:us-east-1', 'gpu:true'],
    uptime_seconds: 86400,
    ...more,
  };
}

/** A fleet on a clock of its own, in front of a store in memory; for tests. */
export class Harness {
  readonly store: MemoryStore;
  readonly fleet: Fleet;
  readonly #clock: { now: number };

  private constructor(store: MemoryStore, fleet: Fleet, clock: { now: number }) {
    this.store = store;
    this.fleet = fleet;
    this.#clock = clock;
  }

  /** Starts a collector on what `store` holds. */
  static async start(
    store = new MemoryStore(),
    startMs = START,
    timings: Timings = TIMINGS.production,
    expectations?: ExpectationSource
  ): Promise<Harness> {
    const clock = { now: startMs };
    const epoch = await store.takeEpoch();
    const profile = timings === TIMINGS.demo ? 'demo' : 'production';
    const fleet = new Fleet({
      timings,
      profile,
      clock: () => clock.now,
      store,
      epoch: () => epoch,
      ...(expectations && { expectations }),
    });
    await fleet.load();
    return new Harness(store, fleet, clock);
  }

  /** A second collector on the same store, at the same time. */
  restart(): Promise<Harness> {
    return Harness.start(this.store, this.now);
  }

  /** Events that tell of an expiry. */
  get offline(): NewEvent[] {
    return this.store.events.filter(({ name }) => name === 'target-offline');
  }

  get now(): number {
    return this.#clock.now;
  }

  node(id: string): FleetNode {
    const node = this.fleet.get(id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  state(id: string): LivenessState {
    return this.fleet.liveness(this.node(id), this.now).state;
  }

  reason(id: string): string {
    return this.fleet.liveness(this.node(id), this.now).reason;
  }

  /** Sends a beat; the same body has the same hash. */
  send(id: string, more: Partial<Heartbeat> = {}, sentMs = this.now): Promise<Receipt> {
    const body = beat(id, sentMs, more);
    const hash = createHash('sha256').update(JSON.stringify(body)).digest().readUIntBE(0, 6);
    return this.fleet.receive(body, hash, this.now);
  }

  /** Lets seconds pass one by one, with a tick each, and a beat a minute of each of `alive`. */
  async run(
    seconds: number,
    alive: readonly string[] = [],
    more: (id: string) => Partial<Heartbeat> = () => ({})
  ): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.#clock.now += SECOND;
      if ((this.now - START) % MINUTE === 0) for (const id of alive) await this.send(id, more(id));
      await this.fleet.tick(this.now);
    }
  }

  /** Lets the clock jump, with one tick after it. */
  async jump(ms: number): Promise<void> {
    this.#clock.now += ms;
    await this.fleet.tick(this.now);
  }
}
