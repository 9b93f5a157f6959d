import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AskedStore } from './asked.ts';
import { pack } from './batch.ts';
import { CHECKPOINT_FRAMES, fromColumns } from './sqlite.ts';
import type { NodeColumns } from './schema.ts';
import { SWEPT_TABLES } from './sweep.ts';
import {
  FencedError,
  StorageError,
  type FaultRow,
  type NodeRow,
  type NodeWrite,
  type ScoreRow,
  type Storage,
  type WriteResult,
} from './types.ts';
import type { OperationName, Operations, Request, Response } from './worker.ts';

export interface StorageOptions {
  /** The database file; its folder is made when missing (0700). */
  readonly file: string;
  /** How long a write waits for another process's. Milliseconds. */
  readonly busyTimeoutMs?: number;
  /** How often the WAL's size is looked at. Milliseconds. */
  readonly checkpointEveryMs?: number;
  /** Told after each group commit: heartbeats in it, and how long it took in seconds. */
  readonly onCommit?: (size: number, seconds: number) => void;
  /** Told once when the database thread dies: nothing can be stored from then on. */
  readonly onFailure?: (error: Error) => void;
}

const OK: WriteResult = { ok: true };
const LOAD_CHUNK = 2000;
/** More than this in one commit makes the first wait for the last. */
const MAX_BATCH = 1024;

interface Waiting {
  readonly write: NodeWrite;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens the embedded store. The database runs in a thread of its own; heartbeats are committed in groups.
 * Throws StorageError when the file cannot be opened or brought up to date.
 */
export async function openStorage(options: StorageOptions): Promise<EmbeddedStorage> {
  try {
    mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StorageError(
      `cannot make the folder of ${options.file}: ${(error as Error).message}. Name another with dataDir.`
    );
  }
  const storage = new EmbeddedStorage(options);
  await storage.opened;
  return storage;
}

/** The embedded store as the event loop sees it. */
export class EmbeddedStorage extends AskedStore implements Storage {
  readonly opened: Promise<void>;
  readonly #options: Required<Omit<StorageOptions, 'onCommit' | 'onFailure'>> & StorageOptions;
  readonly #worker: Worker;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #failed: Error | null = null;
  #closing = false;
  #queue: Waiting[] = [];
  #committing = false;
  #flushing = false;
  readonly #listeners = new Set<() => void>();
  #checkpoints: Worker | null = null;
  #checkpointTimer: NodeJS.Timeout | null = null;

