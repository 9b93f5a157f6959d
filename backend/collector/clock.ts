/** Milliseconds since the epoch. Tests pass a fake. */
export type Clock = () => number;

/** At most this much of the elapsed time is spent on catching up with the wall clock. */
const SLEW = 0.05;

/**
 * A clock that never jumps: it starts at the wall clock, runs by the monotonic one, and slews towards the wall clock by
 * at most 5 %. A step of the collector's own clock must not make every node look dead (domain-rules section 2).
 */
export function steadyClock(wall: Clock = Date.now, monotonic: Clock = () => performance.now()): Clock {
  let steady = wall();
  let last = monotonic();
  return () => {
    const at = monotonic();
    const elapsed = at - last;
    if (elapsed > 0) {
      last = at;
      steady += elapsed;
      const behind = wall() - steady;
      steady += Math.max(-SLEW * elapsed, Math.min(SLEW * elapsed, behind));
    }
    return Math.floor(steady);
  };
}
