import type { Clock } from './types.ts';

/** The machine's clocks. Its timers let the process exit, unless told to hold it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn, hold = false) => {
    const timer = setTimeout(fn, ms);
    if (!hold) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/**
 * Settles as `work` does, or rejects with `onTimeout()` once `ms` have passed. `work` goes on; its late result is ignored.
 * @param hold keeps the process alive meanwhile
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  onTimeout: () => Error,
  hold = false
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(onTimeout()), hold);
    work.then(resolve, reject).finally(cancel);
  });
}
