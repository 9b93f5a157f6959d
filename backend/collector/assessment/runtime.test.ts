import { describe, expect, it } from '@jest/globals';
import type { Limits, ReportedBlock } from '@openclaw-fleet/contract';
import { isOver, runtimePoints } from './runtime.ts';
import { bridgedOf, plainOf } from './testing/cases.ts';

const limits: Limits = { cpuPct: 90, memUsedBytes: 100, queueDepth: 10 };
const at = { cpu_pct: 90, mem_used_bytes: 100, queue_depth: 10 };

describe('runtimePoints', () => {
  it.each<[string, Partial<ReportedBlock>, number]>([
    ['ok', {}, 20],
    ['warn', { health_status: 'warn' }, 10],
    ['error', { health_status: 'error' }, 0],
    ['ok, all at their limits', { metrics: at }, 20],
    ['ok, cpu over', { metrics: { ...at, cpu_pct: 90.1 } }, 15],
    ['ok, memory over', { metrics: { ...at, mem_used_bytes: 101 } }, 15],
    ['ok, queue over', { metrics: { ...at, queue_depth: 11 } }, 15],
    ['ok, all over', { metrics: { cpu_pct: 91, mem_used_bytes: 101, queue_depth: 11 } }, 5],
    ['warn, all over', { health_status: 'warn', metrics: { cpu_pct: 91, mem_used_bytes: 101, queue_depth: 11 } }, 0],
    ['error, cpu over', { health_status: 'error', metrics: { cpu_pct: 91 } }, 0],
    ['ok, nothing measured', { metrics: {} }, 20],
  ])('%s', (_name, reported, points) => {
    expect(runtimePoints(bridgedOf({ metrics: at, ...reported }), limits)).toBe(points);
  });

  it('knows no limit that nobody set', () => {
    expect(runtimePoints(bridgedOf({ metrics: { cpu_pct: 1e5 } }), {})).toBe(20);
    expect(isOver(0.1, 0)).toBe(true);
    expect(isOver(0, 0)).toBe(false);
  });

  it('is null without a bridge', () => {
    expect(runtimePoints(plainOf(), limits)).toBeNaN();
  });
});
