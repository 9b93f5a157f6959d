import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { Band, RiskLevel } from '@openclaw-fleet/contract';
import { CAPS } from './caps.ts';
import type { Fault, Subject } from './types.ts';

/** Points of connectivity, sync, policy, runtime and jobs; NaN for one that is null. */
export type Points = readonly [number, number, number, number, number];

/** Of a target that is not judged. */
export const NO_POINTS: Points = [NaN, NaN, NaN, NaN, NaN];

// One for each set of components that apply: what is healthy shares them.
const FULL: readonly Points[] = Array.from({ length: 32 }, (_, applies) => {
  const at = (bit: number): number => ((applies >> bit) & 1 ? COMPONENT_POINTS : NaN);
  return [at(0), at(1), at(2), at(3), at(4)];
});

/** The components' points as one value, shared by all that have every point there is. */
export function pointsOf(connectivity: number, sync: number, policy: number, runtime: number, jobs: number): Points {
  const full = bitOf(connectivity, 1) | bitOf(sync, 2) | bitOf(policy, 4) | bitOf(runtime, 8) | bitOf(jobs, 16);
  return (full < 32 ? FULL[full] : undefined) ?? [connectivity, sync, policy, runtime, jobs];
}

function bitOf(points: number, bit: number): number {
  if (points === COMPONENT_POINTS) return bit;
  return Number.isNaN(points) ? 0 : 32;
}

/** The sum of the components, rescaled over those that apply to 0..100; NaN when none does. */
export function rescaled(points: Points): number {
  let sum = 0;
  let count = 0;
  for (const of of points) {
    if (Number.isNaN(of)) continue;
    sum += of;
    count++;
  }
  return (100 * sum) / (COMPONENT_POINTS * count);
}

/** The score: 0 to 100, a whole number; null when no component applies. */
export function scoreOf(points: Points, subject: Subject, faults: readonly Fault[]): number | null {
  let score = rescaled(points);
  if (Number.isNaN(score)) return null;
  for (const cap of CAPS) if (score > cap.at && cap.holds(subject, faults)) score = cap.at;
  return Math.round(score);
}

const HEALTHY_FROM = 90;
const WARNING_FROM = 70;
const DEGRADED_FROM = 40;

/** The band of a score (seed 000). */
export function bandOf(score: number | null): Band {
  if (score === null) return 'unknown';
  if (score >= HEALTHY_FROM) return 'healthy';
  if (score >= WARNING_FROM) return 'warning';
  return score >= DEGRADED_FROM ? 'degraded' : 'critical';
}

const RISK: Readonly<Record<Band, RiskLevel | null>> = {
  healthy: 'low',
  warning: 'medium',
  degraded: 'high',
  critical: 'critical',
  unknown: null,
};

/** The risk level that goes with a band (domain-rules section 3). */
export function riskOf(band: Band): RiskLevel | null {
  return RISK[band];
}
