import { isEnded, type Refusal, type Run } from '@openclaw-fleet/contract';
import { FencedError, StorageError } from '../storage/types.ts';
import { gateOf, hasBegun, updateBatch } from './batches.ts';
import { attemptsOn, guardContext, type ContextParts } from './context.ts';
import type { Draft } from './draft.ts';
import { endRun, type End } from './ends.ts';
import { firstRefusal } from './guardrails/index.ts';
import { changesOf } from './plans.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import { retryBefore } from './rules/approvals.ts';
import { faultFor } from './rules/faults.ts';
import { refuse, type RemediationObserver } from './types.ts';

export interface StartParts extends ContextParts {
  readonly clock: () => number;
  readonly observer: RemediationObserver;
}

/** Runs that have not begun, oldest first: who waited longest comes first. */
function waiting({ books }: ContextParts): RunRecord[] {
  return [...books.runs.values()]
    .filter(({ run }) => run.state === 'pending_approval' || run.state === 'approved')
    .sort(
      (a, b) =>
        Date.parse(a.run.createdAt) - Date.parse(b.run.createdAt) ||
        a.run.wave - b.run.wave ||
        (a.run.id < b.run.id ? -1 : 1)
    );
}

/** When a run that has not begun is over. Once a plan has begun, the rest of it and its retries have until `retryWindow`. */
export function expiresMs({ books, timings }: ContextParts, run: Run, { plan, approvedMs }: PlanRecord): number {
  if (run.state === 'pending_approval') return plan.approveBefore === null ? Infinity : Date.parse(plan.approveBefore);
  if (approvedMs !== null && (run.trigger === 'retry' || hasBegun(books.runsOfPlan(plan.id)))) {
    return retryBefore(approvedMs, timings);
  }
  return plan.executeBefore === null ? Infinity : Date.parse(plan.executeBefore);
}

/** Ends runs that nobody approved, or that could not begin, in time. */
export async function expire(parts: StartParts): Promise<void> {
  const { books, clock } = parts;
  const now = clock();
  const due = (record: RunRecord): boolean => now >= expiresMs(parts, record.run, books.planOf(record.run));
  if (!waiting(parts).some(due)) return;
  await books.exclusive(async () => {
    const draft = books.draft();
    for (const record of waiting(parts).filter(due)) {
      endRun(parts, draft, record, books.planOf(record.run), expiredEnd(record.run));
    }
    await books.commit(draft);
  });
}

export function expiredEnd({ state, refusal }: Run): End {
  const held = refusal === null ? '' : ` It was held back: ${refusal.message}`;
  const reason =
    state === 'pending_approval'
      ? 'Nobody approved it in time. Ask for the repair again.'
      : `It could not begin in time.${held} Ask for the repair again.`;
  return { state: 'expired', reason, acted: false };
}

/** Begins every approved run that nothing holds back, or says what does. One that cannot be looked at keeps no other waiting. */
export async function start(parts: StartParts): Promise<void> {
  const failures: unknown[] = [];
  for (const { run } of waiting(parts)) {
    if (run.state !== 'approved') continue;
    try {
      await parts.books.exclusive(async () => {
        const record = parts.books.runs.get(run.id);
        if (record?.run.state !== 'approved') return;
        const draft = parts.books.draft();
        startOne(parts, draft, record, parts.books.planOf(record.run));
        await parts.books.commit(draft);
      });
    } catch (error) {
      if (error instanceof StorageError || error instanceof FencedError) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} repairs could not be begun`);
}

function startOne(parts: StartParts, draft: Draft, record: RunRecord, plan: PlanRecord): void {
  const { books, fleet } = parts;
  const { run } = record;
  if (draft.nowMs >= expiresMs(parts, run, plan)) {
    endRun(parts, draft, record, plan, expiredEnd(run));
    return;
  }
  const facts = fleet.get(run.targetId);
  const changes = changesOf(fleet, plan, run.targetId);
  if (facts === null || changes.length > 0) {
    const reason = `What was planned changed before it began: ${changes.join(', ')}. Ask for the repair again.`;
    endRun(parts, draft, record, plan, { state: 'voided', reason, acted: false });
    return;
  }
  const siblings = plan.batch === null ? [] : books.runsOfPlan(plan.plan.id, draft);
  const gate = plan.batch === null ? null : gateOf(siblings);
  const fault = faultFor(run.playbook, facts.repairable);
  const context = guardContext(
    parts,
    {
      target: facts,
      playbook: run.playbook,
      fault,
      trigger: run.trigger,
      approved: true,
      approvalsNeeded: plan.plan.approvalsNeeded,
      planSize: plan.plan.targets.length,
      batchHalted: gate !== null && gate.halt !== null,
      runId: run.id,
    },
    draft.nowMs,
    draft
  );
  let refusal: Refusal | null = firstRefusal(context);
  if (refusal === null && gate !== null && run.trigger !== 'retry' && (run.wave > gate.wave || gate.room < 1)) {
    const words = gate.halt ?? `Wave ${run.wave + 1} of ${gate.waves} begins once the one before it is through.`;
    if (gate.halt !== null) refusal = refuse('batch-halted', words);
    else {
      hold(draft, record, words, null);
      return;
    }
  }
  if (refusal !== null) {
    if (run.refusal?.reason !== refusal.reason) {
      const { reason } = refusal;
      draft.then(() => {
        parts.observer.refused(reason);
      });
    }
    hold(draft, record, `It waits: ${refusal.message}`, refusal);
    return;
  }
  const attempt = fault === null ? 1 : attemptsOn(parts, run.targetId, fault.key, draft.nowMs).length + 1;
  const words = `Attempt ${attempt} on ${run.fault} of ${facts.name}.`;
  draft.transition(record, plan, 'running', words, undefined, { attempt, startedAt: draft.at, refusal: null });
  updateBatch(draft, books, plan.plan.id);
}

/** Notes why it waits, once for every reason. */
function hold(draft: Draft, record: RunRecord, words: string, refusal: Refusal | null): void {
  const { run } = record;
  const same = run.refusal?.reason === refusal?.reason && (refusal !== null || run.reason === words);
  if (same || isEnded(run.state)) return;
  draft.run({ ...record, run: { ...run, reason: words, refusal } });
}
