import { describe, expect, it } from '@jest/globals';
import { REFUSALS } from '@openclaw-fleet/contract';
import type { RefusalReason } from '@openclaw-fleet/contract';
import type { GuardContext } from '../types.ts';
import {
  allRefusals,
  firstRefusal,
  GUARDRAIL_ORDER,
  GUARDRAILS,
  noTarget,
  passesByItself,
  refusalDespiteApproval,
} from './index.ts';
import { guardCases, PARTIAL_ZONE } from './testing/cases.ts';
import { ACTORS, attemptOf, BINDS, contextOf, faultOf, fleetOf, HOUR, NOW, targetOf } from './testing/context.ts';
import type { ActorName } from './testing/context.ts';

const CASES = guardCases(contextOf());
const REASONS = Object.keys(CASES) as (keyof typeof CASES)[];
const reasonsOf = (context: GuardContext): RefusalReason[] => allRefusals(context).map(({ reason }) => reason);
const as = (actor: ActorName, of: Partial<GuardContext>): GuardContext => contextOf({ ...of, ...ACTORS[actor] });
// A retry begins nothing new.
const bound = (reason: RefusalReason, actor: ActorName): boolean =>
  reason !== 'batch-halted' || !actor.startsWith('retry');

describe('guardrails', () => {
  it('are one for each reason', () => {
    expect(new Set([...GUARDRAIL_ORDER, 'no-target'])).toEqual(new Set(REFUSALS));
    expect(GUARDRAILS).toHaveLength(REFUSALS.length - 1);
    expect(new Set(GUARDRAILS).size).toBe(GUARDRAILS.length);
  });

  it.each(Object.keys(ACTORS) as ActorName[])('let pass what is in order: %s', (actor) => {
    const { approvalsNeeded, approved } = ACTORS[actor];
    expect(allRefusals(as(actor, {}))).toEqual([]);
    expect(firstRefusal(contextOf({ ...ACTORS[actor], approvalsNeeded, approved }))).toBeNull();
  });

  describe.each(REASONS)('%s', (reason) => {
    const { binds, refused, passed } = CASES[reason];
    const whom: readonly ActorName[] = BINDS[binds];

    it.each(refused)(`refuses: $name`, ({ of }) => {
      for (const actor of Object.keys(ACTORS) as ActorName[]) {
        const is = reasonsOf(as(actor, of)).includes(reason);
        expect([actor, is]).toEqual([actor, whom.includes(actor) && bound(reason, actor)]);
      }
    });

    it.each(passed)('lets pass: $name', ({ of }) => {
      for (const actor of Object.keys(ACTORS) as ActorName[]) expect(reasonsOf(as(actor, of))).not.toContain(reason);
    });

    it('refuses for one reason alone, and says what to do next', () => {
      const [first] = refused;
      const actor = whom[0] ?? 'automation';
      const refusals = allRefusals(as(actor, first?.of ?? {}));
      expect(refusals.map((refusal) => refusal.reason)).toEqual([reason]);
      expect(firstRefusal(as(actor, first?.of ?? {}))).toEqual(refusals[0]);
      // What happened, and what comes next.
      expect(refusals[0]!.message).toMatch(/^[^\n]{10,}\. [A-Z][^\n]{10,}\.$/);
      expect(refusals[0]!.message).not.toMatch(/undefined|NaN|Infinity|null|\.\./);
    });
  });

  it('name what cannot be helped before what passes by itself', () => {
    const passing = GUARDRAIL_ORDER.map((reason) => passesByItself({ reason }));
    expect(passing.lastIndexOf(false)).toBeLessThan(passing.indexOf(true));
    expect(passing.filter(Boolean)).toHaveLength(4);
    const of = { openRunOfTarget: 'run-7', inFlight: 99, target: targetOf({ state: 'retired' as const }) };
    expect(reasonsOf(contextOf(of))).toEqual(['retired', 'target-busy', 'in-flight-cap']);
    expect(firstRefusal(contextOf(of))?.reason).toBe('retired');
  });

  it('tell what not even an approval would lift', () => {
    const waiting = ACTORS['a person whose plan waits'];
    const blind = contextOf({ ...waiting, fleet: fleetOf({ verdict: 'blind' }) });
    expect(firstRefusal(blind)?.reason).toBe('blind');
    expect(refusalDespiteApproval(blind)).toBeNull();
    const paused = contextOf({ ...waiting, target: targetOf({ bridged: false, isolated: true }) });
    expect(refusalDespiteApproval(paused)?.reason).toBe('no-bridge');
  });

  it('never take an approval for automation', () => {
    for (const trigger of ['automation', 'alertmanager'] as const) {
      const context = contextOf({ trigger, approved: true, approvalsNeeded: 2, fleet: fleetOf({ verdict: 'blind' }) });
      expect(firstRefusal(context)?.reason).toBe('blind');
      expect(refusalDespiteApproval(context)?.reason).toBe('blind');
    }
  });

  it('say that a target is none', () => {
    expect(noTarget('x')).toMatchObject({ reason: 'no-target', message: expect.stringContaining('x') });
  });
});

