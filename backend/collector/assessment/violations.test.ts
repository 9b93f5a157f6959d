import { describe, expect, it } from '@jest/globals';
import { TIMINGS, VIOLATION_CODES } from '@openclaw-fleet/contract';
import type { Heartbeat, Limits, ReportedBlock, ViolationCode, ViolationSeverity } from '@openclaw-fleet/contract';
import type { Found } from './rule.ts';
import {
  bridgedOf,
  desiredOf,
  EDITED_HASH,
  expectationOf,
  ISSUED_HASH,
  jobsOf,
  MINUTE,
  NOW,
  plainOf,
  subjectOf,
} from './testing/cases.ts';
import type { Expectation } from './types.ts';
import { minimumScoreRule, VIOLATION_RULES } from './violations.ts';

const ruleOf = (code: ViolationCode) => VIOLATION_RULES.find((rule) => rule.code === code)!;
const find = (code: ViolationCode, report: Heartbeat, expectation: Expectation): Found<ViolationSeverity> =>
  ruleOf(code).find(subjectOf({ report }), expectation, [], NOW, TIMINGS.production);
const messageOf = (code: ViolationCode, report: Heartbeat, expectation: Expectation): string =>
  ruleOf(code).words(subjectOf({ report }), expectation, NOW).message;

const metrics = (over: ReportedBlock['metrics']): Heartbeat => bridgedOf({ metrics: over });
const limits = (over: Limits): Expectation => expectationOf({ limits: over });
const jobs = (results: number, failures: number): Heartbeat =>
  bridgedOf({}, { jobs: jobsOf({ results_1h: results, failures_1h: failures }) });

interface Case {
  readonly code: ViolationCode;
  readonly name: string;
  readonly report: Heartbeat;
  readonly expectation?: Expectation;
  readonly found: Found<ViolationSeverity>;
  readonly message?: string;
}

