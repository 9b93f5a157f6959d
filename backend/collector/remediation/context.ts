import type { PlaybookId, Run, Timings, Trigger } from '@openclaw-fleet/contract';
import type { Books } from './books.ts';
import { efficacySubject } from './books.ts';
import type { Draft } from './draft.ts';
import { countedAttempts, nextAttemptMs, usesAttempt } from './rules/attempts.ts';
import { keysOfCondition } from './rules/conditions.ts';
import { faultFor } from './rules/faults.ts';
import { limitsOf } from './rules/limits.ts';
import type {
  Attempt,
  AutomationSettings,
  FleetFacts,
  GuardContext,
  Limits,
  RepairFault,
  TargetFacts,
} from './types.ts';

export interface ContextParts {
  readonly books: Books;
  readonly fleet: FleetFacts;
  readonly timings: Timings;
  readonly limits: Limits;
  readonly automation: () => AutomationSettings;
}

/** What is about to begin, or to be planned. */
export interface Candidate {
  readonly target: TargetFacts;
  readonly playbook: PlaybookId;
  readonly fault: RepairFault | null;
  readonly trigger: Trigger;
  readonly approved: boolean;
  readonly approvalsNeeded: number;
  readonly planSize: number;
  readonly batchHalted: boolean;
  /** The run looked at, which is in nobody's way but its own; null: it is not there yet. */
  readonly runId: string | null;
}

/** The condition that a fault is of: what attempts, quarantines and backoffs are counted by. */
export function conditionOf(fault: string): string {
  return keysOfCondition(fault)[0] ?? fault;
}

/** A target's limits: those of the fleet, each as much tighter as its profile says. */
export function limitsFor(limits: Limits, overrides: TargetFacts['guardrails']): Limits {
  const own = Object.entries(limitsOf(overrides)).filter(([key]) => key in overrides);
  return own.length === 0 ? limits : { ...limits, ...Object.fromEntries(own) };
}

/** Runs of a target on the condition of a fault, ended, oldest first. */
function pastOn(books: Books, targetId: string, fault: string): Run[] {
  const condition = conditionOf(fault);
  return books.pastOf(targetId).filter((run) => conditionOf(run.fault) === condition);
}

const asAttempt = ({ id, endedAt, state }: Run): Attempt => ({
  runId: id,
  endedMs: endedAt === null ? null : Date.parse(endedAt),
  state,
});

/** The attempts that count now, oldest first. @param also a run that ends just now */
export function attemptsOn(
  { books, timings }: Pick<ContextParts, 'books' | 'timings'>,
  targetId: string,
  fault: string,
  nowMs: number,
  also: Run | null = null
): Attempt[] {
  const runs = [...pastOn(books, targetId, fault), ...(also === null ? [] : [also])];
  const used = runs.filter(({ state, attempt }) => usesAttempt(state, attempt > 0)).map(asAttempt);
  return countedAttempts(used, nowMs, timings, books.clearedMs('quarantine', targetId, conditionOf(fault)));
}

/**
 * When the next run on a fault may begin. Persons wait for attempts alone; what begins by itself also waits after one that
 * reached nobody, saw no fault, or was stopped by a person.
 */
function nextMs(
  parts: Pick<ContextParts, 'books' | 'timings'>,
  { target, fault, trigger }: Pick<Candidate, 'target' | 'fault' | 'trigger'>,
  attempts: readonly Attempt[]
): number {
  if (fault === null) return -Infinity;
  const byItself = pastOn(parts.books, target.id, fault.key).filter(({ state }) =>
    ['unreachable', 'no_fault', 'cancelled', 'denied'].includes(state)
  );
  const previous = [...attempts, ...(trigger === 'manual' ? [] : byItself.map(asAttempt))];
  return Math.max(-Infinity, ...previous.map((attempt) => nextAttemptMs(attempt, parts.timings)));
}

/** When the backoff of what was tried before lets a plan for these targets begin on all of them; -Infinity: nothing was. */
export function mayBeginMs(
  parts: Pick<ContextParts, 'books' | 'timings'>,
  playbook: PlaybookId,
  targets: readonly TargetFacts[],
  trigger: Trigger,
  nowMs: number
): number {
  const each = targets.map((target) => {
    const fault = faultFor(playbook, target.repairable);
    const attempts = fault === null ? [] : attemptsOn(parts, target.id, fault.key, nowMs);
    return nextMs(parts, { target, fault, trigger }, attempts);
  });
  return Math.max(-Infinity, ...each);
}

/** What the guardrails look at, as of now. @param draft what is about to be stored besides */
export function guardContext(parts: ContextParts, candidate: Candidate, nowMs: number, draft?: Draft): GuardContext {
  const { books, fleet, timings, limits, automation } = parts;
  const { target, playbook, fault, trigger, approved, approvalsNeeded, planSize, batchHalted, runId } = candidate;
  const attempts = fault === null ? [] : attemptsOn(parts, target.id, fault.key, nowMs);
  const inFlight = books.inFlight(draft);
  inFlight.delete(target.id);
  const open = books.openRunOf(target.id, draft);
  return {
    nowMs,
    timings,
    limits: limitsFor(limits, target.guardrails),
    target,
    fleet: fleet.standing(nowMs),
    playbook,
    fault,
    trigger,
    approved,
    approvalsNeeded,
    planSize,
    inFlight: inFlight.size,
    openRunOfTarget: open === null || open.id === runId ? null : open.id,
    fleetPaused: books.hold('pause', null),
    targetPaused: books.hold('pause', target.id),
    cordoned: books.hold('cordon', target.id),
    quarantined: fault === null ? null : books.hold('quarantine', target.id, conditionOf(fault.key)),
    breaker: fault === null ? null : books.hold('breaker', null, efficacySubject(playbook, fault.key)),
    attempts,
    nextAttemptMs: nextMs(parts, candidate, attempts),
    automation: automation(),
    lastAutomaticInZoneMs: books.lastAutomaticMs(target.zone),
    batchHalted,
  };
}
