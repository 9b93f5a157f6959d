import { describe, expect, it } from '@jest/globals';
import { LIVENESS_STATES, PLAYBOOK_IDS, TRIGGERS, VERDICTS } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { blastAllowance, inFlightCap } from '../rules/shares.ts';
import type { GuardContext } from '../types.ts';
import { allRefusals, firstRefusal } from './index.ts';
import { ACTORS, attemptOf, contextOf, faultOf, fleetOf, holdOf, HOUR, NOW, targetOf } from './testing/context.ts';

const often = <T>(usual: T, other: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constant(other));
const verdict = fc.constantFrom(...VERDICTS);

const contexts: fc.Arbitrary<GuardContext> = fc
  .record({
    state: fc.constantFrom(...LIVENESS_STATES, 'online' as const, 'stale' as const),
    zoneVerdict: fc.oneof(fc.constant('normal' as const), verdict),
    zoneExpected: fc.integer({ min: 0, max: 200 }),
    bridged: often(true, false),
    isolated: often(false, true),
    windowOpen: often(true, false),
    mode: fc.constantFrom('Audit' as const, 'ApplyAndMonitor' as const, 'ApplyAndAutoCorrect' as const),
    fleetVerdict: fc.oneof(fc.constant('normal' as const), verdict),
    zones: fc.integer({ min: 0, max: 6 }),
    expected: fc.integer({ min: 0, max: 600 }),
    became: fc.integer({ min: 0, max: 40 }),
    severity: fc.constantFrom('minor' as const, 'major' as const, 'critical' as const, 'high' as const),
    ageMs: fc.integer({ min: 0, max: HOUR }),
    inFlight: fc.integer({ min: 0, max: 60 }),
    paused: often(false, true),
    cordoned: often(false, true),
    quarantined: often(false, true),
    breaker: often(false, true),
    attempts: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
    enabled: often(true, false),
    percent: fc.constantFrom(0, 50, 100),
    halted: often(false, true),
    trigger: fc.constantFrom(...TRIGGERS),
    approved: fc.boolean(),
    approvalsNeeded: fc.integer({ min: 0, max: 2 }),
    playbook: fc.constantFrom(...PLAYBOOK_IDS),
  })
  .map((of) =>
    contextOf({
      target: targetOf({
        state: of.state,
        zoneVerdict: of.zoneVerdict,
        zoneExpected: of.zoneExpected,
        bridged: of.bridged,
        isolated: of.isolated,
        windowOpen: of.windowOpen,
        driftMode: of.mode,
      }),
      fleet: fleetOf({
        verdict: of.fleetVerdict,
        zones: of.zones,
        normalZones: Math.floor(of.zones / 2),
        expected: of.expected,
        blast: { of: of.expected, became: of.became },
      }),
      playbook: of.playbook,
      fault: faultOf({ severity: of.severity, openedMs: NOW - of.ageMs }),
      inFlight: of.inFlight,
      fleetPaused: of.paused ? holdOf() : null,
      cordoned: of.cordoned ? holdOf({ kind: 'cordon' }) : null,
      quarantined: of.quarantined ? holdOf({ kind: 'quarantine' }) : null,
      breaker: of.breaker ? holdOf({ kind: 'breaker' }) : null,
      attempts: [...of.attempts].sort((a, b) => b - a).map((hours) => attemptOf(NOW - hours * HOUR)),
      automation: { enabled: of.enabled, percent: of.percent },
      batchHalted: of.halted,
      trigger: of.trigger,
      approved: of.approved,
      approvalsNeeded: of.approvalsNeeded,
    })
  );

const reasonsOf = (context: GuardContext, actor: keyof typeof ACTORS): Set<string> =>
  new Set(allRefusals({ ...context, ...ACTORS[actor] }).map(({ reason }) => reason));
const isWithin = (some: Set<string>, all: Set<string>): boolean => [...some].every((one) => all.has(one));

describe('guardrails, whatever the context', () => {
  it('bind the less the more persons approved, and nobody more than those who lack an approval', () => {
    fc.assert(
      fc.property(contexts, (context) => {
        const alone = reasonsOf(context, 'a person alone');
        const one = reasonsOf(context, 'a person with one approval');
        const two = reasonsOf(context, 'a person with two approvals');
        return (
          isWithin(two, one) &&
          isWithin(one, alone) &&
          isWithin(two, reasonsOf(context, 'automation')) &&
          isWithin(reasonsOf(context, 'retry of an approved plan'), one) &&
          isWithin(reasonsOf(context, 'retry of a plain request'), reasonsOf(context, 'automation'))
        );
      })
    );
  });

  it('keep what section 6 promises of a run that nothing holds back', () => {
    let begun = 0;
    fc.assert(
      fc.property(contexts, (context) => {
        const { target, fleet, fault, trigger, approved, approvalsNeeded, limits } = context;
        if (firstRefusal(context) !== null) return;
        begun += 1;
        const automatic = trigger === 'automation' || trigger === 'alertmanager';
        const byPersons = !automatic && approved && approvalsNeeded >= 1;
        expect(context.fleetPaused ?? context.quarantined).toBeNull();
        expect(['unknown', 'retired']).not.toContain(target.state);
        expect(context.inFlight).toBeLessThan(inFlightCap(fleet.expected, limits));
        expect(context.attempts.filter(({ endedMs }) => endedMs! > NOW - 24 * HOUR).length).toBeLessThan(3);
        if (!byPersons) {
          expect(target.isolated || fault?.severity === 'critical').toBe(false);
          expect(fleet.verdict).not.toBe('blind');
          expect(context.breaker).toBeNull();
        }
        if (!(byPersons && approvalsNeeded >= 2)) expect(target.windowOpen).toBe(true);
        if (!automatic) return;
        expect(['stopped', 'inactive']).not.toContain(target.state);
        expect(target.zoneVerdict === 'normal' || (target.zoneVerdict === 'partial' && target.zoneExpected > 50)).toBe(
          true
        );
        expect(fleet.blast.became).toBeLessThanOrEqual(blastAllowance(fleet.blast.of, limits));
        expect(context.automation.enabled && target.driftMode === 'ApplyAndAutoCorrect').toBe(true);
        expect(context.cordoned).toBeNull();
        expect(['minor', 'major']).toContain(fault?.severity);
      }),
      { numRuns: 3000 }
    );
    expect(begun).toBeGreaterThan(20);
  });

  it('give the same answer to the same context, the first of all', () => {
    fc.assert(
      fc.property(contexts, (context) => {
        expect(allRefusals(context)).toEqual(allRefusals(structuredClone(context)));
        expect(firstRefusal(context)).toEqual(allRefusals(context)[0] ?? null);
      })
    );
  });
});
