import { Worker } from 'node:worker_threads';
import { StorageError } from '../storage/types.ts';
import type { ChainPoint } from './chain.ts';
import type { Look } from './look.ts';
import type { LookOrder } from './look-worker.ts';

/**
 * As lookAt. Rejects with StorageError when the chain could not be read to its end.
 * @param signal ends a look that is under way
 */
export type LookAside = (last: ChainPoint | null, whole: boolean, signal: AbortSignal) => Promise<Look>;

/**
 * Looks at the chain of a database in a thread that lives as long as the look: the event loop, and the threads that store
 * heartbeats and answer the API, wait for none of it.
 */
export function lookAside(file: string, busyTimeoutMs: number): LookAside {
  return (last, whole, signal) =>
    new Promise((resolve, reject) => {
      const workerData: LookOrder = { file, busyTimeoutMs, last, whole };
      const worker = new Worker(new URL('./look-worker.ts', import.meta.url), { workerData });
      const stop = (): void => void worker.terminate();
      signal.addEventListener('abort', stop);
      worker.unref();
      worker.on('message', (look: Look) => resolve(look));
      worker.on('error', (error: Error) => reject(new StorageError(error.message)));
      worker.on('exit', () => {
        signal.removeEventListener('abort', stop);
        reject(new StorageError('the audit was not read to its end: its thread was stopped'));
      });
    });
}
