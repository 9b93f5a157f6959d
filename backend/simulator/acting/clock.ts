import type { Clock } from '@openclaw-fleet/client';
import type { Time } from '../node.ts';

/** The simulation's time, as the bridge's parts take it. */
export function clockOf(time: Time): Clock {
  return {
    now: () => time.now(),
    monotonic: () => time.now(),
    after: (ms, fn) => {
      const timer = new AbortController();
      void time.sleep(ms, timer.signal).then(() => {
        if (!timer.signal.aborted) fn();
      });
      return () => timer.abort();
    },
  };
}
