import { firstAttemptMs } from '../rules/attempts.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';
import { instant } from './words.ts';

/** Binds automation until the fault is 1 min old: many clear by themselves. */
export const tooSoon: Guardrail = (context) => {
  const { fault, nowMs, timings } = context;
  if (!isAutomatic(context) || fault === null) return null;
  const fromMs = firstAttemptMs(fault.openedMs, timings);
  if (nowMs >= fromMs) return null;
  return refuse(
    'too-soon',
    `${fault.key} opened a short while ago and may clear by itself. Automation looks again at ${instant(fromMs)}.`
  );
};
