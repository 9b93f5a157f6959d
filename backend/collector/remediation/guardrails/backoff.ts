import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { instant } from './words.ts';

/** Binds everyone: 10 min, jittered, after the attempt before ended. */
export const backoff: Guardrail = ({ nowMs, nextAttemptMs, target }) => {
  if (nowMs >= nextAttemptMs) return null;
  const when = Number.isFinite(nextAttemptMs)
    ? `at ${instant(nextAttemptMs)}`
    : 'a while after the one under way has ended';
  return refuse('backoff', `An attempt on ${target.name} was made a short while ago. The next is possible ${when}.`);
};
