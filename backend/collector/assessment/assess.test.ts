import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Band, LivenessState, ViolationCode } from '@openclaw-fleet/contract';
import { assess, transitions, UNASSESSED } from './assess.ts';
import { faultOf } from './rule.ts';
import {
  bridgedOf,
  EDITED_HASH,
  expectationOf,
  ISSUED_HASH,
  jobsOf,
  MINUTE,
  NOW,
  plainOf,
  subjectOf,
} from './testing/cases.ts';
import type { Assessment, Expectation, Fault, Subject } from './types.ts';

const timings = TIMINGS.production;
const look = (of: Subject, expected: Expectation = expectationOf(), open: readonly Fault[] = [], ms = 0): Assessment =>
  assess(of, expected, open, NOW + ms, timings);
const codes = ({ faults }: Assessment): string[] => faults.map(({ code, severity }) => `${code} ${severity}`);
/** A profile that a plain sender can meet. */
const plainly = expectationOf({
  desired: { ...expectationOf().desired, requiredCapabilities: [] },
});

describe('assess', () => {
  it('finds nothing wrong with a healthy bridged target', () => {
    const open: Fault[] = [];
    const healthy = look(subjectOf(), expectationOf(), open);
    expect(healthy).toEqual({
      atMs: NOW,
      score: 100,
      band: 'healthy',
      points: [20, 20, 20, 20, 20],
      faults: [],
      nextMs: NOW + 2 * MINUTE + 1,
    });
    expect(healthy.faults).toBe(open);
    // What is healthy shares its points, and none is made.
    expect(look(subjectOf(), expectationOf(), open, 1000).points).toBe(healthy.points);
  });

  it('scores a plain sender on what it has: connectivity and policy', () => {
    const plain = look(subjectOf({ report: plainOf() }), plainly);
    expect(plain).toMatchObject({ score: 100, points: [20, NaN, 20, NaN, NaN], faults: [], nextMs: Infinity });
    const withJobs = plainOf({ jobs: jobsOf({ failures_1h: 5 }) });
    expect(look(subjectOf({ report: withJobs }), plainly)).toMatchObject({ score: 83, points: [20, NaN, 20, NaN, 10] });
  });

  it.each<[LivenessState, number | null, Band]>([
    ['online', 100, 'healthy'],
    ['stale', 89, 'warning'],
    ['expired', 39, 'critical'],
    ['inactive', 39, 'critical'],
    ['stopped', null, 'unknown'],
    ['unknown', null, 'unknown'],
    ['retired', null, 'unknown'],
  ])('%s: %p, %s', (state, score, band) => {
    expect(look(subjectOf({ state }))).toMatchObject({ score, band });
  });

  it('judges an only beat that was old by what it says, but not how old its state is', () => {
    const old = look(subjectOf({ state: 'expired', seenMs: null }));
    expect(old).toMatchObject({ score: 39, points: [0, NaN, 20, 20, 20], faults: [], nextMs: Infinity });
  });

  it('finds everything that is wrong, in the order of the contract', () => {
    const report = bridgedOf(
      {
        bridge_version: '1.1.0',
        config_hash: EDITED_HASH,
        sync_lag_ms: 130_000,
        health_status: 'error',
        metrics: { cpu_pct: 91, mem_used_bytes: 4096, queue_depth: 11, failed_pushes_1h: 4 },
      },
      { tags: [], capabilities: [], jobs: jobsOf({ failures_1h: 6 }) }
    );
    const bad = look(subjectOf({ report }), expectationOf({ limits: { ...expectationOf().limits, minimumScore: 50 } }));
    expect(codes(bad)).toEqual([
      'version critical',
      'config major',
      'sync minor',
      'runtime major',
      'version-behind warning',
      'version-below-minimum critical',
      'config-drift high',
      'sync-lag-over-limit warning',
      'runtime-error high',
      'cpu-over-limit warning',
      'memory-over-limit warning',
      'queue-depth-over-limit warning',
      'failed-pushes-over-limit high',
      'job-failures-over-limit high',
      'required-tag-missing warning',
      'required-capability-missing high',
      'score-below-minimum high',
    ]);
    expect(bad).toMatchObject({ score: 47, points: [20, 19.2, 0, 0, 8], band: 'degraded' });
    const suggested = Object.fromEntries(bad.faults.map(({ code, playbook }) => [code, playbook]));
    expect(suggested).toEqual({
      version: null,
      config: 'ConfigDrift',
      sync: 'BridgeStuck',
      runtime: 'BridgeStuck',
      'version-behind': null,
      'version-below-minimum': null,
      'config-drift': 'ConfigDrift',
      'sync-lag-over-limit': 'BridgeStuck',
      'runtime-error': 'BridgeStuck',
      'cpu-over-limit': null,
      'memory-over-limit': null,
      'queue-depth-over-limit': null,
      'failed-pushes-over-limit': 'FailureBurst',
      'job-failures-over-limit': 'FailureBurst',
      'required-tag-missing': null,
      'required-capability-missing': null,
      'score-below-minimum': null,
    });
    // Everything is mended.
    const good = look(subjectOf(), expectationOf(), bad.faults, MINUTE);
    expect(good.faults).toEqual([]);
    expect(transitions(bad.faults, good.faults).map(({ change }) => change)).toEqual(bad.faults.map(() => 'resolved'));
  });

  it('turns a configuration that differs from pending to minor to major by time alone', () => {
    const of = subjectOf({ report: bridgedOf({ config_hash: ISSUED_HASH, apply_status: 'APPLYING' }) });
    const expected = expectationOf({ revisionSinceMs: NOW - MINUTE });
    const step = (open: readonly Fault[], ms: number): Assessment =>
      look({ ...of, seenMs: NOW + ms }, expected, open, ms);
    const pending = step([], 0);
    expect(pending).toMatchObject({ faults: [], score: 100, nextMs: NOW + MINUTE });
    const minor = step(pending.faults, MINUTE);
    expect(codes(minor)).toEqual(['config minor', 'config-drift warning']);
    const nearly = step(minor.faults, 11 * MINUTE - 1);
    expect(nearly.faults).toBe(minor.faults);
    expect(nearly.nextMs).toBe(NOW + 11 * MINUTE);
    const major = step(nearly.faults, 11 * MINUTE);
    expect(transitions(minor.faults, major.faults).map(({ change }) => change)).toEqual(['escalated', 'escalated']);
    expect(codes(major)).toEqual(['config major', 'config-drift high']);
  });

  it('turns an error that lasts 15 min critical, counted from the error and not from a warning before it', () => {
    const health = (health_status: 'ok' | 'warn' | 'error', open: readonly Fault[], ms: number): Assessment =>
      look(subjectOf({ report: bridgedOf({ health_status }), seenMs: NOW + ms }), expectationOf(), open, ms);
    const warned = health('warn', [], 0);
    const failed = health('error', warned.faults, 14 * MINUTE);
    expect(codes(failed)).toEqual(['runtime major', 'runtime-error high']);
    expect(faultOf(failed.faults, 'runtime')).toMatchObject({ openedMs: NOW });
    expect(codes(health('error', failed.faults, 29 * MINUTE - 1))).toContain('runtime major');
    expect(codes(health('error', failed.faults, 29 * MINUTE))).toContain('runtime critical');
  });

  it('does not count what is waived, until it is not', () => {
    const of = subjectOf({ report: bridgedOf({ metrics: { cpu_pct: 95 } }, { tags: [] }) });
    const waive = (code: ViolationCode, untilMs: number): Expectation =>
      expectationOf({ waivers: [{ code, untilMs }] });
    expect(codes(look(of))).toEqual(['cpu-over-limit warning', 'required-tag-missing warning']);
    const waived = look(of, waive('cpu-over-limit', NOW + 30_000), look(of).faults);
    expect(codes(waived)).toEqual(['required-tag-missing warning']);
    expect(waived.nextMs).toBe(NOW + 30_000);
    const again = look(of, waive('cpu-over-limit', NOW + 30_000), waived.faults, 30_000);
    expect(codes(again)).toEqual(['cpu-over-limit warning', 'required-tag-missing warning']);
    expect(faultOf(again.faults, 'cpu-over-limit')?.openedMs).toBe(NOW + 30_000);
    // One for something that is not wrong wakes nobody.
    expect(look(of, waive('runtime-error', NOW + 1)).nextMs).toBe(NOW + 2 * MINUTE + 1);
    // Of several the latest holds.
    const twice = {
      waivers: [5000, 60_000, 7000].map((ms) => ({ code: 'cpu-over-limit' as const, untilMs: NOW + ms })),
    };
    expect(look(of, expectationOf(twice)).nextMs).toBe(NOW + 60_000);
  });

  it('waives a score below the minimum too', () => {
    const of = subjectOf({ state: 'stale' });
    const expected = { limits: { minimumScore: 95 } };
    expect(codes(look(of, expectationOf(expected)))).toEqual(['score-below-minimum high']);
    const waivers = [{ code: 'score-below-minimum' as const, untilMs: NOW + 30_000 }];
    expect(look(of, expectationOf({ ...expected, waivers }))).toMatchObject({ faults: [], nextMs: NOW + 30_000 });
  });

  it('closes what is no longer expected', () => {
    const of = subjectOf({ report: bridgedOf({ bridge_version: '1.1.0', config_hash: EDITED_HASH }) });
    const nothing = expectationOf({
      desired: { ...expectationOf().desired, bridgeVersion: null, configHash: null },
      minimumBridgeVersion: null,
    });
    expect(look(of, nothing, look(of).faults, 1000).faults).toEqual([]);
  });

  it('starts from nothing', () => {
    expect(UNASSESSED).toEqual({
      atMs: 0,
      score: null,
      band: 'unknown',
      points: [NaN, NaN, NaN, NaN, NaN],
      faults: [],
      nextMs: Infinity,
    });
  });
});
