import { isEnded, type Batch, type Run, type RunState } from '@openclaw-fleet/contract';
import type { Books } from './books.ts';
import type { Draft } from './draft.ts';
import type { BatchStanding, PlanRecord } from './records.ts';
import { fellShort, isInFlight } from './run-machine.ts';
import { waveGate, type WaveGate, type WaveRun } from './rules/waves.ts';

/** What an unstarted run may end as, where a whole batch ends that way. */
const UNSTARTED_ENDS = ['denied', 'cancelled', 'expired', 'voided'] as const satisfies BatchStanding['state'][];

/** Each target's last run; a canary that fell short stands for its target whatever was tried after it. */
export function lastRuns(runs: readonly Run[]): Run[] {
  const last = new Map<string, Run>();
  for (const run of runs) {
    const before = last.get(run.targetId);
    if (before?.wave === 0 && fellShort(before.state)) continue;
    last.set(run.targetId, run);
  }
  return [...last.values()];
}

/** How far a batch may go. @param waiting targets that are to join it, in order */
export function gateOf(runs: readonly Run[], waiting: readonly WaveRun[] = []): WaveGate {
  return waveGate([...lastRuns(runs).filter(({ state }) => state !== 'blocked'), ...waiting]);
}

/** A batch as its runs have it. */
export function standingOf(before: BatchStanding, runs: readonly Run[]): BatchStanding {
  if (before.state === 'cancelled') return before;
  const begun = runs.filter(({ state }) => state !== 'blocked');
  if (begun.some(({ state }) => state === 'pending_approval')) return { ...before, state: 'pending_approval' };
  const { halt } = gateOf(begun);
  if (halt !== null) return { ...before, state: 'halted', reason: halt };
  if (begun.some(({ state }) => !isEnded(state))) {
    return { ...before, state: 'running', reason: 'Its runs begin wave by wave.' };
  }
  for (const state of UNSTARTED_ENDS) {
    if (begun.length > 0 && begun.every((run) => run.state === state)) {
      return { ...before, state, reason: begun[0]?.reason ?? '' };
    }
  }
  return { ...before, state: 'done', reason: 'All of its runs have ended.' };
}

/** Brings a batch up to date with what a draft makes of its runs. */
export function updateBatch(draft: Draft, books: Books, planId: string): void {
  const record = draft.plans.get(planId) ?? books.plans.get(planId);
  if (!record?.batch) return;
  const batch = standingOf(record.batch, books.runsOfPlan(planId, draft));
  if (batch.state === record.batch.state && batch.reason === record.batch.reason) return;
  draft.plan({ ...record, batch });
}

/** A batch as people see it. @param runs all of it, also blocked ones */
export function batchView({ plan, batch }: PlanRecord, runs: readonly Run[]): Batch | null {
  if (batch === null) return null;
  const states: Partial<Record<RunState, number>> = {};
  for (const { state } of runs) states[state] = (states[state] ?? 0) + 1;
  const gate = gateOf(runs);
  const { wave, waves, failed, done } = gate;
  return {
    id: plan.id,
    state: batch.state,
    reason: batch.reason,
    plan,
    progress: { total: plan.targets.length, states, wave, waves, failed, done },
    runs: [...runs],
  };
}

/** A run of the plan has begun, so that what is left of it goes on by its own rule. */
export function hasBegun(runs: readonly Run[]): boolean {
  return runs.some(({ startedAt, state }) => startedAt !== null || isInFlight(state));
}
