import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from './queries.ts';
import type { Schema, StoredColumns } from './schema.ts';
import { CELLS, type Batch } from './batch.ts';
import { changeWriter } from './changes.ts';
import { FencedError, StorageError, type NodeChanges, type StoredNode } from './types.ts';

// Bytes that are no whole numbers are another version's, which fleet/ordering.ts forgets.
function numbersOf(bytes: Uint8Array): number[] {
  const whole = bytes.slice(0, bytes.byteLength - (bytes.byteLength % 8));
  return Array.from(new Float64Array(whole.buffer, whole.byteOffset, whole.byteLength / 8));
}

export function fromColumns(row: StoredColumns): StoredNode {
  return {
    nodeId: row.node_id,
    rev: row.rev,
    markMs: row.mark_ms,
    seenMs: row.seen_ms ?? null,
    firstSeenMs: row.first_seen_ms,
    state: row.state,
    stateSinceMs: row.state_since_ms,
    stoppedUntilMs: row.stopped_until_ms ?? null,
    memory: numbersOf(row.memory),
    vital: row.vital,
    report: row.report,
  };
}

/**
 * The embedded database, on one connection. Synchronous: it lives in a worker thread. WAL with synchronous=FULL: a
 * commit that returned has been synced to disk.
 */
export class Sqlite {
  readonly db: Kysely<Schema>;
  readonly #raw: Database.Database;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #updateVital: Database.Statement;
  readonly #report: Database.Statement;
  readonly #select: Database.Statement<[string], StoredColumns>;
  readonly #writeChanges: (changes: NodeChanges) => void;
  readonly #epoch: Database.Statement<[], { epoch: number }>;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;

