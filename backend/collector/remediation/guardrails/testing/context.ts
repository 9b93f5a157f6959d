import { TIMINGS } from '@openclaw-fleet/contract';
import type { Hold } from '@openclaw-fleet/contract';
import { DEFAULT_LIMITS } from '../../rules/limits.ts';
import type { Attempt, FleetStanding, GuardContext, RepairFault, TargetFacts } from '../../types.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
const HASH = 'a'.repeat(64);

export function faultOf(of: Partial<RepairFault> = {}): RepairFault {
  return {
    key: 'drift.config',
    severity: 'minor',
    playbook: 'ConfigDrift',
    openedMs: NOW - 5 * MINUTE,
    message: 'It differs.',
    ...of,
  };
}

/** A bridged target in good order but for its fault, under a policy that lets automation act. */
export function targetOf(of: Partial<TargetFacts> = {}): TargetFacts {
  return {
    id: 'gateway-1',
    name: 'host-1',
    zone: 'eu',
    zoneVerdict: 'normal',
    zoneExpected: 20,
    owner: 'core',
    tags: [],
    profileId: 'production',
    state: 'online',
    seenMs: NOW - 20 * SECOND,
    intervalMs: MINUTE,
    bridged: true,
    capabilities: ['config', 'doctor', 'reconcile', 'reload', 'restart', 'resume', 'throttle'],
    isolated: false,
    reported: null,
    jobs: null,
    openFaults: ['drift.config'],
    repairable: [faultOf()],
    desiredRevision: HASH,
    desiredConfigHash: HASH,
    driftMode: 'ApplyAndAutoCorrect',
    guardrails: {},
    windowOpen: true,
    windowReason: 'no window of the policy is open',
    window: null,
    ...of,
  };
}

export function fleetOf(of: Partial<FleetStanding> = {}): FleetStanding {
  return {
    verdict: 'normal',
    zones: 4,
    normalZones: 4,
    expected: 100,
    blast: { of: 100, became: 1 },
    automationFromMs: 0,
    ...of,
  };
}

export function holdOf(of: Partial<Hold> = {}): Hold {
  return {
    kind: 'pause',
    targetId: null,
    subject: null,
    reason: 'a release is under way',
    by: 'grafana:ada',
    byName: 'Ada Lovelace',
    since: new Date(NOW - HOUR).toISOString(),
    ...of,
  };
}

export function attemptOf(endedMs: number | null, of: Partial<Attempt> = {}): Attempt {
  return { runId: `run-${endedMs ?? 'open'}`, endedMs, state: endedMs === null ? 'running' : 'failed', ...of };
}

/** What no guardrail holds back: an automatic run on a minor fault of a target in good order. */
export function contextOf(of: Partial<GuardContext> = {}): GuardContext {
  return {
    nowMs: NOW,
    timings: TIMINGS.production,
    limits: DEFAULT_LIMITS,
    target: targetOf(),
    fleet: fleetOf(),
    playbook: 'ConfigDrift',
    fault: faultOf(),
    trigger: 'automation',
    approved: true,
    approvalsNeeded: 0,
    planSize: 1,
    inFlight: 0,
    openRunOfTarget: null,
    fleetPaused: null,
    targetPaused: null,
    cordoned: null,
    quarantined: null,
    breaker: null,
    attempts: [],
    nextAttemptMs: -Infinity,
    automation: { enabled: true, percent: 100 },
    lastAutomaticInZoneMs: null,
    batchHalted: false,
    ...of,
  };
}

/** Who acts, from the one whom most binds to the one whom least binds. */
export const ACTORS = {
  automation: { trigger: 'automation', approved: true, approvalsNeeded: 0 },
  alert: { trigger: 'alertmanager', approved: true, approvalsNeeded: 0 },
  'retry of a plain request': { trigger: 'retry', approved: true, approvalsNeeded: 0 },
  'a person alone': { trigger: 'manual', approved: true, approvalsNeeded: 0 },
  'a person whose plan waits': { trigger: 'manual', approved: false, approvalsNeeded: 1 },
  'a person with one approval': { trigger: 'manual', approved: true, approvalsNeeded: 1 },
  'retry of an approved plan': { trigger: 'retry', approved: true, approvalsNeeded: 1 },
  'a person with two approvals': { trigger: 'manual', approved: true, approvalsNeeded: 2 },
} as const satisfies Record<string, Partial<GuardContext>>;
export type ActorName = keyof typeof ACTORS;

/** Whom a guardrail can bind, in the words of docs/safety.md. */
export const BINDS = {
  everyone: Object.keys(ACTORS) as ActorName[],
  automation: ['automation', 'alert', 'retry of a plain request'],
  'automation, and persons without an approval': [
    'automation',
    'alert',
    'retry of a plain request',
    'a person alone',
    'a person whose plan waits',
  ],
  'automation, and persons without two approvals': [
    'automation',
    'alert',
    'retry of a plain request',
    'a person alone',
    'a person whose plan waits',
    'a person with one approval',
    'retry of an approved plan',
  ],
} as const satisfies Record<string, ActorName[]>;
export type Binds = keyof typeof BINDS;
