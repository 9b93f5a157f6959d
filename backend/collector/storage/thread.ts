import { Worker } from 'node:worker_threads';
import type { Operations, Request, Response } from './serve.ts';
import { FencedError, StorageError } from './types.ts';

/** A worker thread that answers questions about the database (serve.ts), as the event loop sees it. */
export class Thread<O extends Operations> {
  /** Rejects with StorageError when the thread could not open the database. */
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  readonly #onFailure: (error: Error) => void;
  #lastId = 0;
  #over: Error | null = null;

  /** @param onFailure told once when the thread dies before it was closed */
  constructor(script: URL, workerData: { file: string; busyTimeoutMs: number }, onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
    this.#worker = new Worker(script, { workerData });
    this.opened = new Promise((resolve, reject) => this.#pending.set(0, { resolve, reject }));
    this.#worker.on('message', (response: Response) => this.#answered(response));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new StorageError('the database thread has ended')));
  }

  ask<N extends Extract<keyof O, string>>(name: N, ...args: Parameters<O[N]>): Promise<Awaited<ReturnType<O[N]>>> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(new StorageError(`storage is not available: ${this.#over.message}`));
        return;
      }
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage([id, name, args] satisfies Request);
    });
  }

  /** Resolves once everything asked before is answered and the thread has ended. */
  async close(): Promise<void> {
    if (this.#over) return;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    const closed = this.ask('close' as Extract<keyof O, string>, ...([] as unknown as Parameters<O[string]>));
    this.#over = new StorageError('it was closed');
    await closed;
    await ended;
  }

  #answered([id, result, error]: Response): void {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    if (!waiting) return;
    if (!error) {
      waiting.resolve(result as never);
      return;
    }
    const thrown = error.name === 'FencedError' ? new FencedError(error.message) : new StorageError(error.message);
    if (id === 0) this.#over = thrown;
    waiting.reject(thrown);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(new StorageError(`storage failed: ${error.message}`));
    this.#pending.clear();
    if (this.#over) return;
    this.#over = error;
    this.#onFailure(error);
  }
}
