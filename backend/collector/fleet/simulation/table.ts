import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FAULTS } from './faults.ts';
import type { Fault } from './faults.ts';
import type { Outcome } from './measure.ts';

const OUTCOMES = fileURLToPath(new URL('outcomes.ts', import.meta.url));
const PARTS = 2;

/** Where the table is kept. */
export const SAVED = new URL('../../../../docs/liveness-table.md', import.meta.url);

/** What one fault did to every fleet. */
export interface Result {
  readonly fault: Fault;
  readonly outcomes: readonly Outcome[];
}

/** Runs every fault on every fleet, on two processors. */
export async function runAll(): Promise<Result[]> {
  const parts = await Promise.all(Array.from({ length: PARTS }, (_, part) => runPart(part)));
  return FAULTS.map((fault, index) => ({ fault, outcomes: parts.flatMap((part) => part[index] ?? []) }));
}

async function runPart(part: number): Promise<Outcome[][]> {
  const args = [OUTCOMES, String(part), String(PARTS)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 2 ** 20 });
  return JSON.parse(stdout) as Outcome[][];
}

const INTRO = `# What the rules do about each fault

The fault table of the liveness rules: the real registry on a fake clock, with simulated nodes that beat, retry and replay
as the client does. It is written by \`npm run liveness-table\`, and a test keeps it true.

- stale, expired: seconds from the beginning of the fault until the last of the dead was no longer shown as online, and
  until the last of them was expired. A node is expired once it is silent for 2 intervals and the grace: 130 s, noticed at
  most half a second later; after a goodbye that said \`restart\`, 430 s.
- well: seconds until the last of them was no longer shown as healthy or in warning: at most 130 s, whatever the verdict.
- never: how many of the dead were not expired: nothing expires while the fleet is \`blind\`, which it is with under 15 % of its
  nodes online, since a collector that is cut off sees the same. So the death of up to about 80 % of a fleet is told node by
  node; of more, the verdict tells it, until an approver confirms the outage.
- fleet, zone, after: the worst verdict on the fleet and on any zone, and the seconds until one first left \`normal\`.
- events, false: \`target-offline\` events, and how many of them named a node that was alive.
`;

/** The table as docs/liveness-table.md holds it. */
export function render(results: readonly Result[]): string {
  const sections = results.map(({ fault, outcomes }) => {
    const rows = outcomes.map((outcome) => `| ${cells(outcome).join(' | ')} |`);
    return [`## ${capital(fault.name)}`, '', head(HEAD), head(HEAD.map(() => '--:')), ...rows, ''].join('\n');
  });
  return `${INTRO}\n${sections.join('\n')}`;
}

const HEAD = [
  'nodes',
  'zones',
  'dead',
  'stale',
  'expired',
  'well',
  'never',
  'fleet',
  'zone',
  'after',
  'events',
  'false',
];

function cells(outcome: Outcome): (string | number)[] {
  const { nodes, zones, dead, fleetVerdict, zoneVerdict, events, falseEvents } = outcome;
  const times = [
    seconds(outcome.staleSeconds),
    seconds(outcome.expiredSeconds),
    seconds(outcome.wellSeconds),
    outcome.undecided,
  ];
  return [
    nodes,
    zones,
    dead,
    ...times,
    fleetVerdict,
    zoneVerdict,
    seconds(outcome.verdictSeconds),
    events,
    falseEvents,
  ];
}

function seconds(value: number | null): string {
  return value === null ? '' : value.toFixed(1);
}

function head(names: readonly string[]): string {
  return `| ${names.join(' | ')} |`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
