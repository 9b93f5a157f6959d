import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { COMPONENTS, healthScoreSchema, TIMINGS } from '@openclaw-fleet/contract';
import type { HealthScore } from '@openclaw-fleet/contract';
import { assess } from './assess.ts';
import { explain } from './explain.ts';
import { expectation, subject } from './testing/arbitraries.ts';
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
import type { Expectation, Subject } from './types.ts';

const timings = TIMINGS.production;
function told(of: Subject, expected: Expectation = expectationOf(), beforeMs = 0): HealthScore {
  const before = assess(of, expected, [], NOW - beforeMs, timings);
  return explain(of, expected, assess(of, expected, before.faults, NOW, timings), NOW - MINUTE, timings);
}

describe('explain', () => {
  it('says the very score, band and points that were decided, in the shape of the contract', () => {
    fc.assert(
      fc.property(subject, expectation, subject, fc.nat(20 * MINUTE), (of, expected, before, ms) => {
        const { faults } = assess(before, expected, [], NOW - ms, timings);
        const decided = assess(of, expected, faults, NOW, timings);
        const said = explain(of, expected, decided, NOW, timings);
        expect(said.score).toBe(decided.score);
        expect(said.band).toBe(decided.band);
        const points = COMPONENTS.map((name) => said.components[name].points ?? NaN);
        expect(points).toEqual(decided.points);
        expect(healthScoreSchema.parse(said)).toEqual(said);
        const lowest = said.caps.at(-1)?.at;
        if (lowest !== undefined) expect(said.score).toBe(lowest);
        if (said.score !== 100) expect(said.reasons).not.toEqual([]);
        expect(new Set(said.reasons).size).toBe(said.reasons.length);
      })
    );
  });

  it('has nothing to say against a healthy target', () => {
    expect(told(subjectOf())).toEqual({
      targetId: 'n1',
      score: 100,
      band: 'healthy',
      riskLevel: 'low',
      reasons: [],
      components: {
        connectivity: {
          points: 20,
          max: 20,
          reason: 'Reported 0 ms ago',
          inputs: { state: 'online', secondsSinceReport: 0, intervalSeconds: 60, flapping: false, overdue: false },
        },
        sync: {
          points: 20,
          max: 20,
          reason: 'The last state of its gateway is 0 ms old',
          inputs: { lagMs: 0, maxSyncLagMs: 120_000 },
        },
        policy: {
          points: 20,
          max: 20,
          reason: 'No violation of profile default',
          inputs: {
            critical: 0,
            high: 0,
            warning: 0,
            waived: 0,
            profile: 'default',
            profileVersion: 1,
            config: 'same',
          },
        },
        runtime: {
          points: 20,
          max: 20,
          reason: "The gateway's health is ok",
          inputs: {
            healthStatus: 'ok',
            gatewayState: 'running',
            cpuPct: 10,
            cpuPctLimit: 90,
            memUsedBytes: 1024,
            memUsedBytesLimit: 2048,
            queueDepth: 1,
            queueDepthLimit: 10,
          },
        },
        jobs: {
          points: 20,
          max: 20,
          reason: 'All 10 job results of the last hour are good',
          inputs: { results1h: 10, failures1h: 0, failureRatio: 0, earlierFailureRatio: null },
        },
      },
      caps: [],
      assessedAt: new Date(NOW).toISOString(),
      bandSince: new Date(NOW - MINUTE).toISOString(),
    });
  });

  it('names the worst first, each thing once', () => {
    const report = bridgedOf(
      {
        bridge_version: '1.1.0',
        config_hash: ISSUED_HASH,
        sync_lag_ms: 130_000,
        health_status: 'warn',
        health_reasons: ['event loop degraded'],
        metrics: { cpu_pct: 97 },
      },
      { jobs: jobsOf({ failures_1h: 2, results_24h: 110, failures_24h: 2 }) }
    );
    const { reasons, caps, score, riskLevel } = told(
      subjectOf({ report, flapping: true }),
      expectationOf({ limits: { cpuPct: 90, minimumScore: 80 } })
    );
    expect(reasons).toEqual([
      'Bridge 1.1.0 is below the minimum 1.2.0. Upgrade the bridge.',
      'It keeps going offline and coming back (flapping)',
      'Score 56 is below the minimum of 80',
      expect.stringMatching(/^The configuration differs from the desired one: expected hash aaaaaaaaaaaa/),
      expect.stringMatching(/^The last state of its gateway is 2 min 10 s old; at most 2 min is allowed\. Check /),
      expect.stringMatching(/^The gateway's health is warn: event loop degraded\. Read /),
      'CPU 97 % is over the limit of 90 %',
      '2 of 10 job results of the last hour failed (20 %), more than the 0 % of the day before',
    ]);
    expect({ score, caps, riskLevel }).toEqual({ score: 56, caps: [], riskLevel: 'high' });
  });

  it.each<[string, Partial<Subject>, string]>([
    ['stale', { state: 'stale', seenMs: NOW - 85_000 }, 'No report for 1 min 25 s; it reports every 1 min'],
    [
      'overdue',
      { state: 'stale', overdue: true, seenMs: NOW - 310_000 },
      'It said that it restarts, and has not come back: no report for 5 min 10 s',
    ],
    ['expired', { state: 'expired', seenMs: NOW - 130_000 }, 'No report for 2 min 10 s'],
    ['inactive', { state: 'inactive', seenMs: NOW - 15 * 86_400_000 }, 'No report for 15 d'],
    ['expired at birth', { state: 'expired', seenMs: null }, 'Its only report was old when it came'],
    ['stopped', { state: 'stopped' }, 'It said that it stops; it is judged again once it reports'],
    ['retired', { state: 'retired' }, 'It was retired by a person; it is not judged'],
    [
      'unknown',
      { state: 'unknown', seenMs: NOW - 130_000 },
      'No report for 2 min 10 s, but the collector cannot tell now whether it is offline; it is judged again once it reports',
    ],
  ])('says first that it is %s', (_name, over, reason) => {
    const said = told(subjectOf({ report: plainOf(), ...over }));
    expect(said.reasons[0]).toBe(reason);
    expect(said.components.connectivity.reason).toBe(reason);
  });

  it('says which cap holds the score down', () => {
    const caps = (over: Partial<Subject>, expected?: Expectation): HealthScore['caps'] =>
      told(subjectOf(over), expected).caps;
    expect(caps({ state: 'stale' })).toEqual([{ at: 89, reason: 'Its last report is stale' }]);
    // 15 and 12 of 40 are under the cap already.
    expect(told(subjectOf({ state: 'stale', report: plainOf() }))).toMatchObject({ score: 68, caps: [] });
    expect(caps({ state: 'expired', flapping: true })).toEqual([
      { at: 69, reason: 'It keeps going offline and coming back (flapping)' },
      { at: 39, reason: 'It is offline' },
    ]);
    const edited = bridgedOf({ config_hash: EDITED_HASH });
    // One that could hold it no lower is left out.
    expect(caps({ report: edited, flapping: true }, expectationOf({ unknownConfigSeverity: 'critical' }))).toHaveLength(
      1
    );
    expect(caps({ report: edited }, expectationOf({ unknownConfigSeverity: 'critical' }))).toEqual([
      { at: 69, reason: 'A critical drift or violation is open' },
    ]);
  });

  it('says what is measured now, where the fault keeps the words it opened with', () => {
    const of = subjectOf({ seenMs: NOW - 130_000, state: 'stale' });
    const open = assess(of, expectationOf(), [], NOW, timings);
    const later = assess(of, expectationOf(), open.faults, NOW + MINUTE, timings);
    expect(later.faults[0]?.message).toContain('2 min 10 s old');
    expect(explain(of, expectationOf(), later, NOW, timings).reasons).toContainEqual(
      expect.stringContaining('3 min 10 s old')
    );
  });

  it('says that a configuration is still being applied, which is nothing wrong', () => {
    const of = subjectOf({ report: bridgedOf({ config_hash: ISSUED_HASH, apply_status: 'APPLYING' }) });
    const { reasons, components } = told(of, expectationOf({ revisionSinceMs: NOW - 45_000 }));
    expect(reasons).toEqual([]);
    expect(components.policy).toMatchObject({
      points: 20,
      reason:
        'No violation of profile default; configuration revision bbbbbbbbbbbb is still being applied, which is no drift for 1 min 15 s more',
      inputs: { config: 'pending' },
    });
  });

  it('says why a component is null', () => {
    const { components } = told(subjectOf({ report: plainOf() }));
    expect(components.sync).toMatchObject({
      points: null,
      reason: 'It has no bridge, so no state of a gateway is read',
    });
    expect(components.runtime).toMatchObject({ points: null, reason: 'It has no bridge, so no gateway is looked at' });
    expect(components.jobs).toMatchObject({ points: null, reason: 'It reports no jobs' });
    expect(components.policy.reason).toBe(
      '1 violation of profile default: 1 high; it does not say whether it runs configuration revision bbbbbbbbbbbb'
    );
    const few = subjectOf({ report: bridgedOf({}, { jobs: jobsOf({ results_1h: 3 }) }) });
    expect(told(few).components.jobs.reason).toBe('Only 3 job results in the last hour; it takes 5 to judge');
    for (const name of COMPONENTS.slice(1)) {
      expect(told(subjectOf({ state: 'stopped' })).components[name]).toEqual({
        points: null,
        max: 20,
        reason: 'Not judged: its state is stopped',
        inputs: {},
      });
    }
  });

  it('still says what a waived limit costs', () => {
    const of = subjectOf({ report: bridgedOf({ metrics: { cpu_pct: 97 } }) });
    const said = told(of, expectationOf({ waivers: [{ code: 'cpu-over-limit', untilMs: NOW + 1 }] }));
    expect(said.reasons).toEqual(["The gateway's health is ok; CPU 97 % is over the limit of 90 %"]);
    expect(said.components.policy.inputs).toMatchObject({ waived: 1, warning: 0 });
  });
});
