import { isEnded } from '@openclaw-fleet/contract';
import type { Batch, Me, Plan, Role, Run, RunDetail, RunState } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import type { PlanKind } from '../../api/repairs.ts';

/** What a person can do about a plan. */
export type Decision = 'approve' | 'deny' | 'break-glass' | 'cancel' | 'ask-again';

/** A run or a batch, as its actions see it. */
export interface Subject {
  readonly kind: PlanKind;
  readonly id: string;
  readonly plan: Plan;
  /** `approved`: nothing of it has begun. `under-way`: something can be stopped. `over`: nothing can. */
  readonly stage: 'pending' | 'approved' | 'under-way' | 'verifying' | 'over';
  /** Somebody asked for its end already. */
  readonly cancelRequested: boolean;
  /** What to ask for again; null: one does not. */
  readonly again: readonly string[] | null;
}

/** Who looks at it, and when. */
export interface Onlooker {
  /** Undefined: not known yet. */
  readonly me: Me | undefined;
  /** What the user lacks for a role; null: nothing. */
  readonly missing: (role: Role) => string | null;
  readonly nowMs: number;
}

/** One action that is there; `why` says why it cannot be done now, null: it can. */
export interface RunAction {
  readonly decision: Decision;
  readonly role: Role;
  readonly why: string | null;
}

const FELL_SHORT: readonly RunState[] = ['failed', 'no_effect', 'rolled_back'];

export function subjectOfRun(run: RunDetail): Subject {
  return {
    kind: 'runs',
    id: run.id,
    plan: run.plan,
    stage: stageOf(run.state),
    cancelRequested: run.cancelRequested,
    again: isEnded(run.state) ? [run.targetId] : null,
  };
}

function stageOf(state: RunState): Subject['stage'] {
  switch (state) {
    case 'pending_approval':
      return 'pending';
    case 'approved':
      return 'approved';
    case 'running':
      return 'under-way';
    case 'verifying':
      return 'verifying';
    default:
      return 'over';
  }
}

export function subjectOfBatch({ id, plan, runs, state }: Batch): Subject {
  const running = runs.filter((run) => run.state === 'running');
  const short = runs.filter((run) => FELL_SHORT.includes(run.state));
  return {
    kind: 'batches',
    id,
    plan,
    stage: stageOfBatch(state, runs),
    cancelRequested: running.length > 0 && running.every((run) => run.cancelRequested) && !waits(runs),
    again: runs.every((run) => isEnded(run.state)) && short.length > 0 ? idsOf(short) : null,
  };
}

const idsOf = (runs: readonly Run[]): string[] => [...new Set(runs.map(({ targetId }) => targetId))];
const waits = (runs: readonly Run[]): boolean =>
  runs.some(({ state }) => state === 'approved' || state === 'pending_approval');

function stageOfBatch(state: Batch['state'], runs: readonly Run[]): Subject['stage'] {
  if (state === 'pending_approval') return 'pending';
  if (state === 'halted') return 'under-way';
  if (state !== 'running' && state !== 'done') return 'over';
  const begun = runs.some(({ startedAt }) => startedAt !== null);
  if (!begun && waits(runs)) return 'approved';
  if (waits(runs) || runs.some((run) => run.state === 'running')) return 'under-way';
  if (runs.some((run) => run.state === 'verifying')) return 'verifying';
  // What fell short is tried again by itself, until somebody cancels that.
  return state === 'done' && runs.some((run) => FELL_SHORT.includes(run.state)) ? 'under-way' : 'over';
}

/**
 * Every action that makes sense for a plan as it is, and why one cannot be done: a pure function, so that a button never
 * decides. The collector decides again.
 */
export function runActions(subject: Subject, onlooker: Onlooker): RunAction[] {
  const { stage, again } = subject;
  const actions: RunAction[] = [];
  const add = (decision: Decision, role: Role, why: string | null): void => {
    actions.push({ decision, role, why: onlooker.missing(role) ?? why });
  };
  if (stage === 'pending') add('approve', 'approver', whyNotApprove(subject, onlooker));
  if (stage === 'pending' || stage === 'approved') add('deny', 'approver', whyNoPerson(onlooker));
  if (stage === 'pending' && !isEnoughAlone(subject, onlooker))
    add('break-glass', 'approver', whyNoPerson(onlooker) ?? whyTooLate(subject, onlooker));
  if (stage !== 'over') add('cancel', 'operator', whyNotCancel(subject));
  if (again !== null) add('ask-again', 'operator', null);
  return actions;
}

/** Whether this person can approve it now. */
export const canApprove = (subject: Subject, onlooker: Onlooker): boolean =>
  runActions(subject, onlooker).some(({ decision, why }) => decision === 'approve' && why === null);

const isRequester = ({ plan }: Subject, me: Me): boolean => me.person !== null && plan.requestedAs === me.person;
const persons = ({ approvals }: Plan): Set<string> =>
  new Set(approvals.filter(({ decision }) => decision !== 'deny').map(({ person }) => person));

/** How many persons must still approve. */
export const approvalsMissing = (plan: Plan): number => Math.max(0, plan.approvalsNeeded - persons(plan).size);

/** Whether the ordinary approval of this person would be enough, so that no glass need be broken. */
function isEnoughAlone(subject: Subject, { me }: Onlooker): boolean {
  if (me === undefined || me.person === null) return approvalsMissing(subject.plan) <= 1;
  if (isRequester(subject, me) || persons(subject.plan).has(me.person)) return false;
  return approvalsMissing(subject.plan) <= 1;
}

function whyNoPerson({ me }: Onlooker): string | null {
  if (me === undefined) return t('approvals.why.unknown', 'Who you are is still being asked.');
  if (me.kind !== 'person' || me.person === null)
    return t(
      'approvals.why.no-person',
      'Only a person decides about repairs, and the collector does not know you as one.'
    );
  return null;
}

function whyTooLate({ plan }: Subject, { nowMs }: Onlooker): string | null {
  if (plan.approveBefore === null || nowMs < Date.parse(plan.approveBefore)) return null;
  return t('approvals.why.expired', 'The time to approve it is over. Ask for the repair again.');
}

function whyNotApprove(subject: Subject, onlooker: Onlooker): string | null {
  const { me } = onlooker;
  const first = whyNoPerson(onlooker);
  if (first !== null || me === undefined) return first;
  if (isRequester(subject, me))
    return t('approvals.why.own', 'You asked for it yourself, so another person must approve it.');
  if (me.person !== null && persons(subject.plan).has(me.person))
    return t('approvals.why.again', 'You approved it already. Another person must, too.');
  return whyTooLate(subject, onlooker);
}

function whyNotCancel({ stage, cancelRequested }: Subject): string | null {
  if (stage === 'verifying')
    return t('approvals.why.verifying', 'Everything is done already and is being verified: nothing is left to stop.');
  if (cancelRequested) return t('approvals.why.cancelled', 'It ends after the step under way already.');
  return null;
}
