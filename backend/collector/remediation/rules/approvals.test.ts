import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Approval } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { MINUTE, NOW } from '../guardrails/testing/context.ts';
import type { Requester } from '../types.ts';
import { approvalsNeeded, approveBefore, decide, executeBefore, retryBefore } from './approvals.ts';
import type { ApprovalQuestion, AskedDecision, Decided, PlanStanding } from './approvals.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const timings = TIMINGS.production;

describe('approvals needed', () => {
  const question = (of: Partial<ApprovalQuestion> = {}): ApprovalQuestion => ({
    targets: 1,
    critical: false,
    isolated: false,
    unclearSight: false,
    inWindow: false,
    breakerOpen: false,
    automatic: false,
    ...of,
  });
  it.each<[string, Partial<ApprovalQuestion>, number, RegExp]>([
    ['one target', {}, 0, /request itself is enough/],
    ['critical', { critical: true }, 1, /critical/],
    ['isolated', { isolated: true }, 1, /isolated/],
    ['blind or partial', { unclearSight: true }, 1, /silent/],
    ['past a breaker', { breakerOpen: true }, 1, /breaker/],
    ['2 targets', { targets: 2 }, 1, /for 2 targets/],
    ['50 targets', { targets: 50 }, 1, /for 50 targets/],
    ['critical, 10 targets', { critical: true, targets: 10 }, 1, /critical/],
    ['critical, 11 targets', { critical: true, targets: 11 }, 2, /more than 10/],
    ['isolated, 11 targets', { isolated: true, targets: 11 }, 2, /more than 10/],
    ['blind, 11 targets', { unclearSight: true, targets: 11 }, 1, /silent/],
    ['a window', { inWindow: true }, 2, /window/],
    ['a window, critical', { inWindow: true, critical: true }, 2, /window/],
    ['a window, critical, 11 targets', { inWindow: true, critical: true, targets: 11 }, 2, /window/],
    ['automation', { automatic: true, targets: 40 }, 0, /Automation/],
  ])('%s', (_name, of, needed, reason) => {
    const answer = approvalsNeeded(question(of), DEFAULT_LIMITS);
    expect(answer.needed).toBe(needed);
    expect(answer.reason).toMatch(reason);
  });

  it('are more in a profile that is stricter', () => {
    const stricter = { ...DEFAULT_LIMITS, criticalTwo: 0 };
    expect(approvalsNeeded(question({ critical: true }), stricter).needed).toBe(2);
  });

  it('never fall when something is added to worry about', () => {
    const arbitrary = fc.record({
      targets: fc.integer({ min: 1, max: 50 }),
      critical: fc.boolean(),
      isolated: fc.boolean(),
      unclearSight: fc.boolean(),
      inWindow: fc.boolean(),
      breakerOpen: fc.boolean(),
      automatic: fc.constant(false),
    });
    const worries = ['critical', 'isolated', 'unclearSight', 'inWindow', 'breakerOpen'] as const;
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(...worries), (before, worry) => {
        const after = approvalsNeeded({ ...before, [worry]: true, targets: before.targets + 1 }, DEFAULT_LIMITS);
        expect(after.needed).toBeGreaterThanOrEqual(Math.max(1, approvalsNeeded(before, DEFAULT_LIMITS).needed));
      })
    );
  });
});

const person = (name: string): Requester => ({
  actor: { name: `grafana:${name}`, via: 'grafana-id-token' },
  person: name,
});
const SERVICE: Requester = { actor: { name: 'token:ci', via: 'api-token' }, person: null };
const approval = (name: string, of: Partial<Approval> = {}): Approval => ({
  person: name,
  actor: `grafana:${name}`,
  name: null,
  decision: 'approve',
  reason: 'looked at it',
  at: new Date(NOW - MINUTE).toISOString(),
  ...of,
});
const plan = (of: Partial<PlanStanding> = {}): PlanStanding => ({
  digest: 'd1',
  digestNow: 'd1',
  approvalsNeeded: 1,
  approvals: [],
  approveBeforeMs: NOW + MINUTE,
  mayBeginMs: -Infinity,
  stage: 'pending',
  requestedBy: 'ada',
  ...of,
});
const asked = (of: Partial<AskedDecision> = {}): AskedDecision => ({
  kind: 'approve',
  reason: 'looked at it',
  digest: null,
  breakGlass: false,
  ...of,
});
const said = (of: Partial<PlanStanding>, ask: Partial<AskedDecision>, by: Requester): Decided =>
  decide(plan(of), asked(ask), by, NOW, timings);

