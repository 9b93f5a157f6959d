import { useCallback, useRef } from 'react';
import { failureOf } from '../api/client.ts';
import { newIdempotencyKey } from '../api/use-write.ts';

/**
 * Sends something at most once: a repeat of the same thing that nobody answered has the same key. What was answered is settled,
 * so the next try is a new one, as is a try of something else.
 * @returns carries one try out with its key
 */
export function useIdempotencyKey(): <T>(what: unknown, send: (key: string) => Promise<T>) => Promise<T> {
  const last = useRef<{ readonly text: string; readonly key: string } | null>(null);
  return useCallback(async (what, send) => {
    const text = JSON.stringify(what);
    if (last.current?.text !== text) last.current = { text, key: newIdempotencyKey() };
    try {
      return await send(last.current.key);
    } catch (error) {
      const { problem, status } = failureOf(error);
      if (problem !== null && status < 500) last.current = null;
      throw error;
    }
  }, []);
}
