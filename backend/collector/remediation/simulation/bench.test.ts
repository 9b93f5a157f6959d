import { describe, expect, it } from '@jest/globals';
import { bench, benchLine, passed } from './bench.ts';
import { SCENARIOS } from './scenarios.ts';

describe('the safety benchmark, with one seed', () => {
  it('does nothing that it must not, and repairs what it may', async () => {
    const rows = await bench(1);
    expect(rows.flatMap(({ violations }) => violations)).toEqual([]);
    expect(benchLine(rows)).toMatchObject({
      scenarios: SCENARIOS.length,
      actions_on_healthy: 0,
      in_flight_over_cap: 0,
      acted_while_blind: 0,
    });
    expect(passed(rows)).toBe(true);
    // A target on which nothing helps gets all of its attempts, and no more.
    expect(rows.find(({ hopeless }) => hopeless)?.mostAttempts).toBe(3);
    expect(rows.find(({ name }) => name.startsWith('calm'))?.repaired).toBe(3);
  }, 120_000);
});
