import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { lacksApproval } from './binds.ts';

/** Binds automation always, and persons without an approval. */
export const isolated: Guardrail = (context) =>
  context.target.isolated && lacksApproval(context)
    ? refuse(
        'isolated',
        `${context.target.name} is isolated because of a critical drift: every action on it needs an approval. Ask for a repair that another person approves, or have an approver lift the isolation.`
      )
    : null;
