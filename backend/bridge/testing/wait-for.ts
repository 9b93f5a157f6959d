import { waitFor as waitUntil } from '../../client/testing/wait.ts';

/**
 * Resolves once `condition` holds; rejects after `timeoutMs`.
 * @param what it waits for, for the message; a function is asked only then
 */
export function waitFor(what: string | (() => string), condition: () => boolean, timeoutMs?: number): Promise<void> {
  return waitUntil(condition, typeof what === 'string' ? () => what : what, timeoutMs);
}
