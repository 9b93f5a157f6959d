import type { Publisher } from './publisher.ts';
import type { World } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** One row of the fault table: what goes wrong, and what the rules promise then. */
export interface Fault {
  readonly name: string;
  /** How the fleet is from the beginning. */
  readonly before?: (world: World) => void;
  /** Starts the fault. @returns who is dead for good from now on */
  readonly begin: (world: World) => Promise<readonly Publisher[]> | readonly Publisher[];
  /** How long it is watched, in milliseconds of the production profile. */
  readonly watchMs: number;
  /** A death may take this long to be an expiry, in milliseconds of the production profile. */
  readonly withinMs: number;
  /** An approver says that the outage is real. */
  readonly confirmed?: boolean;
  /** Nodes may be called offline that are not: two beats in a row may be lost and nobody sends them again. */
  readonly mayErr?: boolean;
}

const NOBODY: readonly Publisher[] = [];
/** Grace and 2 intervals; after a goodbye that said `restart`, 300 s more (domain-rules section 2). */
const DEATH = 130 * SECOND;
const GOODBYE = 430 * SECOND;

function zoneOne(world: World): Publisher[] {
  return world.publishers.filter((publisher) => publisher.zone === 'zone-0');
}

function part(of: readonly Publisher[], share: number): Publisher[] {
  return of.slice(0, Math.max(1, Math.round(of.length * share)));
}

function dying(name: string, victims: (world: World) => readonly Publisher[]): Fault {
  const begin = (world: World): readonly Publisher[] => {
    const dead = victims(world);
    for (const publisher of dead) publisher.die();
    return dead;
  };
  return { name, begin, watchMs: 4 * MINUTE, withinMs: DEATH };
}

function cutOff(name: string, forMs: number): Fault {
  const begin = (world: World): readonly Publisher[] => {
    world.cut = true;
    world.soon(forMs, () => {
      world.cut = false;
    });
    return NOBODY;
  };
  return { name, begin, watchMs: forMs + 5 * MINUTE, withinMs: DEATH };
}

function standingStill(name: string, forMs: number): Fault {
  const begin = (world: World): readonly Publisher[] => {
    world.stalled = true;
    world.soon(forMs, () => {
      world.stalled = false;
    });
    return NOBODY;
  };
  return { name, begin, watchMs: forMs + 5 * MINUTE, withinMs: DEATH };
}

function restarting(name: string, times: number, upMs: number, downMs: number): Fault {
  const begin = (world: World): readonly Publisher[] => {
    for (let time = 0; time < times; time++) {
      const at = time * (upMs + downMs);
      world.soon(at, () => world.killCollector());
      world.soon(at + downMs, () => world.startCollector());
    }
    return NOBODY;
  };
  return { name, begin, watchMs: times * (upMs + downMs) + 5 * MINUTE, withinMs: DEATH };
}

function losing(share: number, retries: boolean): Fault {
  const before = (world: World): void => {
    for (const publisher of world.publishers) publisher.retries = retries;
  };
  const begin = (world: World): readonly Publisher[] => {
    world.loss = share;
    return NOBODY;
  };
  const name = `${share * 100} % of requests or answers lost${retries ? '' : ', nobody retries'}`;
  return { name, before, begin, watchMs: 10 * MINUTE, withinMs: DEATH, mayErr: !retries };
}

/** Each node says goodbye within a minute and is back within another, but for those that never return. */
function deploying(name: string, lost: (world: World) => readonly Publisher[]): Fault {
  const begin = async (world: World): Promise<readonly Publisher[]> => {
    const never = lost(world);
    for (const publisher of never) await publisher.stop('restart');
    const rest = world.publishers.filter((publisher) => !never.includes(publisher));
    for (const publisher of rest) {
      world.soon(MINUTE * world.random(), async () => {
        await publisher.stop('restart');
        world.soon(MINUTE * world.random(), () => publisher.start(0));
      });
    }
    return never;
  };
  return { name, begin, watchMs: 8 * MINUTE, withinMs: GOODBYE };
}

function shiftClocks(name: string, shiftMs: (world: World) => number, atBegin: boolean): Fault {
  const shift = (world: World): void => {
    for (const publisher of world.publishers) publisher.clockMs += shiftMs(world) * world.speed;
  };
  const begin = (world: World): readonly Publisher[] => {
    if (atBegin) shift(world);
    return NOBODY;
  };
  return { name, ...(!atBegin && { before: shift }), begin, watchMs: 6 * MINUTE, withinMs: DEATH };
}

/** One node that is away long enough to expire, over and over. */
function flapping(): Fault {
  const begin = (world: World): readonly Publisher[] => {
    const [victim] = world.publishers;
    for (let time = 0; time < 4; time++) {
      world.soon(time * 5 * MINUTE, () => victim?.die());
      world.soon(time * 5 * MINUTE + 3 * MINUTE, () => victim?.start(0));
    }
    return NOBODY;
  };
  return { name: 'one node flaps: 3 min away, 2 min there', begin, watchMs: 20 * MINUTE, withinMs: DEATH };
}

/** The fault table of domain-rules sections 1 and 2. */
export const FAULTS: readonly Fault[] = [
  dying('one node dies', (world) => part(zoneOne(world), 0)),
  dying('30 % of a zone die', (world) => part(zoneOne(world), 0.3)),
  dying('60 % of a zone die', (world) => part(zoneOne(world), 0.6)),
  dying('80 % of a zone die', (world) => part(zoneOne(world), 0.8)),
  dying('90 % of a zone die', (world) => part(zoneOne(world), 0.9)),
  dying('all of a zone die', zoneOne),
  dying('all zones die', (world) => world.publishers),
  {
    ...dying('all zones die, and an approver confirms it after 3 min', (world) => world.publishers),
    begin: (world) => {
      for (const publisher of world.publishers) publisher.die();
      world.soon(3 * MINUTE, () => world.fleet?.confirmOutage('the data centre lost power', 'approver', world.now()));
      return world.publishers;
    },
    withinMs: 3 * MINUTE,
    confirmed: true,
  },
  cutOff("the collector's network is down for 10 s", 10 * SECOND),
  cutOff("the collector's network is down for 600 s", 600 * SECOND),
  standingStill('the collector stands still for 300 s', 300 * SECOND),
  restarting('the collector restarts', 1, 0, 5 * SECOND),
  restarting('the collector is away for 600 s', 1, 0, 600 * SECOND),
  restarting('the collector crashes every 45 s, 10 times', 10, 40 * SECOND, 5 * SECOND),
  losing(0.05, true),
  losing(0.2, true),
  losing(0.05, false),
  losing(0.2, false),
  deploying('a deploy, all return', () => NOBODY),
  deploying('a deploy, a third never return', (world) => part(world.publishers, 1 / 3)),
  flapping(),
  shiftClocks('clocks wrong by up to 4 min', (world) => (world.random() - 0.5) * 8 * MINUTE, false),
  shiftClocks('clocks set back by 10 min', () => -10 * MINUTE, true),
  shiftClocks('clocks set forward by 4 min', () => 4 * MINUTE, true),
];

/** Fleets the table is made for: nodes and zones. */
export const FLEETS: readonly (readonly [nodes: number, zones: number])[] = [1, 2, 3, 6, 50, 1000].flatMap((nodes) =>
  [1, 2, 3, 4, 5].filter((zones) => zones <= nodes).map((zones) => [nodes, zones] as const)
);
