import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic, lacksApproval } from './binds.ts';

/** Binds automation always, and persons without an approval: what is cut off may be the collector itself. */
export const blind: Guardrail = (context) => {
  if (context.fleet.verdict !== 'blind' || !lacksApproval(context)) return null;
  const what = 'The collector cannot see the fleet, so the fault may be its own.';
  const next = isAutomatic(context)
    ? 'Automation waits until it sees again; a person may act on a target that answers, with an approval.'
    : 'Ask again for a plan that another person approves, or wait until it sees again.';
  return refuse('blind', `${what} ${next}`);
};
