import { TIMINGS } from '@openclaw-fleet/contract';
import type { RefusalReason } from '@openclaw-fleet/contract';
import type { GuardContext } from '../../types.ts';
import { attemptOf, faultOf, fleetOf, holdOf, HOUR, MINUTE, NOW, SECOND, targetOf } from './context.ts';
import type { Binds } from './context.ts';

export interface GuardCase {
  readonly name: string;
  readonly of: Partial<GuardContext>;
}
export interface GuardCases {
  readonly binds: Binds;
  /** Each makes its guardrail refuse those it binds, and the first makes no other refuse. */
  readonly refused: readonly GuardCase[];
  /** Just on the other side. */
  readonly passed: readonly GuardCase[];
}

const target = (name: string, of: Parameters<typeof targetOf>[0]): GuardCase => ({
  name,
  of: { target: targetOf(of) },
});
const fleet = (name: string, of: Parameters<typeof fleetOf>[0]): GuardCase => ({ name, of: { fleet: fleetOf(of) } });
const fault = (name: string, of: Parameters<typeof faultOf>[0]): GuardCase => ({ name, of: { fault: faultOf(of) } });
const partial = (zoneExpected: number, lastAutomaticInZoneMs: number | null): GuardCase['of'] => ({
  target: targetOf({ zoneVerdict: 'partial', zoneExpected }),
  lastAutomaticInZoneMs,
});
const { attemptWindow, attemptBackoff, firstAttemptAfter, partialPace } = TIMINGS.production;
const limits = (of: Partial<GuardContext['limits']>, base: GuardContext['limits']): GuardContext['limits'] => ({
  ...base,
  ...of,
});

