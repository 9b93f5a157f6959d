import type { Plan, PlaybookId, Run, RunState, Timings, Trigger } from '@openclaw-fleet/contract';
import type { Books } from './books.ts';
import { efficacySubject } from './books.ts';
import { limitsFor, mayBeginMs } from './context.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import { stepsOf } from './playbooks/program.ts';
import { NO_WORK, type PlanRecord, type RunRecord } from './records.ts';
import { approvalsNeeded, approveBefore, executeBefore, type ApprovalsNeeded } from './rules/approvals.ts';
import { plannedTarget, planDigest, whatChanged } from './rules/digest.ts';
import { faultFor, isCritical } from './rules/faults.ts';
import { waveOf } from './rules/waves.ts';
import type { FleetFacts, Limits, Requester, TargetFacts } from './types.ts';

/** A mark that only grows and a few that are drawn: ids sort by time, and two collectors never make the same one. */
export function newId(kind: 'run' | 'plan', nowMs: number, random: () => number): string {
  const drawn = Array.from({ length: 12 }, () => Math.floor(random() * 36).toString(36)).join('');
  return `${kind}-${nowMs.toString(36)}-${drawn}`;
}

export interface Planned {
  readonly playbook: PlaybookId;
  readonly targets: readonly TargetFacts[];
  readonly trigger: Trigger;
  readonly by: Requester;
  readonly reason: string;
}

export interface PlanParts {
  readonly books: Books;
  readonly fleet: FleetFacts;
  readonly timings: Timings;
  readonly limits: Limits;
  readonly random: () => number;
}

/** Begins by itself: nobody is asked, and nobody looks on. */
export function isUnasked(trigger: Trigger): boolean {
  return trigger === 'automation' || trigger === 'alertmanager';
}

function askedBy({ actor }: Requester): Pick<Plan, 'requestedBy' | 'requestedByName'> {
  return { requestedBy: actor.name, requestedByName: actor.label ?? null };
}

/** What would be done, to which targets, seen from what; with the approvals it needs. */
export function makePlan(parts: PlanParts, planned: Planned, nowMs: number, batch: boolean): PlanRecord {
  const { playbook, targets, trigger, by, reason } = planned;
  const seen = targets.map((target) => plannedTarget(target, faultFor(playbook, target.repairable)));
  const [only] = seen;
  const actions = PLAYBOOKS[playbook].actions(seen.length === 1 && only !== undefined ? only : null);
  const { needed, reason: approvalReason } = approvalsOf(parts, planned, nowMs);
  const beginsMs = mayBeginMs(parts, playbook, targets, trigger, nowMs);
  const plan: Plan = {
    id: newId('plan', nowMs, parts.random),
    digest: planDigest({ playbook, actions, targets: seen }),
    playbook,
    actions,
    targets: seen,
    trigger,
    ...askedBy(by),
    requestedAs: by.person ?? by.actor.via,
    reason,
    createdAt: new Date(nowMs).toISOString(),
    approvalsNeeded: needed,
    approvalReason,
    approvals: [],
    approveBefore: needed === 0 ? null : new Date(approveBefore(nowMs, parts.timings)).toISOString(),
    executeBefore: needed === 0 ? new Date(executeBefore(nowMs, beginsMs, parts.timings)).toISOString() : null,
    breakGlass: false,
  };
  return {
    plan,
    requester: by,
    approvedMs: needed === 0 ? nowMs : null,
    batch: batch
      ? {
          state: needed === 0 ? 'running' : 'pending_approval',
          reason: needed === 0 ? 'It begins with its canaries.' : approvalReason,
          fault: only?.fault ?? 'none',
        }
      : null,
  };
}

function approvalsOf(
  { books, fleet, limits }: PlanParts,
  { playbook, targets, trigger }: Planned,
  nowMs: number
): ApprovalsNeeded {
  const faults = targets.map((target) => faultFor(playbook, target.repairable));
  const strictest = targets.map(({ guardrails }) => limitsFor(limits, guardrails).criticalTwo);
  const question = {
    targets: targets.length,
    critical: faults.some((fault) => fault !== null && isCritical(fault)),
    isolated: targets.some(({ isolated }) => isolated),
    unclearSight:
      fleet.standing(nowMs).verdict !== 'normal' || targets.some(({ zoneVerdict }) => zoneVerdict !== 'normal'),
    inWindow: targets.some(({ windowOpen }) => !windowOpen),
    breakerOpen: faults.some(
      (fault) => fault !== null && books.hold('breaker', null, efficacySubject(playbook, fault.key)) !== null
    ),
    automatic: isUnasked(trigger),
  };
  return approvalsNeeded(question, { ...limits, criticalTwo: Math.min(limits.criticalTwo, ...strictest) });
}

/** A run of a plan that has not begun. */
export function newRun(
  plan: PlanRecord,
  target: { readonly id: string; readonly fault: string; readonly index: number; readonly of: number },
  nowMs: number,
  random: () => number,
  how: {
    readonly state: RunState;
    readonly reason: string;
    readonly trigger?: Trigger;
    /** Default: who asked for the plan. */
    readonly by?: Requester;
    readonly wave?: number;
  }
): RunRecord {
  const { id: planId, playbook, trigger } = plan.plan;
  const { requestedBy, requestedByName } = how.by === undefined ? plan.plan : askedBy(how.by);
  const at = new Date(nowMs).toISOString();
  const run: Run = {
    id: newId('run', nowMs, random),
    planId,
    batchId: plan.batch === null ? null : planId,
    wave: how.wave ?? (plan.batch === null ? 0 : waveOf(target.index, target.of)),
    targetId: target.id,
    playbook,
    fault: target.fault,
    state: how.state,
    reason: how.reason,
    refusal: null,
    trigger: how.trigger ?? trigger,
    requestedBy,
    requestedByName,
    attempt: 0,
    cancelRequested: false,
    breakGlass: plan.plan.breakGlass,
    createdAt: at,
    startedAt: null,
    clearSince: null,
    endedAt: null,
    updatedAt: at,
  };
  const { places, steps } = stepsOf(PLAYBOOKS[playbook], []);
  return { run, rev: 0, work: { ...NO_WORK, places }, steps };
}

/** What of a plan's target is not as it was planned, in words; empty: nothing. A target that is gone is a change. */
export function changesOf(fleet: FleetFacts, { plan }: PlanRecord, targetId: string): string[] {
  const planned = plan.targets.find((target) => target.targetId === targetId);
  const facts = fleet.get(targetId);
  if (planned === undefined || facts === null) return ['the target is not in the fleet any more'];
  return whatChanged(planned, plannedTarget(facts, faultFor(plan.playbook, facts.repairable)));
}

/** The digest that the same plan would have now. */
export function digestNow(fleet: FleetFacts, { plan }: PlanRecord): string {
  const targets = plan.targets.map((planned) => {
    const facts = fleet.get(planned.targetId);
    if (facts !== null) return plannedTarget(facts, faultFor(plan.playbook, facts.repairable));
    return { ...planned, fault: 'none', severity: 'none', openFaults: [] };
  });
  return planDigest({ ...plan, targets, actions: actionsNow(plan, targets) });
}

function actionsNow({ playbook }: Plan, targets: Plan['targets']): Plan['actions'] {
  const [only] = targets;
  return PLAYBOOKS[playbook].actions(targets.length === 1 && only !== undefined ? only : null);
}
