import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { DriftMode, JobsBlock } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import type { Fault } from '../../assessment/types.ts';
import { faultOf as repairOf, HOUR, MINUTE, NOW, SECOND } from '../guardrails/testing/context.ts';
import { faultFor, isCritical, isLowRisk, openFaultKeys, repairFaults } from './faults.ts';
import type { FaultySubject } from './faults.ts';

const timings = TIMINGS.production;
const drift = (
  code: 'version' | 'config' | 'sync' | 'runtime',
  severity: 'minor' | 'major' | 'critical',
  openedMs = NOW - HOUR
): Fault => ({
  kind: 'drift',
  code,
  severity,
  id: `${code}.${openedMs}`,
  openedMs,
  message: `${code} drifted.`,
  playbook: code === 'version' ? null : code === 'config' ? 'ConfigDrift' : 'BridgeStuck',
  liftedMs: null,
  expected: 'a',
  actual: 'b',
});
const violation = (
  code:
    | 'config-drift'
    | 'runtime-error'
    | 'failed-pushes-over-limit'
    | 'job-failures-over-limit'
    | 'sync-lag-over-limit'
    | 'cpu-over-limit',
  severity: 'warning' | 'high' = 'high',
  openedMs = NOW - HOUR
): Fault => ({
  kind: 'violation',
  code,
  severity,
  id: `${code}.${openedMs}`,
  openedMs,
  message: `${code}.`,
  playbook: {
    'config-drift': 'ConfigDrift',
    'runtime-error': 'BridgeStuck',
    'sync-lag-over-limit': 'BridgeStuck',
    'cpu-over-limit': null,
    'failed-pushes-over-limit': 'FailureBurst',
    'job-failures-over-limit': 'FailureBurst',
  }[code] as Fault['playbook'],
  liftedMs: null,
  expected: null,
  actual: null,
});
const burst: JobsBlock = {
  total: 5,
  enabled: 5,
  failing: 2,
  results_1h: 10,
  failures_1h: 8,
  results_24h: 110,
  failures_24h: 9,
};
const subject = (of: Partial<FaultySubject> = {}): FaultySubject => ({
  state: 'online',
  seenMs: NOW - 20 * SECOND,
  intervalMs: MINUTE,
  faults: [],
  jobs: null,
  bridged: true,
  ...of,
});
const keysOf = (of: Partial<FaultySubject>): string[] =>
  repairFaults(subject(of), NOW, timings).map(({ key, severity }) => `${key}:${severity}`);

