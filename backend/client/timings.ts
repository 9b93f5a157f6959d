import type { TimingsProfile } from '@openclaw-fleet/contract';

/** Durations of the publisher, in milliseconds (domain-rules section 1; contract/timings.ts has the shared ones). */
export interface ClientTimings {
  readonly beat: number;
  readonly beatMin: number;
  readonly beatMax: number;
  /** Waits before the attempts that follow the first, before jitter. */
  readonly retries: readonly number[];
  /** Between two replays: the allowance of 20 a minute, with some room. */
  readonly replaySpacing: number;
  /** For connecting, sending and the whole reply. */
  readonly requestTimeout: number;
  readonly snapshotTimeout: number;
  /** First wait after a failed renewal; doubled each time up to `renewRetryMax`. */
  readonly renewRetry: number;
  readonly renewRetryMax: number;
}

/** By how much the demo profile is faster. */
export const DEMO_SPEED = 20;

const production: ClientTimings = {
  beat: 60_000,
  beatMin: 30_000,
  beatMax: 120_000,
  retries: [2_000, 4_000, 8_000, 16_000],
  replaySpacing: 3_200,
  requestTimeout: 10_000,
  snapshotTimeout: 5_000,
  renewRetry: 60_000,
  renewRetryMax: 3_600_000,
};

const fast = (ms: number): number => ms / DEMO_SPEED;

const demo: ClientTimings = {
  beat: fast(production.beat),
  beatMin: fast(production.beatMin),
  beatMax: fast(production.beatMax),
  retries: production.retries.map(fast),
  replaySpacing: fast(production.replaySpacing),
  // How long a machine needs to answer does not shrink with the beat.
  requestTimeout: 2_000,
  snapshotTimeout: 1_000,
  renewRetry: fast(production.renewRetry),
  renewRetryMax: fast(production.renewRetryMax),
};

export const CLIENT_TIMINGS: Readonly<Record<TimingsProfile, ClientTimings>> = { production, demo };
