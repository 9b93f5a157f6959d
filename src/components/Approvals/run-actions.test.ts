import { describe, expect, it } from '@jest/globals';
import { isEnded, RUN_STATES } from '@openclaw-fleet/contract';
import type { Approval, Me, Plan, Role } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { decide } from '../../../backend/collector/remediation/rules/approvals.ts';
import {
  ANN,
  approvalOf,
  batchOf,
  BOB,
  CAT,
  inMinutes,
  meOf,
  runDetailOf,
  runOf,
  waitingPlan,
} from '../../testing/fixtures/repairs.ts';
import { canApprove, runActions, subjectOfBatch, subjectOfRun } from './run-actions.ts';
import type { Decision, Onlooker } from './run-actions.ts';

const ROLES: readonly Role[] = ['viewer', 'operator', 'approver'];
const onlooker = (me: Me | undefined, role: Role, nowMs = Date.now()): Onlooker => ({
  me,
  missing: (needed) => (ROLES.indexOf(role) >= ROLES.indexOf(needed) ? null : `needs ${needed}`),
  nowMs,
});
const pending = (over: Partial<Plan> = {}) => runDetailOf({ state: 'pending_approval', plan: waitingPlan(over) });
const found = (actions: ReturnType<typeof runActions>): Partial<Record<Decision, string | null>> =>
  Object.fromEntries(actions.map(({ decision, why }) => [decision, why]));

describe('who may do what about a plan that waits', () => {
  const service = meOf(BOB, { kind: 'service', person: null });
  const two = { approvalsNeeded: 2 };
  const late = { approveBefore: inMinutes(-1) };
  const OWN = 'You asked for it yourself, so another person must approve it.';
  const AGAIN = 'You approved it already. Another person must, too.';
  const LATE = 'The time to approve it is over. Ask for the repair again.';
  const NOBODY = 'Only a person decides about repairs, and the collector does not know you as one.';
  const UNKNOWN = 'Who you are is still being asked.';
  it.each<[string, Me | undefined, Role, Partial<Plan>, Partial<Record<Decision, string | null>>]>([
    ['an approver', meOf(BOB), 'approver', {}, { approve: null, deny: null, cancel: null }],
    ['the requester', meOf(ANN), 'approver', {}, { approve: OWN, deny: null, 'break-glass': null, cancel: null }],
    [
      'the requester as operator',
      meOf(ANN),
      'operator',
      {},
      { approve: 'needs approver', deny: 'needs approver', 'break-glass': 'needs approver', cancel: null },
    ],
    [
      'a viewer',
      meOf(CAT),
      'viewer',
      {},
      { approve: 'needs approver', deny: 'needs approver', cancel: 'needs operator' },
    ],
    ['the first of two', meOf(BOB), 'approver', two, { approve: null, deny: null, 'break-glass': null, cancel: null }],
    [
      'the second of two',
      meOf(CAT),
      'approver',
      { ...two, approvals: [approvalOf(BOB)] },
      { approve: null, deny: null, cancel: null },
    ],
    [
      'one who approved',
      meOf(BOB),
      'approver',
      { ...two, approvals: [approvalOf(BOB)] },
      { approve: AGAIN, deny: null, 'break-glass': null, cancel: null },
    ],
    ['whoever is late', meOf(BOB), 'approver', late, { approve: LATE, deny: null, cancel: null }],
    [
      'the requester, late',
      meOf(ANN),
      'approver',
      late,
      { approve: OWN, deny: null, 'break-glass': LATE, cancel: null },
    ],
    ['a service', service, 'approver', {}, { approve: NOBODY, deny: NOBODY, cancel: null }],
    ['nobody knows who', undefined, 'approver', {}, { approve: UNKNOWN, deny: UNKNOWN, cancel: null }],
  ])('%s', (_name, me, role, plan, expected) => {
    expect(found(runActions(subjectOfRun(pending(plan)), onlooker(me, role)))).toEqual(expected);
  });
});

describe('what is there in each state', () => {
  const bob = onlooker(meOf(BOB), 'approver');
  it.each(RUN_STATES)('a run that is %s', (state) => {
    const actions = runActions(subjectOfRun(runDetailOf({ state })), bob).map(({ decision }) => decision);
    const expected: Partial<Record<(typeof RUN_STATES)[number], Decision[]>> = {
      pending_approval: ['approve', 'deny', 'cancel'],
      approved: ['deny', 'cancel'],
      running: ['cancel'],
      verifying: ['cancel'],
    };
    expect(actions).toEqual(expected[state] ?? ['ask-again']);
  });

  it('cannot be cancelled while it is verified, nor twice', () => {
    const verifying = runActions(subjectOfRun(runDetailOf({ state: 'verifying' })), bob);
    expect(found(verifying).cancel).toMatch(/nothing is left to stop/);
    const twice = runActions(subjectOfRun(runDetailOf({ state: 'running', cancelRequested: true })), bob);
    expect(found(twice).cancel).toMatch(/ends after the step under way/);
  });

  it.each<[string, Parameters<typeof batchOf>[0], Decision[]]>([
    [
      'waits',
      { state: 'pending_approval', runs: [runOf({ state: 'pending_approval', startedAt: null })] },
      ['approve', 'deny', 'cancel'],
    ],
    ['has not begun', { runs: [runOf({ state: 'approved', startedAt: null })] }, ['deny', 'cancel']],
    ['goes on', {}, ['cancel']],
    ['is halted', { state: 'halted', runs: [runOf({ state: 'failed' })] }, ['cancel', 'ask-again']],
    ['has runs that are tried again', { state: 'done', runs: [runOf({ state: 'failed' })] }, ['cancel', 'ask-again']],
    ['is done', { state: 'done', runs: [runOf({ state: 'succeeded' })] }, []],
    ['was denied', { state: 'denied', runs: [runOf({ state: 'denied', startedAt: null })] }, []],
  ])('a batch that %s', (_name, over, expected) => {
    const plan = waitingPlan({ id: 'plan-2' });
    const actions = runActions(subjectOfBatch(batchOf({ plan, ...over })), bob);
    expect(actions.map(({ decision }) => decision)).toEqual(expected);
  });
});

