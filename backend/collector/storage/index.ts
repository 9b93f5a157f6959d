import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AskedStore } from './asked.ts';
import { pack } from './batch.ts';
import type { SideOperations } from './checkpoint-worker.ts';
import { fromColumns } from './sqlite.ts';
import type { StoredColumns } from './schema.ts';
import type { Operations } from './serve.ts';
import { SWEPT_TABLES } from './sweep.ts';
import {
  StorageError,
  type FaultRow,
  type NodeWrite,
  type Refused,
  type ScoreRow,
  type Storage,
  type StoredNode,
  type WriteResult,
} from './types.ts';
import { Thread } from './thread.ts';
import type { WriterOperations } from './worker.ts';

export interface StorageOptions {
  /** The database file; its folder is made when missing (0700). */
  readonly file: string;
  /** How long a write waits for another process's. Milliseconds. */
  readonly busyTimeoutMs?: number;
  /** How often the WAL's size is looked at. Milliseconds. */
  readonly checkpointEveryMs?: number;
  /**
   * From how many bytes of WAL on a checkpoint is worth its cost: in a large fleet every heartbeat is on a page of its own,
   * and what is written often before a checkpoint is copied once.
   */
  readonly checkpointBytes?: number;
  /** Told after each group commit: heartbeats in it, and how long it took in seconds. */
  readonly onCommit?: (size: number, seconds: number) => void;
  /** Told once when the database thread dies: nothing can be stored from then on. */
  readonly onFailure?: (error: Error) => void;
}

const OK: WriteResult = { ok: true };
const NONE: Refused = new Map();
const CHECKPOINT_BYTES = 64 * 1024 * 1024;
const LOAD_CHUNK = 2000;
/** More than this in one commit makes the first wait for the last. */
const MAX_BATCH = 1024;

interface Waiting {
  readonly writes: readonly NodeWrite[];
  readonly resolve: (refused: Refused) => void;
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
  readonly #writer: Thread<WriterOperations>;
  #side: Thread<SideOperations> | null = null;
  #failed = false;
  #closing = false;
  #queue: Waiting[] = [];
  #queued = 0;
  #committing = false;
  #flushing = false;
  /** The last write of a repair, done or failed. */
  #repairs: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();
  #checkpointTimer: NodeJS.Timeout | null = null;

  constructor(options: StorageOptions) {
    super();
    this.#options = { busyTimeoutMs: 5000, checkpointEveryMs: 250, checkpointBytes: CHECKPOINT_BYTES, ...options };
    this.#writer = this.#thread('./worker.ts');
    this.opened = this.#open();
  }

  /** Heartbeats that wait for their commit. */
  get queued(): number {
    return this.#queued;
  }

  async loadNodes(onRows: (rows: StoredNode[]) => void): Promise<number> {
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

  writeBeats(writes: readonly NodeWrite[]): Promise<Refused> {
    return new Promise((resolve, reject) => {
      if (this.#closing) {
        reject(new StorageError('storage is closed'));
        return;
      }
      this.#queue.push({ writes, resolve, reject });
      this.#queued += writes.length;
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

  /** One at a time: a heartbeat waits for at most one of them. */
  async writeRemediation(...args: Parameters<Storage['writeRemediation']>): Promise<void> {
    const written = this.#repairs.then(() => this.#ask('writeRemediation', ...args));
    this.#repairs = written.catch(() => undefined);
    const { events } = await written;
    if (events) this.#tellListeners();
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
    await this.#side?.close();
    while (this.#committing || this.#queue.length > 0) await this.#ask('sizes');
    await this.#writer.close();
  }

  protected override ask<N extends keyof WriterOperations>(
    name: N,
    ...args: Parameters<WriterOperations[N]>
  ): Promise<Awaited<ReturnType<WriterOperations[N]>>> {
    return this.#ask(name, ...args);
  }

  protected override askAside<N extends keyof SideOperations>(
    name: N,
    ...args: Parameters<SideOperations[N]>
  ): Promise<Awaited<ReturnType<SideOperations[N]>>> {
    if (!this.#side) return Promise.reject(new StorageError('storage is not open yet'));
    return this.#side.ask(name, ...args);
  }

  #ask<N extends keyof WriterOperations>(
    name: N,
    ...args: Parameters<WriterOperations[N]>
  ): Promise<Awaited<ReturnType<WriterOperations[N]>>> {
    return this.#writer.ask(name, ...args);
  }

  async #open(): Promise<void> {
    await this.#writer.opened;
    this.#side = this.#thread<SideOperations>('./checkpoint-worker.ts');
    try {
      await this.#side.opened;
    } catch (error) {
      // A thread that stays would keep the process from ending.
      await this.#writer.close();
      throw error;
    }
    this.#startCheckpoints();
  }

  #thread<O extends Operations>(script: string): Thread<O> {
    const { file, busyTimeoutMs } = this.#options;
    return new Thread(new URL(script, import.meta.url), { file, busyTimeoutMs }, (error) => this.#fail(error));
  }

  #flush(): void {
    if (this.#queue.length === 0 || this.#committing) return;
    const groups = this.#nextGroups();
    const writes = groups.length === 1 ? (groups[0] as Waiting).writes : groups.flatMap((group) => group.writes);
    this.#queued -= writes.length;
    this.#committing = true;
    const started = performance.now();
    this.#ask('write', pack(writes), null).then(
      ({ stale, events }) => {
        this.#options.onCommit?.(writes.length, (performance.now() - started) / 1000);
        if (events) this.#tellListeners();
        for (let index = 0, from = 0; index < groups.length; index++) {
          const { writes: own, resolve } = groups[index] as Waiting;
          resolve(stale.length === 0 ? NONE : refusedOf(stale, from, own.length));
          from += own.length;
        }
        this.#committed();
      },
      (error: unknown) => {
        for (const { reject } of groups) reject(error as Error);
        this.#committed();
      }
    );
  }

  #nextGroups(): Waiting[] {
    let size = 0;
    let groups = 0;
    while (groups < this.#queue.length && (groups === 0 || size < MAX_BATCH)) {
      size += this.#queue[groups]?.writes.length ?? 0;
      groups++;
    }
    return this.#queue.splice(0, groups);
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
    this.#checkpointTimer = setInterval(() => {
      if (this.#walBytes() > this.#options.checkpointBytes) this.#checkpoint().catch(() => undefined);
    }, this.#options.checkpointEveryMs).unref();
  }

  // Busy or failed: the next round tries again.
  async #checkpoint(): Promise<void> {
    const { checkpointBytes } = this.#options;
    const { left } = await this.askAside('checkpoint');
    if (left < checkpointBytes && !this.#closing) await this.#ask('finishCheckpoint', checkpointBytes);
  }

  #fail(error: Error): void {
    if (this.#failed || this.#closing) return;
    this.#failed = true;
    this.#options.onFailure?.(error);
  }
}

function refusedOf(stale: readonly [number, StoredColumns | null][], from: number, size: number): Refused {
  const own = stale.filter(([index]) => index >= from && index < from + size);
  return new Map(own.map(([index, current]) => [index - from, current && fromColumns(current)]));
}

export { FencedError, IDEMPOTENCY_KEPT_MS, StorageError } from './types.ts';
export type * from './types.ts';
