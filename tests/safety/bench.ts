// npm run bench:safety [-- seeds]: what repairs do while their monitor is wrong (docs/safety.md).
import { argv, stdout } from 'node:process';
import { bench, benchLine, passed, type BenchRow } from '../../backend/collector/remediation/simulation/bench.ts';

const seeds = Number(argv[2] ?? 10);
const columns: readonly (readonly [string, (row: BenchRow) => string | number])[] = [
  ['scenario', ({ name }) => name],
  ['seeds', (row) => row.seeds],
  ['real faults', (row) => row.faults],
  ['repaired', (row) => (row.hopeless ? '-' : row.repaired)],
  ['runs', (row) => row.runs],
  ['verbs', (row) => row.verbs],
  ['on healthy', (row) => row.onHealthy],
  ['most in flight', (row) => row.mostInFlight],
  ['over cap', (row) => row.overCap],
  ['attempts', (row) => row.mostAttempts],
  ['while blind', (row) => row.whileBlind],
];
const line = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell, index) => String(cell).padEnd(index === 0 ? 48 : (columns[index]?.[0].length ?? 0))).join(' | ')} |\n`;

stdout.write(line(columns.map(([name]) => name)));
stdout.write(line(columns.map(([name], index) => '-'.repeat(index === 0 ? 48 : name.length))));
const began = performance.now();
const rows = await bench(seeds, (row) => stdout.write(line(columns.map(([, of]) => of(row)))));
for (const words of rows.flatMap(({ violations }) => violations)) stdout.write(`violated: ${words}\n`);
const faults = rows.filter(({ hopeless }) => !hopeless);
const sum = (of: (row: BenchRow) => number): number => faults.reduce((total, row) => total + of(row), 0);
stdout.write(
  `${sum((row) => row.repaired)} of ${sum((row) => row.faults)} real faults that can be repaired were, by automation alone, in ${((performance.now() - began) / 1000).toFixed(0)} s of this machine.\n`
);
stdout.write(`${JSON.stringify(benchLine(rows))}\n`);
if (!passed(rows)) process.exitCode = 1;
