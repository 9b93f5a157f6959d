import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { heartbeatSchema } from '@openclaw-fleet/contract';
import { isCurable } from './faults.ts';
import type { FaultKind, Scenario, ScriptedFault } from './faults.ts';
import { heartbeatOf, jobsOf } from './payload.ts';
import { behaviourAt, paceOf, planFleet, scheduleOf, select } from './scenario.ts';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';

const BEAT = 3000;
const idsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `node-${index}`);
const fleet = (scenario: Scenario, more: Partial<Parameters<typeof planFleet>[0]> = {}) =>
  planFleet({ ids: idsOf(6), seed: 1, zones: ['a', 'b'], rampMs: 0, beatMs: BEAT, scenario, ...more });
const one = (...faults: ScriptedFault[]): Scenario => ({ name: 'x', description: 'x', faults });

describe('the plan of a fleet', () => {
  const inputs = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    seed: fc.integer(),
    zoneCount: fc.integer({ min: 1, max: 5 }),
    rampMs: fc.integer({ min: 0, max: 600_000 }),
    name: fc.constantFrom(...SCENARIO_NAMES.filter((name) => name !== 'demo')),
    bridgedShare: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const planOf = ({
    count,
    seed,
    zoneCount,
    rampMs,
    name,
    bridgedShare,
  }: typeof inputs extends fc.Arbitrary<infer T> ? T : never) =>
    planFleet({
      ids: idsOf(count),
      seed,
      zones: idsOf(zoneCount),
      rampMs,
      beatMs: BEAT,
      scenario: SCENARIOS[name],
      bridgedShare,
    });

  it('is the same for the same seed, beat by beat', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const schedule = () => planOf(input).map((plan) => scheduleOf(plan, 1_000_000));
        expect(schedule()).toEqual(schedule());
      }),
      { numRuns: 30 }
    );
  });

  it('differs with the seed', () => {
    const starts = (seed: number) => fleet(SCENARIOS.steady, { seed, rampMs: 10_000 }).map(({ startMs }) => startMs);
    expect(starts(1)).not.toEqual(starts(2));
  });

  it('starts every node within the ramp, in order, and beats at 0.9 to 1.0 of the interval', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        let before = 0;
        for (const plan of planOf(input)) {
          expect(plan.startMs).toBeGreaterThanOrEqual(before);
          expect(plan.startMs).toBeLessThanOrEqual(input.rampMs);
          before = plan.startMs;
          const times = scheduleOf(plan, plan.startMs + 20 * BEAT).map(({ atMs }) => atMs);
          for (const [index, atMs] of times.entries()) {
            if (index === 0) continue;
            const gap = atMs - (times[index - 1] ?? 0);
            expect(gap).toBeGreaterThanOrEqual(0.9 * BEAT - 1);
            expect(gap).toBeLessThanOrEqual(BEAT + 1e-6);
          }
        }
      }),
      { numRuns: 30 }
    );
  });

  it('deals the nodes to the zones in turn and marks the wanted share as bridged', () => {
    const plans = fleet(SCENARIOS.steady, { zones: ['a', 'b', 'c'], bridgedShare: 0.5 });
    expect(plans.map(({ zone }) => zone)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(plans.filter(({ bridged }) => bridged)).toHaveLength(3);
  });

  it('refuses a fault in a zone that does not exist', () => {
    const scenario = one({ kind: 'zone-loss', from: 0, for: 1, nodes: { zone: 'z' } });
    expect(() => fleet(scenario)).toThrow('names the zone z, but there are: a, b');
    expect(() => fleet(SCENARIOS.demo, { zones: ['only'] })).toThrow('names the zone 1');
  });
});

describe('who a fault befalls', () => {
  const zones = ['a', 'b', 'c'];
  const some = (selection: Parameters<typeof select>[0], count = 10, seed = 1) => [
    ...select(selection, count, zones, seed, 's'),
  ];

  it.each([
    [{ all: true as const }, 10],
    [{ node: 3 }, 1],
    [{ node: 10 }, 0],
    [{ count: 4 }, 4],
    [{ count: 40 }, 10],
    [{ share: 0.3 }, 3],
    [{ zone: 'a' }, 4],
    [{ zone: 2 }, 3],
  ])('%j means %i of 10 nodes', (selection, expected) => {
    expect(some(selection)).toHaveLength(expected);
  });

  it('draws shares from the seed', () => {
    expect(some({ share: 0.3 }, 1000, 1)).toEqual(some({ share: 0.3 }, 1000, 1));
    expect(some({ share: 0.3 }, 1000, 1)).not.toEqual(some({ share: 0.3 }, 1000, 2));
  });
});