describe('what a playbook is for', () => {
  it.each<[string, Partial<FaultySubject>, string[]]>([
    ['nothing', {}, []],
    ['a lag that a beat told of', { faults: [drift('sync', 'minor')] }, ['drift.sync:minor']],
    [
      'a lag that a beat told of as it came',
      { faults: [drift('sync', 'minor', NOW - 3 * MINUTE)], seenMs: NOW - 3 * MINUTE },
      ['drift.sync:minor'],
    ],
    [
      'a lag that is no more than a silence',
      {
        faults: [drift('sync', 'minor', NOW - MINUTE), violation('sync-lag-over-limit', 'warning', NOW - MINUTE)],
        seenMs: NOW - 3 * MINUTE,
        state: 'expired',
      },
      [],
    ],
    [
      'a silence, whatever its lag is by now',
      { faults: [drift('sync', 'critical', NOW - 58 * MINUTE)], seenMs: NOW - HOUR, state: 'expired' },
      ['liveness.expired:minor'],
    ],
    ['a drift', { faults: [drift('config', 'minor')] }, ['drift.config:minor']],
    ['no playbook', { faults: [drift('version', 'critical'), violation('cpu-over-limit', 'warning')] }, []],
    [
      'the worst first',
      { faults: [drift('config', 'minor'), drift('runtime', 'critical'), drift('sync', 'major')] },
      ['drift.runtime:critical', 'drift.sync:major', 'drift.config:minor'],
    ],
    [
      'the oldest of equals first',
      { faults: [drift('config', 'major', NOW - 1), drift('runtime', 'major', NOW - 2)] },
      ['drift.runtime:major', 'drift.config:major'],
    ],
    [
      'by name of twins',
      { faults: [drift('sync', 'major'), drift('config', 'major')] },
      ['drift.config:major', 'drift.sync:major'],
    ],
    [
      'high beside major',
      { faults: [violation('failed-pushes-over-limit', 'high', NOW - 1), drift('config', 'major', NOW - 2)] },
      ['drift.config:major', 'violation.failed-pushes-over-limit:high'],
    ],
    [
      'a violation of the same condition',
      { faults: [drift('config', 'minor'), violation('config-drift', 'warning')] },
      ['drift.config:minor'],
    ],
    [
      'and of another',
      { faults: [drift('config', 'minor'), violation('runtime-error')] },
      ['violation.runtime-error:high', 'drift.config:minor'],
    ],
    [
      'a violation alone',
      { faults: [violation('sync-lag-over-limit', 'warning')] },
      ['violation.sync-lag-over-limit:warning'],
    ],
    ['a burst', { jobs: burst }, ['anomaly.job-failures:minor']],
    [
      'a burst that is a violation as well',
      { jobs: burst, faults: [violation('job-failures-over-limit')] },
      ['anomaly.job-failures:minor'],
    ],
    [
      'failures that are no burst',
      { jobs: { ...burst, failures_24h: 108 }, faults: [violation('job-failures-over-limit')] },
      ['violation.job-failures-over-limit:high'],
    ],
    ['a burst that nobody can date', { jobs: burst, seenMs: null }, []],
    ['a burst beside nobody who could throttle', { jobs: burst, bridged: false }, []],
  ])('%s', (_name, of, keys) => {
    expect(keysOf(of)).toEqual(keys);
  });

  describe('a silence', () => {
    const silent = (seenMs: number | null, of: Partial<FaultySubject> = {}): string[] =>
      keysOf({ state: 'expired', seenMs, ...of });
    it.each<[string, string[], boolean]>([
      ['300 s and the grace', silent(NOW - 310 * SECOND), true],
      ['less', silent(NOW - 310 * SECOND + 1), false],
      ['3 missed beats of a slow pace', silent(NOW - 370 * SECOND, { intervalMs: 2 * MINUTE }), true],
      ['less than 3 of them', silent(NOW - 370 * SECOND + 1, { intervalMs: 2 * MINUTE }), false],
      ['not expired', keysOf({ state: 'stale', seenMs: NOW - HOUR }), false],
      ['stopped', keysOf({ state: 'stopped', seenMs: NOW - HOUR }), false],
      ['never seen', silent(null), false],
      ['a plain sender', silent(NOW - HOUR, { bridged: false }), false],
    ])('%s', (_name, keys, is) => {
      expect(keys).toEqual(is ? ['liveness.expired:minor'] : []);
    });

    it('opens when it may be acted on, and says how long it is', () => {
      const [fault] = repairFaults(subject({ state: 'expired', seenMs: NOW - 10 * MINUTE }), NOW, timings);
      expect(fault).toEqual({
        key: 'liveness.expired',
        severity: 'minor',
        playbook: 'BridgeStuck',
        openedMs: NOW - 10 * MINUTE + 310 * SECOND,
        message: 'No heartbeat came for 10 min; one is due every 1 min.',
      });
    });

    it('is measured in the demo by its own clock', () => {
      const of = { state: 'expired' as const, seenMs: NOW - 15_500, intervalMs: 3000 };
      expect(repairFaults(subject(of), NOW, TIMINGS.demo)).toHaveLength(1);
      expect(repairFaults(subject({ ...of, seenMs: NOW - 15_499 }), NOW, TIMINGS.demo)).toHaveLength(0);
    });
  });

  it('dates a burst by its violation, or by the hour that shows it', () => {
    const dated = (faults: Fault[]): number | undefined =>
      repairFaults(subject({ jobs: burst, faults }), NOW, timings)[0]?.openedMs;
    expect(dated([])).toBe(NOW - 20 * SECOND - HOUR);
    expect(dated([violation('job-failures-over-limit', 'high', NOW - 5 * SECOND)])).toBe(NOW - 5 * SECOND);
  });

  it('says what failed and what is usual', () => {
    const [fault] = repairFaults(subject({ jobs: burst }), NOW, timings);
    expect(fault?.message).toBe(
      '8 of 10 job results of the last hour failed, and 1 % of those of the 23 hours before.'
    );
  });
});

describe('open faults in a digest', () => {
  it('are named with their severities, in one order', () => {
    const faults = [violation('runtime-error'), drift('version', 'major'), drift('config', 'minor')];
    const keys = ['drift.config', 'drift.version', 'violation.runtime-error'];
    expect(openFaultKeys(faults)).toEqual(keys);
    expect(openFaultKeys([drift('runtime', 'critical'), violation('runtime-error')])).toEqual([
      'drift.runtime:critical',
    ]);
    fc.assert(
      fc.property(fc.shuffledSubarray(faults, { minLength: 3 }), (some) => expect(openFaultKeys(some)).toEqual(keys))
    );
  });
});

describe('the fault of a playbook', () => {
  it('is the worst one', () => {
    const faults = repairFaults(
      subject({ faults: [drift('sync', 'minor'), drift('runtime', 'major'), drift('config', 'critical')] }),
      NOW,
      timings
    );
    expect(faultFor('BridgeStuck', faults)?.key).toBe('drift.runtime');
    expect(faultFor('ConfigDrift', faults)?.key).toBe('drift.config');
    expect(faultFor('FailureBurst', faults)).toBeNull();
  });
});

describe('low risk', () => {
  it.each<[string, string, 'minor' | 'major' | 'critical' | 'warning' | 'high', DriftMode, boolean]>([
    ['minor', 'drift.runtime', 'minor', 'Audit', true],
    ['a warning', 'violation.sync-lag-over-limit', 'warning', 'Audit', true],
    ['a silence', 'liveness.expired', 'minor', 'ApplyAndMonitor', true],
    ['major', 'drift.runtime', 'major', 'ApplyAndAutoCorrect', false],
    ['high', 'violation.config-drift', 'high', 'ApplyAndAutoCorrect', false],
    ['major config drift that is corrected', 'drift.config', 'major', 'ApplyAndAutoCorrect', true],
    ['major config drift that is monitored', 'drift.config', 'major', 'ApplyAndMonitor', false],
    ['critical config drift', 'drift.config', 'critical', 'ApplyAndAutoCorrect', false],
  ])('%s', (_name, key, severity, mode, is) => {
    expect(isLowRisk(repairOf({ key, severity }), mode)).toBe(is);
    expect(isCritical({ severity })).toBe(severity === 'critical');
  });
});
