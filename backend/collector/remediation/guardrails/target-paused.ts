import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { ended, heldBy } from './words.ts';

/** Binds everyone. Work that is under way finishes. */
export const targetPaused: Guardrail = ({ targetPaused: hold, target }) =>
  hold === null
    ? null
    : refuse('target-paused', `Repairs of ${target.name} were paused ${ended(heldBy(hold))} Resume them first.`);