const person = fc.constantFrom(ANN, BOB, CAT);
const plans = fc
  .record({
    requestedAs: person,
    approvalsNeeded: fc.constantFrom(1, 2),
    by: fc.subarray([ANN, BOB, CAT]),
    decision: fc.constantFrom<Approval['decision']>('approve', 'break-glass'),
    minutes: fc.integer({ min: -5, max: 30 }).filter((minutes) => minutes !== 0),
  })
  .map(({ by, decision, minutes, ...plan }) =>
    waitingPlan({
      ...plan,
      approvals: by.map((each) => approvalOf(each, { decision })),
      approveBefore: inMinutes(minutes),
    })
  );
const states = fc.constantFrom(...RUN_STATES);
const roles = fc.constantFrom(...ROLES);
const callers = fc.record({ who: person, kind: fc.constantFrom<Me['kind']>('person', 'service', 'anonymous') });

describe('whatever the plan, the state and the person', () => {
  const cases = (check: (at: { plan: Plan; state: (typeof RUN_STATES)[number]; me: Me; role: Role }) => void) =>
    fc.assert(
      fc.property(plans, states, callers, roles, (plan, state, { who, kind }, role) => {
        check({ plan, state, me: meOf(who, { kind, person: kind === 'person' ? who : null }), role });
      }),
      { numRuns: 2000 }
    );

  it('the requester never approves, nor whoever approved, nor one who is no person, nor too late', () => {
    cases(({ plan, state, me, role }) => {
      if (!canApprove(subjectOfRun(runDetailOf({ state, plan })), onlooker(me, role))) return;
      expect(state).toBe('pending_approval');
      expect(role).toBe('approver');
      expect(me.kind).toBe('person');
      expect(me.person).not.toBe(plan.requestedAs);
      expect(plan.approvals.map(({ person: each }) => each)).not.toContain(me.person);
      expect(Date.parse(plan.approveBefore ?? '')).toBeGreaterThan(Date.now());
    });
  });

  it('what is enabled is what the collector would take', () => {
    cases(({ plan, state, me, role }) => {
      if (role !== 'approver' || state !== 'pending_approval') return;
      const actions = found(runActions(subjectOfRun(runDetailOf({ state, plan })), onlooker(me, role)));
      for (const [decision, why] of Object.entries(actions)) {
        if (decision === 'cancel' || decision === 'ask-again') continue;
        const { outcome } = decide(
          {
            ...plan,
            digestNow: plan.digest,
            approveBeforeMs: Date.parse(plan.approveBefore ?? ''),
            mayBeginMs: -Infinity,
            stage: 'pending',
            requestedBy: plan.requestedAs,
          },
          {
            kind: decision === 'deny' ? 'deny' : 'approve',
            reason: 'because',
            digest: plan.digest,
            breakGlass: decision === 'break-glass',
          },
          { person: me.person, actor: { name: me.actor, via: 'grafana-id-token' } },
          Date.now(),
          { executionExpiry: 600_000, retryWindow: 3_600_000 } as Parameters<typeof decide>[4]
        );
        expect([decision, outcome === 'approved' || outcome === 'denied' || outcome === 'counted']).toEqual([
          decision,
          why === null,
        ]);
      }
    });
  });

  it('what has ended can only be asked for again', () => {
    cases(({ plan, state, me, role }) => {
      const actions = runActions(subjectOfRun(runDetailOf({ state, plan })), onlooker(me, role));
      expect(actions.some(({ decision }) => decision === 'ask-again')).toBe(isEnded(state));
      if (isEnded(state)) expect(actions).toHaveLength(1);
    });
  });

  it('without its role no action is enabled', () => {
    cases(({ plan, state, me, role }) => {
      for (const action of runActions(subjectOfRun(runDetailOf({ state, plan })), onlooker(me, role)))
        if (ROLES.indexOf(role) < ROLES.indexOf(action.role)) expect(action.why).toBe(`needs ${action.role}`);
    });
  });
});