/** What trips each guardrail, and what does not. */
export function guardCases(base: GuardContext): Readonly<Record<Exclude<RefusalReason, 'no-target'>, GuardCases>> {
  return {
    retired: {
      binds: 'everyone',
      refused: [target('retired', { state: 'retired' })],
      passed: [target('expired', { state: 'expired' })],
    },
    'unknown-state': {
      binds: 'everyone',
      refused: [target('unknown', { state: 'unknown' })],
      passed: [target('stale', { state: 'stale' }), target('expired', { state: 'expired' })],
    },
    'no-bridge': {
      binds: 'everyone',
      refused: [target('a plain sender', { bridged: false })],
      passed: [target('bridged', { bridged: true })],
    },
    'no-fault': {
      binds: 'everyone',
      refused: [{ name: 'none', of: { fault: null } }],
      passed: [fault('one', {})],
    },
    'no-desired-revision': {
      binds: 'everyone',
      refused: [target('no revision', { desiredRevision: null }), target('no hash', { desiredConfigHash: null })],
      passed: [
        {
          name: 'another playbook',
          of: { playbook: 'BridgeStuck', target: targetOf({ desiredRevision: null, desiredConfigHash: null }) },
        },
      ],
    },
    'not-capable': {
      binds: 'everyone',
      refused: [
        target('no config', { capabilities: ['reconcile', 'reload'] }),
        target('no reconcile', { capabilities: ['config', 'reload'] }),
        target('nothing', { capabilities: [] }),
        {
          name: 'no restart',
          of: { playbook: 'BridgeStuck', target: targetOf({ capabilities: ['reconcile', 'throttle', 'resume'] }) },
        },
        {
          name: 'no resume',
          of: { playbook: 'FailureBurst', target: targetOf({ capabilities: ['throttle', 'doctor', 'restart'] }) },
        },
      ],
      passed: [
        target('what it needs', { capabilities: ['config', 'reconcile', 'reload'] }),
        {
          name: 'no doctor',
          of: { playbook: 'FailureBurst', target: targetOf({ capabilities: ['resume', 'throttle'] }) },
        },
      ],
    },
    'plan-too-large': {
      binds: 'everyone',
      refused: [
        { name: '51', of: { planSize: 51 } },
        { name: "over its profile's", of: { planSize: 11, limits: limits({ planMost: 10 }, base.limits) } },
      ],
      passed: [{ name: '50', of: { planSize: 50 } }],
    },
    paused: {
      binds: 'everyone',
      refused: [{ name: 'everything', of: { fleetPaused: holdOf() } }],
      passed: [{ name: 'one target', of: { targetPaused: holdOf({ targetId: 'gateway-1' }) } }],
    },
    'target-paused': {
      binds: 'everyone',
      refused: [{ name: 'it', of: { targetPaused: holdOf({ targetId: 'gateway-1' }) } }],
      passed: [{ name: 'everything', of: { fleetPaused: holdOf() } }],
    },
    blind: {
      binds: 'automation, and persons without an approval',
      refused: [fleet('blind', { verdict: 'blind' })],
      passed: [fleet('partial', { verdict: 'partial' }), fleet('full', { verdict: 'full' })],
    },
    'zones-not-normal': {
      binds: 'automation',
      refused: [
        fleet('1 of 3', { zones: 3, normalZones: 1 }),
        fleet('none of 1', { zones: 1, normalZones: 0 }),
        fleet('no zone at all', { zones: 0, normalZones: 0 }),
      ],
      passed: [fleet('1 of 2', { zones: 2, normalZones: 1 }), fleet('2 of 3', { zones: 3, normalZones: 2 })],
    },
    'zone-not-normal': {
      binds: 'automation, and persons without an approval',
      refused: [
        target('full', { zoneVerdict: 'full', zoneExpected: 200 }),
        target('blind', { zoneVerdict: 'blind', zoneExpected: 200 }),
        { name: 'partial, of 50', of: partial(50, null) },
      ],
      passed: [target('normal', { zoneVerdict: 'normal' })],
    },
    'blast-radius': {
      binds: 'automation',
      refused: [
        fleet('21 of 100', { blast: { of: 100, became: 21 } }),
        fleet('3 of 5', { blast: { of: 5, became: 3 } }),
        fleet('2 of 4', { blast: { of: 4, became: 2 } }),
        {
          name: "over its profile's",
          of: { fleet: fleetOf({ blast: { of: 100, became: 11 } }), limits: limits({ blastShare: 0.1 }, base.limits) },
        },
      ],
      passed: [
        fleet('20 of 100', { blast: { of: 100, became: 20 } }),
        fleet('2 of 5', { blast: { of: 5, became: 2 } }),
        fleet('1 of 1', { blast: { of: 1, became: 1 } }),
      ],
    },
    'after-start': {
      binds: 'automation',
      refused: [fleet('just before', { automationFromMs: NOW + 1 })],
      passed: [fleet('at it', { automationFromMs: NOW })],
    },
    'maintenance-window': {
      binds: 'automation, and persons without two approvals',
      refused: [target('closed', { windowOpen: false, windowReason: 'a deny window is open: release' })],
      passed: [target('open', { windowOpen: true })],
    },
    isolated: {
      binds: 'automation, and persons without an approval',
      refused: [target('isolated', { isolated: true }), fault('critical, though lifted', { severity: 'critical' })],
      passed: [fault('major', { severity: 'major' })],
    },
    quarantined: {
      binds: 'everyone',
      refused: [{ name: 'it', of: { quarantined: holdOf({ kind: 'quarantine', targetId: 'gateway-1' }) } }],
      passed: [{ name: 'cordoned', of: { cordoned: holdOf({ kind: 'cordon' }) } }],
    },
    'attempts-exhausted': {
      binds: 'everyone',
      refused: [
        { name: '3', of: { attempts: [3, 2, 1].map((hours) => attemptOf(NOW - hours * HOUR)) } },
        {
          name: 'the oldest to the last',
          of: { attempts: [attemptOf(NOW - attemptWindow + 1), attemptOf(NOW - HOUR), attemptOf(NOW - 1)] },
        },
        { name: 'one under way', of: { attempts: [attemptOf(NOW - HOUR), attemptOf(NOW - MINUTE), attemptOf(null)] } },
        {
          name: "its profile's",
          of: { attempts: [attemptOf(NOW - HOUR)], limits: limits({ attempts: 1 }, base.limits) },
        },
      ],
      passed: [
        { name: '2', of: { attempts: [2, 1].map((hours) => attemptOf(NOW - hours * HOUR)) } },
        {
          name: 'the oldest is over',
          of: { attempts: [attemptOf(NOW - attemptWindow), attemptOf(NOW - HOUR), attemptOf(NOW - 1)] },
        },
      ],
    },
    'breaker-open': {
      binds: 'automation, and persons without an approval',
      refused: [{ name: 'open', of: { breaker: holdOf({ kind: 'breaker', subject: 'ConfigDrift drift.config' }) } }],
      passed: [{ name: 'closed', of: { breaker: null } }],
    },
    'automation-off': {
      binds: 'automation',
      refused: [
        { name: 'off', of: { automation: { enabled: false, percent: 100 } } },
        target('kept off by its profile', { guardrails: { automation: false } }),
      ],
      passed: [
        { name: 'on', of: { automation: { enabled: true, percent: 100 } } },
        target('a profile that says nothing', { guardrails: { attempts: 1 } }),
      ],
    },
    'not-in-rollout': {
      binds: 'automation',
      refused: [{ name: 'none', of: { automation: { enabled: true, percent: 0 } } }],
      passed: [{ name: 'all', of: { automation: { enabled: true, percent: 100 } } }],
    },
    'drift-mode': {
      binds: 'automation',
      refused: [target('ApplyAndMonitor', { driftMode: 'ApplyAndMonitor' }), target('Audit', { driftMode: 'Audit' })],
      passed: [target('ApplyAndAutoCorrect', { driftMode: 'ApplyAndAutoCorrect' })],
    },
    'not-low-risk': {
      binds: 'automation',
      refused: [
        fault('major runtime drift', { key: 'drift.runtime', severity: 'major' }),
        fault('a high violation', { key: 'violation.failed-pushes-over-limit', severity: 'high' }),
      ],
      passed: [
        fault('minor', { key: 'drift.runtime', severity: 'minor' }),
        fault('a warning', { key: 'violation.sync-lag-over-limit', severity: 'warning' }),
        fault('major config drift', { key: 'drift.config', severity: 'major' }),
      ],
    },
    cordoned: {
      binds: 'automation',
      refused: [{ name: 'it', of: { cordoned: holdOf({ kind: 'cordon', targetId: 'gateway-1' }) } }],
      passed: [{ name: 'not', of: { cordoned: null } }],
    },
    'batch-halted': {
      binds: 'everyone',
      refused: [
        { name: 'halted', of: { batchHalted: true } },
        { name: 'tried before, elsewhere', of: { batchHalted: true, attempts: [attemptOf(NOW - HOUR)] } },
      ],
      passed: [{ name: 'not', of: { batchHalted: false } }],
    },
    'too-soon': {
      binds: 'automation',
      refused: [fault('nearly 1 min', { openedMs: NOW - firstAttemptAfter + 1 })],
      passed: [fault('1 min', { openedMs: NOW - firstAttemptAfter })],
    },
    backoff: {
      binds: 'everyone',
      refused: [
        { name: 'a moment', of: { nextAttemptMs: NOW + 1 } },
        { name: 'long', of: { nextAttemptMs: NOW + attemptBackoff } },
        { name: 'one under way', of: { nextAttemptMs: Infinity } },
      ],
      passed: [{ name: 'over', of: { nextAttemptMs: NOW } }],
    },
    'target-busy': {
      binds: 'everyone',
      refused: [{ name: 'another', of: { openRunOfTarget: 'run-7' } }],
      passed: [{ name: 'none', of: { openRunOfTarget: null } }],
    },
    'in-flight-cap': {
      binds: 'everyone',
      refused: [
        { name: '20 of 100', of: { inFlight: 20 } },
        { name: '1 of 4', of: { inFlight: 1, fleet: fleetOf({ expected: 4 }) } },
        { name: '1 of none', of: { inFlight: 1, fleet: fleetOf({ expected: 0 }) } },
        { name: '50 of 1000', of: { inFlight: 50, fleet: fleetOf({ expected: 1000 }) } },
        { name: "its profile's", of: { inFlight: 5, limits: limits({ inFlightMost: 5 }, base.limits) } },
      ],
      passed: [
        { name: '19 of 100', of: { inFlight: 19 } },
        { name: 'none of 4', of: { inFlight: 0, fleet: fleetOf({ expected: 4 }) } },
        { name: '49 of 1000', of: { inFlight: 49, fleet: fleetOf({ expected: 1000 }) } },
      ],
    },
  };
}

/** In a partial zone of more than 50 automation goes on at a pace. */
export const PARTIAL_ZONE = {
  passed: [partial(51, null), partial(51, NOW - partialPace)],
  refused: [partial(51, NOW - partialPace + 1), partial(51, NOW - SECOND)],
};
