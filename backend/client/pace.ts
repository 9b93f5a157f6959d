import type { ClientTimings } from './timings.ts';

/** Beats that may be sent at once (domain-rules section 1). */
const BURST = 3;
/** Room for a network that delivers two beats closer than they were sent. */
const MARGIN = 1.05;

/** The told interval within its bounds; what is no number changes nothing. Milliseconds. */
export function boundedInterval(toldSeconds: unknown, current: number, timings: ClientTimings): number {
  if (typeof toldSeconds !== 'number' || !Number.isFinite(toldSeconds)) return current;
  return Math.min(timings.beatMax, Math.max(timings.beatMin, toldSeconds * 1000));
}

/** The wait before the next beat: 0.9 to 1.0 of the interval (domain-rules section 1). @param random 0 to under 1 */
export function nextWait(intervalMs: number, random: number): number {
  return Math.round(intervalMs * (0.9 + 0.1 * random));
}

/** The sender's half of the collector's rate: two beats an interval, burst 3. Pure; `at` is monotonic milliseconds. */
export interface Allowance {
  readonly tokens: number;
  readonly at: number;
}

export const FULL_ALLOWANCE: Allowance = { tokens: BURST, at: 0 };

const perBeat = (intervalMs: number): number => (intervalMs / 2) * MARGIN;

function refilled(allowance: Allowance, now: number, intervalMs: number): number {
  return Math.min(BURST, allowance.tokens + (now - allowance.at) / perBeat(intervalMs));
}

/** When the next beat may be sent. */
export function allowedAt(allowance: Allowance, now: number, intervalMs: number): number {
  const tokens = refilled(allowance, now, intervalMs);
  return tokens >= 1 ? now : now + (1 - tokens) * perBeat(intervalMs);
}

/** The allowance after a beat sent now. */
export function spend(allowance: Allowance, now: number, intervalMs: number): Allowance {
  return { tokens: Math.max(0, refilled(allowance, now, intervalMs) - 1), at: now };
}
