import Database from 'better-sqlite3';
import { StorageError, type AuditRow, type ChainPoint } from './types.ts';

/** The audit chain of a database file as it was at one instant, read while a collector writes on. */
export interface AuditFile {
  /** As the database has it. */
  readonly head: ChainPoint;
  /** Records from one number on to another, in order; it holds one at a time. */
  records(fromSeq?: number, toSeq?: number): IterableIterator<AuditRow>;
  /** The number of the first record at or after `ms`; null when all are before. */
  firstFrom(ms: number): number | null;
  /** The number of the last record before `ms`; null when none is. */
  lastBefore(ms: number): number | null;
  close(): void;
}

const COLUMNS = 'seq, at_ms as atMs, actor, via, action, subject, reason, data, prev, hash';

/** Opens a collector's database to read its audit; nothing is written. Throws StorageError with what to do. */
export function openAuditFile(file: string, busyTimeoutMs: number): AuditFile {
  let raw: Database.Database | undefined;
  try {
    raw = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    // One read transaction: everything below sees the same instant.
    raw.exec('begin');
    const head = raw.prepare<[], ChainPoint>('select seq, hash from audit_head where id = 1').get();
    if (!head) throw new Error('it has no audit');
    return reader(raw, head);
  } catch (error) {
    raw?.close();
    const why = error instanceof Error ? error.message : 'unknown failure';
    throw new StorageError(
      `cannot read the audit in ${file}: ${why}. Run this on the collector's host as its user, with its settings (--config).`
    );
  }
}

function reader(raw: Database.Database, head: ChainPoint): AuditFile {
  const records = raw.prepare<[number, number], AuditRow>(
    `select ${COLUMNS} from audit where seq between ? and ? order by seq`
  );
  const first = raw.prepare<[number], { seq: number | null }>('select min(seq) as seq from audit where at_ms >= ?');
  const last = raw.prepare<[number], { seq: number | null }>('select max(seq) as seq from audit where at_ms < ?');
  return {
    head,
    // The statement begins when the first record is asked for, so that none stays open that nobody reads.
    *records(fromSeq = 0, toSeq = Number.MAX_SAFE_INTEGER) {
      yield* records.iterate(fromSeq, toSeq);
    },
    firstFrom: (ms) => first.get(ms)?.seq ?? null,
    lastBefore: (ms) => last.get(ms)?.seq ?? null,
    close: () => raw.close(),
  };
}
