import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: without a fault that the playbook is for there is nothing to clear. */
export const noFault: Guardrail = ({ fault, playbook, target }) =>
  fault !== null
    ? null
    : refuse(
        'no-fault',
        `${target.name} has no open fault that ${playbook} is for. Look at its open drifts and violations for the playbook they suggest.`
      );
