import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { writeFileAtomic } from '../identity/files.ts';
import type { ChainPoint, SealedRecord } from './chain.ts';
import { auditLine, readAuditLines } from './lines.ts';

/** It names people, so it is for who made it. */
const MODE = 0o600;
const FLUSH_BYTES = 1 << 20;

/** Where the signed heads of an export lie: of its last record, and of the one before its first. */
export const headFile = (out: string): string => `${out}.head.jws`;
export const startFile = (out: string): string => `${out}.start.jws`;

export interface Exported {
  readonly records: number;
  /** The record before the first; null when there is no record. */
  readonly previous: ChainPoint | null;
  readonly last: ChainPoint | null;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
}

/** @returns those of an export's files that are there already */
export function presentFiles(out: string): string[] {
  return [out, headFile(out), startFile(out)].filter((path) => existsSync(path));
}

/** Writes records as JSON lines; the file is on disk, whole, when this returns. Throws what the file system says. */
export function writeExport(out: string, records: Iterable<SealedRecord>): Exported {
  const temporary = `${out}.partial`;
  const digest = createHash('sha256');
  let count = 0;
  let previous: ChainPoint | null = null;
  let last: ChainPoint | null = null;
  const file = openSync(temporary, 'w', MODE);
  try {
    let waiting = '';
    const flush = (): void => {
      digest.update(waiting);
      for (let bytes = Buffer.from(waiting); bytes.length > 0;) bytes = bytes.subarray(writeSync(file, bytes));
      waiting = '';
    };
    for (const record of records) {
      previous ??= { seq: record.seq - 1, hash: record.prev };
      last = { seq: record.seq, hash: record.hash };
      count++;
      waiting += `${auditLine(record)}\n`;
      if (waiting.length >= FLUSH_BYTES) flush();
    }
    flush();
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, out);
  return { records: count, previous, last, sha256: digest.digest('hex') };
}

/** Puts a signed head beside an export. Syncs the folder, and so the export's name too. */
export function writeHead(path: string, jws: string): void {
  writeFileAtomic(path, `${jws}\n`, MODE);
}

/** The records of an export's file, in order. */
export function readExport(file: string): ReturnType<typeof readAuditLines> {
  return readAuditLines(createReadStream(file));
}
