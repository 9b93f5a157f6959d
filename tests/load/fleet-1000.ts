import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TIMINGS } from '@openclaw-fleet/contract';
import { openStorage } from '../../backend/collector/storage/index.ts';
import { countersInWords, runSimulation, SCENARIOS } from '../../backend/simulator/index.ts';
import type { Simulation } from '../../backend/simulator/index.ts';
import { TestCollector } from '../integration/support/collector.ts';
import { enrolMany } from '../integration/support/fleet.ts';
import { printTable, progress } from './report.ts';

const HELP = `Seed 004's acceptance: 1,000 nodes that beat every 60 s against a real collector, with real TLS and tokens.

  node tests/load/fleet-1000.ts [--minutes 10] [--nodes 1000]

The nodes arrive evenly over the first minute, each with a key, a certificate, a token and a connection of its own; the
collector is a process of its own with production timings. The end compares what was acknowledged with the collector's
metrics and database. The exit status is 1 when a heartbeat was lost, 2 when it could not begin.
`;
const ZONES = ['eu-1', 'eu-2', 'us-1', 'us-2'];
const REPORT_MS = 10_000;
const ACCEPTED = 'openclaw_collector_heartbeats_total{outcome="accepted"}';
const CPU = 'process_cpu_seconds_total';
const MEMORY = 'process_resident_memory_bytes';
/** From a heartbeat's first byte to its answer: what is the collector's own of the latency that its nodes see. */
const TAKEN = 'openclaw_collector_heartbeat_duration_seconds';

interface Options {
  readonly nodes: number;
  readonly minutes: number;
}

class UsageError extends Error {}

