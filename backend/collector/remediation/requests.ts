import type { DryRun, PlaybookId, Refusal, Run } from '@openclaw-fleet/contract';
import { updateBatch } from './batches.ts';
import { guardContext } from './context.ts';
import type { Draft } from './draft.ts';
import { invalid, keyReused, notFound, refused } from './errors.ts';
import { allRefusals, noTarget, passesByItself } from './guardrails/index.ts';
import { makePlan, newRun, type PlanParts } from './plans.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import { faultFor } from './rules/faults.ts';
import type { StartParts } from './starts.ts';
import { refuse, type BatchRequest, type RemediationError, type RepairRequest, type TargetFacts } from './types.ts';

export type RequestParts = StartParts & PlanParts;
/** What a selector may find for its plan to be made, and refused target by target: to plan a whole fleet takes seconds. */
const MOST_FOUND = 500;
type Keyed = Pick<RepairRequest, 'idempotency' | 'by'>;

/** What an idempotency key led to; null: it is new, or there is none. @throws {RemediationError} `key-reused` */
export async function before(
  store: { idempotent(caller: string, key: string): Promise<{ bodyHash: string; resultId: string } | null> },
  { idempotency, by }: Keyed
): Promise<string | null> {
  if (idempotency === null) return null;
  const known = await store.idempotent(by.actor.name, idempotency.key);
  if (known === null) return null;
  if (known.bodyHash !== idempotency.bodyHash) throw keyReused();
  return known.resultId;
}

function remember(draft: Draft, { idempotency, by }: Keyed, resultId: string): void {
  if (idempotency === null) return;
  draft.idempotent({ caller: by.actor.name, ...idempotency, resultId, atMs: draft.nowMs });
}

/** The targets of a request, with what would be done. @throws {RemediationError} where there is nothing to plan */
function chosen(parts: RequestParts, request: RepairRequest): { target: TargetFacts; playbook: PlaybookId } {
  const target = parts.fleet.get(request.targetId);
  if (target === null) throw notFound(noTarget(request.targetId).message);
  const playbook = request.playbook ?? target.repairable[0]?.playbook;
  if (playbook === undefined) {
    const message = `${target.name} has no open fault that a playbook is for. Look at its open drifts and violations.`;
    throw refused(message, refuse('no-fault', message));
  }
  return { target, playbook };
}

/**
 * Everything that would hold a target of a plan back once the plan had the approvals it needs.
 * @param batchHalted the batch that it would join was halted
 */
export function refusalsOf(
  parts: RequestParts,
  target: TargetFacts,
  { plan }: PlanRecord,
  nowMs: number,
  { batchHalted = false, draft }: { readonly batchHalted?: boolean; readonly draft?: Draft } = {}
): Refusal[] {
  const { playbook, trigger, approvalsNeeded, targets } = plan;
  const fault = faultFor(playbook, target.repairable);
  const candidate = { target, playbook, fault, trigger, approved: true, approvalsNeeded, planSize: targets.length };
  return allRefusals(guardContext(parts, { ...candidate, batchHalted, runId: null }, nowMs, draft));
}

/** The one that stops it now. What passes by itself is waited for; but a target has one run at a time. */
export function blocking(refusals: readonly Refusal[]): Refusal | null {
  return refusals.find((refusal) => refusal.reason === 'target-busy' || !passesByItself(refusal)) ?? null;
}

export function dryRun(parts: RequestParts, request: RepairRequest): DryRun {
  const { target, playbook } = chosen(parts, request);
  const now = parts.clock();
  const plan = makePlan(parts, { ...request, playbook, targets: [target] }, now, false);
  const refusals = refusalsOf(parts, target, plan, now);
  return { plan: plan.plan, refusals: refusals.map((refusal) => ({ ...refusal, targetId: target.id })) };
}

/**
 * Plans a repair of one target within `draft`; one that a guardrail refuses is a blocked run.
 * @throws {RemediationError} when it is not the plan that the person saw: nothing is planned then
 */
export function request(parts: RequestParts, draft: Draft, asked: RepairRequest): RunRecord {
  const { target, playbook } = chosen(parts, asked);
  const plan = makePlan(parts, { ...asked, playbook, targets: [target] }, draft.nowMs, false);
  assertSeen(asked, plan);
  const refusal = blocking(refusalsOf(parts, target, plan, draft.nowMs, { draft }));
  draft.plan(plan);
  const record = put(parts, draft, plan, { target, index: 0, of: 1 }, refusal);
  remember(draft, asked, record.run.id);
  return record;
}

/** @throws {RemediationError} when the plan is not the one that the person saw */
function assertSeen(seen: Pick<RepairRequest, 'digest' | 'approvalsNeeded'>, { plan }: PlanRecord): void {
  if (plan.approvalsNeeded < (seen.approvalsNeeded ?? 0))
    throw refused('It needs fewer approvals than you saw, and might begin at once: look at the plan again.');
  if ((seen.digest ?? plan.digest) !== plan.digest)
    throw refused('What would be done is no longer what you saw: look at the plan again.');
}

