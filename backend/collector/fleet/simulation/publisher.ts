import type { Goodbye, Heartbeat, Timings } from '@openclaw-fleet/contract';

/** When an undelivered beat is sent again, in parts of a beat: 2, 4, 8 and 16 s of 60 (domain-rules section 1). */
const RETRIES = [2 / 60, 4 / 60, 8 / 60, 16 / 60];
const BUFFER = 10;

/** What a publisher sees of the world. */
export interface Surroundings {
  readonly timings: Timings;
  now(): number;
  random(): number;
  /** Plans something for `inMs` from now. */
  later(inMs: number, act: () => Promise<void> | void): void;
  /** Sends; resolves to whether an answer came back. */
  deliver(from: Publisher, beat: Heartbeat, hash: number): Promise<boolean>;
}

/** A node as the client package behaves: its pace, its retries, its buffer, its goodbyes. */
export class Publisher {
  readonly id: string;
  readonly zone: string;
  /** The truth that what the collector says is held against. */
  alive = false;
  /** How far its clock is ahead, in milliseconds. */
  clockMs = 0;
  retries = true;
  readonly #world: Surroundings;
  #boot = 0;
  #seq = 0;
  #buffer: Heartbeat[] = [];

  constructor(id: string, zone: string, world: Surroundings) {
    this.id = id;
    this.zone = zone;
    this.#world = world;
  }

  /** Starts it; its first beat goes out within one interval. */
  start(withinMs: number): void {
    this.alive = true;
    this.#boot++;
    this.#seq = 0;
    this.#buffer = [];
    const boot = this.#boot;
    this.#world.later(withinMs * this.#world.random(), () => this.#pace(boot));
  }

  /** It ends at once, without a word. */
  die(): void {
    this.alive = false;
    this.#boot++;
  }

  /** It ends cleanly. */
  async stop(goodbye: Goodbye): Promise<void> {
    const beat = this.#beat(goodbye);
    this.die();
    await this.#send(beat);
  }

  async #pace(boot: number): Promise<void> {
    if (boot !== this.#boot) return;
    this.#world.later(this.#world.timings.beat * (0.9 + 0.1 * this.#world.random()), () => this.#pace(boot));
    await this.#publish(this.#beat(), boot, 0);
  }

  async #publish(beat: Heartbeat, boot: number, attempt: number): Promise<void> {
    if (boot !== this.#boot) return;
    if (await this.#send(beat)) {
      await this.#replay();
      return;
    }
    const wait = this.retries ? RETRIES[attempt] : undefined;
    if (wait === undefined) this.#buffer = [beat, ...this.#buffer].slice(0, BUFFER);
    else this.#world.later(wait * this.#world.timings.beat, () => this.#publish(beat, boot, attempt + 1));
  }

  async #replay(): Promise<void> {
    while (this.retries) {
      const beat = this.#buffer.shift();
      if (beat === undefined) return;
      if (!(await this.#send(beat))) {
        this.#buffer.unshift(beat);
        return;
      }
    }
  }

  #send(beat: Heartbeat): Promise<boolean> {
    // Any hash does that is the same for the same body and another for another.
    return this.#world.deliver(this, beat, (beat.seq ?? 0) + this.#boot * 1e6);
  }

  #beat(goodbye?: Goodbye): Heartbeat {
    this.#seq++;
    return {
      node_id: this.id,
      hostname: this.id,
      version: '1.2.0',
      capacity: { workers: 24 },
      queue_depth: { planner: 3 },
      last_heartbeat: new Date(Math.round(this.#world.now() + this.clockMs)).toISOString(),
      tags: [`region:${this.zone}`],
      boot_id: `boot-${this.#boot}`,
      seq: this.#seq,
      ...(goodbye && { goodbye }),
    };
  }
}
