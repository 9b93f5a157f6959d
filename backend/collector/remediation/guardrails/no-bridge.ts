import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: a plain sender has nobody to carry anything out. */
export const noBridge: Guardrail = ({ target }) =>
  target.bridged
    ? null
    : refuse(
        'no-bridge',
        `${target.name} sends heartbeats, but no bridge stands beside it. Install a bridge to repair it from here.`
      );
