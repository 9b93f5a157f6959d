import { COMPONENT_POINTS, syncLagMs } from '@openclaw-fleet/contract';
import type { Subject } from './types.ts';

/** Lag over which there are no points left, in multiples of the most that is allowed (domain-rules section 3). */
const NO_POINTS_AT = 3;

/** Age of the last state that was read from the gateway and delivered, in milliseconds; NaN when there is none. */
export function lagOf({ report, seenMs }: Subject, nowMs: number): number {
  const { reported } = report;
  if (reported === undefined || seenMs === null) return NaN;
  return syncLagMs(nowMs, seenMs, reported.sync_lag_ms);
}

/** 20 up to `maxLagMs`, then linear to 0 at three times that; NaN without a lag. */
export function syncPoints(lagMs: number, maxLagMs: number): number {
  if (Number.isNaN(lagMs)) return NaN;
  if (lagMs <= maxLagMs) return COMPONENT_POINTS;
  const over = (lagMs - maxLagMs) / ((NO_POINTS_AT - 1) * maxLagMs);
  return Math.max(0, Math.round(10 * COMPONENT_POINTS * (1 - over)) / 10);
}
