import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { JobsBlock } from '@openclaw-fleet/contract';

/** Fewer results say nothing (domain-rules section 3). */
export const LEAST_RESULTS = 5;
const MOST_FOR_TREND = 5;
/** A rise by a quarter costs all of them. */
const POINTS_PER_RISE = 20;

/** Share of the last hour's results that failed, 0 to 1; NaN with fewer than 5. */
export function failureRatio(jobs: JobsBlock | undefined): number {
  return jobs === undefined ? NaN : ratio(jobs.failures_1h, jobs.results_1h);
}

/** The same of the 24 h before, less the last hour; NaN when too little is known of them. */
export function earlierFailureRatio(jobs: JobsBlock | undefined): number {
  if (jobs?.results_24h === undefined || jobs.failures_24h === undefined) return NaN;
  return ratio(jobs.failures_24h - jobs.failures_1h, jobs.results_24h - jobs.results_1h);
}

function ratio(failures: number, results: number): number {
  return results < LEAST_RESULTS ? NaN : Math.min(1, Math.max(0, failures / results));
}

/** 20 x (1 - failure ratio of the last hour), less up to 5 as it rises against the day before; NaN with fewer than 5 results. */
export function jobsPoints(jobs: JobsBlock | undefined): number {
  const now = failureRatio(jobs);
  if (Number.isNaN(now)) return NaN;
  const rise = now - earlierFailureRatio(jobs);
  const penalty = rise > 0 ? Math.min(MOST_FOR_TREND, POINTS_PER_RISE * rise) : 0;
  return Math.max(0, Math.round(10 * (COMPONENT_POINTS * (1 - now) - penalty)) / 10);
}
