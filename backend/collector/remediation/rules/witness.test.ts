import { describe, expect, it } from '@jest/globals';
import type { Observation, ObservedJob, PlaybookId } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { faultOf, MINUTE, NOW, SECOND } from '../guardrails/testing/context.ts';
import type { TargetFacts } from '../types.ts';
import { clearOf, MOST_THROTTLED, verdictOf } from './witness.ts';
import type { Expected, WitnessVerdict } from './witness.ts';

const [HASH, OTHER] = ['a'.repeat(64), 'b'.repeat(64)];
const seen = (of: Partial<Observation> = {}): Observation => ({
  node_id: 'gateway-1',
  at: new Date(NOW).toISOString(),
  bridge_version: '1.4.0',
  bridge_boot_id: 'bridge-1',
  last_accepted_ms: 30 * SECOND,
  gateway_state: 'running',
  gateway_boot_id: 'boot-1',
  openclaw_version: '2026.9.6',
  health_status: 'ok',
  health_reasons: [],
  sync_lag_ms: SECOND,
  revision: HASH,
  config_hash: HASH,
  full_config_hash: HASH,
  config_valid: true,
  config_converged: true,
  metrics_ok: true,
  capabilities: [],
  jobs: [],
  job_results_1h: 0,
  job_failures_1h: 0,
  busy: null,
  restart_allowed_at: null,
  ...of,
});
const job = (id: string, of: Partial<ObservedJob> = {}): ObservedJob => ({
  id,
  name: `job ${id}`,
  enabled: true,
  throttled: false,
  throttleable: true,
  consecutive_errors: 3,
  results_1h: 4,
  failures_1h: 4,
  ...of,
});
const expected = (of: Partial<Expected> = {}): Expected => ({
  desiredRevision: HASH,
  desiredConfigHash: HASH,
  intervalMs: MINUTE,
  ...of,
});
const ask = (
  playbook: PlaybookId,
  key: string,
  of: Partial<Observation>,
  wanted: Partial<Expected> = {}
): WitnessVerdict => verdictOf(playbook, { key }, seen(of), expected(wanted));
const stale = { last_accepted_ms: 2 * MINUTE + 1 };
const lagging = { sync_lag_ms: 2 * MINUTE + 1 };
const ill = { health_status: 'error' as const, health_reasons: ['not ready: sessions'] };

describe('the second witness of BridgeStuck', () => {
  it.each<[string, string, Partial<Observation>, string]>([
    ['all is well', 'drift.runtime', {}, 'healthy'],
    ['it hangs', 'drift.runtime', { ...ill, gateway_state: 'hung' }, 'gateway-hung'],
    ['it does not run', 'drift.runtime', { ...ill, gateway_state: 'dead' }, 'gateway-hung'],
    ['it answers and is ill', 'drift.runtime', ill, 'gateway-unwell'],
    ['it warns', 'drift.runtime', { health_status: 'warn' }, 'gateway-unwell'],
    ['it is ill, for the violation', 'violation.runtime-error', ill, 'gateway-unwell'],
    ['it starts', 'drift.runtime', { health_status: 'warn', gateway_state: 'starting' }, 'healthy'],
    ['it restarts', 'drift.runtime', { health_status: 'warn', gateway_state: 'restarting' }, 'healthy'],
    ['it drains', 'drift.sync', { ...lagging, gateway_state: 'draining' }, 'healthy'],
    ['it is unknown', 'drift.runtime', { ...ill, gateway_state: 'unknown' }, 'healthy'],
    ['its state is old', 'drift.sync', lagging, 'gateway-unwell'],
    ['its state is old, for the violation', 'violation.sync-lag-over-limit', lagging, 'gateway-unwell'],
    ['its state is 2 intervals old', 'drift.sync', { sync_lag_ms: 2 * MINUTE }, 'healthy'],
    ['its state is old because it hangs', 'drift.sync', { ...lagging, gateway_state: 'hung' }, 'gateway-hung'],
    ['its state is old because the beats do not arrive', 'drift.sync', stale, 'beats-stale'],
    ['its state is old, of another fault', 'drift.runtime', lagging, 'healthy'],
    ['it is ill, of another fault', 'drift.sync', ill, 'healthy'],
    ['beats are stale', 'liveness.expired', stale, 'beats-stale'],
    ['beats are 2 intervals old', 'liveness.expired', { last_accepted_ms: 2 * MINUTE }, 'healthy'],
    ['no beat since the bridge started', 'liveness.expired', { last_accepted_ms: null }, 'healthy'],
    [
      'beats are stale beside a gateway that hangs',
      'liveness.expired',
      { ...stale, gateway_state: 'hung' },
      'beats-stale',
    ],
    ['it hangs, of another fault', 'liveness.expired', { gateway_state: 'hung' }, 'healthy'],
    ['beats are stale, of another fault', 'drift.runtime', stale, 'healthy'],
  ])('%s (%s)', (_name, key, of, answer) => {
    const verdict = ask('BridgeStuck', key, of);
    expect(verdict.kind === 'fault' ? verdict.face : verdict.kind).toBe(answer);
    expect(verdict.message).toMatch(/^The bridge .{10,}$/);
  });

  it('goes by the pace of the node', () => {
    expect(
      ask('BridgeStuck', 'liveness.expired', { last_accepted_ms: 3 * MINUTE }, { intervalMs: 2 * MINUTE }).kind
    ).toBe('healthy');
    expect(
      ask('BridgeStuck', 'liveness.expired', { last_accepted_ms: 7 * SECOND }, { intervalMs: 3 * SECOND }).kind
    ).toBe('fault');
  });
});

