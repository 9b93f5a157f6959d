import type { Limits } from '../types.ts';

/** Below this many targets one that became expired or critical is all there may be. */
const SMALL_FLEET = 5;

// A product such as 0.29 x 100 must not fall under the whole number it stands for.
const wholeShare = (share: number, of: number): number => Math.floor(share * of + 1e-9);

/**
 * How many targets may be in flight at once: 20 %, at least 1, at most 50 (domain-rules section 6).
 * @param expected targets that are expected
 */
export function inFlightCap(expected: number, limits: Limits): number {
  const share = Math.max(limits.inFlightLeast, wholeShare(limits.inFlightShare, expected));
  return Math.min(limits.inFlightMost, share);
}

/**
 * How many targets may have become expired or critical before automation holds: 20 %, at least 2 from 5 targets up and 1
 * below (domain-rules section 6).
 * @param of expected targets of normal zones
 */
export function blastAllowance(of: number, limits: Limits): number {
  return Math.max(of < SMALL_FLEET ? 1 : 2, wholeShare(limits.blastShare, of));
}