const hour = 60 * MINUTE;
const CASES: readonly Case[] = [
  { code: 'version-behind', name: 'equal', report: bridgedOf(), found: 'none' },
  { code: 'version-behind', name: 'newer', report: bridgedOf({ bridge_version: '2.0.0' }), found: 'none' },
  {
    code: 'version-behind',
    name: 'a patch',
    report: bridgedOf({ bridge_version: '1.3.9' }),
    found: 'warning',
    message: 'Bridge 1.3.9 is behind the desired 1.4.0',
  },
  { code: 'version-behind', name: 'a major', report: bridgedOf({ bridge_version: '0.1.0' }), found: 'warning' },
  { code: 'version-behind', name: 'no version', report: bridgedOf({ bridge_version: 'x' }), found: 'unknown' },
  { code: 'version-behind', name: 'no bridge', report: plainOf(), found: 'unknown' },
  {
    code: 'version-behind',
    name: 'none desired',
    report: bridgedOf({ bridge_version: '0.1.0' }),
    expectation: expectationOf({ desired: desiredOf({ bridgeVersion: null }) }),
    found: 'none',
  },

  { code: 'version-below-minimum', name: 'at it', report: bridgedOf({ bridge_version: '1.2.0' }), found: 'none' },
  {
    code: 'version-below-minimum',
    name: 'below it',
    report: bridgedOf({ bridge_version: '1.1.9' }),
    found: 'critical',
    message: 'Bridge 1.1.9 is below the minimum 1.2.0',
  },
  {
    code: 'version-below-minimum',
    name: 'a calendar year below it',
    report: bridgedOf({ bridge_version: '2025.1.1' }),
    expectation: expectationOf({ minimumBridgeVersion: '2026.1.1' }),
    found: 'critical',
  },
  {
    code: 'version-below-minimum',
    name: 'none',
    report: bridgedOf({ bridge_version: '0.0.1' }),
    expectation: expectationOf({ minimumBridgeVersion: null }),
    found: 'none',
  },

  { code: 'config-drift', name: 'same', report: bridgedOf(), found: 'none' },
  {
    code: 'config-drift',
    name: 'pending',
    report: bridgedOf({ config_hash: ISSUED_HASH, apply_status: 'APPLYING' }),
    expectation: expectationOf({ revisionSinceMs: NOW }),
    found: 'unknown',
  },
  {
    code: 'config-drift',
    name: 'minor',
    report: bridgedOf({ config_hash: ISSUED_HASH }),
    found: 'warning',
    message: 'The desired configuration is not what it runs: expected hash aaaaaaaaaaaa, found hash cccccccccccc',
  },
  {
    code: 'config-drift',
    name: 'major',
    report: bridgedOf({ config_hash: ISSUED_HASH, apply_status: 'FAILED' }),
    found: 'high',
    message: 'The desired configuration could not be applied: expected hash aaaaaaaaaaaa, found hash cccccccccccc',
  },
  {
    code: 'config-drift',
    name: 'critical',
    report: bridgedOf({ config_hash: EDITED_HASH }),
    expectation: expectationOf({ unknownConfigSeverity: 'critical' }),
    found: 'critical',
  },

  { code: 'sync-lag-over-limit', name: 'at 1 x', report: bridgedOf({ sync_lag_ms: 120_000 }), found: 'none' },
  {
    code: 'sync-lag-over-limit',
    name: 'over 1 x',
    report: bridgedOf({ sync_lag_ms: 120_001 }),
    found: 'warning',
    message: 'The last state of its gateway is 2 min 1 s old, over the limit of 2 min',
  },
  { code: 'sync-lag-over-limit', name: 'at 3 x', report: bridgedOf({ sync_lag_ms: 360_000 }), found: 'warning' },
  { code: 'sync-lag-over-limit', name: 'over 3 x', report: bridgedOf({ sync_lag_ms: 360_001 }), found: 'high' },
  { code: 'sync-lag-over-limit', name: 'over 10 x', report: bridgedOf({ sync_lag_ms: hour }), found: 'high' },
  { code: 'sync-lag-over-limit', name: 'no bridge', report: plainOf(), found: 'unknown' },

  { code: 'runtime-error', name: 'ok', report: bridgedOf(), found: 'none' },
  { code: 'runtime-error', name: 'warn', report: bridgedOf({ health_status: 'warn' }), found: 'none' },
  {
    code: 'runtime-error',
    name: 'error',
    report: bridgedOf({ health_status: 'error', gateway_state: 'dead', health_reasons: ['refused', 'gone'] }),
    found: 'high',
    message: "The gateway's health is error (dead): refused; gone",
  },
  { code: 'runtime-error', name: 'no bridge', report: plainOf(), found: 'unknown' },

  { code: 'cpu-over-limit', name: 'at it', report: metrics({ cpu_pct: 90 }), found: 'none' },
  {
    code: 'cpu-over-limit',
    name: 'over it',
    report: metrics({ cpu_pct: 97 }),
    found: 'warning',
    message: 'CPU 97 % is over the limit of 90 %',
  },
  {
    code: 'cpu-over-limit',
    name: 'no limit',
    report: metrics({ cpu_pct: 970 }),
    expectation: limits({}),
    found: 'none',
  },
  { code: 'cpu-over-limit', name: 'not measured', report: metrics({}), found: 'none' },
  { code: 'cpu-over-limit', name: 'no bridge', report: plainOf(), found: 'unknown' },
  { code: 'memory-over-limit', name: 'at it', report: metrics({ mem_used_bytes: 2048 }), found: 'none' },
  {
    code: 'memory-over-limit',
    name: 'over it',
    report: metrics({ mem_used_bytes: 2049 }),
    found: 'warning',
    message: 'Memory 2.1 KiB is over the limit of 2 KiB',
  },
  { code: 'queue-depth-over-limit', name: 'at it', report: metrics({ queue_depth: 10 }), found: 'none' },
  {
    code: 'queue-depth-over-limit',
    name: 'over it',
    report: metrics({ queue_depth: 11 }),
    found: 'warning',
    message: 'Queue depth 11 is over the limit of 10',
  },
  { code: 'failed-pushes-over-limit', name: 'at it', report: metrics({ failed_pushes_1h: 3 }), found: 'none' },
  {
    code: 'failed-pushes-over-limit',
    name: 'over it',
    report: metrics({ failed_pushes_1h: 4 }),
    found: 'high',
    message: '4 failed pushes in the last hour, over the limit of 3',
  },
  {
    code: 'failed-pushes-over-limit',
    name: 'over none at all',
    report: metrics({ failed_pushes_1h: 1 }),
    expectation: limits({ failedPushes1h: 0 }),
    found: 'high',
  },

  { code: 'job-failures-over-limit', name: 'half, the default', report: jobs(10, 5), found: 'none' },
  {
    code: 'job-failures-over-limit',
    name: 'over half',
    report: jobs(10, 6),
    found: 'high',
    message: '6 of 10 job results of the last hour failed, over the limit of 50 %',
  },
  { code: 'job-failures-over-limit', name: 'too few results', report: jobs(4, 4), found: 'none' },
  { code: 'job-failures-over-limit', name: 'just enough results', report: jobs(5, 5), found: 'high' },
  {
    code: 'job-failures-over-limit',
    name: 'at its own limit',
    report: jobs(10, 1),
    expectation: limits({ jobFailureRatio: 0.1 }),
    found: 'none',
  },
  {
    code: 'job-failures-over-limit',
    name: 'over its own limit',
    report: jobs(10, 2),
    expectation: limits({ jobFailureRatio: 0.1 }),
    found: 'high',
  },
  { code: 'job-failures-over-limit', name: 'no jobs', report: plainOf(), found: 'unknown' },
  {
    code: 'job-failures-over-limit',
    name: 'of a plain sender',
    report: plainOf({ jobs: jobsOf({ failures_1h: 9 }) }),
    found: 'high',
  },

  { code: 'required-tag-missing', name: 'there', report: plainOf({ tags: ['x', 'prod'] }), found: 'none' },
  {
    code: 'required-tag-missing',
    name: 'missing',
    report: plainOf({ tags: ['product'] }),
    found: 'warning',
    message: 'Missing required tags: prod',
  },
  {
    code: 'required-tag-missing',
    name: 'one of two',
    report: plainOf({ tags: ['prod'] }),
    expectation: expectationOf({ requiredTags: ['prod', 'gpu'] }),
    found: 'warning',
    message: 'Missing required tags: gpu',
  },
  {
    code: 'required-tag-missing',
    name: 'none required',
    report: plainOf({ tags: [] }),
    expectation: expectationOf({ requiredTags: [] }),
    found: 'none',
  },
  { code: 'required-capability-missing', name: 'there', report: bridgedOf(), found: 'none' },
  {
    code: 'required-capability-missing',
    name: 'missing',
    report: bridgedOf({}, { capabilities: ['reload'] }),
    found: 'high',
    message: 'Missing required capabilities: restart',
  },
  { code: 'required-capability-missing', name: 'of a plain sender', report: plainOf(), found: 'high' },
];

