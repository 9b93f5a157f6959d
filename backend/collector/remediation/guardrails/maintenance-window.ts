import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic, isApproved } from './binds.ts';
import { ended } from './words.ts';

/** Binds automation always, and persons unless two approved. */
export const maintenanceWindow: Guardrail = (context) => {
  const { target, approvalsNeeded } = context;
  if (target.windowOpen) return null;
  if (!isAutomatic(context) && isApproved(context) && approvalsNeeded >= 2) return null;
  const next = isAutomatic(context)
    ? 'Automation waits for its end; a person may act with two approvals.'
    : 'Wait for its end, or ask again for a plan that two persons approve.';
  return refuse(
    'maintenance-window',
    `Nothing is to be done on ${target.name} now: ${ended(target.windowReason)} ${next}`
  );
};