describe('a decision', () => {
  const alone = { breakGlass: true, reason: 'the site is down and nobody answers' };
  const two = { approvalsNeeded: 2 };
  const bobSaidIt = { ...two, approvals: [approval('bob')] };
  it.each<[string, Decided['outcome'], Partial<PlanStanding>, Partial<AskedDecision>, Requester]>([
    ['by another person', 'approved', {}, {}, person('bob')],
    ['on what a service asked for', 'approved', { requestedBy: null }, {}, person('bob')],
    ['on what they saw', 'approved', {}, { digest: 'd1' }, person('bob')],
    ['by the requester', 'not-allowed', {}, {}, person('ada')],
    ['by a service', 'not-allowed', {}, {}, SERVICE],
    ['by a service that breaks the glass', 'not-allowed', {}, alone, SERVICE],
    ['by a service that denies', 'not-allowed', {}, { kind: 'deny' }, SERVICE],
    ['the first of two', 'counted', two, {}, person('bob')],
    ['the second of two', 'approved', bobSaidIt, {}, person('eve')],
    ['the same person twice', 'unchanged', bobSaidIt, {}, person('bob')],
    ['the requester as the second', 'not-allowed', bobSaidIt, {}, person('ada')],
    ['with another digest', 'refused', {}, { digest: 'd2' }, person('bob')],
    ['after what was planned changed', 'voided', { digestNow: 'd2' }, {}, person('bob')],
    ['at its expiry', 'expired', { approveBeforeMs: NOW }, {}, person('bob')],
    ['just before it', 'approved', { approveBeforeMs: NOW + 1 }, {}, person('bob')],
    ['after its expiry, of what changed', 'expired', { approveBeforeMs: NOW, digestNow: 'd2' }, {}, person('bob')],
    ['once it is approved', 'unchanged', { stage: 'approved', approvals: [approval('bob')] }, {}, person('bob')],
    [
      'once somebody else approved it',
      'unchanged',
      { stage: 'approved', approvals: [approval('bob')] },
      {},
      person('eve'),
    ],
    ['once it is over', 'refused', { stage: 'over' }, {}, person('bob')],
    ['without a reason', 'refused', {}, { reason: '  ' }, person('bob')],
    ['a deny', 'denied', {}, { kind: 'deny' }, person('bob')],
    ['a deny by the requester', 'denied', {}, { kind: 'deny' }, person('ada')],
    [
      'a deny after an approval',
      'denied',
      { stage: 'approved', approvals: [approval('bob')] },
      { kind: 'deny' },
      person('eve'),
    ],
    ['a deny of what is over', 'refused', { stage: 'over' }, { kind: 'deny' }, person('eve')],
    ['alone on what needs two', 'approved', two, alone, person('bob')],
    ['alone on their own request', 'approved', {}, alone, person('ada')],
    ['alone after their own first word', 'approved', bobSaidIt, alone, person('bob')],
    ['alone without a reason', 'refused', two, { breakGlass: true, reason: '' }, person('bob')],
    ['alone, too late', 'expired', { approveBeforeMs: NOW }, alone, person('ada')],
    ['alone on what changed', 'voided', { digestNow: 'd2' }, alone, person('ada')],
    ['alone on what is approved', 'unchanged', { stage: 'approved' }, alone, person('ada')],
  ])('%s: %s', (_name, outcome, of, ask, by) => {
    const decided = said(of, ask, by);
    expect(decided.outcome).toBe(outcome);
    expect(decided.message).toMatch(/^.{15,}$/);
    expect(decided.message).not.toMatch(/undefined|NaN|Infinity|null/);
  });

  it('holds who said what, and until when it must begin', () => {
    expect(said({}, {}, person('bob'))).toEqual({
      outcome: 'approved',
      approval: approval('bob', { at: '2026-03-01T12:00:00.000Z' }),
      breakGlass: false,
      executeBeforeMs: NOW + 10 * MINUTE,
      message: 'bob approved it.',
    });
    const mayBeginMs = NOW + 5 * MINUTE;
    expect(said({ mayBeginMs }, {}, person('bob'))).toMatchObject({ executeBeforeMs: NOW + 15 * MINUTE });
    expect(said(two, {}, person('bob'))).toMatchObject({ missing: 1, message: 'bob approved it; 1 more must.' });
  });

  it('marks a broken glass, and only one that was needed', () => {
    expect(said(two, alone, person('bob'))).toMatchObject({ breakGlass: true, approval: { decision: 'break-glass' } });
    expect(said({}, alone, person('ada'))).toMatchObject({ breakGlass: true, approval: { decision: 'break-glass' } });
    expect(said({}, alone, person('bob'))).toMatchObject({ breakGlass: false, approval: { decision: 'approve' } });
    expect(said(bobSaidIt, alone, person('eve'))).toMatchObject({ breakGlass: false });
  });

  it('never lets a quorum pass that includes the requester, a service, or a person twice', () => {
    const people = ['ada', 'bob', 'eve', 'dan'];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        fc.option(fc.constantFrom(...people)),
        fc.array(fc.constantFrom(...people, null), { maxLength: 8 }),
        (needed, requestedBy, deciders) => {
          let standing = plan({ approvalsNeeded: needed, requestedBy });
          for (const name of deciders) {
            const decided = decide(standing, asked(), name === null ? SERVICE : person(name), NOW, timings);
            if (decided.outcome !== 'counted' && decided.outcome !== 'approved') continue;
            standing = {
              ...standing,
              approvals: [...standing.approvals, decided.approval],
              stage: decided.outcome === 'approved' ? 'approved' : 'pending',
            };
          }
          const approvers = new Set(standing.approvals.map(({ person: who }) => who));
          const others = new Set(deciders.filter((name) => name !== null && name !== requestedBy));
          expect(approvers.has(requestedBy ?? '')).toBe(false);
          expect(standing.approvals).toHaveLength(approvers.size);
          expect(standing.stage).toBe(others.size >= needed ? 'approved' : 'pending');
          expect(approvers.size).toBe(Math.min(needed, others.size));
        }
      )
    );
  });
});

describe('expiries', () => {
  it('are two, and one for retries', () => {
    expect(approveBefore(NOW, timings)).toBe(NOW + 30 * MINUTE);
    expect(executeBefore(NOW, -Infinity, timings)).toBe(NOW + 10 * MINUTE);
    expect(retryBefore(NOW, timings)).toBe(NOW + 60 * MINUTE);
  });

  it.each([
    ['is over', NOW - MINUTE, 10],
    ['ends as it is approved', NOW, 10],
    ['lasts', NOW + 12 * MINUTE, 22],
    ['lasts nearly as long as retries have', NOW + 55 * MINUTE, 60],
    ['lasts longer than that', NOW + 70 * MINUTE, 60],
    ['has no end yet', Infinity, 60],
  ])('leave a begin its time when the backoff %s', (_name, mayBeginMs, minutes) => {
    expect(executeBefore(NOW, mayBeginMs, timings)).toBe(NOW + minutes * MINUTE);
  });

  it('never shorten the time to begin, also where a setting makes that of retries shorter', () => {
    const odd = { ...timings, retryWindow: MINUTE };
    expect(executeBefore(NOW, NOW + 5 * MINUTE, odd)).toBe(NOW + 10 * MINUTE);
  });
});
