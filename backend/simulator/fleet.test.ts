import { afterEach, describe, expect, it } from '@jest/globals';
import { heartbeatSchema } from '@openclaw-fleet/contract';
import type { ScriptedFault } from './faults.ts';
import { runSimulation } from './fleet.ts';
import type { Simulation, SimulationOptions } from './fleet.ts';
import { SCENARIOS } from './scenarios.ts';
import { accepted, startIntake, waitFor } from './testing/intake.ts';
import type { Answer, Seen, TestIntake } from './testing/intake.ts';

const BEAT = 50;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function intakeOf(
  nodes: number,
  answer: (seen: Seen, all: Seen[]) => Answer = () => accepted(BEAT / 1000)
): Promise<TestIntake> {
  const intake = await startIntake(nodes, answer);
  stops.push(() => intake.close());
  return intake;
}

function simulate(intake: TestIntake, more: Partial<SimulationOptions> = {}): Simulation {
  const simulation = runSimulation({
    endpoint: intake.endpoint,
    credentials: intake.credentials,
    seed: 1,
    zones: ['a', 'b'],
    rampMs: 0,
    beatMs: BEAT,
    scenario: SCENARIOS.steady,
    ...more,
  });
  stops.push(() => simulation.stop());
  return simulation;
}

const script = (...faults: ScriptedFault[]) => ({ name: 'x', description: 'x', faults });
const bootIds = (seen: Seen[]) => [...new Set(seen.map(({ beat }) => beat.boot_id))];

