import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhenResult,
  isBrokenCircuitError,
  type IBackoff,
} from 'cockatiel';
import type { Clock } from '../clock.ts';

export interface BreakerOptions {
  /** Failures one after the other that open it. */
  readonly after: number;
  /** Open for this long; then one call goes through and decides. Milliseconds. */
  readonly openMs: number;
  readonly clock: Clock;
  /** Told when it opens and when it closes again. */
  readonly onChange: (open: boolean) => void;
}

/** Keeps calls from a way that does not work. */
export interface Breaker {
  /** Nothing failed since something last worked. */
  readonly fresh: boolean;
  /** @returns null when it is open and nothing was called */
  run<Outcome>(call: () => Promise<Outcome>): Promise<Outcome | null>;
}

/** A breaker over the outcomes of calls, by a clock of ours: the library's own is the wall clock, which jumps. */
export function createBreaker(
  isFailure: (outcome: unknown) => boolean,
  { after, openMs, clock, onChange }: BreakerOptions
): Breaker {
  const count = new ConsecutiveBreaker(after);
  const next = (): IBackoff<unknown> => {
    const since = clock();
    return {
      // Compared with the time since it opened, by the library's clock: longer than ever, or over at once.
      get duration() {
        return clock() - since < openMs ? Infinity : -Infinity;
      },
      next,
    };
  };
  const policy = circuitBreaker(handleWhenResult(isFailure), { breaker: count, halfOpenAfter: { next } });
  policy.onBreak(() => onChange(true));
  policy.onReset(() => onChange(false));
  return {
    get fresh() {
      return policy.state === CircuitState.Closed && count.state === 0;
    },
    run: async (call) => {
      try {
        return await policy.execute(call);
      } catch (error) {
        if (isBrokenCircuitError(error)) return null;
        throw error;
      }
    },
  };
}
