import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { ended, heldBy } from './words.ts';

/** Binds everyone. Work that is under way finishes. */
export const paused: Guardrail = ({ fleetPaused }) =>
  fleetPaused === null
    ? null
    : refuse('paused', `All repairs were paused ${ended(heldBy(fleetPaused))} Resume them first.`);