describe('the second witness of ConfigDrift', () => {
  it.each<[string, Partial<Observation>, Partial<Expected>, boolean]>([
    ['the same', {}, {}, false],
    ['another hash', { config_hash: OTHER }, {}, true],
    ['another revision', { revision: OTHER, config_hash: null }, {}, true],
    ['never told one, and another hash', { revision: null, config_hash: OTHER }, {}, true],
    ['it cannot be read', { config_hash: null }, {}, false],
    ['what is saved is not valid', { config_hash: null, config_valid: false }, {}, true],
    ['none is desired', { config_hash: OTHER }, { desiredRevision: null }, false],
    ['no hash is desired', { config_hash: OTHER }, { desiredConfigHash: null }, false],
    ['another one is desired by now', {}, { desiredRevision: OTHER, desiredConfigHash: OTHER }, true],
  ])('%s', (_name, of, wanted, is) => {
    expect(ask('ConfigDrift', 'drift.config', of, wanted).kind).toBe(is ? 'fault' : 'healthy');
  });
});

describe('the second witness of FailureBurst', () => {
  const burst = (jobs: ObservedJob[] | null, of: Partial<Observation> = {}): WitnessVerdict =>
    ask('FailureBurst', 'anomaly.job-failures', { jobs, ...of });
  const chosen = (jobs: ObservedJob[]): readonly string[] | undefined => {
    const verdict = burst(jobs);
    return verdict.kind === 'fault' ? verdict.jobs : undefined;
  };

  it.each<[string, Partial<ObservedJob>, boolean]>([
    ['3 errors in a row', { results_1h: 0, failures_1h: 0 }, true],
    ['2 errors in a row, half of 4', { consecutive_errors: 2, failures_1h: 2 }, true],
    ['2 errors in a row, under half of 5', { consecutive_errors: 2, results_1h: 5, failures_1h: 2 }, false],
    ['2 errors in a row, of 3', { consecutive_errors: 2, results_1h: 3, failures_1h: 3 }, false],
    ['failed all hour, but not the last time', { consecutive_errors: 0, results_1h: 9, failures_1h: 8 }, false],
    ['disabled', { enabled: false }, false],
    ['protected', { throttleable: false }, false],
  ])('takes or leaves a job: %s', (_name, of, is) => {
    expect(chosen([job('a', of)])).toEqual(is ? ['a'] : undefined);
  });

  it('takes those with the most failures first, and at most 10', () => {
    const jobs = [
      job('c', { failures_1h: 2 }),
      job('b', { failures_1h: 9 }),
      job('a', { failures_1h: 2 }),
      job('d', { failures_1h: 2, consecutive_errors: 7 }),
    ];
    expect(chosen(jobs)).toEqual(['b', 'd', 'a', 'c']);
    const many = Array.from({ length: 30 }, (_, index) => job(`j${index}`, { failures_1h: index }));
    expect(chosen(many)).toHaveLength(MOST_THROTTLED);
    expect(chosen(many)?.[0]).toBe('j29');
  });

  it('says what it cannot see, and what it must not touch', () => {
    expect(burst(null)).toMatchObject({ kind: 'healthy', message: expect.stringMatching(/cannot read the jobs/) });
    expect(burst([job('a')], { gateway_state: 'hung' }).kind).toBe('healthy');
    expect(burst([])).toEqual({ kind: 'healthy', message: 'The bridge sees no job that is failing now.' });
    expect(burst([job('a', { throttleable: false })]).message).toBe(
      'The bridge may throttle none of the jobs that fail; a person must look at them: job a.'
    );
    expect(burst([job('a'), job('b', { name: '' })]).message).toBe(
      'The bridge sees jobs that fail (2); to be throttled: job a, b.'
    );
  });
});

