import { countedAttempts, isExhausted } from '../rules/attempts.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { instant } from './words.ts';

/** Binds everyone: 3 attempts on one target and fault in 24 hours. */
export const attemptsExhausted: Guardrail = ({ attempts, nowMs, timings, limits, target, fault }) => {
  const counted = countedAttempts(attempts, nowMs, timings);
  if (!isExhausted(counted, limits)) return null;
  // So many must leave the window before there is one to spare.
  const endedMs = counted[counted.length - limits.attempts]?.endedMs ?? null;
  const when =
    endedMs === null
      ? 'once the one under way ended and time has passed'
      : `at ${instant(endedMs + timings.attemptWindow)}`;
  const message = `${counted.length} attempts on ${fault?.key ?? 'this fault'} of ${target.name} were made, and ${limits.attempts} is the most. The next is possible ${when}, or once a person clears the quarantine.`;
  return refuse('attempts-exhausted', message);
};
