import type { Timings, Verdict } from '@openclaw-fleet/contract';

/** Zones with fewer expected nodes are judged together (domain-rules section 2). */
export const SMALL_ZONE = 3;
const PARTIAL_LEAST = 3;
const PARTIAL_FROM = 0.55;
const PARTIAL_UNTIL = 0.4;
const BLIND_UNDER = 0.15;
const BLIND_UNTIL = 0.4;
const CANARY_FAILURES = 2;

/** How many nodes are expected to report, and how many of them are online. */
export interface Counts {
  readonly expected: number;
  readonly online: number;
}

/** What a group of nodes (a zone, the small zones together, the fleet) is judged to be by its counts. */
export type GroupVerdict = Exclude<Verdict, 'blind'>;

/**
 * Judges a group by its counts (domain-rules section 2): `partial` from 3 and 55 % not online until under 40 %, `full`
 * when none is online. With none expected it stays as it was.
 */
export function groupVerdict(before: GroupVerdict, { expected, online }: Counts): GroupVerdict {
  if (expected === 0) return before;
  if (online === 0) return 'full';
  const silent = expected - online;
  if (before !== 'normal') return silent / expected < PARTIAL_UNTIL ? 'normal' : 'partial';
  return silent >= PARTIAL_LEAST && silent / expected >= PARTIAL_FROM ? 'partial' : 'normal';
}

export interface Blindness {
  /** Since when the fleet is blind, and why; null when it is not. */
  readonly blind: { readonly sinceMs: number; readonly cause: 'canary' | 'silence' } | null;
  /** Since when too few are online; null when enough are. */
  readonly lowSinceMs: number | null;
}

export const SIGHTED: Blindness = { blind: null, lowSinceMs: null };

/**
 * Judges whether the collector itself is cut off (domain-rules section 2): its canary failed twice running, or under 15 %
 * of the expected are online for `blindHold`. It ends once 40 % are online and the canary does not fail any more.
 * @param canaryFailures how often the canary failed running
 */
export function blindness(
  before: Blindness,
  { expected, online }: Counts,
  canaryFailures: number,
  nowMs: number,
  timings: Timings
): Blindness {
  const canaryFails = canaryFailures >= CANARY_FAILURES;
  const share = expected === 0 ? null : online / expected;
  const lowSinceMs = share !== null && share < BLIND_UNDER ? (before.lowSinceMs ?? nowMs) : null;
  if (before.blind !== null) {
    const ends = share !== null && share >= BLIND_UNTIL && !canaryFails;
    return { blind: ends ? null : before.blind, lowSinceMs };
  }
  if (canaryFails) return { blind: { sinceMs: nowMs, cause: 'canary' }, lowSinceMs };
  const silent = lowSinceMs !== null && nowMs - lowSinceMs >= timings.blindHold;
  return { blind: silent ? { sinceMs: nowMs, cause: 'silence' } : null, lowSinceMs };
}

/**
 * Until when a zone's nodes may not expire after its verdict changed (domain-rules section 2): `zoneHold` after it left
 * `normal`, `noExpiryAfterStart` after it left `full`.
 * @param heldUntilMs the hold it is under already
 */
export function holdUntil(
  before: Verdict,
  after: Verdict,
  heldUntilMs: number,
  nowMs: number,
  timings: Timings
): number {
  if (before === after) return heldUntilMs;
  // A blind fleet holds all by itself; it is no recovery.
  if (after === 'blind') return heldUntilMs;
  if (before === 'full') return Math.max(heldUntilMs, nowMs + timings.noExpiryAfterStart);
  return before === 'normal' ? Math.max(heldUntilMs, nowMs + timings.zoneHold) : heldUntilMs;
}
