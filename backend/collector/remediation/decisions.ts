import type { Plan, Run } from '@openclaw-fleet/contract';
import { hasBegun, updateBatch } from './batches.ts';
import type { Books } from './books.ts';
import { mayBeginMs } from './context.ts';
import type { Draft } from './draft.ts';
import { endRun } from './ends.ts';
import { notFound, refused } from './errors.ts';
import { digestNow } from './plans.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import { retriesAreLeft } from './retries.ts';
import { decide, type AskedDecision, type PlanStanding } from './rules/approvals.ts';
import { expiredEnd, type StartParts } from './starts.ts';
import { RemediationError, type Requester } from './types.ts';

/** The open runs of a plan, oldest first. */
function openOf(books: Books, planId: string): RunRecord[] {
  return books.runsOfPlan(planId).flatMap(({ id }) => books.runs.get(id) ?? []);
}

function standing(parts: StartParts, record: PlanRecord, nowMs: number): PlanStanding {
  const { plan, requester } = record;
  const open = openOf(parts.books, plan.id);
  const pending = open.some(({ run }) => run.state === 'pending_approval');
  const begun = hasBegun(parts.books.runsOfPlan(plan.id));
  const targets = plan.targets.flatMap(({ targetId }) => parts.fleet.get(targetId) ?? []);
  const stage = pending ? 'pending' : !begun && open.some(({ run }) => run.state === 'approved') ? 'approved' : 'over';
  return {
    digest: plan.digest,
    digestNow: digestNow(parts.fleet, record),
    approvalsNeeded: plan.approvalsNeeded,
    approvals: plan.approvals,
    approveBeforeMs: plan.approveBefore === null ? null : Date.parse(plan.approveBefore),
    mayBeginMs: mayBeginMs(parts, plan.playbook, targets, plan.trigger, nowMs),
    stage,
    requestedBy: requester.person,
  };
}

/**
 * One person's word about a plan, within `draft`; what comes of it is docs/repairs.md's table of races.
 * @returns the plan as it is then, and what to throw once it is stored
 */
export function decideOn(
  parts: StartParts,
  draft: Draft,
  record: PlanRecord,
  by: Requester,
  asked: AskedDecision
): { readonly plan: Plan; readonly refusal: RemediationError | null } {
  const { books, timings } = parts;
  const { plan } = record;
  const decided = decide(standing(parts, record, draft.nowMs), asked, by, draft.nowMs, timings);
  const open = openOf(books, plan.id).filter(({ run }) => run.state === 'pending_approval' || run.state === 'approved');
  const facts = { planId: plan.id, digest: plan.digest, message: decided.message };
  const person = by.person ?? by.actor.name;
  switch (decided.outcome) {
    case 'counted': {
      const next = { ...record, plan: { ...plan, approvals: [...plan.approvals, decided.approval] } };
      draft.plan(next);
      draft.audit(by.actor, 'remediation.approval-counted', plan.id, asked.reason, {
        ...facts,
        person,
        missing: decided.missing,
      });
      for (const { run } of open)
        draft.note(run.targetId, `${plan.playbook}: ${decided.message}`, by.actor, asked.reason, { runId: run.id });
      return { plan: next.plan, refusal: null };
    }
    case 'approved': {
      const { breakGlass, executeBeforeMs, approval } = decided;
      const next: PlanRecord = {
        ...record,
        approvedMs: draft.nowMs,
        plan: {
          ...plan,
          approvals: [...plan.approvals, approval],
          approveBefore: null,
          executeBefore: new Date(executeBeforeMs).toISOString(),
          breakGlass,
        },
      };
      draft.plan(next);
      if (breakGlass)
        draft.audit(by.actor, 'remediation.break-glass', plan.id, asked.reason, {
          ...facts,
          person,
          owners: ownersOf(parts, plan),
        });
      for (const one of open) {
        if (one.run.state !== 'pending_approval') continue;
        draft.transition(
          one,
          next,
          'approved',
          decided.message,
          { actor: by.actor, because: asked.reason },
          { breakGlass }
        );
      }
      updateBatch(draft, books, plan.id);
      return { plan: next.plan, refusal: null };
    }
    case 'denied': {
      const next = {
        ...record,
        plan: { ...plan, approvals: [...plan.approvals, decided.approval], approveBefore: null },
      };
      draft.plan(next);
      const end = {
        state: 'denied',
        reason: decided.message,
        actor: by.actor,
        because: asked.reason,
        acted: false,
      } as const;
      for (const one of open) endRun(parts, draft, one, next, end);
      return { plan: next.plan, refusal: null };
    }
    case 'unchanged':
      return { plan, refusal: null };
    case 'expired':
      for (const one of open) endRun(parts, draft, one, record, expiredEnd(one.run));
      return { plan, refusal: refused(decided.message) };
    case 'voided': {
      const end = { state: 'voided', reason: decided.message, actor: by.actor, acted: false } as const;
      for (const one of open) endRun(parts, draft, one, record, end);
      return { plan, refusal: refused(decided.message) };
    }
    case 'refused':
      return { plan, refusal: refused(decided.message) };
    case 'not-allowed':
      return { plan, refusal: new RemediationError({ kind: 'not-allowed', message: decided.message }) };
  }
}

