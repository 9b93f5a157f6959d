import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { Limits } from '@openclaw-fleet/contract';
import type { Report } from './types.ts';

const HEALTH_POINTS = { ok: COMPONENT_POINTS, warn: 10, error: 0 } as const;
const POINTS_PER_LIMIT = 5;

/** ok 20, warn 10, error 0, less 5 for each of cpu, memory and queue depth over its limit; NaN without a report (domain-rules section 3). */
export function runtimePoints({ reported }: Report, limits: Limits): number {
  if (reported === undefined) return NaN;
  const { cpu_pct: cpu, mem_used_bytes: memory, queue_depth: queue } = reported.metrics;
  let points: number = HEALTH_POINTS[reported.health_status];
  if (isOver(cpu, limits.cpuPct)) points -= POINTS_PER_LIMIT;
  if (isOver(memory, limits.memUsedBytes)) points -= POINTS_PER_LIMIT;
  if (isOver(queue, limits.queueDepth)) points -= POINTS_PER_LIMIT;
  return Math.max(0, points);
}

/** Over its limit; never without a value or without a limit. */
export function isOver(value: number | undefined, limit: number | undefined): boolean {
  return value !== undefined && limit !== undefined && value > limit;
}
