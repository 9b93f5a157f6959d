import { TIMINGS, type Heartbeat, type Timings } from '@openclaw-fleet/contract';
import { MemoryStore as FleetMemory } from '../../fleet/memory-store.ts';
import { Fleet } from '../../fleet/registry.ts';
import { fleetFacts } from '../facts.ts';
import { MemoryStore } from '../memory-store.ts';
import { Remediation } from '../orchestrator.ts';
import type { AutomationSettings } from '../types.ts';
import type { RemediationChange } from '../../storage/types.ts';
import { SimBridges } from './bridges.ts';
import { SimPolicies } from './policies.ts';
import { INTERVAL, MINUTE, SECOND, SimTarget } from './target.ts';

export const START = Date.parse('2026-02-06T12:00:00Z');
/** A bridge sends early when something changed, but not oftener than this. */
const EARLY = 10 * SECOND;

/** The collector died; nothing of it that is not stored goes on. */
class Crash extends Error {}

export interface FleetShape {
  /** Targets of each zone. */
  readonly zones: readonly number[];
  /** How far the clock goes with each tick. Milliseconds. */
  readonly stepMs: number;
  readonly seed: number;
}

/**
 * A fleet of simulated targets in front of the real registry, the real facts and the real orchestrator, on one clock. What
 * is true of a target, what of it arrives, and what the collector makes of that are three things here.
 */
export class SimWorld {
  now = START;
  readonly timings: Timings = TIMINGS.production;
  readonly stepMs: number;
  readonly targets = new Map<string, SimTarget>();
  readonly policies = new SimPolicies();
  readonly bridges: SimBridges;
  readonly store: MemoryStore;
  readonly #fleetStore = new FleetMemory();
  automation: AutomationSettings = { enabled: false, percent: 100 };
  fleet!: Fleet;
  remediation!: Remediation;
  /** When this collector started. */
  startedMs = START;
  starts = 0;
  /** Whether the collector's own canary gets through. */
  canaryOk = true;
  /** Called with everything that is stored, as it is stored. */
  onStored: (change: RemediationChange) => void = () => undefined;
  /** Called after each tick. */
  onTick: () => void = () => undefined;
  /** Points that may still pass until the collector dies; null: it lives. */
  #fuse: number | null = null;
  #dead = false;
  #drawn: number;
  #sent = 0;
  #epochs = { fleet: 0, remediation: 0 };
  #retickMs = -Infinity;

  private constructor({ zones, stepMs, seed }: FleetShape) {
    this.stepMs = stepMs;
    this.#drawn = seed >>> 0;
    let place = 0;
    for (const [index, size] of zones.entries()) {
      for (let one = 0; one < size; one += 1) {
        place += 1;
        const id = `z${index}n${one}`;
        const offset = Math.ceil(((place * 7) % 60) * SECOND);
        this.targets.set(id, new SimTarget(id, `z${index}`, true, START, offset));
      }
    }
    // A plain sender: it tells of jobs and verbs, and no bridge stands beside it.
    this.targets.set('plain', new SimTarget('plain', 'z0', false, START, 0));
    this.bridges = new SimBridges(this.targets, () => this.now);
    this.bridges.tap = () => {
      this.#point();
    };
    this.store = new MemoryStore({
      beforeWrite: () => {
        this.#point();
      },
      afterWrite: (change) => {
        this.onStored(change);
        this.#point();
      },
    });
  }

  static async start(shape: FleetShape): Promise<SimWorld> {
    const world = new SimWorld(shape);
    await world.#startCollector();
    for (const target of world.targets.values()) await world.#beat(target);
    return world;
  }

