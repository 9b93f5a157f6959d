import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds automation: only a policy in `ApplyAndAutoCorrect` lets it act. */
export const driftMode: Guardrail = (context) => {
  const { target } = context;
  if (!isAutomatic(context) || target.driftMode === 'ApplyAndAutoCorrect') return null;
  const message = `The policy ${target.profileId} is in ${target.driftMode}, which leaves repairs to persons. Ask for one, or set ApplyAndAutoCorrect.`;
  return refuse('drift-mode', message);
};
