import { MINUTE, SECOND, type Ailment, type Cut, type SimTarget } from './target.ts';
import type { SimWorld } from './world.ts';

/** What a monitor has to live through, with automation on for everything. */
export interface Scenario {
  readonly name: string;
  /** Nothing that is broken here can be repaired: the verbs do nothing. */
  readonly hopeless?: true;
  /** How many real faults there are from the beginning. */
  readonly faults: number;
  play(world: SimWorld): Promise<void>;
}

const REAL: readonly Ailment[] = ['warn', 'drift', 'burst', 'mute'];

/** Targets with a bridge, drawn from those for which `of` holds. */
function draw(world: SimWorld, count: number, of: (target: SimTarget) => boolean = () => true): SimTarget[] {
  const left = [...world.targets.values()].filter((target) => target.bridged && of(target));
  return Array.from({ length: Math.min(count, left.length) }, () => {
    const [one] = left.splice(Math.floor(world.random() * left.length), 1);
    if (one === undefined) throw new RangeError('nobody is left to draw');
    return one;
  });
}

const wait = (world: SimWorld, leastMinutes: number, more: number): Promise<void> =>
  world.pass(Math.round((leastMinutes + world.random() * more) * MINUTE));

function cut(targets: Iterable<SimTarget>, how: Cut): void {
  for (const target of targets) target.cut = how;
}

const zoneOf = (world: SimWorld): string => draw(world, 1)[0]?.zone ?? '';

/** Breaks real faults, once what is watched has settled. */
export function breakSome(world: SimWorld, count: number): SimTarget[] {
  const broken = draw(world, count);
  for (const target of broken) {
    target.ail(REAL[Math.floor(world.random() * REAL.length)] ?? 'warn', world.now);
  }
  return broken;
}

async function partition(world: SimWorld, how: Cut, of: (target: SimTarget) => boolean): Promise<void> {
  await wait(world, 0.5, 3);
  const lost = [...world.targets.values()].filter(of);
  cut(lost, how);
  await wait(world, 4, 30);
  cut(lost, 'none');
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'calm, with real faults', faults: 3, play: (world) => wait(world, 5, 10) },
  {
    name: 'the collector is cut off',
    faults: 2,
    play: (world) => partition(world, 'both', () => true),
  },
  {
    name: 'heartbeats are lost, doors answer',
    faults: 2,
    play: (world) => partition(world, 'beats', () => true),
  },
  {
    name: 'a zone is lost',
    faults: 2,
    play: (world) => {
      const zone = zoneOf(world);
      return partition(world, 'both', (target) => target.zone === zone);
    },
  },
  {
    name: 'the heartbeats of a zone are lost',
    faults: 2,
    play: (world) => {
      const zone = zoneOf(world);
      return partition(world, 'beats', (target) => target.zone === zone);
    },
  },
  {
    name: 'most of a zone is lost',
    faults: 2,
    play: (world) => {
      const zone = zoneOf(world);
      const lost = new Set(draw(world, 7 + Math.floor(world.random() * 3), (target) => target.zone === zone));
      return partition(world, world.random() < 0.5 ? 'beats' : 'both', (target) => lost.has(target));
    },
  },
  {
    name: 'most zones are lost, the collector restarts',
    faults: 2,
    play: async (world) => {
      const kept = zoneOf(world);
      const lost = [...world.targets.values()].filter(({ zone }) => zone !== kept);
      cut(lost, 'beats');
      await wait(world, 2, 10);
      await world.restart(Math.floor(world.random() * 3) * MINUTE);
      await wait(world, 6, 20);
      cut(lost, 'none');
    },
  },
  {
    name: 'its own canary fails',
    faults: 2,
    play: async (world) => {
      world.canaryOk = false;
      await wait(world, 5, 15);
      world.canaryOk = true;
    },
  },
  {
    name: 'a third of the fleet flaps',
    faults: 2,
    play: async (world) => {
      const some = draw(world, 13);
      for (let turn = 0; turn < 10; turn += 1) {
        for (const target of some) target.cut = world.random() < 0.5 ? 'both' : 'none';
        await wait(world, 2, 3);
      }
      cut(some, 'none');
    },
  },
  {
    name: 'everything is deployed anew',
    faults: 2,
    play: async (world) => {
      for (const target of draw(world, Infinity)) {
        if (target.ailments.size > 0) continue;
        await world.goodbye(target, 'restart');
        await world.pass(30 * SECOND);
        target.stopped = false;
        target.restarted('gateway', world.now);
      }
    },
  },
  {
    name: 'restarts and sleep in the middle',
    faults: 4,
    play: async (world) => {
      for (let turn = 0; turn < 4; turn += 1) {
        await wait(world, 5, 6);
        if (world.random() < 0.7) world.dieAt(1 + Math.floor(world.random() * 40));
        else await world.sleep(2 * MINUTE);
      }
    },
  },
  {
    name: 'a playbook succeeds and does nothing',
    faults: 6,
    hopeless: true,
    play: (world) => wait(world, 60, 30),
  },
  {
    name: 'a storm of real faults',
    faults: 14,
    play: (world) => wait(world, 10, 10),
  },
  {
    name: 'bridges tell of faults that they do not see',
    faults: 2,
    play: async (world) => {
      const some = draw(world, 5, ({ ailments }) => ailments.size === 0);
      for (const target of some) target.slander = true;
      await wait(world, 20, 20);
      for (const target of some) target.slander = false;
    },
  },
];
