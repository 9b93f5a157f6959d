import { TIMINGS } from '@openclaw-fleet/contract';
import { FAULTS, FLEETS } from './faults.ts';
import { measure } from './measure.ts';
import type { Outcome } from './measure.ts';

/**
 * Prints the outcomes of a part of the faults as JSON, one array a fault. Run it as a process of its own: a test runner's
 * sandbox makes it several times slower, and two parts use two processors.
 * Usage: outcomes.ts PART PARTS
 */
const [part, parts] = process.argv.slice(2).map(Number);
if (part === undefined || parts === undefined) throw new Error('Usage: outcomes.ts PART PARTS');
const results: Outcome[][] = [];
for (const [index, fault] of FAULTS.entries()) {
  const outcomes: Outcome[] = [];
  results.push(outcomes);
  if (index % parts !== part) continue;
  for (const [nodes, zones] of FLEETS) outcomes.push(await measure(fault, nodes, zones, TIMINGS.production));
}
process.stdout.write(JSON.stringify(results));
