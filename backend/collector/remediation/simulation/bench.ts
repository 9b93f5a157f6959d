import { Journal } from './journal.ts';
import { Oracle } from './oracle.ts';
import { breakSome, SCENARIOS, type Scenario } from './scenarios.ts';
import { MINUTE, SECOND } from './target.ts';
import { SimWorld } from './world.ts';

/** What came of one scenario, over its seeds. */
export interface BenchRow {
  readonly name: string;
  readonly seeds: number;
  readonly faults: number;
  readonly hopeless: boolean;
  /** Of those, without a person: cured, or gone by itself. */
  repaired: number;
  runs: number;
  verbs: number;
  onHealthy: number;
  overCap: number;
  mostInFlight: number;
  mostAttempts: number;
  whileBlind: number;
  /** Anything else that the oracle found, with its seed. */
  readonly violations: string[];
}

/** The last line of the benchmark. */
export interface BenchLine {
  readonly scenarios: number;
  readonly actions_on_healthy: number;
  readonly in_flight_over_cap: number;
  readonly attempts_per_fault_max: number;
  readonly acted_while_blind: number;
}

const ZONES = [10, 10, 10, 10];
/** In which automation may repair what it may, once the world is quiet. */
const AFTER = 90 * MINUTE;

async function playOnce(scenario: Scenario, seed: number, row: BenchRow): Promise<void> {
  const world = await SimWorld.start({ zones: ZONES, stepMs: 15 * SECOND, seed: seed * 7919 + 13 });
  const oracle = new Oracle(world, new Journal());
  for (let draws = 0; draws < 5; draws += 1) world.random();
  await world.settle();
  world.automation = { enabled: true, percent: 100 };
  if (scenario.hopeless) for (const target of world.targets.values()) target.cure = 'nothing';
  const broken = breakSome(world, scenario.faults);
  await scenario.play(world);
  const end = world.now + AFTER;
  while (
    world.now < end &&
    (world.busy || broken.some((target) => !target.well) || world.now < end - AFTER + 15 * MINUTE)
  ) {
    await world.pass(MINUTE);
  }
  const { counts, violations } = oracle;
  row.repaired += broken.filter((target) => target.well).length;
  row.runs += counts.began;
  row.verbs += counts.verbs;
  row.onHealthy += counts.onHealthy;
  row.overCap += counts.overCap;
  row.mostInFlight = Math.max(row.mostInFlight, counts.mostInFlight);
  row.mostAttempts = Math.max(row.mostAttempts, counts.mostAttempts);
  row.whileBlind += counts.whileBlind;
  row.violations.push(...violations.map((words) => `${scenario.name}, seed ${seed}: ${words}`));
}

/**
 * Plays every scenario with every seed from 1 on, with automation on for every target.
 * @param onRow as soon as a scenario is through
 */
export async function bench(seeds: number, onRow: (row: BenchRow) => void = () => undefined): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const scenario of SCENARIOS) {
    const row: BenchRow = {
      name: scenario.name,
      seeds,
      faults: scenario.faults * seeds,
      hopeless: scenario.hopeless === true,
      repaired: 0,
      runs: 0,
      verbs: 0,
      onHealthy: 0,
      overCap: 0,
      mostInFlight: 0,
      mostAttempts: 0,
      whileBlind: 0,
      violations: [],
    };
    for (let seed = 1; seed <= seeds; seed += 1) await playOnce(scenario, seed, row);
    rows.push(row);
    onRow(row);
  }
  return rows;
}

export function benchLine(rows: readonly BenchRow[]): BenchLine {
  const sum = (of: (row: BenchRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    scenarios: sum(({ seeds }) => seeds),
    actions_on_healthy: sum(({ onHealthy }) => onHealthy),
    in_flight_over_cap: sum(({ overCap }) => overCap),
    attempts_per_fault_max: Math.max(...rows.map(({ mostAttempts }) => mostAttempts)),
    acted_while_blind: sum(({ whileBlind }) => whileBlind),
  };
}

/** Whether nothing was done that must not be, and something that must. */
export function passed(rows: readonly BenchRow[]): boolean {
  const line = benchLine(rows);
  const clean = line.actions_on_healthy + line.in_flight_over_cap + line.acted_while_blind === 0;
  const repaired = rows.some((row) => !row.hopeless && row.repaired > 0);
  return (
    clean && line.attempts_per_fault_max <= 3 && repaired && rows.every(({ violations }) => violations.length === 0)
  );
}
