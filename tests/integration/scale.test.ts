import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { openStorage } from '../../backend/collector/storage/index.ts';
import {
  countersInWords,
  runSimulation,
  SCENARIOS,
  type Counters,
  type Simulation,
} from '../../backend/simulator/index.ts';
import { TestCollector } from './support/collector.ts';
import { enrolMany } from './support/fleet.ts';
import { waitFor } from './support/wait.ts';

const NODES = 1000;
/** They come in groups, each once the one before is online: so many handshakes at once are all that a busy machine must bear. */
const GROUP = 100;
const ZONES = ['eu-1', 'eu-2', 'us-1', 'us-2'];
/** Seed 004's nodes beat every 60 s. A busy machine's pauses stay far under the two intervals after which a node is told of. */
const BEAT_MS = 10_000;
/** Of each node in the mean, once all have come. */
const BEATS = 3;
/** A bucket of the collector's histogram, to tell of. */
const P99_SECONDS = '0.5';
/** A connection a node and what a process needs besides. Both ends are here, each in a process of its own. */
const FILES = NODES + 200;

const say = (message: string): void => void process.stderr.write(`${message}\n`);

const limit = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim();
const fits = limit === 'unlimited' || Number(limit) >= FILES;
if (!fits) {
  const why = `${NODES} connections need ${FILES} open files, and this shell allows ${limit}: raise it with ulimit -n`;
  if (process.env['CI'] === 'true') throw new Error(why);
  say(`SKIPPED: the load test, because ${why}`);
}

/** The value of one series in an exposition, named with its labels. */
function valueOf(exposition: string, series: string): number {
  const line = exposition.split('\n').find((one) => one.startsWith(`${series} `));
  if (line === undefined) throw new Error(`there is no ${series} in /metrics`);
  return Number(line.slice(series.length));
}

let collector: TestCollector;
let ending: AsyncDisposableStack;
beforeEach(() => {
  ending = new AsyncDisposableStack();
  collector = new TestCollector({
    OPENCLAW_FLEET_TIMINGS: 'demo',
    OPENCLAW_FLEET_DURATIONS_BEAT: String(BEAT_MS / 1000),
    OPENCLAW_FLEET_DURATIONS_BEAT_MIN: String(BEAT_MS / 2000),
    OPENCLAW_FLEET_DURATIONS_BEAT_MAX: String(BEAT_MS / 500),
    // As in production: a busy machine's pauses are no shorter because the beats are.
    OPENCLAW_FLEET_DURATIONS_GRACE: String(TIMINGS.production.grace / 1000),
    OPENCLAW_FLEET_METRICS_PER_TARGET: 'full',
  });
  ending.defer(() => collector.close());
}, 60_000);
afterEach(() => ending.disposeAsync(), 60_000);

(fits ? describe : describe.skip)(`${NODES} nodes at six times the rate of seed 004`, () => {
  it('are all registered and stay online, each over a connection of its own', async () => {
    const ids = Array.from({ length: NODES }, (_, index) => `node-${index}`);
    const credentials = await enrolMany(collector, ids);
    await collector.start();
    const groups: Simulation[] = [];
    const counters = (): Counters[] => groups.map((group) => group.counters());
    const summary = async () => {
      const now = await collector.summary();
      expect(now.states).toMatchObject({ expired: 0, unknown: 0 });
      return now;
    };
    const until = (what: string, holds: () => Promise<boolean>, limitMs: number) =>
      waitFor(holds, () => `${what}; ${counters().map(countersInWords).join(' | ')}`, limitMs, 250);
    for (let from = 0; from < NODES; from += GROUP) {
      const group = runSimulation({
        endpoint: `https://localhost:${collector.intakePort}`,
        credentials: credentials.slice(from, from + GROUP),
        seed: from,
        zones: ZONES,
        rampMs: TIMINGS.demo.beat / 3,
        beatMs: BEAT_MS,
        scenario: SCENARIOS.steady,
      });
      groups.push(group);
      ending.defer(() => group.stop());
      const arrived = from + GROUP;
      await until(`${arrived} nodes to be online`, async () => (await summary()).online === arrived, 60_000);
    }
    await until('expiry to go on after the start', async () => (await summary()).expiryHeld === null, 30_000);

    const accepted = 'openclaw_collector_heartbeats_total{outcome="accepted"}';
    const latency = 'openclaw_collector_heartbeat_duration_seconds';
    const [before, beganMs] = [await collector.metrics(), performance.now()];
    let after = before;
    const grew = (series: string): number => valueOf(after, series) - valueOf(before, series);
    const enough = async (): Promise<boolean> => {
      await summary();
      after = await collector.metrics();
      return grew(accepted) >= BEATS * NODES;
    };
    await until(`${BEATS} heartbeats of each`, enough, 120_000);
    const rate = grew(accepted) / ((performance.now() - beganMs) / 1000);
    const inTime = grew(`${latency}_bucket{le="${P99_SECONDS}"}`) / grew(`${latency}_count`);
    say(
      `${rate.toFixed(0)} heartbeats a second, ${(100 * inTime).toFixed(2)} % of them within ${P99_SECONDS} s; ` +
        `mean ${((1000 * grew(`${latency}_sum`)) / grew(`${latency}_count`)).toFixed(1)} ms, ` +
        `${(valueOf(after, 'process_resident_memory_bytes') / 1e6).toFixed(0)} MB, ` +
        `${valueOf(after, 'process_open_fds')} open files`
    );
    expect(valueOf(after, 'process_open_fds')).toBeGreaterThan(NODES);
    expect(valueOf(after, 'process_open_fds')).toBeLessThan(FILES);

    const seen = await until('every node online at once', async () => (await summary()).online === NODES, 30_000).then(
      summary
    );
    expect(seen).toMatchObject({ total: NODES, expected: NODES, verdict: { value: 'normal' } });
    expect(seen.zones.map(({ total }) => total)).toEqual(ZONES.map(() => NODES / ZONES.length));

    const taken = counters().map(({ accepted }) => accepted.accepted);
    for (const { accepted: others, refused, failed } of counters()) {
      expect({ refused, failed }).toEqual({ refused: {}, failed: {} });
      expect(others).toMatchObject({ duplicate: 0, superseded: 0 });
    }
    after = await collector.metrics();
    // Its own canary's are among them.
    expect(valueOf(after, accepted)).toBeGreaterThanOrEqual(taken.reduce((sum, one) => sum + one));
    for (const outcome of ['refused', 'conflict', 'duplicate', 'superseded'])
      expect([outcome, valueOf(after, `openclaw_collector_heartbeats_total{outcome="${outcome}"}`)]).toEqual([
        outcome,
        0,
      ]);

    await Promise.all(groups.map((group) => group.stop()));
    await collector.kill('SIGTERM');
    const storage = await openStorage({ file: join(collector.folder, 'data', 'fleet.db') });
    ending.defer(() => storage.close());
    // Each was found healthy once, and nothing else happened to any.
    const told = await storage.eventsAfter(0, 2 * NODES);
    expect(told.filter(({ name }) => name !== 'fleet-health-changed')).toEqual([]);
    expect(new Set(told.map(({ data }) => data['targetId'])).size).toBe(told.length);
    expect(await storage.loadNodes(() => undefined)).toBe(NODES);
  }, 280_000);
});
