import type { JobsBlock } from '@openclaw-fleet/contract';
import { earlierFailureRatio, failureRatio } from '../../assessment/jobs.ts';

/** Share of the last hour's results that must have failed. */
export const BURST_RATIO = 0.5;
/** And how many times the share of the 23 hours before it must be. */
export const BURST_RISE = 2;

export interface Burst {
  /** Share of failed results of the last hour, 0 to 1. */
  readonly ratio: number;
  /** The same of the 23 hours before. */
  readonly baseline: number;
}

/**
 * The anomaly FailureBurst is for (seed 000, step 1): of at least 5 results of the last hour half or more failed, that is at
 * least twice the share of the 23 hours before, and a job is failing still. With fewer than 5 results in either window it
 * cannot be told, and nothing acts on what cannot be told; a burst that is over leaves its hour behind, and is none.
 * @returns null: no burst
 */
export function burstOf(jobs: JobsBlock | null): Burst | null {
  if (jobs === null || jobs.failing === 0) return null;
  const ratio = failureRatio(jobs);
  const baseline = earlierFailureRatio(jobs);
  // NaN, where too little is known, is never at least anything.
  return ratio >= BURST_RATIO && ratio >= BURST_RISE * baseline ? { ratio, baseline } : null;
}