function optionsOf(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: { nodes: { type: 'string' }, minutes: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return null;
  const number = (name: 'nodes' | 'minutes', fallback: number, least: number): number => {
    const value = Number(values[name] ?? fallback);
    if (!(value >= least)) throw new UsageError(`--${name} must be a number from ${least} up`);
    return value;
  };
  // In less than two minutes the last to arrive would not beat a second time.
  const options = { nodes: Math.ceil(number('nodes', 1000, 1)), minutes: number('minutes', 10, 2) };
  const needed = options.nodes + 200;
  const limit = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim();
  if (limit !== 'unlimited' && Number(limit) < needed)
    throw new UsageError(
      `${options.nodes} connections need ${needed} open files, and this shell allows ${limit}: ulimit -n`
    );
  return options;
}

function valueOf(exposition: string, series: string): number {
  const line = exposition.split('\n').find((one) => one.startsWith(`${series} `));
  if (line === undefined) throw new Error(`there is no ${series} in the collector's metrics`);
  return Number(line.slice(series.length));
}

/** What became of the heartbeats so far. `lost`: requests without a 200, though they may have been sent again. */
function tally(simulation: Simulation): { sent: number; acknowledged: number; lost: number } {
  const { sent, accepted } = simulation.counters();
  const acknowledged = accepted.accepted + accepted.duplicate + accepted.superseded;
  return { sent, acknowledged, lost: sent - acknowledged };
}

const milliseconds = (simulation: Simulation, share: number): string => `${simulation.latencyMs(share).toFixed(1)} ms`;

/** Heartbeats that the database knows of: each node counts its own from 0. */
async function storedBeats(collector: TestCollector): Promise<{ nodes: number; beats: number }> {
  const storage = await openStorage({ file: join(collector.folder, 'data', 'fleet.db') });
  try {
    let beats = 0;
    const nodes = await storage.loadNodes((rows) => {
      for (const { vital } of rows) beats += ((JSON.parse(vital) as { seq?: number }).seq ?? -1) + 1;
    });
    return { nodes, beats };
  } finally {
    await storage.close();
  }
}

/** @returns what is wrong, in sentences */
async function run({ nodes, minutes }: Options): Promise<string[]> {
  await using ending = new AsyncDisposableStack();
  const collector = new TestCollector();
  ending.defer(() => collector.close());
  const interrupted = (): void => void ending.disposeAsync().then(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  progress(`enrolling ${nodes} nodes`);
  const ids = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  const credentials = await enrolMany(collector, ids);
  await collector.start();
  const { beat } = TIMINGS.production;
  const simulation = runSimulation({
    endpoint: `https://localhost:${collector.intakePort}`,
    credentials,
    seed: 1,
    zones: ZONES,
    rampMs: beat,
    beatMs: beat,
    scenario: SCENARIOS.steady,
  });
  ending.defer(() => simulation.stop());
  const beganMs = performance.now();
  const began = await collector.metrics();
  const elapsed = (): number => (performance.now() - beganMs) / 1000;
  const grown = (now: string, series: string): number => valueOf(now, series) - valueOf(began, series);
  const cpu = (now: string): number => grown(now, CPU);
  while (elapsed() < minutes * 60) {
    await sleep(Math.min(REPORT_MS, Math.max(0, minutes * 60_000 - (performance.now() - beganMs))));
    const [{ online, total }, metrics] = [await collector.summary(), await collector.metrics()];
    const { sent, acknowledged, lost } = tally(simulation);
    progress(
      `${elapsed().toFixed(0)} s: ${online} of ${total} online; ${sent} sent, ${acknowledged} acknowledged, ${lost} lost; ` +
        `p50 ${milliseconds(simulation, 0.5)}, p99 ${milliseconds(simulation, 0.99)}; ` +
        `collector ${((100 * cpu(metrics)) / elapsed()).toFixed(1)} % of a core, ${(valueOf(metrics, MEMORY) / 1e6).toFixed(0)} MB`
    );
  }
  const seconds = elapsed();
  const summary = await collector.summary();
  await simulation.stop();
  const metrics = await collector.metrics();
  const { sent, acknowledged, lost } = tally(simulation);
  await collector.kill('SIGTERM');
  const stored = await storedBeats(collector);
  const cpuSeconds = cpu(metrics);
  const figures = {
    nodes,
    seconds: Math.round(seconds),
    sent,
    acknowledged,
    lost,
    stored: stored.beats,
    online: summary.online,
    perSecond: Number((acknowledged / seconds).toFixed(2)),
    ...Object.fromEntries(
      Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99, max: 1 }).map(([name, share]) => [
        `${name}Ms`,
        Number(simulation.latencyMs(share).toFixed(1)),
      ])
    ),
    collectorMeanMs: Number(((1000 * grown(metrics, `${TAKEN}_sum`)) / grown(metrics, `${TAKEN}_count`)).toFixed(1)),
    collectorPercentWithin50Ms: Number(
      ((100 * grown(metrics, `${TAKEN}_bucket{le="0.05"}`)) / grown(metrics, `${TAKEN}_count`)).toFixed(2)
    ),
    cpuSeconds: Number(cpuSeconds.toFixed(1)),
    cpuPercentOfACore: Number(((100 * cpuSeconds) / seconds).toFixed(2)),
    residentMegabytes: Math.round(valueOf(metrics, MEMORY) / 1e6),
  };
  printTable(
    `${nodes} nodes, a heartbeat every ${beat / 1000} s each, for ${(seconds / 60).toFixed(1)} min`,
    ['figure', 'value'],
    Object.entries(figures).map(([name, value]) => [name, String(value)])
  );
  process.stdout.write(`\n${JSON.stringify(figures)}\n`);
  const problems: string[] = [];
  if (lost > 0) problems.push(`${lost} heartbeats were not acknowledged: ${countersInWords(simulation.counters())}`);
  if (valueOf(metrics, ACCEPTED) < acknowledged)
    problems.push(`the collector counts ${valueOf(metrics, ACCEPTED)} heartbeats of ${acknowledged} acknowledged`);
  if (stored.beats !== acknowledged)
    problems.push(`the database knows of ${stored.beats} heartbeats of ${acknowledged} acknowledged`);
  if (stored.nodes !== nodes) problems.push(`the database has ${stored.nodes} nodes of ${nodes}`);
  if (minutes > 1 && summary.online !== nodes)
    problems.push(`${summary.online} of ${nodes} nodes were online at the end`);
  return problems;
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) process.stdout.write(HELP);
  else {
    const problems = await run(options);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    process.exit(problems.length === 0 ? 0 : 1);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(2);
}
