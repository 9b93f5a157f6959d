import type { JobsBlock, ObservedJob } from '@openclaw-fleet/contract';
import { JOBS } from '../payload.ts';

/** Results of the last hour by job, the busiest first; they sum to those of the jobs block. */
const RESULTS = [14, 12, 10, 4, 4, 4, 4, 2, 2, 2, 2];
/** Errors in a row of a job when its failing begins to show. */
const ERRORS = 3;
/** A failing job runs, and fails, twice a beat. */
const RUNS_PER_BEAT = 2;

interface Job {
  readonly id: string;
  readonly name: string;
  readonly throttleable: boolean;
  readonly results: number;
  enabled: boolean;
  throttled: boolean;
  /** It fails whenever it runs. */
  failing: boolean;
  /** Errors in a row up to `sinceMs`. */
  errors: number;
  sinceMs: number;
}

/** The scheduled jobs of a simulated gateway. */
export class SimulatedJobs {
  readonly #beatMs: number;
  readonly #jobs: Job[];

  constructor(beatMs: number) {
    this.#beatMs = beatMs;
    this.#jobs = Array.from({ length: JOBS.total }, (_, index) => {
      const number = String(index + 1).padStart(2, '0');
      const last = index === RESULTS.length - 1;
      return {
        id: `job-${number}`,
        name: last ? 'heartbeat' : `nightly report ${number}`,
        throttleable: !last,
        results: RESULTS[index] ?? 0,
        enabled: index < RESULTS.length,
        throttled: false,
        failing: false,
        errors: 0,
        sinceMs: 0,
      };
    });
  }

  /** From now on the busiest jobs fail, as many as it takes for that share of all results. */
  afflict(ratio: number, nowMs: number): void {
    let failures = 0;
    for (const job of this.#jobs) {
      if (failures >= ratio * JOBS.results1h || !job.throttleable) return;
      Object.assign(job, { failing: true, errors: ERRORS, sinceMs: nowMs });
      failures += job.results;
    }
  }

  /** No job fails any more; what the bridge disabled stays so. */
  relieve(): void {
    for (const job of this.#jobs) Object.assign(job, { failing: false, errors: 0 });
  }

  get(id: string): ObservedJob | null {
    return this.observed(0).find((job) => job.id === id) ?? null;
  }

  disable(ids: readonly string[], nowMs: number): void {
    for (const job of this.#jobs) {
      if (!ids.includes(job.id) || !job.enabled) continue;
      Object.assign(job, { errors: this.#errors(job, nowMs), enabled: false, throttled: true });
    }
  }

  /** @param mended they fail no more */
  enable(ids: readonly string[], nowMs: number, mended: boolean): void {
    for (const job of this.#jobs) {
      if (!ids.includes(job.id)) continue;
      Object.assign(job, { enabled: true, throttled: false, sinceMs: nowMs });
      if (mended) Object.assign(job, { failing: false, errors: 0 });
    }
  }

  anyFails(): boolean {
    return this.#jobs.some(({ failing }) => failing);
  }

  /** Failing and throttled ones first. */
  observed(nowMs: number): ObservedJob[] {
    return this.#jobs
      .map((job) => ({
        id: job.id,
        name: job.name,
        enabled: job.enabled,
        throttled: job.throttled,
        throttleable: job.throttleable,
        consecutive_errors: this.#errors(job, nowMs),
        results_1h: job.results,
        failures_1h: job.failing ? job.results : 0,
      }))
      .sort((a, b) => b.failures_1h - a.failures_1h || Number(b.throttled) - Number(a.throttled));
  }

  block(): JobsBlock {
    const failures = this.#jobs.reduce((sum, { failing, results }) => sum + (failing ? results : 0), 0);
    return {
      total: this.#jobs.length,
      enabled: this.#jobs.filter(({ enabled }) => enabled).length,
      failing: this.#jobs.filter(({ enabled, failing }) => enabled && failing).length,
      results_1h: JOBS.results1h,
      failures_1h: failures,
      results_24h: JOBS.results24h,
      failures_24h: failures + 4,
    };
  }

  #errors({ failing, enabled, errors, sinceMs }: Job, nowMs: number): number {
    if (!failing || !enabled) return errors;
    return errors + Math.max(0, Math.floor(((nowMs - sinceMs) * RUNS_PER_BEAT) / this.#beatMs));
  }
}
