/** Milliseconds since the epoch. Tests pass a fake. */
export type Clock = () => number;

/** At most this much of the elapsed time is spent on catching up with the wall clock. */
const SLEW = 0.05;
/** Behind the wall clock by more than this we were asleep, or started before the clock was set. Milliseconds. */
const ASLEEP = 10_000;

export interface SteadyClockOptions {
  readonly wall?: Clock;
  readonly monotonic?: Clock;
  /** Told how far the clock jumped, in milliseconds: what happened meanwhile was not seen. */
  readonly onJump?: (ms: number) => void;
}

/**
 * The clock that ages are judged by. It never goes back, and follows the wall clock by at most 5 %: a step of the wall
 * clock must not make every node look dead (domain-rules section 2). Only after a sleep of the whole machine, which stops
 * the monotonic clock, it jumps forward, and says so.
 */
export function steadyClock({
  wall = Date.now,
  monotonic = () => performance.now(),
  onJump,
}: SteadyClockOptions = {}): Clock {
  let steady = wall();
  let last = monotonic();
  return () => {
    const at = monotonic();
    const elapsed = at - last;
    if (elapsed > 0) {
      last = at;
      steady += elapsed;
      const behind = wall() - steady;
      if (behind > ASLEEP) {
        steady += behind;
        onJump?.(behind);
      } else steady += Math.max(-SLEW * elapsed, Math.min(SLEW * elapsed, behind));
    }
    return Math.floor(steady);
  };
}