function ownersOf({ fleet }: StartParts, { targets }: Plan): string[] {
  const owners = targets.flatMap(({ targetId }) => fleet.get(targetId)?.owner ?? []);
  return [...new Set(owners)].sort();
}

/** Runs of an id: the run itself, or all of the batch of that id. */
export function runsOf(books: Books, id: string): Run[] {
  const run = books.runs.get(id)?.run;
  if (run !== undefined) return [run];
  return !books.plans.get(id)?.batch ? [] : books.runsOfPlan(id);
}

/**
 * Ends what has not begun, and has what is running end after the verb under way (docs/repairs.md), within `draft`.
 * @throws {RemediationError} where nothing of it can be stopped
 */
export function cancel(parts: StartParts, draft: Draft, id: string, by: Requester, because: string): Run[] {
  const { books } = parts;
  const runs = runsOf(books, id);
  if (runs.length === 0) throw notFound(`There is no open run or batch ${id}. Look at the list of runs.`);
  const reason = `${by.actor.name} cancelled it: ${because}`;
  let stopped = 0;
  for (const { id: runId } of runs) {
    const record = books.runs.get(runId);
    if (record === undefined) continue;
    const { run, work } = record;
    if (run.state === 'pending_approval' || run.state === 'approved') {
      endRun(parts, draft, record, books.planOf(run), {
        state: 'cancelled',
        reason,
        actor: by.actor,
        because,
        acted: false,
      });
      stopped += 1;
    } else if (run.state === 'running') {
      stopped += 1;
      if (run.cancelRequested) continue;
      draft.run({
        ...record,
        run: { ...run, cancelRequested: true },
        work: { ...work, stoppedBy: { actor: by.actor, reason: because } },
      });
      draft.audit(by.actor, 'remediation.cancel-requested', run.id, because, { targetId: run.targetId });
      draft.note(run.targetId, `${run.playbook} is to end after the step under way`, by.actor, because, {
        runId: run.id,
      });
    }
  }
  stopped += letGo(parts, draft, id, stopped > 0, by, because, reason);
  if (stopped === 0) {
    const verifying = runs.some(({ state }) => state === 'verifying');
    throw refused(
      verifying
        ? 'Everything is done already and is being verified: nothing is left to stop. Wait for its end.'
        : 'It has ended: nothing is left to stop.'
    );
  }
  return runs
    .map(
      ({ id: runId }) =>
        draft.runs.get(runId)?.run ?? books.runs.get(runId)?.run ?? runs.find((run) => run.id === runId)
    )
    .filter((run) => run !== undefined);
}

/** A batch that was stopped lets no more targets in and tries nothing again; a halted automatic one makes place for a new one. */
function letGo(
  parts: StartParts,
  draft: Draft,
  id: string,
  stopped: boolean,
  by: Requester,
  because: string,
  reason: string
): number {
  const { books } = parts;
  const record = draft.plans.get(id) ?? books.plans.get(id);
  if (!record?.batch || record.batch.state === 'cancelled') return 0;
  const retries = retriesAreLeft(parts, record, books.runsOfPlan(id, draft), draft.nowMs);
  if (!stopped && record.batch.state !== 'halted' && !retries) return 0;
  draft.plan({ ...record, batch: { ...record.batch, state: 'cancelled', reason } });
  draft.audit(by.actor, 'remediation.batch-cancelled', id, because, { planId: id });
  return 1;
}