describe('violations', () => {
  it.each(CASES)('$code: $name', ({ code, report, expectation = expectationOf(), found, message }) => {
    expect(find(code, report, expectation)).toBe(found);
    if (message !== undefined) expect(messageOf(code, report, expectation)).toBe(message);
  });

  it('have a rule each, and a case that is broken', () => {
    expect([...VIOLATION_RULES.map(({ code }) => code), minimumScoreRule(0).code]).toEqual(VIOLATION_CODES);
    const broken = new Set(CASES.filter(({ message }) => message !== undefined).map(({ code }) => code));
    expect([...broken]).toEqual(VIOLATION_RULES.map(({ code }) => code));
  });

  it.each<[number | null, number | undefined, Found<ViolationSeverity>]>([
    [60, 60, 'none'],
    [59, 60, 'high'],
    [0, 0, 'none'],
    [59, undefined, 'none'],
    [null, 60, 'unknown'],
  ])('a score of %p with a minimum of %p: %s', (score, minimumScore, found) => {
    const expectation = limits(minimumScore === undefined ? {} : { minimumScore });
    const rule = minimumScoreRule(score);
    expect(rule.find(subjectOf(), expectation, [], NOW, TIMINGS.production)).toBe(found);
  });

  it('of the minimum score name both', () => {
    const words = minimumScoreRule(59).words(subjectOf(), limits({ minimumScore: 60 }), NOW);
    expect(words.message).toBe('Score 59 is below the minimum of 60');
  });
});