  /** 0 to under 1, from the seed. */
  random(): number {
    this.#drawn = (Math.imul(this.#drawn, 1103515245) + 12345) >>> 0;
    return (this.#drawn >>> 8) / 2 ** 24;
  }

  #point(): void {
    if (this.#dead) throw new Crash('dead');
    if (this.#fuse === null) return;
    this.#fuse -= 1;
    if (this.#fuse > 0) return;
    this.#fuse = null;
    this.#dead = true;
    throw new Crash('now');
  }

  /** The collector dies at the `at`th write or word with a bridge from now on. */
  dieAt(at: number): void {
    this.#fuse = Math.max(1, at);
  }

  async #startCollector(): Promise<void> {
    this.#dead = false;
    this.#fuse = null;
    this.starts += 1;
    this.startedMs = this.now;
    this.#epochs = { fleet: await this.#fleetStore.takeEpoch(), remediation: await this.store.takeEpoch() };
    const epochs = this.#epochs;
    const { timings } = this;
    const clock = (): number => this.now;
    const quiet = (): void => undefined;
    const fleet = new Fleet({
      timings,
      clock,
      store: this.#fleetStore,
      epoch: () => epochs.fleet,
      expectations: this.policies,
    });
    await fleet.load();
    const remediation = new Remediation({
      store: this.store,
      epoch: () => epochs.remediation,
      fleet: fleetFacts({ fleet, policies: this.policies, timings, clock }),
      acts: fleet,
      bridges: this.bridges,
      timings,
      automation: () => this.automation,
      clock,
      random: () => this.random(),
      runbookUrl: 'https://runbooks.test/repairs',
      log: { warn: quiet, error: quiet },
    });
    await remediation.load();
    this.fleet = fleet;
    this.remediation = remediation;
  }

  /** The collector ends and another one starts on what is stored, `awayMs` later; beats meanwhile are lost. */
  async restart(awayMs: number): Promise<void> {
    this.remediation.stop();
    await this.#gone(awayMs);
    await this.#startCollector();
  }

  /** The collector's host slept: the process goes on, `ms` later. */
  async sleep(ms: number): Promise<void> {
    await this.#gone(ms);
    this.fleet.awoke(this.now);
    await this.#tick();
  }

  #gone(ms: number): Promise<void> {
    this.now += ms;
    for (const target of this.targets.values()) {
      const missed = Math.ceil(Math.max(0, this.now - target.nextBeatMs) / INTERVAL);
      target.nextBeatMs += missed * INTERVAL;
    }
    return Promise.resolve();
  }

  /** Lets time pass, with a tick at every step. */
  async pass(ms: number, stepMs = this.stepMs): Promise<void> {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + stepMs);
      await this.#tick();
    }
  }

  async #tick(): Promise<void> {
    for (const target of this.targets.values()) await this.#beatIfDue(target);
    this.fleet.canary(this.canaryOk, this.now);
    if (this.#retickMs <= this.now) {
      this.#retickMs = Infinity;
      await this.fleet.reassess(null);
    }
    await this.fleet.tick(this.now);
    await this.remediation.tick();
    if (this.#dead) await this.restart(0);
    this.onTick();
  }

  /** After what may have ended in a crash: another collector, when it did. @returns whether it did */
  async revive(): Promise<boolean> {
    if (!this.#dead) return false;
    await this.restart(0);
    return true;
  }

  /** Policies changed: the registry comes to know within a tick or two. */
  reassessSoon(): void {
    this.#retickMs = Math.min(this.#retickMs, this.now + this.stepMs + 1);
  }

  async #beatIfDue(target: SimTarget): Promise<void> {
    const early = target.dirty && this.now - target.beatMs >= EARLY && !target.has('mute');
    if (this.now < target.nextBeatMs && !early) return;
    await this.#beat(target);
  }

  async #beat(target: SimTarget, more: Partial<Heartbeat> = {}): Promise<void> {
    const missed = Math.floor(Math.max(0, this.now - target.nextBeatMs) / INTERVAL) + 1;
    if (this.now >= target.nextBeatMs) target.nextBeatMs += missed * INTERVAL;
    if (target.stopped || target.has('mute') || target.cut !== 'none') return;
    target.beatMs = this.now;
    target.dirty = false;
    this.#sent += 1;
    const { status } = await this.fleet.receive(target.heartbeat(this.now, more), this.#sent, this.now);
    if (status === 'accepted') target.acceptedMs = this.now;
  }

  async goodbye(target: SimTarget, goodbye: 'restart' | 'shutdown'): Promise<void> {
    await this.#beat(target, { goodbye });
    target.stopped = true;
  }

  target(id: string): SimTarget {
    const target = this.targets.get(id);
    if (target === undefined) throw new RangeError(`no target ${id}`);
    return target;
  }

  /** Everything heals, every way is open, nothing begins by itself, nobody holds anything back. */
  calm(): void {
    this.automation = { ...this.automation, enabled: false };
    this.canaryOk = true;
    for (const target of this.targets.values()) {
      target.heal(this.now);
      Object.assign(target, {
        cut: 'none',
        lie: 'none',
        silent: false,
        deaf: 0,
        stopped: false,
        takesMs: 0,
        cure: 'cures',
      });
    }
  }

  /** Whether a run is open. */
  get busy(): boolean {
    return this.remediation.open().length > 0;
  }

  /** A fleet that has been watched for long enough for everything to be allowed. */
  async settle(): Promise<void> {
    await this.pass(6 * MINUTE, 30 * SECOND);
  }
}
