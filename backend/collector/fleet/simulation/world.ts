import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat, Timings, Verdict } from '@openclaw-fleet/contract';
import { MemoryStore } from '../memory-store.ts';
import { Fleet } from '../registry.ts';
import { Agenda, seeded } from './agenda.ts';
import { Publisher } from './publisher.ts';
import type { Surroundings } from './publisher.ts';

const START = Date.parse('2026-02-06T12:00:00Z');
const LATENCY_MS = 200;
/** Ticks and canary beats as the collector makes them. */
const TICKS_PER_BEAT = 120;

/** The real registry with simulated nodes around it, on a clock that jumps from event to event. */
export class World implements Surroundings {
  readonly timings: Timings;
  readonly publishers: Publisher[] = [];
  readonly store = new MemoryStore();
  /** Share of requests that get lost; half of them lose only the answer. */
  loss = 0;
  /** The collector's own network is down. */
  cut = false;
  /** The collector's process stands still. */
  stalled = false;
  /** How much longer everything takes than in production: 1, or 1/20 in the demo profile. */
  readonly speed: number;
  /** Called after every tick. */
  onTick: () => void = () => undefined;
  readonly random: () => number;
  readonly #agenda = new Agenda();
  #nowMs = START;
  #fleet: Fleet | null = null;
  #life = 0;

  constructor(timings: Timings, nodes: number, zones: number, seed: number) {
    this.timings = timings;
    this.speed = timings.beat / TIMINGS.production.beat;
    this.random = seeded(seed);
    for (let index = 0; index < nodes; index++) {
      this.publishers.push(new Publisher(`node-${index}`, `zone-${index % zones}`, this));
    }
  }

  now(): number {
    return this.#nowMs;
  }

  /** The registry, while the collector runs. */
  get fleet(): Fleet | null {
    return this.#fleet;
  }

  get verdict(): Verdict | null {
    return this.#fleet?.fleetVerdict() ?? null;
  }

  later(inMs: number, act: () => Promise<void> | void): void {
    this.#agenda.at(this.#nowMs + inMs, act);
  }

  /** Plans something for `productionMs` from now, divided by what the profile is faster. */
  soon(productionMs: number, act: () => Promise<void> | void): void {
    this.later(productionMs * this.speed, act);
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#agenda.next(untilMs); next !== null; next = this.#agenda.next(untilMs)) {
      this.#nowMs = next.atMs;
      await next.act();
    }
    this.#nowMs = untilMs;
  }

  /** Starts the collector from what is stored. */
  async startCollector(): Promise<void> {
    const life = ++this.#life;
    const epoch = await this.store.takeEpoch();
    const fleet = new Fleet({
      timings: this.timings,
      clock: () => Math.floor(this.#nowMs),
      store: this.store,
      epoch: () => epoch,
    });
    await fleet.load();
    this.#fleet = fleet;
    this.#every(this.timings.beat / TICKS_PER_BEAT, life, async (nowMs) => {
      await fleet.tick(nowMs);
      this.onTick();
    });
    this.#every(this.timings.canary, life, (nowMs) => {
      // The canary goes round the host, so a cut beyond it is not seen by it: the harder case.
      fleet.canary(true, nowMs);
    });
  }

  /** Ends the collector at once; what it acknowledged is stored. */
  killCollector(): void {
    this.#life++;
    this.#fleet = null;
  }

  async deliver(from: Publisher, beat: Heartbeat, hash: number): Promise<boolean> {
    const fate = this.random() / (this.loss || Number.MIN_VALUE);
    if (this.cut || this.stalled || this.#fleet === null || fate < 0.5) return false;
    const receivedMs = Math.floor(this.#nowMs + LATENCY_MS * this.speed * this.random());
    await this.#fleet.receive(beat, hash, receivedMs);
    return fate >= 1;
  }

  #every(ms: number, life: number, act: (nowMs: number) => Promise<void> | void): void {
    this.later(ms, async () => {
      if (life !== this.#life) return;
      this.#every(ms, life, act);
      if (!this.stalled) await act(Math.floor(this.#nowMs));
    });
  }
}
