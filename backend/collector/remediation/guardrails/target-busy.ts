import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: one run per target at a time. */
export const targetBusy: Guardrail = ({ openRunOfTarget, target }) =>
  openRunOfTarget === null
    ? null
    : refuse(
        'target-busy',
        `Run ${openRunOfTarget} of ${target.name} is open, and a target has one at a time. Wait for its end, or cancel it.`
      );
