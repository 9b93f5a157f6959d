import type { Heartbeat } from '@openclaw-fleet/contract';
import type { StoredNode } from '../storage/types.ts';

type Fields = Record<string, unknown>;

/** Fields that change with nearly every heartbeat; the others are settled. */
const VITAL: ReadonlySet<string> = new Set([
  'last_heartbeat',
  'uptime_seconds',
  'seq',
  'capacity',
  'queue_depth',
  'jobs',
  'publisher',
]);
const VITAL_REPORTED: ReadonlySet<string> = new Set(['sync_lag_ms', 'metrics']);

/** What is written with every heartbeat, as JSON. */
export function vitalOf(report: Heartbeat): string {
  const { last_heartbeat, uptime_seconds, seq, capacity, queue_depth, jobs, publisher, reported } = report;
  return JSON.stringify({
    last_heartbeat,
    uptime_seconds,
    seq,
    capacity,
    queue_depth,
    jobs,
    publisher,
    reported: reported && { sync_lag_ms: reported.sync_lag_ms, metrics: reported.metrics },
  });
}

/** What is written when it changes, as JSON. */
export function settledOf(report: Heartbeat): string {
  const settled = without(report, VITAL);
  if (report.reported) settled['reported'] = without(report.reported, VITAL_REPORTED);
  return JSON.stringify(settled);
}

/** Whether two heartbeats of a node differ in nothing but what is vital. */
export function sameSettled(a: Heartbeat, b: Heartbeat): boolean {
  return sameFields(a, b, VITAL);
}

/** The heartbeat that a row was written from. The intake validated it before it was stored. */
export function reportOf({ report, vital }: Pick<StoredNode, 'report' | 'vital'>): Heartbeat {
  const settled = JSON.parse(report) as Fields;
  const live = JSON.parse(vital) as Fields;
  const reported = settled['reported'] && { ...(settled['reported'] as Fields), ...(live['reported'] as Fields) };
  return { ...settled, ...live, ...(reported ? { reported } : {}) } as unknown as Heartbeat;
}

function without(fields: object, left: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !left.has(field)));
}

function sameFields(a: object, b: object, left: ReadonlySet<string> | null): boolean {
  let surplus = 0;
  for (const field in a) if (left === null || !left.has(field)) surplus++;
  for (const field in b) {
    if (left?.has(field) === true) continue;
    surplus--;
    const one = (a as Fields)[field];
    const other = (b as Fields)[field];
    if (one !== other && !sameValue(one, other, field)) return false;
  }
  return surplus === 0;
}

function sameValue(a: unknown, b: unknown, field: string): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => item === b[index]);
  return sameFields(a, b, field === 'reported' ? VITAL_REPORTED : null);
}