/** A new run of a plan in its first state. */
function put(
  parts: RequestParts,
  draft: Draft,
  plan: PlanRecord,
  { target, index, of }: { readonly target: TargetFacts; readonly index: number; readonly of: number },
  refusal: Refusal | null
): RunRecord {
  const { approvalsNeeded, approvalReason, playbook } = plan.plan;
  const state = refusal !== null ? 'blocked' : approvalsNeeded > 0 ? 'pending_approval' : 'approved';
  const reason = refusal?.message ?? approvalReason;
  const fault = faultFor(playbook, target.repairable)?.key ?? 'none';
  const fresh = newRun(plan, { id: target.id, fault, index, of }, draft.nowMs, parts.random, { state, reason });
  const record = refusal === null ? fresh : blockedRecord(fresh, refusal, draft.at);
  draft.create(record, plan, plan.requester.actor);
  if (refusal !== null) {
    draft.then(() => {
      parts.observer.refused(refusal.reason);
    });
  }
  return record;
}

/** A refused request: an end from the beginning, without steps. */
export function blockedRecord(record: RunRecord, refusal: Refusal, at: string): RunRecord {
  const run: Run = { ...record.run, state: 'blocked', reason: refusal.message, refusal, endedAt: at };
  return { ...record, run, work: { ...record.work, places: [] }, steps: [] };
}

function tooMany(most: number): RemediationError {
  const message = `The selector finds more than ${MOST_FOUND} targets; ${most} is the most in one plan. Ask for fewer at once.`;
  return refused(message, refuse('plan-too-large', message));
}

/** The targets that a batch is for. @throws {RemediationError} where there are none, or one is not there */
function chosenAll(parts: RequestParts, { playbook, targetIds, selector }: BatchRequest): TargetFacts[] {
  const { fleet } = parts;
  if (targetIds !== null) {
    const found = [...new Set(targetIds)].sort().map((id) => {
      const facts = fleet.get(id);
      if (facts === null) throw invalid(noTarget(id).message, 'targetIds');
      return facts;
    });
    if (found.length === 0) throw invalid('Name at least one target: an empty list is never all of them.', 'targetIds');
    return found;
  }
  if (selector === null) throw invalid('Name the targets, or a selector.', 'targetIds');
  const found: TargetFacts[] = [];
  for (const id of fleet.resolve(selector)) {
    const facts = fleet.get(id);
    if (facts === null || faultFor(playbook, facts.repairable) === null) continue;
    found.push(facts);
    if (found.length > MOST_FOUND) throw tooMany(parts.limits.planMost);
  }
  if (found.length === 0) {
    const message = `No target that the selector finds has a fault that ${playbook} is for: an empty list is never all of them.`;
    throw invalid(message, 'selector');
  }
  return found;
}

export function dryRunBatch(parts: RequestParts, asked: BatchRequest): DryRun {
  const now = parts.clock();
  const targets = chosenAll(parts, asked);
  const plan = makePlan(parts, { ...asked, targets }, now, true);
  const refusals = targets.flatMap((target) =>
    refusalsOf(parts, target, plan, now).map((refusal) => ({ ...refusal, targetId: target.id }))
  );
  return { plan: plan.plan, refusals };
}

/**
 * Plans a batch within `draft`. Targets that something holds back are blocked runs of it, the plan is for the others.
 * @throws {RemediationError} when it is too large, not the plan that was seen, or every target is held back: nothing is planned then
 */
export function requestBatch(parts: RequestParts, draft: Draft, asked: BatchRequest): PlanRecord {
  const targets = chosenAll(parts, asked);
  const all = makePlan(parts, { ...asked, targets }, draft.nowMs, true);
  // A dry run shows those too that are held back.
  assertSeen(asked, all);
  const looked = targets.map((target) => ({
    target,
    refusal: blocking(refusalsOf(parts, target, all, draft.nowMs, { draft })),
  }));
  const going = looked.filter(({ refusal }) => refusal === null).map(({ target }) => target);
  const [firstHeld] = looked.flatMap(({ refusal }) => refusal ?? []);
  if (going.length === 0 && firstHeld !== undefined) {
    throw refused(`Every target is held back. The first because: ${firstHeld.message}`, firstHeld);
  }
  const made = makePlan(parts, { ...asked, targets: going }, draft.nowMs, true);
  draft.plan(made);
  let index = 0;
  for (const { target, refusal } of looked) {
    put(parts, draft, made, { target, index: refusal === null ? index++ : 0, of: going.length }, refusal);
  }
  updateBatch(draft, parts.books, made.plan.id);
  remember(draft, asked, made.plan.id);
  return draft.plans.get(made.plan.id) ?? made;
}