  constructor(options: StorageOptions) {
    super();
    this.#options = { busyTimeoutMs: 5000, checkpointEveryMs: 1000, ...options };
    const workerData = { file: options.file, busyTimeoutMs: this.#options.busyTimeoutMs };
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
    this.opened = new Promise<void>((resolve, reject) => this.#pending.set(0, { resolve, reject })).then(() =>
      this.#startCheckpoints()
    );
    this.#worker.on('message', (response: Response) => this.#answered(response));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new StorageError('the database thread has ended')));
  }

  /** Heartbeats that wait for their commit. */
  get queued(): number {
    return this.#queue.length;
  }

  async loadNodes(onRows: (rows: NodeRow[]) => void): Promise<number> {
    let total = 0;
    for (let after = ''; ;) {
      const rows = await this.#ask('nodesAfter', after, LOAD_CHUNK);
      if (rows.length === 0) return total;
      total += rows.length;
      after = rows.at(-1)?.node_id ?? after;
      onRows(rows.map(fromColumns));
    }
  }

  async loadOpenFaults(onRows: (rows: FaultRow[]) => void): Promise<void> {
    for (let after = { nodeId: '', kind: '', code: '' }; ;) {
      const rows = await this.#ask('openFaultsAfter', after, LOAD_CHUNK);
      const last = rows.at(-1);
      if (!last) return;
      after = { nodeId: last.nodeId, kind: last.kind, code: last.code };
      onRows(rows);
    }
  }

  async loadLastScores(onRows: (rows: ScoreRow[]) => void): Promise<void> {
    for (let after = ''; ;) {
      const { rows, last } = await this.#ask('lastScoresAfter', after, LOAD_CHUNK);
      if (last === null) return;
      after = last;
      if (rows.length > 0) onRows(rows);
    }
  }

  writeBeat(write: NodeWrite): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      if (this.#closing) {
        reject(new StorageError('storage is closed'));
        return;
      }
      this.#queue.push({ write, resolve, reject });
      if (!this.#flushing && !this.#committing) {
        this.#flushing = true;
        // After everything else that this turn of the loop writes.
        process.nextTick(() => {
          this.#flushing = false;
          this.#flush();
        });
      }
    });
  }

  async writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]> {
    const { stale, events } = await this.#ask('write', pack(writes), epoch);
    if (events) this.#tellListeners();
    const results: WriteResult[] = writes.map(() => OK);
    for (const [index, current] of stale) results[index] = { ok: false, current: current && fromColumns(current) };
    return results;
  }

  onEvents(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  takeEpoch(): Promise<number> {
    return this.#ask('takeEpoch');
  }

  noteStart(...args: Parameters<Storage['noteStart']>): Promise<number> {
    return this.#ask('noteStart', ...args);
  }

  async sweep(limits: Parameters<Storage['sweep']>[0]): Promise<Record<string, number>> {
    const deleted: Record<string, number> = {};
    for (const table of SWEPT_TABLES) {
      let chunk = await this.#ask('sweepChunk', table, limits, null);
      deleted[table] = chunk.deleted;
      while (chunk.next) {
        chunk = await this.#ask('sweepChunk', table, limits, chunk.next);
        deleted[table] += chunk.deleted;
      }
    }
    return deleted;
  }

  async check(): Promise<void> {
    await this.#ask('check');
  }

  /** Sizes on disk, in bytes. */
  async sizes(): Promise<{ database: number; wal: number }> {
    const { database } = await this.#ask('sizes');
    return { database, wal: this.#walBytes() };
  }

  /** Commits what waits, then closes the file. */
  async close(): Promise<void> {
    if (this.#closing || this.#failed) return;
    this.#closing = true;
    this.#flush();
    if (this.#checkpointTimer) clearInterval(this.#checkpointTimer);
    const checkpoints = this.#checkpoints;
    if (checkpoints) {
      const ended = new Promise((resolve) => checkpoints.once('exit', resolve));
      checkpoints.postMessage('close');
      await ended;
    }
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    await this.#ask('close');
    await ended;
    this.#failed = new StorageError('it was closed');
  }

  protected override ask<N extends OperationName>(
    name: N,
    ...args: Parameters<Operations[N]>
  ): Promise<Awaited<ReturnType<Operations[N]>>> {
    return this.#ask(name, ...args);
  }

  #ask<N extends OperationName>(
    name: N,
    ...args: Parameters<Operations[N]>
  ): Promise<Awaited<ReturnType<Operations[N]>>> {
    return new Promise((resolve, reject) => {
      if (this.#failed) {
        reject(new StorageError(`storage is not available: ${this.#failed.message}`));
        return;
      }
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage([id, name, args] satisfies Request);
    });
  }

  #answered([id, result, error]: Response): void {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    if (!waiting) return;
    if (error)
      waiting.reject(error.name === 'FencedError' ? new FencedError(error.message) : new StorageError(error.message));
    else waiting.resolve(result as never);
  }

  #flush(): void {
    if (this.#queue.length === 0 || this.#committing) return;
    const batch = this.#queue.length > MAX_BATCH ? this.#queue.splice(0, MAX_BATCH) : this.#queue;
    if (batch === this.#queue) this.#queue = [];
    this.#committing = true;
    const started = performance.now();
    this.#ask('write', pack(batch.map((waiting) => waiting.write)), null).then(
      ({ stale, events }) => {
        this.#options.onCommit?.(batch.length, (performance.now() - started) / 1000);
        if (events) this.#tellListeners();
        if (stale.length === 0) {
          for (const waiting of batch) waiting.resolve(OK);
        } else {
          const current = new Map<number, NodeColumns | null>(stale);
          for (const [index, waiting] of batch.entries()) {
            const stored = current.get(index);
            waiting.resolve(stored === undefined ? OK : { ok: false, current: stored && fromColumns(stored) });
          }
        }
        this.#committed();
      },
      (error: unknown) => {
        for (const waiting of batch) waiting.reject(error as Error);
        this.#committed();
      }
    );
  }

  #committed(): void {
    this.#committing = false;
    this.#flush();
  }

  #walBytes(): number {
    try {
      return statSync(`${this.#options.file}-wal`).size;
    } catch {
      return 0;
    }
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  #startCheckpoints(): void {
    this.#checkpoints = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
      workerData: { file: this.#options.file },
    });
    this.#checkpoints.on('message', ({ frames, left }: { frames: number; left: number }) => {
      if (frames > CHECKPOINT_FRAMES && left < CHECKPOINT_FRAMES && !this.#closing)
        this.#ask('finishCheckpoint').catch(() => undefined);
    });
    this.#checkpoints.on('error', (error: Error) => this.#fail(error));
    this.#checkpointTimer = setInterval(() => {
      if (this.#walBytes() > CHECKPOINT_FRAMES * 4096) this.#checkpoints?.postMessage('run');
    }, this.#options.checkpointEveryMs).unref();
  }

  #fail(error: Error): void {
    if (this.#failed || this.#closing) return;
    this.#failed = error;
    for (const { reject } of this.#pending.values()) reject(new StorageError(`storage failed: ${error.message}`));
    this.#pending.clear();
    this.#options.onFailure?.(error);
  }
}

export { FencedError, StorageError } from './types.ts';
export type * from './types.ts';
