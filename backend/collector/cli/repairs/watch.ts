import { setTimeout as timeout } from 'node:timers/promises';
import type { ApiClient } from '../remote/client.ts';
import { mayPass } from '../remote/failures.ts';
import { follow } from '../remote/stream.ts';
import type { Streamed } from '../remote/stream.ts';

export interface Watched<T> {
  /** Reads it as it is. */
  readonly look: () => Promise<T>;
  readonly concerns: (event: Streamed) => boolean;
  /** Told of what was read, and of its events since the last time. @returns whether it is over */
  readonly tell: (seen: T, events: readonly Streamed[]) => boolean;
  /** Told, in words, when it cannot be read for now. */
  readonly onTrouble: (what: string) => void;
}

/** Steps have no events of their own: it is read this often besides. Milliseconds. */
const LOOK_MS = 2000;
const MOST_WAIT_MS = 30_000;

/**
 * Follows something until it is over: reads it again at each of its events, and every 2 s. A collector that goes away is
 * waited for; a stream that cannot be had is done without.
 * @returns it as it was read last
 * @throws CommandError when it cannot be read, and waiting would not help
 */
export async function watch<T>(client: ApiClient, { look, concerns, tell, onTrouble }: Watched<T>): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const events: Streamed[] = [];
  let wake = (): void => undefined;
  const stream = follow(client, {
    after: null,
    signal,
    onEvent(event) {
      if (concerns(event)) {
        events.push(event);
        wake();
      }
      return true;
    },
    onLost: () => undefined,
  }).catch(() => undefined);
  try {
    for (let failures = 0; ;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let waitMs = LOOK_MS;
      try {
        const seen = await look();
        if (tell(seen, events.splice(0))) return seen;
        failures = 0;
      } catch (error) {
        if (!mayPass(error)) throw error;
        waitMs = Math.min(LOOK_MS * 2 ** failures++, MOST_WAIT_MS);
        onTrouble(`${(error as Error).message}; looking again in ${waitMs / 1000} s`);
      }
      await Promise.race([woken, timeout(waitMs, undefined, { signal })]);
    }
  } finally {
    over.abort();
    await stream;
  }
}
