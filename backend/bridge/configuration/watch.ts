import type { Clock } from '@openclaw-fleet/client';
import type { GatewayConfig, Look } from './gateway-config.ts';

/** Between two looks, in milliseconds; OpenClaw answers `config.get` from a cache of about 300 ms. */
const PACE = 500;

export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve, true);
  });

export const pause = (clock: Clock): Promise<void> => sleep(clock, PACE);

/** Looks at the gateway's configuration; null while it cannot be asked, since it may be restarting. */
export async function lookIfPossible(config: GatewayConfig): Promise<Look | null> {
  try {
    return await config.look();
  } catch {
    return null;
  }
}

/**
 * Looks again and again until something holds, or for so long.
 * @param limitMs in milliseconds; one look is made in any case
 * @returns the last look, and whether it holds; null: there was no answer to the last one
 */
export async function watch(
  config: GatewayConfig,
  clock: Clock,
  limitMs: number,
  holds: (look: Look) => boolean
): Promise<{ readonly look: Look | null; readonly held: boolean }> {
  const deadline = clock.monotonic() + limitMs;
  for (;;) {
    const look = await lookIfPossible(config);
    if (look !== null && holds(look)) return { look, held: true };
    if (clock.monotonic() >= deadline) return { look, held: false };
    await pause(clock);
  }
}
