import type { ReportedBlock } from '@openclaw-fleet/contract';
import type { Report } from '../assessment/types.ts';
import type { StoredNode } from '../storage/types.ts';
import { overwrite } from './overwrite.ts';

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
export function vitalOf(report: Report): string {
  const { uptime_seconds, seq, capacity, queue_depth, jobs, publisher, reported } = report;
  return JSON.stringify({
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
export function settledOf(report: Report): string {
  const settled = without(report, VITAL);
  if (report.reported) settled['reported'] = without(report.reported, VITAL_REPORTED);
  return JSON.stringify(settled);
}

/**
 * Whether two heartbeats of a node differ in nothing but what is vital. Field by field, because a loop over names costs ten
 * times as much; a test goes through every field of the contract.
 */
export function sameSettled(a: Report, b: Report): boolean {
  return (
    a.hostname === b.hostname &&
    a.version === b.version &&
    a.boot_id === b.boot_id &&
    a.interval_seconds === b.interval_seconds &&
    a.goodbye === b.goodbye &&
    sameItems(a.tags, b.tags) &&
    sameItems(a.capabilities, b.capabilities) &&
    sameReported(a.reported, b.reported)
  );
}

function sameReported(a: ReportedBlock | undefined, b: ReportedBlock | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.bridge_version === b.bridge_version &&
    a.openclaw_version === b.openclaw_version &&
    a.openclaw_build === b.openclaw_build &&
    a.gateway_boot_id === b.gateway_boot_id &&
    a.gateway_state === b.gateway_state &&
    a.transport === b.transport &&
    a.environment === b.environment &&
    a.config_hash === b.config_hash &&
    a.full_config_hash === b.full_config_hash &&
    a.config_valid === b.config_valid &&
    a.config_converged === b.config_converged &&
    a.revision === b.revision &&
    a.apply_status === b.apply_status &&
    a.actions_address === b.actions_address &&
    a.tunnel_port === b.tunnel_port &&
    a.metrics_address === b.metrics_address &&
    a.health_status === b.health_status &&
    sameItems(a.health_reasons, b.health_reasons)
  );
}

function sameItems(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true;
  if (a?.length !== b?.length || a === undefined || b === undefined) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/**
 * Brings a held heartbeat up to date with one that differs in nothing but what is vital: in place, so that next to nothing
 * of a heartbeat outlives it. Collecting what does costs more than taking it in.
 * @returns what to hold: `held`, or `next` when they have different fields
 */
export function refreshed(held: Report, next: Report): Report {
  if (held === next) return held;
  if (hasOptional(held) !== hasOptional(next)) return next;
  held.capacity = overwrite(held.capacity, next.capacity);
  held.queue_depth = overwrite(held.queue_depth, next.queue_depth);
  if (next.uptime_seconds !== undefined) held.uptime_seconds = next.uptime_seconds;
  if (next.seq !== undefined) held.seq = next.seq;
  if (held.jobs && next.jobs) held.jobs = overwrite(held.jobs, next.jobs);
  if (held.publisher && next.publisher) held.publisher = overwrite(held.publisher, next.publisher);
  const [mine, theirs] = [held.reported, next.reported];
  if (mine && theirs && mine !== theirs) {
    mine.sync_lag_ms = theirs.sync_lag_ms;
    mine.metrics = overwrite(mine.metrics, theirs.metrics);
  }
  return held;
}

/** Which of the vital fields that may be absent are there, as bits. */
function hasOptional({ uptime_seconds, seq, jobs, publisher }: Report): number {
  return (
    (uptime_seconds === undefined ? 0 : 1) |
    (seq === undefined ? 0 : 2) |
    (jobs === undefined ? 0 : 4) |
    (publisher === undefined ? 0 : 8)
  );
}

/** The heartbeat that a row was written from. The intake validated it before it was stored. */
export function reportOf({ report, vital }: Pick<StoredNode, 'report' | 'vital'>): Report {
  const settled = JSON.parse(report) as Fields;
  const live = JSON.parse(vital) as Fields;
  const reported = settled['reported'] && { ...(settled['reported'] as Fields), ...(live['reported'] as Fields) };
  return { ...settled, ...live, ...(reported ? { reported } : {}) } as unknown as Report;
}

function without(fields: object, left: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !left.has(field)));
}