describe('clear again', () => {
  const facts = (of: Partial<Pick<TargetFacts, 'state' | 'repairable'>> = {}) => ({
    state: 'online' as const,
    repairable: [],
    ...of,
  });
  const is = (
    playbook: PlaybookId,
    key: string,
    of: Partial<Observation>,
    fleet = facts(),
    wanted: Partial<Expected> = {}
  ): boolean => {
    const { clear, message } = clearOf(playbook, { key }, seen(of), expected(wanted), fleet);
    expect(message).toMatch(/^.{10,}$/);
    return clear;
  };

  it.each<[string, string, Partial<Observation>, boolean]>([
    ['all is well', 'drift.runtime', {}, true],
    ['it starts', 'drift.runtime', { gateway_state: 'starting' }, false],
    ['it is ill', 'drift.runtime', ill, false],
    ['metrics do not answer', 'drift.runtime', { metrics_ok: false }, false],
    ['its state is old', 'drift.runtime', lagging, false],
    ['beats are stale', 'drift.runtime', stale, false],
    ['no beat was accepted yet', 'liveness.expired', { last_accepted_ms: null }, false],
    ['beats come beside a gateway that hangs', 'liveness.expired', { ...ill, gateway_state: 'hung' }, true],
    ['beats come', 'liveness.expired', {}, true],
  ])('BridgeStuck: %s (%s)', (_name, key, of, clear) => {
    expect(is('BridgeStuck', key, of)).toBe(clear);
  });

  it('BridgeStuck: not before the fleet hears of it', () => {
    for (const state of ['expired', 'unknown', 'stopped'] as const)
      expect(is('BridgeStuck', 'liveness.expired', {}, facts({ state }))).toBe(false);
    expect(is('BridgeStuck', 'liveness.expired', {}, facts({ state: 'stale' }))).toBe(true);
  });

  it.each<[string, Partial<Observation>, boolean]>([
    ['converged', {}, true],
    ['another hash', { config_hash: OTHER }, false],
    ['no hash', { config_hash: null }, false],
    ['another revision', { revision: OTHER }, false],
    ['not valid', { config_valid: false }, false],
    ['not active', { config_converged: false }, false],
  ])('ConfigDrift: %s', (_name, of, clear) => {
    expect(is('ConfigDrift', 'drift.config', of)).toBe(clear);
  });

  it('ConfigDrift: not when nothing is desired any more', () => {
    expect(is('ConfigDrift', 'drift.config', {}, facts(), { desiredRevision: null })).toBe(false);
  });

  it.each<[string, string, string, boolean]>([
    ['ConfigDrift', 'drift.config', 'drift.config', false],
    ['ConfigDrift', 'drift.config', 'violation.config-drift', false],
    ['ConfigDrift', 'violation.config-drift', 'drift.config', false],
    ['ConfigDrift', 'drift.config', 'drift.sync', true],
    ['BridgeStuck', 'drift.runtime', 'violation.runtime-error', false],
    ['FailureBurst', 'anomaly.job-failures', 'anomaly.job-failures', true],
    ['FailureBurst', 'anomaly.job-failures', 'violation.job-failures-over-limit', true],
  ])('%s on %s, with %s open in the fleet', (playbook, key, open, clear) => {
    expect(is(playbook as PlaybookId, key, {}, facts({ repairable: [faultOf({ key: open })] }))).toBe(clear);
  });

  it.each<[string, ObservedJob[] | null, boolean]>([
    ['no jobs', [], true],
    ['they cannot be read', null, false],
    ['resumed and well', [job('a', { consecutive_errors: 0 })], true],
    ['resumed and failing', [job('a', { consecutive_errors: 1 })], false],
    ['throttled still', [job('a', { enabled: false, throttled: true })], false],
    ['disabled by a person meanwhile', [job('a', { enabled: false })], true],
    ['another one fails', [job('b')], false],
    ['another one failed once', [job('b', { consecutive_errors: 1, failures_1h: 1 })], true],
    ['another one is throttled by an older run', [job('b', { enabled: false, throttled: true })], true],
  ])('FailureBurst: %s', (_name, jobs, clear) => {
    expect(is('FailureBurst', 'anomaly.job-failures', { jobs }, facts(), { jobs: ['a'] })).toBe(clear);
  });

  it('is never seen of what the witness calls a fault', () => {
    const observations = fc.record({
      gateway_state: fc.constantFrom('running' as const, 'hung' as const, 'dead' as const, 'starting' as const),
      health_status: fc.constantFrom('ok' as const, 'warn' as const, 'error' as const),
      last_accepted_ms: fc.option(fc.integer({ min: 0, max: 5 * MINUTE })),
      sync_lag_ms: fc.integer({ min: 0, max: 5 * MINUTE }),
      config_hash: fc.constantFrom(HASH, OTHER, null),
      revision: fc.constantFrom(HASH, OTHER, null),
      jobs: fc.option(
        fc.array(
          fc.integer({ min: 0, max: 4 }).map((errors) => job(`j${errors}`, { consecutive_errors: errors })),
          { maxLength: 3 }
        )
      ),
    });
    const faults = fc.constantFrom<[PlaybookId, string]>(
      ['BridgeStuck', 'drift.sync'],
      ['BridgeStuck', 'liveness.expired'],
      ['ConfigDrift', 'drift.config'],
      ['FailureBurst', 'anomaly.job-failures']
    );
    fc.assert(
      fc.property(observations, faults, (of, [playbook, key]) => {
        const verdict = ask(playbook, key, of);
        if (verdict.kind === 'fault') expect(is(playbook, key, of)).toBe(false);
      }),
      { numRuns: 1000 }
    );
  });
});