describe('what a node does', () => {
  const window = { from: 2, for: 4, nodes: { node: 0 } } as const;
  const at = (fault: ScriptedFault, beats: number, index = 0) => {
    const plan = fleet(one(fault))[index];
    if (!plan) throw new Error('no such node');
    return behaviourAt(plan, beats * BEAT);
  };

  it.each<[string, ScriptedFault, object]>([
    ['silence', { kind: 'silence', ...window }, { silent: true }],
    ['clock skew', { kind: 'clock-skew', beats: -2, ...window }, { skewMs: -2 * BEAT }],
    ['replay', { kind: 'replay', beatsAgo: 3, ...window }, { replayBeatsAgo: 3 }],
    ['duplicate id', { kind: 'duplicate-id', ...window }, { duplicate: true }],
    ['config drift', { kind: 'config-drift', ...window }, { drifted: true }],
    ['job failures', { kind: 'job-failures', ratio: 0.5, ...window }, { jobFailureRatio: 0.5 }],
    ['gateway hang', { kind: 'gateway-hang', repair: 'stuck', ...window }, {}],
    ['stale beats', { kind: 'beats-stale', ...window }, { mute: true }],
    ['zone loss', { kind: 'zone-loss', from: 2, for: 4, nodes: { zone: 'a' } }, { silent: true }],
  ])('%s holds within its window, and only there', (_, fault, expected) => {
    const healthy = {
      silent: false,
      mute: false,
      hungMs: null,
      skewMs: 0,
      replayBeatsAgo: null,
      duplicate: false,
      drifted: false,
      jobFailureRatio: 0,
      faults: [],
      curable: [],
    };
    const begun = (beats: number) => ({
      ...healthy,
      ...expected,
      faults: [fault.kind],
      ...(fault.kind === 'gateway-hang' && { hungMs: beats * BEAT }),
      ...(isCurable(fault) && { curable: [{ id: '0.0', kind: fault.kind, repair: fault.repair ?? 'recovers' }] }),
    });
    expect(at(fault, 1.99)).toEqual(healthy);
    expect(at(fault, 2)).toEqual(begun(0));
    expect(at(fault, 5.5)).toEqual(begun(3.5));
    expect(at(fault, 6)).toEqual(healthy);
    expect(at(fault, 3, 1)).toEqual(healthy);
  });

  it('flaps up and down within the window', () => {
    const fault: ScriptedFault = { kind: 'flapping', upBeats: 1, downBeats: 2, from: 2, for: 7, nodes: { node: 0 } };
    const silent = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((beats) => at(fault, beats + 0.5).silent);
    expect(silent).toEqual([false, false, true, true, false, true, true, false, false, false]);
  });

  it('starts over where the scenario repeats, and counts from the end of the ramp', () => {
    const scenario: Scenario = { ...one({ kind: 'silence', ...window }), repeatBeats: 10 };
    const plan = fleet(scenario, { rampMs: 5 * BEAT })[0];
    const silentAt = (beats: number) => plan && behaviourAt(plan, beats * BEAT).silent;
    expect([3, 7, 10, 11, 13, 17, 20, 21, 107].map(silentAt)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  it('is well again where a fault was cured, until the script starts over', () => {
    const scenario: Scenario = { ...one({ kind: 'gateway-hang', ...window }), repeatBeats: 10 };
    const [plan] = fleet(scenario);
    const cured = new Set(['0.0']);
    const hungAt = (beats: number) => plan && behaviourAt(plan, beats * BEAT, cured).hungMs;
    expect([3, 5.9, 11, 13].map(hungAt)).toEqual([null, null, null, BEAT]);
  });

  it('shows every kind of fault within one round of the demo', () => {
    const kinds = new Set<FaultKind>();
    for (const plan of fleet(SCENARIOS.demo)) {
      for (const { behaviour } of scheduleOf(plan, 120 * BEAT)) behaviour.faults.forEach((kind) => kinds.add(kind));
    }
    expect([...kinds].sort()).toEqual(
      [
        'beats-stale',
        'clock-skew',
        'config-drift',
        'duplicate-id',
        'flapping',
        'gateway-hang',
        'job-failures',
        'replay',
        'silence',
        'zone-loss',
      ].sort()
    );
  });
});

describe('what a node sends', () => {
  it('is a valid heartbeat at any moment of any scenario', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SCENARIO_NAMES),
        fc.integer(),
        fc.integer({ min: 0, max: 200 }),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (name, seed, beats, full, bridgedShare) => {
          for (const plan of fleet(SCENARIOS[name], { seed, bridgedShare })) {
            const body = heartbeatOf({
              plan,
              behaviour: behaviourAt(plan, beats * BEAT),
              nowMs: 1_770_000_000_000,
              bootMs: 1_770_000_000_000 - beats * BEAT,
              bootId: 'boot',
              seq: beats,
              intervalMs: BEAT,
              full,
              publisher: { success_total: beats, failure_total: {} },
            });
            expect(heartbeatSchema.parse(body)).toEqual(body);
            expect('reported' in body).toBe(plan.bridged);
          }
        }
      ),
      { numRuns: 50 }
    );
  });

  it('carries the fault: skewed time, another hash, failing jobs', () => {
    const scenario = one(
      { kind: 'clock-skew', beats: 2, from: 0, for: 9, nodes: { node: 0 } },
      { kind: 'config-drift', from: 0, for: 9, nodes: { node: 0 } },
      { kind: 'job-failures', ratio: 0.5, from: 0, for: 9, nodes: { node: 0 } }
    );
    const [faulty, healthy] = fleet(scenario).map((plan) =>
      heartbeatOf({
        plan,
        behaviour: behaviourAt(plan, 0),
        nowMs: 1_770_000_000_000,
        bootMs: 1_770_000_000_000,
        bootId: 'boot',
        seq: 0,
        intervalMs: BEAT,
        full: true,
        publisher: { success_total: 0, failure_total: {} },
      })
    );
    expect(Date.parse(faulty?.last_heartbeat ?? '') - Date.parse(healthy?.last_heartbeat ?? '')).toBe(2 * BEAT);
    expect(faulty?.reported?.config_hash).not.toBe(healthy?.reported?.config_hash);
    expect(faulty?.reported?.full_config_hash).not.toBe(healthy?.reported?.full_config_hash);
    expect(faulty?.jobs).toMatchObject({ results_1h: 60, failures_1h: 30, failing: 6 });
    expect(faulty?.reported).toMatchObject({
      health_status: 'warn',
      health_reasons: ['30 of 60 job results of the last hour are failures'],
    });
    expect(healthy?.jobs).toEqual(jobsOf(0));
    expect(healthy?.reported?.health_status).toBe('ok');
  });

  it('says that its gateway hangs, as a bridge does', () => {
    const [plan] = fleet(one({ kind: 'gateway-hang', from: 0, for: 9, nodes: { node: 0 } }));
    const body =
      plan &&
      heartbeatOf({
        plan,
        behaviour: behaviourAt(plan, 4 * BEAT),
        nowMs: 1_770_000_000_000,
        bootMs: 1_770_000_000_000,
        bootId: 'boot',
        seq: 0,
        intervalMs: BEAT,
        full: true,
        publisher: { success_total: 0, failure_total: {} },
      });
    expect(body?.reported).toMatchObject({
      gateway_state: 'hung',
      health_status: 'error',
      health_reasons: ['the gateway has answered nothing for 12 s'],
    });
    expect(body?.reported?.sync_lag_ms).toBeGreaterThanOrEqual(4 * BEAT);
  });
});

describe('the pace', () => {
  it.each([
    [0, 54_000],
    [0.5, 57_000],
    [1, 60_000],
  ])('with %d drawn it waits %d of 60000 ms', (drawn, expected) => {
    expect(paceOf(60_000, () => drawn)).toBe(expected);
  });
});
