import type { Clock } from './types.ts';

/** Gives each beat its `last_heartbeat`. */
export interface BeatClock {
  /** Milliseconds since the epoch; later than every one before. */
  next(): number;
  /** The collector took the beat of that time. */
  taken(time: number): void;
  /**
   * The collector refused the times as lying in the future: starts again at the wall clock, though never before a time
   * that was taken, since that would break the order.
   */
  restart(): void;
}

/**
 * Strictly increasing times that follow the wall clock forward and the monotonic one when the wall clock is set back, so
 * that a correction of the clock neither repeats an idempotency key nor makes the node look like a replay.
 */
export function createBeatClock(clock: Clock): BeatClock {
  let last = -Infinity;
  let lastAt = 0;
  let newestTaken = -Infinity;
  return {
    next: () => {
      const at = clock.monotonic();
      const elapsed = Math.max(1, Math.floor(at - lastAt));
      last = Math.max(Math.floor(clock.now()), last + elapsed);
      lastAt = at;
      return last;
    },
    taken: (time) => {
      newestTaken = Math.max(newestTaken, time);
    },
    restart: () => {
      last = newestTaken;
      lastAt = clock.monotonic();
    },
  };
}
