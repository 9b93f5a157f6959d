import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

export const BATCH_HALTED = refuse(
  'batch-halted',
  'The batch was halted because too many of its repairs failed. Look at their evidence, then plan the targets that are left anew.'
);

/** Binds everyone: a halt stops new targets, not retries. */
export const batchHalted: Guardrail = ({ batchHalted: halted, trigger }) =>
  halted && trigger !== 'retry' ? BATCH_HALTED : null;