  private constructor(raw: Database.Database, db: Kysely<Schema>) {
    this.#raw = raw;
    this.db = db;
    const vital = 'rev, mark_ms, seen_ms, vital, memory';
    const all = `state, state_since_ms, stopped_until_ms, first_seen_ms, ${vital}`;
    const update = (columns: string): Database.Statement =>
      raw.prepare(`update nodes set ${columns.replaceAll(',', ' = ?,')} = ? where node_id = ? and rev = ?`);
    this.#insert = raw.prepare(
      `insert into nodes (${all}, node_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`
    );
    this.#update = update(all);
    this.#updateVital = update(vital);
    this.#report = raw.prepare(
      'insert into node_reports (node_id, report) values (?, ?) on conflict do update set report = excluded.report'
    );
    this.#select = raw.prepare('select * from nodes natural join node_reports where node_id = ?');
    this.#writeChanges = changeWriter(raw);
    this.#epoch = raw.prepare('select epoch from leader where id = 1');
    this.#begin = raw.prepare('begin immediate');
    this.#commit = raw.prepare('commit');
    this.#rollback = raw.prepare('rollback');
  }

  /** Opens (and makes, and migrates) the database file. Throws StorageError with what to do. */
  static async open(file: string, busyTimeoutMs: number): Promise<Sqlite> {
    const raw = connect(file, busyTimeoutMs);
    const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: raw }) });
    // One transaction for all of it, begun as a writer: two processes that open a new file at once take turns.
    raw.exec('begin immediate');
    try {
      await migrate(db);
      raw.exec('commit');
    } catch (error) {
      raw.exec('rollback');
      raw.close();
      throw error;
    }
    return new Sqlite(raw, db);
  }

  /**
   * The group commit: all writes in one synced transaction, each taken or refused on its own.
   * @param epoch checked first when given: a decision under an old one is refused whole (FencedError)
   * @returns what is stored instead, for each write refused as stale, by index; and whether events were added
   */
  write(
    { size, cells, memory, changes: decided }: Batch,
    epoch: number | null
  ): { stale: [number, StoredColumns | null][]; events: boolean } {
    const stale: [number, StoredColumns | null][] = [];
    this.#begin.run();
    try {
      if (epoch !== null && this.#epoch.get()?.epoch !== epoch) throw new FencedError(`epoch ${epoch} is over`);
      let offset = 0;
      for (let index = 0; index < size; index++) {
        const at = index * CELLS;
        const length = cells[at + 5] as number;
        const bytes = new Uint8Array(memory.buffer, memory.byteOffset + offset * 8, length * 8);
        offset += length;
        const nodeId = cells[at + 4] as string;
        const report = cells[at + 6];
        if (this.#put(cells, at, bytes) === 0) stale.push([index, this.#select.get(nodeId) ?? null]);
        else if (report !== null) this.#report.run(nodeId, report);
      }
      let events = false;
      const refused = new Set(stale.map(([index]) => index));
      for (const [index, changes] of decided) {
        if (refused.has(index)) continue;
        this.#writeChanges(changes);
        events ||= changes.events.length > 0;
      }
      this.#commit.run();
      return { stale, events };
    } catch (error) {
      if (this.#raw.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  /** @returns 1 when the row was taken, 0 when it was refused as stale */
  #put(cells: Batch['cells'], at: number, memory: Uint8Array): number {
    const rev = cells[at] as number;
    const vital = [rev, cells[at + 1], cells[at + 2], cells[at + 3], memory, cells[at + 4]] as const;
    // Writing what did not change costs a third more, its check most of that.
    if (cells[at + 7] === null) return this.#updateVital.run(...vital, rev - 1).changes;
    const decided = [cells[at + 7], cells[at + 8], cells[at + 9], cells[at + 10]] as const;
    if (rev === 1) return this.#insert.run(...decided, ...vital).changes;
    return this.#update.run(...decided, ...vital, rev - 1).changes;
  }

  /** Stored nodes after `id` in id order, at most `limit`. */
  nodesAfter(id: string, limit: number): StoredColumns[] {
    return this.#raw
      .prepare<[string, number], StoredColumns>(
        'select * from nodes natural join node_reports where node_id > ? order by node_id limit ?'
      )
      .all(id, limit);
  }

  /** Proves that a write reaches the disk now. */
  check(): void {
    this.#raw.exec('update leader set epoch = epoch where id = 1');
  }

  /** Sizes on disk, in bytes. */
  sizes(): { database: number } {
    const pages = this.#raw.pragma('page_count', { simple: true }) as number;
    const size = this.#raw.pragma('page_size', { simple: true }) as number;
    return { database: pages * size };
  }

  /**
   * Copies what is left of the WAL into the database, so that the next write starts the WAL anew.
   * @param keepBytes what its file is cut back to then: it would stay as large as it ever was, and look as if there were much to copy
   */
  finishCheckpoint(keepBytes: number): void {
    this.#raw.pragma(`journal_size_limit = ${keepBytes}`);
    this.#raw.pragma('wal_checkpoint(PASSIVE)');
  }

  close(): void {
    this.#raw.close();
  }
}

function connect(file: string, busyTimeoutMs: number): Database.Database {
  try {
    const raw = new Database(file, { timeout: busyTimeoutMs });
    // The files beside it take their mode from it.
    if (file !== ':memory:') chmodSync(file, 0o600);
    // Of a new file. In a large fleet a heartbeat writes a page of its own: half the usual size costs it a seventh less.
    raw.pragma('page_size = 2048');
    raw.pragma('journal_mode = WAL');
    raw.pragma('synchronous = FULL');
    raw.pragma('foreign_keys = ON');
    // Checkpoints run on a connection of their own (SideConnection), so that no heartbeat waits for one.
    raw.pragma('wal_autocheckpoint = 0');
    raw.pragma('cache_size = -65536');
    return raw;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    throw new StorageError(
      `cannot open the database ${file}: ${why}. Check that the folder exists and that this user may write to it.`
    );
  }
}

/** A connection of its own beside the writer's, which never waits for it: it reads, and copies the WAL into the database. */
export class SideConnection {
  readonly db: Kysely<Schema>;
  readonly #raw: Database.Database;

  constructor(file: string, busyTimeoutMs: number) {
    this.#raw = new Database(file, { timeout: busyTimeoutMs });
    this.#raw.pragma('synchronous = FULL');
    this.#raw.pragma('wal_autocheckpoint = 0');
    this.db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: this.#raw }) });
  }

  /** @returns bytes of pages in the WAL that are not yet copied */
  checkpoint(): { left: number } {
    const [row] = this.#raw.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
    const page = this.#raw.pragma('page_size', { simple: true }) as number;
    return { left: Math.max(0, (row?.log ?? 0) - (row?.checkpointed ?? 0)) * page };
  }

  close(): void {
    this.#raw.close();
  }
}