describe('a simulated fleet over real TLS', () => {
  it('beats as itself: certificate, token and body name the same node, on one connection each', async () => {
    const intake = await intakeOf(3);
    const simulation = simulate(intake);
    await waitFor('four beats of each', () => intake.credentials.every(({ id }) => intake.of(id).length >= 4));
    for (const { id } of intake.credentials) {
      const seen = intake.of(id);
      for (const { path, certified, claims, beat } of seen) {
        expect([path, certified, claims['sub'], claims['iss'], claims['aud']]).toEqual([
          '/openclaw/availability',
          id,
          id,
          `openclaw://node/${id}`,
          'openclaw-fleet',
        ]);
        expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(3600);
        expect(heartbeatSchema.safeParse(beat).error).toBeUndefined();
      }
      expect(new Set(seen.map(({ socket }) => socket)).size).toBe(1);
      expect(seen.map(({ beat }) => beat.seq)).toEqual(seen.map((_, index) => index));
      expect(bootIds(seen)).toHaveLength(1);
      expect('capabilities' in seen[0]!.beat && !('capabilities' in seen[1]!.beat)).toBe(true);
    }
    expect(simulation.counters()).toMatchObject({ refused: {}, failed: {} });
    expect(simulation.counters().accepted.accepted).toBe(simulation.counters().sent);
    expect(simulation.latencyMs(0.5)).toBeGreaterThan(0);
  });

  it('keeps the pace it is told, and sends all blocks when asked for the full state', async () => {
    const intake = await intakeOf(1, (_, all) => ({
      status: 200,
      json: { status: 'accepted', next_heartbeat_seconds: 0.2, report_full_state: all.length === 2 },
    }));
    simulate(intake);
    await waitFor('five beats', () => intake.seen.length >= 5);
    const gaps = intake.seen.slice(2).map(({ atMs }, index) => atMs - intake.seen[index + 1]!.atMs);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(170);
    expect(intake.seen.map(({ beat }) => 'capabilities' in beat)).toEqual([true, false, true, false, false]);
    expect(intake.seen[3]!.beat.interval_seconds).toBe(1);
  });

  it('starts its nodes over the ramp', async () => {
    const intake = await intakeOf(4);
    const simulation = simulate(intake, { rampMs: 400 });
    await waitFor('every node', () => intake.credentials.every(({ id }) => intake.of(id).length > 0));
    const first = (id: string) => intake.of(id)[0]!.atMs;
    expect(first('node-3') - first('node-0')).toBeGreaterThan(150);
    expect(simulation.elapsedMs()).toBeGreaterThanOrEqual(300);
  });

  it('is silent in its window, and is another process afterwards', async () => {
    const intake = await intakeOf(2);
    const simulation = simulate(intake, { scenario: script({ kind: 'silence', from: 4, for: 8, nodes: { node: 0 } }) });
    await waitFor('silence', () => simulation.behaviour(0).silent);
    await waitFor('the connection to close', () => intake.open() === 1);
    const before = intake.of('node-0').length;
    await waitFor('the end of the silence', () => !simulation.behaviour(0).silent);
    expect(intake.of('node-0').length - before).toBeLessThanOrEqual(1);
    await waitFor('a return', () => bootIds(intake.of('node-0')).length === 2);
    expect(intake.of('node-0').at(-1)!.beat.seq).toBeLessThan(3);
    expect(bootIds(intake.of('node-1'))).toHaveLength(1);
  });

  it('is befallen by a fault whenever that is asked for, unless its script starts over', async () => {
    const intake = await intakeOf(2);
    const simulation = simulate(intake);
    await waitFor('a beat of each', () => intake.credentials.every(({ id }) => intake.of(id).length > 0));
    expect(intake.of('node-0').at(-1)!.beat.jobs?.failures_1h).toBe(0);
    simulation.befall(0, { kind: 'job-failures', ratio: 0.5 });
    expect(simulation.behaviour(0)).toMatchObject({ faults: ['job-failures'], curable: [{ kind: 'job-failures' }] });
    await waitFor('a beat with it', () => (intake.of('node-0').at(-1)!.beat.jobs?.failures_1h ?? 0) > 0);
    expect(simulation.behaviour(1).faults).toEqual([]);
    const demo = simulate(await intakeOf(6), { scenario: SCENARIOS.demo });
    expect(() => demo.befall(0, { kind: 'silence' })).toThrow(RangeError);
  });

  it('loses a zone and goes on in the same processes, with the missed beats as a gap', async () => {
    const intake = await intakeOf(4);
    const simulation = simulate(intake, {
      scenario: script({ kind: 'zone-loss', from: 4, for: 8, nodes: { zone: 'b' } }),
    });
    await waitFor('the loss', () => simulation.behaviour(1).silent);
    expect([0, 1, 2, 3].map((index) => simulation.behaviour(index).silent)).toEqual([false, true, false, true]);
    await waitFor('two connections', () => intake.open() === 2);
    const before = intake.of('node-1').length;
    await waitFor('a return', () => intake.of('node-1').length > before && !simulation.behaviour(1).silent);
    const [last, back] = intake
      .of('node-1')
      .slice(before - 1)
      .map(({ beat }) => beat);
    expect(back!.boot_id).toBe(last!.boot_id);
    expect(back!.seq! - last!.seq!).toBeGreaterThan(2);
  });

  it('repeats old beats byte for byte beside its own', async () => {
    const intake = await intakeOf(1);
    simulate(intake, { scenario: script({ kind: 'replay', beatsAgo: 2, from: 4, for: 1e6, nodes: { node: 0 } }) });
    await waitFor('three repeats', () => intake.seen.length - new Set(intake.seen.map(({ body }) => body)).size >= 3);
    const repeat = intake.seen.findIndex(({ body }, index) =>
      intake.seen.slice(0, index).some((one) => one.body === body)
    );
    expect(intake.seen[repeat]!.beat.seq).toBe(intake.seen[repeat - 1]!.beat.seq! - 2);
  });

  it('runs a second process with the same credentials', async () => {
    const intake = await intakeOf(1);
    simulate(intake, { scenario: script({ kind: 'duplicate-id', from: 0, for: 1e6, nodes: { node: 0 } }) });
    await waitFor('both', () => bootIds(intake.seen).length === 2 && intake.seen.length >= 6);
    expect(new Set(intake.seen.map(({ certified }) => certified))).toEqual(new Set(['node-0']));
    expect(new Set(intake.seen.map(({ socket }) => socket)).size).toBe(2);
    expect(new Set(intake.seen.map(({ beat }) => beat.hostname)).size).toBe(2);
    expect(new Set(intake.seen.map(({ beat }) => beat.last_heartbeat)).size).toBe(intake.seen.length);
  });

  it('has a wrong clock where the script says so, but a token of the true time', async () => {
    const intake = await intakeOf(1);
    simulate(intake, { scenario: script({ kind: 'clock-skew', beats: -1e5, from: 0, for: 1e6, nodes: { node: 0 } }) });
    await waitFor('a beat', () => intake.seen.length > 0);
    const { atMs, beat, claims } = intake.seen[0]!;
    expect(Math.abs(Date.parse(beat.last_heartbeat) + 1e5 * BEAT - atMs)).toBeLessThan(2000);
    expect(Math.abs(Number(claims['iat']) * 1000 - atMs)).toBeLessThan(3000);
  });

  it('sends a beat again after a 503, and never after a 422', async () => {
    const statuses = [200, 503, 503, 200, 422, 200];
    const intake = await intakeOf(1, (_, all) => {
      const status = statuses[all.length - 1] ?? 200;
      return status === 200 ? accepted(1) : { status, json: {} };
    });
    const simulation = simulate(intake, { beatMs: 1000 });
    await waitFor('six requests', () => intake.seen.length >= 6);
    const seqs = intake.seen.slice(0, 6).map(({ beat }) => beat.seq);
    expect(seqs).toEqual([0, 1, 1, 1, 2, 3]);
    await waitFor('the count', () => simulation.counters().sent >= 6);
    expect(simulation.counters()).toMatchObject({ refused: { 503: 2, 422: 1 }, failed: {} });
    expect(intake.seen[5]!.beat.publisher).toMatchObject({
      success_total: 2,
      failure_total: { http_503: 2, http_422: 1 },
    });
  });

  it('waits as long as Retry-After says', async () => {
    const intake = await intakeOf(1, (_, all) =>
      all.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : accepted(3)
    );
    simulate(intake, { beatMs: 3000 });
    await waitFor('the second request', () => intake.seen.length >= 2);
    expect(intake.seen[1]!.atMs - intake.seen[0]!.atMs).toBeGreaterThanOrEqual(990);
    expect(intake.seen[1]!.body).toBe(intake.seen[0]!.body);
  });

  it('counts what got no answer, and comes back when the collector does', async () => {
    const first = await startIntake(1, () => accepted(BEAT / 1000));
    const simulation = simulate(first);
    await waitFor('a beat', () => first.seen.length > 0);
    await first.close();
    await waitFor('refusals', () => (simulation.counters().failed['econnrefused'] ?? 0) > 2);
    expect(simulation.counters().accepted.accepted).toBeLessThan(simulation.counters().sent);
  });

  it('bounds requests under way, and keeps no more connections than it may', async () => {
    const intake = await intakeOf(12, () => accepted(0.2));
    simulate(intake, { maxConcurrent: 3, maxConnections: 4, beatMs: 200 });
    await waitFor('three beats of each', () => intake.credentials.every(({ id }) => intake.of(id).length >= 3));
    expect(intake.most.requests).toBeLessThanOrEqual(3);
    expect(intake.most.connections).toBeLessThanOrEqual(4 + 3 + 1);
    const connectionsOf = (id: string) => new Set(intake.of(id).map(({ socket }) => socket)).size;
    expect(connectionsOf('node-0')).toBe(1);
    expect(connectionsOf('node-11')).toBeGreaterThanOrEqual(3);
  });

  it('says goodbye when stopped, closes every connection, and sends nothing more', async () => {
    const intake = await intakeOf(2);
    const simulation = simulate(intake, {
      scenario: script({ kind: 'silence', from: 0, for: 1e6, nodes: { node: 1 } }),
    });
    await waitFor('a beat', () => intake.of('node-0').length > 1);
    await simulation.stop('shutdown');
    expect(intake.of('node-0').at(-1)!.beat.goodbye).toBe('shutdown');
    expect(intake.of('node-1')).toEqual([]);
    const { sent } = simulation.counters();
    await waitFor('closed connections', () => intake.open() === 0);
    expect(simulation.counters().sent).toBe(sent);
  });

  it('stops while the collector hangs, and sends nothing that still waits its turn', async () => {
    const intake = await intakeOf(6, () => 'hang');
    const simulation = simulate(intake, { maxConcurrent: 2 });
    await waitFor('requests', () => intake.seen.length === 2);
    const began = Date.now();
    await simulation.stop('shutdown');
    expect(Date.now() - began).toBeLessThan(6000);
    expect(intake.seen).toHaveLength(2);
    await waitFor('closed connections', () => intake.open() === 0);
  });
});