describe('automation alone', () => {
  it('leaves those that stopped, or are silent for long', () => {
    for (const state of ['stopped', 'inactive'] as const) {
      expect(reasonsOf(as('automation', { target: targetOf({ state }) }))).toEqual(['unknown-state']);
      expect(reasonsOf(as('a person alone', { target: targetOf({ state }) }))).toEqual([]);
    }
  });

  it('goes on in a partial zone of more than 50, one in 100 s', () => {
    for (const of of PARTIAL_ZONE.passed) expect(reasonsOf(contextOf(of))).toEqual([]);
    for (const of of PARTIAL_ZONE.refused) expect(reasonsOf(contextOf(of))).toEqual(['zone-not-normal']);
  });
});

describe('persons alone', () => {
  it('need an approval while the fleet is partial, even in a normal zone', () => {
    const of = { fleet: fleetOf({ verdict: 'partial' as const }) };
    expect(reasonsOf(as('a person alone', of))).toEqual(['zone-not-normal']);
    expect(reasonsOf(as('a person with one approval', of))).toEqual([]);
  });
});

describe('messages', () => {
  it.each<[string, Partial<GuardContext>, RegExp]>([
    [
      'who paused, when and why',
      {
        fleetPaused: {
          kind: 'pause',
          targetId: null,
          subject: null,
          reason: 'a release',
          by: 'grafana:ada',
          byName: null,
          since: '2026-03-01T11:00:00.000Z',
        },
      },
      /paused by grafana:ada since 2026-03-01 11:00:00 UTC: a release\. Resume/,
    ],
    ['when the backoff ends', { nextAttemptMs: NOW + 61_500 }, /possible at 2026-03-01 12:01:02 UTC/],
    [
      'when an attempt is to spare again',
      { attempts: [attemptOf(NOW - 20 * HOUR), attemptOf(NOW - 2 * HOUR), attemptOf(NOW - HOUR)] },
      /The next is possible at 2026-03-01 16:00:00 UTC/,
    ],
    [
      'when several must leave the window first',
      { attempts: [20, 19, 2, 1].map((hours) => attemptOf(NOW - hours * HOUR)) },
      /The next is possible at 2026-03-01 17:00:00 UTC/,
    ],
    [
      'when automation begins',
      { fleet: fleetOf({ automationFromMs: NOW + 90_000 }) },
      /again at 2026-03-01 12:01:30 UTC/,
    ],
    [
      'the fault and its severity',
      { fault: faultOf({ key: 'drift.sync', severity: 'major' }) },
      /^drift\.sync of host-1 is major/,
    ],
    [
      'what is missing',
      { target: targetOf({ capabilities: ['config'] }) },
      /did not declare reconcile, reload, which ConfigDrift needs/,
    ],
    ['the numbers of the cap', { inFlight: 23 }, /^23 repairs are in flight, and 20 is the most for 100/],
    [
      'the window',
      {
        target: targetOf({
          windowOpen: false,
          windowReason: 'a deny window is open (0 22 * * 5 UTC, for 60 min): release',
        }),
      },
      /now: a deny window is open \(0 22 \* \* 5 UTC, for 60 min\): release\. Automation/,
    ],
  ])('say %s', (_name, of, words) => {
    expect(firstRefusal(contextOf(of))?.message).toMatch(words);
  });
});
