import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { FAULTS, FLEETS } from './faults.ts';
import type { Fault } from './faults.ts';
import { measure } from './measure.ts';
import type { Outcome } from './measure.ts';
import { World } from './world.ts';
import { render, runAll, SAVED } from './table.ts';
import type { Result } from './table.ts';

/** A tick comes up to half a second after a deadline, and a goodbye may be under way as long as any request. */
const NOTICED_SECONDS = 0.7;
const BLIND_UNDER = 0.15;
/** Nobody who has been dead for so long is shown as healthy or in warning. */
const DEAD_SECONDS = 130;

/** What domain-rules sections 1 and 2 promise, said of one outcome; empty when it is kept. */
function broken(fault: Fault, outcome: Outcome, timings = TIMINGS.production): string[] {
  const speed = timings.beat / TIMINGS.production.beat;
  const allowed = (fault.withinMs / 1000 + NOTICED_SECONDS) * speed;
  const all = outcome.dead / outcome.nodes > 1 - BLIND_UNDER && fault.confirmed !== true;
  return [
    ...(outcome.falseEvents > 0 && fault.mayErr !== true ? ['said of a node that is alive that it is offline'] : []),
    ...(outcome.missedAlive > 0 && fault.mayErr !== true ? ['lost nodes that are alive at the end'] : []),
    ...(all && outcome.undecided < outcome.dead ? ['expired nodes although it may itself be cut off'] : []),
    ...(all && outcome.fleetVerdict !== 'blind' ? ['did not find itself blind'] : []),
    ...(!all && outcome.undecided > 0 ? ['never expired some of the dead'] : []),
    ...(!all && (outcome.expiredSeconds ?? 0) > allowed ? ['took too long to expire the dead'] : []),
    ...((outcome.wellSeconds ?? 0) > (DEAD_SECONDS + NOTICED_SECONDS) * speed ? ['showed the dead as well'] : []),
    ...(outcome.dead > 0 && (outcome.staleSeconds ?? Infinity) > 71 * speed ? ['showed the dead as online'] : []),
  ];
}

const size = ({ nodes, zones }: Outcome): string => `${nodes} nodes in ${zones} zones`;

describe('the fault table', () => {
  let results: Result[] = [];
  beforeAll(async () => {
    results = await runAll();
  }, 240_000);

  it.each(FAULTS.map((fault, index) => [fault.name, index] as const))('%s', (_name, index) => {
    const { fault, outcomes } = results[index]!;
    expect(outcomes).toHaveLength(FLEETS.length);
    for (const outcome of outcomes) expect([size(outcome), ...broken(fault, outcome)]).toEqual([size(outcome)]);
  });

  it('is what docs/liveness-table.md says: run backend/collector/fleet/simulation/write-table.ts after a change', async () => {
    expect(render(results)).toBe(await readFile(SAVED, 'utf8'));
  });

  const named = (name: string): readonly Outcome[] =>
    results.find(({ fault }) => fault.name.startsWith(name))!.outcomes;

  it('loses nodes to two lost beats in a row only where nobody sends them again', () => {
    const falseOf = (name: string): number => named(name).reduce((sum, outcome) => sum + outcome.falseEvents, 0);
    expect(falseOf('20 % of requests or answers lost, nobody')).toBeGreaterThan(0);
  });

  it('tells of a flapping node three times at most', () => {
    for (const outcome of named('one node flaps')) expect(outcome.events).toBe(outcome.nodes === 1 ? 0 : 3);
  });

  it('is blind while its network is down for longer than the nodes retry, and never when it is down for 10 s', () => {
    for (const outcome of named("the collector's network is down for 600 s"))
      expect(outcome.fleetVerdict).toBe('blind');
    for (const outcome of named("the collector's network is down for 10 s"))
      expect(outcome.fleetVerdict).toBe('normal');
  });

  it('tells of the death of 80 % of a fleet node by node, and is blind at that of 90 %', () => {
    const whole = (name: string): readonly Outcome[] =>
      named(name).filter(({ nodes, zones }) => zones === 1 && nodes >= 50);
    for (const { events, dead, fleetVerdict } of whole('80 % of a zone'))
      expect([events, fleetVerdict]).toEqual([dead, 'partial']);
    for (const { events, undecided, dead, fleetVerdict } of whole('90 % of a zone'))
      expect([events, undecided, fleetVerdict]).toEqual([0, dead, 'blind']);
    expect(whole('90 % of a zone').length).toBe(2);
  });

  it('calls a zone full when all of it is silent and others are not', () => {
    const zones = named('all of a zone').filter(({ nodes, zones }) => zones > 1 && nodes / zones >= 3);
    expect(zones.length).toBeGreaterThan(4);
    for (const outcome of zones) {
      expect([size(outcome), outcome.zoneVerdict, outcome.fleetVerdict]).toEqual([size(outcome), 'full', 'normal']);
    }
  });
});

describe('the promises of the fault table', () => {
  it.each([2, 3, 4, 5])('hold for other fates too (seed %i)', async (seed) => {
    for (const fault of FAULTS) {
      const outcome = await measure(fault, 50, 1 + (seed % 5), TIMINGS.production, seed);
      expect([fault.name, ...broken(fault, outcome)]).toEqual([fault.name]);
      const small = await measure(fault, 6, 2, TIMINGS.production, seed);
      expect([fault.name, ...broken(fault, small)]).toEqual([fault.name]);
    }
  });

  it('hold for the demo profile, twenty times as fast', async () => {
    for (const fault of FAULTS) {
      const outcome = await measure(fault, 6, 2, TIMINGS.demo);
      expect([fault.name, ...broken(fault, outcome, TIMINGS.demo)]).toEqual([fault.name]);
    }
  });
});

describe('bands without a fault', () => {
  const BEATS = 10_000;
  const NODES = 50;

  /** Changes of band of living nodes while `BEATS` heartbeats are sent. */
  async function changes(loss: number, seed: number): Promise<number> {
    const timings = TIMINGS.production;
    const world = new World(timings, NODES, 3, seed);
    await world.startCollector();
    for (const publisher of world.publishers) publisher.start(timings.beat);
    await world.run(7 * timings.beat);
    const before = world.store.scores.length;
    world.loss = loss;
    await world.run((BEATS / NODES) * timings.beat);
    return world.store.scores.length - before;
  }

  it.each([1, 2, 3])('never change with jitter alone (seed %i)', async (seed) => {
    expect(await changes(0, seed)).toBe(0);
  });

  it.each([1, 2, 3])('change five times at most in 10,000 beats of which 5 %% are lost (seed %i)', async (seed) => {
    expect(await changes(0.05, seed)).toBeLessThanOrEqual(5);
  });
});
