import { list, number, record, text } from './parse.ts';

/** Results that are remembered at most; past that the oldest are forgotten, and the 24 hours cover less. */
export const MAX_RESULTS = 10_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One finished run of a scheduled job. */
interface Result {
  readonly jobId: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly atMs: number;
  readonly failed: boolean;
  readonly undelivered: boolean;
}

export interface JobCounts {
  readonly results1h: number;
  readonly failures1h: number;
  readonly results24h: number;
  readonly failures24h: number;
  /** Results of the last hour whose delivery failed; the run itself may be ok. */
  readonly undelivered1h: number;
}

/** Of one job, in the last hour. */
export interface JobTally {
  readonly results1h: number;
  readonly failures1h: number;
}

export interface JobList {
  readonly total: number;
  readonly enabled: number;
  /** Enabled jobs whose last run failed. */
  readonly failing: number;
}

/**
 * Results of scheduled jobs of the last 24 hours, from `cron` events and from `cron.runs` alike: a run counts once, by its
 * run id. Skipped runs and heartbeat jobs do not count (openclaw-notes section 11, playbook C).
 */
export class JobWindow {
  readonly #results = new Map<string, Result>();
  #heartbeats: ReadonlySet<string> = new Set();

  /** Takes the jobs of `cron.list`, all pages of it. */
  takeList(jobs: readonly unknown[]): JobList {
    const known = jobs.map(record).filter((job) => text(job['id']) !== null);
    this.#heartbeats = new Set(known.filter(isHeartbeat).map((job) => String(job['id'])));
    const counted = known.filter((job) => !isHeartbeat(job));
    const enabled = counted.filter((job) => job['enabled'] === true);
    const failing = enabled.filter(
      (job) => (record(job['state'])['lastRunStatus'] ?? job['lastRunStatus']) === 'error'
    );
    return { total: counted.length, enabled: enabled.length, failing: failing.length };
  }

  /** Takes the payload of an event `cron`, or one entry of `cron.runs`. @param nowMs wall clock */
  take(run: Readonly<Record<string, unknown>>, nowMs: number): void {
    const status = text(run['status']);
    const jobId = text(run['jobId']);
    if (run['action'] !== 'finished' || jobId === null || (status !== 'ok' && status !== 'error')) return;
    if (this.#heartbeats.has(jobId) || isHeartbeat(record(run['job']))) return;
    const startedMs = number(run['runAtMs']);
    // A gateway's clock that was ahead for a moment must not keep a result in the window for days.
    const atMs = Math.min(nowMs, number(run['ts']) ?? (startedMs ?? nowMs) + (number(run['durationMs']) ?? 0));
    const key = text(run['runId']) ?? `${jobId}@${startedMs ?? atMs}`;
    if (this.#results.has(key) || atMs <= nowMs - DAY) return;
    this.#results.set(key, {
      jobId,
      atMs,
      failed: status === 'error',
      undelivered: run['deliveryStatus'] === 'not-delivered',
    });
    if (this.#results.size > MAX_RESULTS) this.#forget(nowMs);
  }

  /** Counts the windows that end now. @param nowMs wall clock */
  counts(nowMs: number): JobCounts {
    const counts = { results1h: 0, failures1h: 0, results24h: 0, failures24h: 0, undelivered1h: 0 };
    for (const [key, { atMs, failed, undelivered }] of this.#results) {
      if (atMs <= nowMs - DAY) {
        this.#results.delete(key);
        continue;
      }
      counts.results24h += 1;
      if (failed) counts.failures24h += 1;
      if (atMs <= nowMs - HOUR) continue;
      counts.results1h += 1;
      if (failed) counts.failures1h += 1;
      if (undelivered) counts.undelivered1h += 1;
    }
    return counts;
  }

  /** Counts the last hour job by job. @param nowMs wall clock */
  tallies(nowMs: number): ReadonlyMap<string, JobTally> {
    const tallies = new Map<string, JobTally>();
    for (const { jobId, atMs, failed } of this.#results.values()) {
      if (atMs <= nowMs - HOUR) continue;
      const { results1h, failures1h } = tallies.get(jobId) ?? { results1h: 0, failures1h: 0 };
      tallies.set(jobId, { results1h: results1h + 1, failures1h: failures1h + (failed ? 1 : 0) });
    }
    return tallies;
  }

  get size(): number {
    return this.#results.size;
  }

  /** Drops what is past its time, then the oldest tenth, so that the cost per result stays small. */
  #forget(nowMs: number): void {
    this.counts(nowMs);
    if (this.#results.size <= MAX_RESULTS) return;
    const oldest = [...this.#results].sort(([, a], [, b]) => a.atMs - b.atMs).slice(0, MAX_RESULTS / 10);
    for (const [key] of oldest) this.#results.delete(key);
  }
}

/** How far back a page of `cron.runs` reaches; null when it is empty. Wall clock, milliseconds. */
export function oldestOf(entries: unknown): number | null {
  return list(entries).reduce<number | null>((oldest, entry) => {
    const at = number(record(entry)['ts']);
    return at === null || (oldest !== null && oldest <= at) ? oldest : at;
  }, null);
}

export function isHeartbeat(job: Readonly<Record<string, unknown>>): boolean {
  return (
    record(job['payload'])['kind'] === 'heartbeat' || text(job['declarationKey'])?.startsWith('heartbeat:') === true
  );
}
