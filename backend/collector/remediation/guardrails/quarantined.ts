import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { ended, heldBy } from './words.ts';

/** Binds everyone, until a person clears it or the desired revision changes. */
export const quarantined: Guardrail = ({ quarantined: hold, target }) =>
  hold === null
    ? null
    : refuse(
        'quarantined',
        `${target.name} was quarantined ${ended(heldBy(hold))} Find the cause, then clear the quarantine.`
      );
