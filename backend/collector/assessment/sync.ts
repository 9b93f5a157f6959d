import { COMPONENT_POINTS, syncLagMs } from '@openclaw-fleet/contract';
import type { Subject } from './types.ts';

/** Multiples of the most that is allowed, over which drift is major, and no points are left, and critical (domain-rules sections 3 and 4). */
export const MAJOR_AT = 3;
export const CRITICAL_AT = 10;
/** Where a lag that grows is looked at again: where its severity changes, and as each quarter of the points is gone. */
const LOOK_AGAIN_AT = [1, 1.5, 2, 2.5, MAJOR_AT, CRITICAL_AT];

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
  const over = (lagMs - maxLagMs) / ((MAJOR_AT - 1) * maxLagMs);
  return Math.max(0, Math.round(10 * COMPONENT_POINTS * (1 - over)) / 10);
}

/** When a lag that grows is to be looked at again, in milliseconds of our clock; Infinity when nothing is left to change. */
export function nextLagMs(subject: Subject, maxLagMs: number, nowMs: number): number {
  const { report, seenMs } = subject;
  const lag = lagOf(subject, nowMs);
  if (report.reported === undefined || seenMs === null) return Infinity;
  for (const factor of LOOK_AGAIN_AT) {
    const limit = factor * maxLagMs;
    if (lag <= limit) return Math.floor(seenMs + limit - report.reported.sync_lag_ms) + 1;
  }
  return Infinity;
}
