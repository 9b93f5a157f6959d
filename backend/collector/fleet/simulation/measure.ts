import { VERDICTS } from '@openclaw-fleet/contract';
import type { Band, Timings, Verdict } from '@openclaw-fleet/contract';
import type { Fault } from './faults.ts';
import type { Publisher } from './publisher.ts';
import { World } from './world.ts';

const MINUTE = 60_000;
/** Long enough after the start for verdicts and expiry, and for a pace to be known. */
const WARM_UP = 7 * MINUTE;
/** Victims whose state is looked at after every tick. */
const WATCHED = 20;

/** What one fault did to one fleet. Times are from the beginning of the fault, in seconds. */
export interface Outcome {
  readonly fault: string;
  readonly nodes: number;
  readonly zones: number;
  /** How many died for good. */
  readonly dead: number;
  /** When the last of the dead was no longer shown as online. */
  readonly staleSeconds: number | null;
  /** When the last of the dead was expired. */
  readonly expiredSeconds: number | null;
  /** How many of the dead never expired. */
  readonly undecided: number;
  /** The worst verdict on the fleet and on a zone, and when a verdict first left `normal`. */
  readonly fleetVerdict: Verdict;
  readonly zoneVerdict: Verdict;
  readonly verdictSeconds: number | null;
  /** `target-offline` events, and how many of them named a node that was alive. */
  readonly events: number;
  readonly falseEvents: number;
  /** When one of the dead was last shown as healthy or in warning; null when none was after the fault began. */
  readonly wellSeconds: number | null;
  /** Nodes alive at the end that are shown as neither online nor stale. */
  readonly missedAlive: number;
}

/** Runs `fault` on a fleet of `nodes` in `zones`. */
export async function measure(
  fault: Fault,
  nodes: number,
  zones: number,
  timings: Timings,
  seed = 1
): Promise<Outcome> {
  const world = new World(timings, nodes, zones, seed);
  fault.before?.(world);
  await world.startCollector();
  for (const publisher of world.publishers) publisher.start(timings.beat);
  await world.run(WARM_UP * world.speed);

  const beganMs = world.now();
  const watch = new Watch(world, beganMs);
  world.onTick = () => watch.look();
  const dead = await fault.begin(world);
  watch.dead = dead;
  watch.victims = dead.slice(0, WATCHED);
  await world.run(fault.watchMs * world.speed);
  return watch.outcome({ fault: fault.name, nodes, zones }, dead);
}

class Watch {
  victims: readonly Publisher[] = [];
  dead: readonly Publisher[] = [];
  #staleMs: number | null = null;
  #wellMs: number | null = null;
  #fleet: Verdict = 'normal';
  #zone: Verdict = 'normal';
  #verdictMs: number | null = null;
  #falseEvents = 0;
  #readEvents: number;
  #events = 0;
  readonly #world: World;
  readonly #beganMs: number;

  constructor(world: World, beganMs: number) {
    this.#world = world;
    this.#beganMs = beganMs;
    this.#readEvents = world.store.events.length;
  }

  look(): void {
    const { fleet, store, publishers } = this.#world;
    if (fleet === null) return;
    const now = Math.floor(this.#world.now());
    if (this.#staleMs === null && this.victims.length > 0) {
      const seen = this.victims.some((victim) => {
        const node = fleet.get(victim.id);
        return node !== undefined && fleet.available(node, now);
      });
      if (!seen) this.#staleMs = now;
    }
    if (this.dead.some(({ id }) => isWell(fleet.get(id)?.assessment.band))) this.#wellMs = now;
    this.#judge(fleet.fleetVerdict(), new Set(publishers.slice(0, 5).map(({ zone }) => fleet.zoneVerdict(zone))), now);
    for (; this.#readEvents < store.events.length; this.#readEvents++) {
      const event = store.events[this.#readEvents];
      if (event?.name !== 'target-offline') continue;
      this.#events++;
      const id = event.targetId;
      if (publishers.find((publisher) => publisher.id === id)?.alive === true) this.#falseEvents++;
    }
  }

  #judge(fleet: Verdict, zones: ReadonlySet<Verdict>, now: number): void {
    this.#fleet = worse(this.#fleet, fleet);
    for (const zone of zones) this.#zone = worse(this.#zone, zone);
    if (this.#fleet !== 'normal' || this.#zone !== 'normal') this.#verdictMs ??= now;
  }

  outcome(of: { fault: string; nodes: number; zones: number }, dead: readonly Publisher[]): Outcome {
    const { fleet, store, publishers } = this.#world;
    const now = Math.floor(this.#world.now());
    const expired = dead
      .map((publisher) => store.rows.get(publisher.id))
      .filter((row) => row?.state === 'expired')
      .map((row) => row?.stateSinceMs ?? NaN);
    const missed = publishers.filter(({ alive, id }) => {
      const node = fleet?.get(id);
      const state = node && fleet?.liveness(node, now).state;
      return alive && state !== 'online' && state !== 'stale';
    });
    return {
      ...of,
      dead: dead.length,
      staleSeconds: this.#seconds(this.#staleMs),
      expiredSeconds: expired.length === 0 ? null : this.#seconds(Math.max(...expired)),
      undecided: dead.length - expired.length,
      fleetVerdict: this.#fleet,
      zoneVerdict: this.#zone,
      verdictSeconds: this.#seconds(this.#verdictMs),
      events: this.#events,
      falseEvents: this.#falseEvents,
      wellSeconds: this.#seconds(this.#wellMs),
      missedAlive: missed.length,
    };
  }

  #seconds(atMs: number | null): number | null {
    return atMs === null ? null : Math.round((atMs - this.#beganMs) / 100) / 10;
  }
}

function isWell(band: Band | undefined): boolean {
  return band === 'healthy' || band === 'warning';
}

function worse(a: Verdict, b: Verdict): Verdict {
  return VERDICTS.indexOf(b) > VERDICTS.indexOf(a) ? b : a;
}
