import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { lacksApproval } from './binds.ts';
import { ended, heldBy } from './words.ts';

/** Binds automation always, and persons without an approval, until a person closes it. */
export const breakerOpen: Guardrail = (context) => {
  const { breaker, playbook, fault } = context;
  if (breaker === null || !lacksApproval(context)) return null;
  const message = `The breaker of ${playbook} on ${fault?.key ?? 'this fault'} was opened ${ended(heldBy(breaker))} Look at its last runs, then close the breaker, or act with an approval.`;
  return refuse('breaker-open', message);
};
