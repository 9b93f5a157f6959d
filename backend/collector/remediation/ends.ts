import type { Run, RunState } from '@openclaw-fleet/contract';
import type { Actor } from '../storage/types.ts';
import { updateBatch } from './batches.ts';
import { Books, efficacySubject } from './books.ts';
import { attemptsOn, conditionOf, limitsFor, type ContextParts } from './context.ts';
import { SYSTEM, type Draft } from './draft.ts';
import { bounded } from './evidence.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import { quarantines, usesAttempt } from './rules/attempts.ts';
import { outcomeOf } from './rules/efficacy.ts';

/** Of a reason, which may hold what a node said. */
const MOST_REASON = 2000;

/** How and by whom a run is ended. */
export interface End {
  readonly state: RunState;
  readonly reason: string;
  readonly actor?: Actor;
  /** What they said. */
  readonly because?: string;
  /** A verb of it was sent, or may have been. */
  readonly acted: boolean;
}

/** Ends a run, with all that follows: its attempt, a quarantine, a breaker, its batch. */
export function endRun(parts: ContextParts, draft: Draft, record: RunRecord, plan: PlanRecord, end: End): RunRecord {
  const { state, actor = SYSTEM, because = null, acted } = end;
  const reason = bounded(end.reason, MOST_REASON);
  const attempt = usesAttempt(state, acted) ? record.run.attempt : 0;
  const changes = { attempt, clearSince: state === 'succeeded' ? record.run.clearSince : null };
  const next = draft.transition(record, plan, state, reason, { actor, because }, changes);
  quarantine(parts, draft, next.run);
  breaker(parts, draft, next.run);
  updateBatch(draft, parts.books, plan.plan.id);
  return next;
}

function quarantine(parts: ContextParts, draft: Draft, run: Run): void {
  if (run.attempt === 0) return;
  const facts = parts.fleet.get(run.targetId);
  const limits = facts === null ? parts.limits : limitsFor(parts.limits, facts.guardrails);
  const counted = attemptsOn(parts, run.targetId, run.fault, draft.nowMs, run);
  if (!quarantines(counted, limits)) return;
  const subject = conditionOf(run.fault);
  const reason = `${counted.length} attempts on ${run.fault} did not repair it: ${run.reason}`;
  Books.put(draft, {
    hold: {
      kind: 'quarantine',
      targetId: run.targetId,
      subject,
      reason,
      by: SYSTEM.name,
      byName: null,
      since: draft.at,
    },
    revision: facts?.desiredRevision ?? null,
  });
  draft.note(run.targetId, `Quarantined for ${run.fault}: ${reason}`, SYSTEM, null, {
    fault: run.fault,
    runId: run.id,
  });
  draft.audit(SYSTEM, 'remediation.quarantined', run.targetId, reason, { fault: run.fault, runId: run.id });
}

function breaker({ books }: ContextParts, draft: Draft, { playbook, fault, state, targetId, id }: Run): void {
  if (outcomeOf(state) === null) return;
  const subject = efficacySubject(playbook, fault);
  if (books.hold('breaker', null, subject) !== null) return;
  const { breakerOpen, succeeded, runs, falseAlarms } = books.efficacyOf(playbook, fault, state);
  if (!breakerOpen) return;
  const reason = `${succeeded} of the last ${runs - falseAlarms} runs of ${playbook} on ${fault} succeeded.`;
  Books.put(draft, {
    hold: { kind: 'breaker', targetId: null, subject, reason, by: SYSTEM.name, byName: null, since: draft.at },
  });
  draft.note(targetId, `The breaker of ${playbook} on ${fault} opened: ${reason}`, SYSTEM, null, { runId: id });
  draft.audit(SYSTEM, 'remediation.breaker-opened', subject, reason, { playbook, fault, runId: id });
}

/** Ends every quarantine whose target's desired revision is another by now. */
export function clearOutdated({ books, fleet }: ContextParts, draft: Draft): void {
  for (const { hold, revision } of books.holdDocs()) {
    if (hold.kind !== 'quarantine' || hold.targetId === null) continue;
    const facts = fleet.get(hold.targetId);
    if (facts === null || facts.desiredRevision === (revision ?? null)) continue;
    const reason = 'The desired revision changed.';
    Books.drop(draft, hold);
    draft.note(hold.targetId, `Quarantine for ${hold.subject ?? 'everything'} ended: ${reason}`, SYSTEM, null);
    draft.audit(SYSTEM, 'remediation.quarantine-cleared', hold.targetId, reason, {
      fault: hold.subject,
      revision: facts.desiredRevision,
    });
  }
}
