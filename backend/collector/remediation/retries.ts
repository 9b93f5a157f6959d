import { isEnded, type Run } from '@openclaw-fleet/contract';
import { gateOf, updateBatch } from './batches.ts';
import { guardContext } from './context.ts';
import { SYSTEM, type Draft } from './draft.ts';
import { firstRefusal } from './guardrails/index.ts';
import { changesOf, newRun } from './plans.ts';
import type { PlanRecord } from './records.ts';
import type { RequestParts } from './requests.ts';
import { retryBefore } from './rules/approvals.ts';
import { faultFor } from './rules/faults.ts';
import { fellShort } from './run-machine.ts';

/** Persons approved it, and it may still be used. What began by itself is tried again by automation, what one person began is not. */
function mayRetry(
  { timings }: Pick<RequestParts, 'timings'>,
  { plan, approvedMs, batch }: PlanRecord,
  nowMs: number
): boolean {
  if (plan.approvalsNeeded === 0 || approvedMs === null || batch?.state === 'cancelled') return false;
  return nowMs < retryBefore(approvedMs, timings);
}

/** Whether something of a plan may still be tried again by itself. @param runs all of it */
export function retriesAreLeft(
  parts: Pick<RequestParts, 'timings'>,
  record: PlanRecord,
  runs: readonly Run[],
  nowMs: number
): boolean {
  if (!mayRetry(parts, record, nowMs)) return false;
  return record.plan.targets.some(({ targetId }) => {
    const last = lastOf(runs, targetId);
    return last !== null && fellShort(last.state);
  });
}

/** Tries again what fell short, while what was approved is unchanged. */
export async function retry(parts: RequestParts): Promise<void> {
  const { books, clock } = parts;
  const due = [...books.plans.values()].filter((record) => mayRetry(parts, record, clock()));
  for (const { plan } of due) {
    for (const { targetId } of plan.targets) {
      const last = lastOf(books.runsOfPlan(plan.id), targetId);
      if (last === null || !fellShort(last.state)) continue;
      await books.exclusive(async () => {
        const record = books.plans.get(plan.id);
        const draft = books.draft();
        if (record === undefined || !mayRetry(parts, record, draft.nowMs)) return;
        retryOne(parts, draft, record, last);
        await books.commit(draft);
      });
    }
  }
}

function lastOf(runs: readonly Run[], targetId: string): Run | null {
  const own = runs.filter((run) => run.targetId === targetId);
  return own.every(({ state }) => isEnded(state)) ? (own.at(-1) ?? null) : null;
}

function retryOne(parts: RequestParts, draft: Draft, record: PlanRecord, last: Run): void {
  const { books, fleet } = parts;
  const { plan } = record;
  const target = fleet.get(last.targetId);
  if (target === null || changesOf(fleet, record, last.targetId).length > 0) return;
  const fault = faultFor(plan.playbook, target.repairable);
  const candidate = {
    target,
    playbook: plan.playbook,
    fault,
    trigger: 'retry',
    approved: true,
    approvalsNeeded: plan.approvalsNeeded,
    planSize: plan.targets.length,
    batchHalted: record.batch !== null && gateOf(books.runsOfPlan(plan.id)).halt !== null,
    runId: null,
  } as const;
  if (fault === null || firstRefusal(guardContext(parts, candidate, draft.nowMs, draft)) !== null) return;
  const where = { id: target.id, fault: fault.key, index: 0, of: 1 };
  const reason = `Run ${last.id} ended ${last.state.replace('_', ' ')}; what was approved is unchanged, so it is tried again.`;
  const next = newRun(record, where, draft.nowMs, parts.random, {
    state: 'approved',
    reason,
    trigger: 'retry',
    wave: last.wave,
  });
  draft.create(next, record, SYSTEM);
  updateBatch(draft, books, plan.id);
}
