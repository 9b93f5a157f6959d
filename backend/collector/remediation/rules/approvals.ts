import type { Approval, Timings } from '@openclaw-fleet/contract';
import type { Limits, Requester } from '../types.ts';

/** What decides how many persons must approve. */
export interface ApprovalQuestion {
  /** Targets of the plan. */
  readonly targets: number;
  /** The fault of one of them is critical. */
  readonly critical: boolean;
  /** One of them is isolated. */
  readonly isolated: boolean;
  /** The fleet is blind, or the fleet or the zone of one of them is not `normal`. */
  readonly unclearSight: boolean;
  /** By the maintenance windows of one of them nothing may be done now. */
  readonly inWindow: boolean;
  /** The breaker of the playbook and fault is open. */
  readonly breakerOpen: boolean;
  /** It begins by itself: it waits for nobody, and the guardrails refuse what would need an approval. */
  readonly automatic: boolean;
}

export interface ApprovalsNeeded {
  readonly needed: 0 | 1 | 2;
  /** Why so many, in words. */
  readonly reason: string;
}

/**
 * How many persons must approve a plan (domain-rules section 6): none for one target with minor or major drift; 1 for
 * anything critical or isolated, while blind or partial, for 2 to 50 targets, and past an open breaker; 2 for anything
 * critical in a plan of more than 10, and in a maintenance window.
 */
export function approvalsNeeded(question: ApprovalQuestion, { criticalTwo }: Limits): ApprovalsNeeded {
  const { targets, critical, isolated, unclearSight, inWindow, breakerOpen, automatic } = question;
  if (automatic) return { needed: 0, reason: 'Automation does nothing that needs an approval.' };
  if (inWindow) {
    return { needed: 2, reason: 'A maintenance window keeps repairs off now: two persons must approve.' };
  }
  if ((critical || isolated) && targets > criticalTwo) {
    return {
      needed: 2,
      reason: `It has critical or isolated targets and is for more than ${criticalTwo}: two persons must approve.`,
    };
  }
  if (isolated) return one('A target of it is isolated');
  if (critical) return one('It is for a critical fault');
  if (unclearSight) return one('Too much of the fleet or of its zone is silent to be sure of what is wrong');
  if (breakerOpen) return one('The playbook has failed too often on this fault, and its breaker is open');
  if (targets > 1) return one(`It is for ${targets} targets`);
  return { needed: 0, reason: 'One target without a critical fault: the request itself is enough.' };
}

function one(why: string): ApprovalsNeeded {
  return { needed: 1, reason: `${why}: one person other than the requester must approve.` };
}

/** A plan as it stands when somebody decides on it. Times are milliseconds of our clock. */
export interface PlanStanding {
  /** What was planned, and what the same plan would be now. */
  readonly digest: string;
  readonly digestNow: string;
  readonly approvalsNeeded: number;
  readonly approvals: readonly Approval[];
  /** Nobody can approve it from then on; null: it is approved, or needed nobody. */
  readonly approveBeforeMs: number | null;
  /** When the backoff of earlier attempts lets its runs begin; in the past, or -Infinity: now. */
  readonly mayBeginMs: number;
  /** `approved`: and a run of it has not begun. `over`: nothing of it is left to decide. */
  readonly stage: 'pending' | 'approved' | 'over';
  /** The requester as a person; null: a service, or the collector itself. */
  readonly requestedBy: string | null;
}

export interface AskedDecision {
  readonly kind: 'approve' | 'deny';
  readonly reason: string;
  /** The digest that the person saw; null: they did not say. */
  readonly digest: string | null;
  readonly breakGlass: boolean;
}

/** What comes of a decision; `message` says it in words. Nothing is stored but `approval`. */
export type Decided =
  /** One more of those needed. */
  | { readonly outcome: 'counted'; readonly approval: Approval; readonly missing: number; readonly message: string }
  | {
      readonly outcome: 'approved';
      readonly approval: Approval;
      readonly breakGlass: boolean;
      readonly executeBeforeMs: number;
      readonly message: string;
    }
  /** Ends every run of the plan that has not begun. */
  | { readonly outcome: 'denied'; readonly approval: Approval; readonly message: string }
  /** Said already; the plan is as it was. */
  | { readonly outcome: 'unchanged'; readonly message: string }
  /** Too late: its runs become `expired`. */
  | { readonly outcome: 'expired'; readonly message: string }
  /** What was planned changed: its runs become `voided`. */
  | { readonly outcome: 'voided'; readonly message: string }
  /** It cannot be decided that way; the plan is as it was. */
  | { readonly outcome: 'refused'; readonly message: string }
  /** This caller may never decide it. */
  | { readonly outcome: 'not-allowed'; readonly message: string };

