import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: at most 50 targets in one plan. */
export const planTooLarge: Guardrail = ({ planSize, limits }) =>
  planSize <= limits.planMost
    ? null
    : refuse(
        'plan-too-large',
        `The plan is for ${planSize} targets; ${limits.planMost} is the most. Ask for fewer at once.`
      );
