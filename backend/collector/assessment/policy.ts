import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { ViolationSeverity } from '@openclaw-fleet/contract';
import type { Fault } from './types.ts';

const COST: Readonly<Record<ViolationSeverity, number>> = { warning: 3, high: 8, critical: 20 };

/** What an open fault costs the policy component. Drift costs nothing there, and neither does a low score: it would latch. */
export function policyCost(fault: Fault): number {
  return fault.kind === 'violation' && fault.code !== 'score-below-minimum' ? COST[fault.severity] : 0;
}

/** 20 less 3 for each warning, 8 for each high and 20 for each critical violation (domain-rules section 3). */
export function policyPoints(faults: readonly Fault[]): number {
  let points = COMPONENT_POINTS;
  for (const fault of faults) points -= policyCost(fault);
  return Math.max(0, points);
}
