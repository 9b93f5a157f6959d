import type { PlaybookId, Run, Trigger } from '@openclaw-fleet/contract';
import { gateOf, lastRuns, updateBatch } from './batches.ts';
import type { Books } from './books.ts';
import { conditionOf } from './context.ts';
import type { Draft } from './draft.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import { isUnasked, makePlan, newRun } from './plans.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import type { RequestParts } from './requests.ts';
import { executeBefore } from './rules/approvals.ts';
import { plannedTarget, planDigest } from './rules/digest.ts';
import { waveOf } from './rules/waves.ts';
import { fellShort } from './run-machine.ts';
import type { RepairFault, Requester, TargetFacts } from './types.ts';

/** Automatic batches that were not stopped by a person, the newest first. */
function automaticBatches(books: Books, playbook: PlaybookId, fault: string, draft?: Draft): PlanRecord[] {
  const plans = new Map([...books.plans, ...(draft?.plans ?? [])]);
  return [...plans.values()]
    .filter(
      ({ plan, batch }) =>
        isUnasked(plan.trigger) &&
        plan.playbook === playbook &&
        batch !== null &&
        batch.state !== 'cancelled' &&
        conditionOf(batch.fault) === conditionOf(fault)
    )
    .sort((a, b) => Date.parse(b.plan.createdAt) - Date.parse(a.plan.createdAt) || (a.plan.id < b.plan.id ? 1 : -1));
}

/**
 * The batch that a new target of a fault joins: one that is under way or whose last run ended within `attemptBackoff`, or one
 * that was halted and holds its fault back. Null: none.
 */
export function openBatch(
  { books, timings }: Pick<RequestParts, 'books' | 'timings'>,
  playbook: PlaybookId,
  fault: string,
  nowMs: number,
  draft?: Draft
): PlanRecord | null {
  const sinceMs = nowMs - timings.attemptBackoff;
  const open = ({ plan }: PlanRecord): boolean => {
    const runs = books.runsOfPlan(plan.id, draft);
    const lately = runs.some(({ endedAt }) => endedAt === null || Date.parse(endedAt) >= sinceMs);
    return lately || gateOf(runs).halt !== null;
  };
  return automaticBatches(books, playbook, fault, draft).find(open) ?? null;
}

/** The batch in which automation fell short of repairing this target before; another attempt belongs there. Null: it is new. */
export function batchOfRetry(books: Books, targetId: string, playbook: PlaybookId, fault: string): PlanRecord | null {
  const before = books
    .pastOf(targetId)
    .findLast(
      (run) => run.playbook === playbook && conditionOf(run.fault) === conditionOf(fault) && run.batchId !== null
    );
  if (before === undefined || !fellShort(before.state)) return null;
  return automaticBatches(books, playbook, fault).find(({ plan }) => plan.id === before.planId) ?? null;
}

export function isHalted(books: Books, batch: PlanRecord | null, draft?: Draft): boolean {
  return batch !== null && gateOf(books.runsOfPlan(batch.plan.id, draft)).halt !== null;
}

/**
 * How many of the targets that wait may begin now by the waves of the batch, and in which wave each is.
 * @param waiting how many there are
 */
export function roomFor(
  books: Books,
  batch: PlanRecord | null,
  waiting: number,
  draft?: Draft
): { readonly room: number; readonly waves: readonly number[] } {
  const known = batch === null ? [] : lastRuns(books.runsOfPlan(batch.plan.id, draft));
  const runs = known.filter(({ state }) => state !== 'blocked');
  const waves = Array.from({ length: waiting }, (_, index) => waveOf(runs.length + index, runs.length + waiting));
  const gate = gateOf(
    runs,
    waves.map((wave) => ({ wave, state: 'approved' }))
  );
  const mayBegin = waves.filter((wave) => wave === gate.wave).length;
  const already = runs.filter((run) => run.state === 'approved' && run.wave === gate.wave).length;
  return { room: Math.max(0, Math.min(mayBegin, gate.room - already)), waves };
}

export interface Joining {
  readonly target: TargetFacts;
  readonly playbook: PlaybookId;
  readonly fault: RepairFault;
  readonly trigger: Trigger;
  readonly by: Requester;
  readonly reason: string;
  readonly wave: number;
}

/** A run that begins by itself, in the batch of its fault; a new batch where there is none. */
export function join(parts: RequestParts, draft: Draft, into: PlanRecord | null, joining: Joining): RunRecord {
  const { target, playbook, fault, trigger, by, reason, wave } = joining;
  const batch =
    into === null
      ? makePlan(
          parts,
          { playbook, targets: [target], trigger: trigger === 'retry' ? 'automation' : trigger, by, reason },
          draft.nowMs,
          true
        )
      : joined(parts, draft, into, target, fault);
  draft.plan(batch);
  const where = { id: target.id, fault: fault.key, index: 0, of: 1 };
  const record = newRun(batch, where, draft.nowMs, parts.random, {
    state: 'approved',
    // Its own, and not what the batch began with.
    reason,
    by,
    trigger,
    wave,
  });
  draft.create(record, batch, by.actor, reason);
  updateBatch(draft, parts.books, batch.plan.id);
  return record;
}

/** The batch with one more target, or with one seen anew. Nobody approved it, so nobody's approval is stretched by that. */
function joined(
  { timings }: RequestParts,
  draft: Draft,
  into: PlanRecord,
  target: TargetFacts,
  fault: RepairFault
): PlanRecord {
  const { plan } = into;
  const seen = plannedTarget(target, fault);
  const targets = [...plan.targets.filter(({ targetId }) => targetId !== target.id), seen];
  const [only] = targets;
  const actions = PLAYBOOKS[plan.playbook].actions(targets.length === 1 && only !== undefined ? only : null);
  return {
    ...into,
    approvedMs: draft.nowMs,
    plan: {
      ...plan,
      targets,
      actions,
      digest: planDigest({ playbook: plan.playbook, actions, targets }),
      executeBefore: new Date(executeBefore(draft.nowMs, -Infinity, timings)).toISOString(),
    },
  };
}

/** The last run of a target in a batch, for its wave. */
export function waveBefore(runs: readonly Run[], targetId: string): number {
  return runs.findLast((run) => run.targetId === targetId)?.wave ?? 0;
}