/**
 * One person's word about a plan (domain-rules section 6). The role of the caller is checked where they call; here they must
 * be a person, other than the requester, and count once. One deny ends it. `breakGlass` lets an approver decide alone, also on
 * their own request; where the word is enough without it, it is not used and marks nothing.
 */
export function decide(
  plan: PlanStanding,
  asked: AskedDecision,
  by: Requester,
  nowMs: number,
  timings: Timings
): Decided {
  const { person } = by;
  if (person === null) {
    const message = `${by.actor.name} is no person, and only persons decide on a plan: use a token that is bound to a person, or Grafana.`;
    return { outcome: 'not-allowed', message };
  }
  if (asked.reason.trim() === '')
    return { outcome: 'refused', message: 'Say why, in the reason: it is kept with the decision.' };
  if (plan.stage === 'over') {
    return {
      outcome: 'refused',
      message: 'Nothing of this plan is left to decide: it has begun or ended. Cancel its run to stop it.',
    };
  }
  const approval: Approval = {
    person,
    actor: by.actor.name,
    name: by.actor.label ?? null,
    decision: asked.kind,
    reason: asked.reason,
    at: new Date(nowMs).toISOString(),
  };
  if (asked.kind === 'deny') {
    return { outcome: 'denied', approval, message: `${person} denied it: ${asked.reason}` };
  }
  return approve(plan, asked, approval, nowMs, timings);
}

function approve(
  plan: PlanStanding,
  { digest, breakGlass }: AskedDecision,
  approval: Approval,
  nowMs: number,
  timings: Timings
): Decided {
  const { person } = approval;
  const own = plan.requestedBy === person;
  if (own && !breakGlass) {
    const message = `${person} asked for it, and who asks never approves: have another person approve it, or break the glass with a reason.`;
    return { outcome: 'not-allowed', message };
  }
  if (plan.stage === 'approved') {
    return { outcome: 'unchanged', message: 'It has the approvals it needs already.' };
  }
  if (plan.approveBeforeMs !== null && nowMs >= plan.approveBeforeMs) {
    return { outcome: 'expired', message: 'The time to approve it is over: ask for the repair again.' };
  }
  if (digest !== null && digest !== plan.digest) {
    const message = 'What you saw is not what is planned here: look at the plan again, then approve it.';
    return { outcome: 'refused', message };
  }
  if (plan.digestNow !== plan.digest) {
    const message =
      'What was planned has changed since it was asked for: ask for the repair again and look at the new plan.';
    return { outcome: 'voided', message };
  }
  const said = new Set(plan.approvals.filter(({ decision }) => decision !== 'deny').map((earlier) => earlier.person));
  const again = said.has(person);
  const missing = own || again ? Infinity : plan.approvalsNeeded - said.size - 1;
  const executeBeforeMs = executeBefore(nowMs, plan.mayBeginMs, timings);
  if (missing <= 0) {
    return { outcome: 'approved', approval, breakGlass: false, executeBeforeMs, message: `${person} approved it.` };
  }
  if (breakGlass) {
    const message = `${person} broke the glass and approved it alone: ${approval.reason}`;
    const broken: Approval = { ...approval, decision: 'break-glass' };
    return { outcome: 'approved', approval: broken, breakGlass: true, executeBeforeMs, message };
  }
  if (again) {
    return { outcome: 'unchanged', message: `${person} approved it already; another person must.` };
  }
  const message = `${person} approved it; ${missing} more must.`;
  return { outcome: 'counted', approval, missing, message };
}

/** The two expiries of a plan (domain-rules section 6), in milliseconds of our clock; from that instant on it is over. */
export function approveBefore(createdMs: number, timings: Timings): number {
  return createdMs + timings.approvalExpiry;
}
/**
 * After an earlier attempt it is a retry, which its backoff must not use up: its time begins when that is over, and ends with
 * that of retries at the latest.
 * @param mayBeginMs when the backoff is over; in the past: there is none
 */
export function executeBefore(approvedMs: number, mayBeginMs: number, timings: Timings): number {
  const { executionExpiry } = timings;
  const afterBackoff = Math.min(mayBeginMs + executionExpiry, retryBefore(approvedMs, timings));
  return Math.max(approvedMs + executionExpiry, afterBackoff);
}
/** Until when retries may use a digest that is unchanged. */
export function retryBefore(approvedMs: number, timings: Timings): number {
  return approvedMs + timings.retryWindow;
}
