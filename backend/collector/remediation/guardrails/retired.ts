import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: nothing acts on a target that was taken out of the fleet. */
export const retired: Guardrail = ({ target }) =>
  target.state === 'retired'
    ? refuse('retired', `${target.name} was retired. Reinstate it first if it is in use again.`)
    : null;
