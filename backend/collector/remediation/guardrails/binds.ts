import type { GuardContext } from '../types.ts';

/** Persons who are not the requester approved it. Automation never has that. */
export function isApproved({ trigger, approved, approvalsNeeded }: GuardContext): boolean {
  return !startsUnasked(trigger) && approved && approvalsNeeded >= 1;
}

/**
 * It begins by itself: automation, an alert, or a retry. A retry of a plan that persons approved is theirs; one of a plain
 * request is not, since nobody looks on any more.
 */
export function isAutomatic(context: GuardContext): boolean {
  return startsUnasked(context.trigger) || (context.trigger === 'retry' && !isApproved(context));
}

/** Automation, and persons as long as nobody else has approved. */
export function lacksApproval(context: GuardContext): boolean {
  return isAutomatic(context) || !isApproved(context);
}

function startsUnasked(trigger: GuardContext['trigger']): boolean {
  return trigger === 'automation' || trigger === 'alertmanager';
}
