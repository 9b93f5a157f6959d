import type { Clock } from '../types.ts';
import { waitFor } from './wait.ts';

interface Timer {
  readonly due: number;
  readonly fn: () => void;
}

/** A clock that stands until a test moves it; its timers run in the order they are due. */
export interface VirtualClock extends Clock {
  /** Moves both clocks, running what falls due. */
  advance(ms: number): void;
  /** Moves the wall clock alone. */
  setBack(ms: number): void;
  /**
   * Waits (for real sockets) until a timer of `min` to `max` milliseconds from now is set, then moves there.
   * @returns how far it moved
   */
  advanceToTimer(min: number, max: number): Promise<number>;
  /** Milliseconds until each timer, the nearest first. */
  pending(): number[];
}

export function createVirtualClock(start = Date.now()): VirtualClock {
  let elapsed = 0;
  let wallOffset = start;
  let timers: Timer[] = [];
  const clock: VirtualClock = {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    after: (ms, fn) => {
      const timer = { due: elapsed + ms, fn };
      timers.push(timer);
      timers.sort((a, b) => a.due - b.due);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    advance: (ms) => {
      const end = elapsed + ms;
      for (;;) {
        const [next] = timers;
        if (!next || next.due > end) break;
        timers.shift();
        elapsed = Math.max(elapsed, next.due);
        next.fn();
      }
      elapsed = end;
    },
    setBack: (ms) => {
      wallOffset -= ms;
    },
    pending: () => timers.map((timer) => timer.due - elapsed),
    advanceToTimer: async (min, max) => {
      const find = (): number | undefined => clock.pending().find((wait) => wait >= min && wait <= max);
      await waitFor(
        () => find() !== undefined,
        () => `no timer of ${min} to ${max} ms; there are ${JSON.stringify(clock.pending())}`
      );
      const wait = find() ?? 0;
      clock.advance(wait);
      return wait;
    },
  };
  return clock;
}
