import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from '@jest/globals';
import Database from 'better-sqlite3';
import { auditHash, GENESIS_HASH } from '../../audit/chain.ts';
import { openStorage, type AuditEntry, type EmbeddedStorage } from '../index.ts';

const folders: string[] = [];
const open: EmbeddedStorage[] = [];

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fleet-storage-'));
  folders.push(path);
  return path;
}

/** The real store on a real file, closed after the test. */
export async function storageIn(path: string): Promise<EmbeddedStorage> {
  const storage = await openStorage({ file: join(path, 'fleet.db') });
  open.push(storage);
  return storage;
}

afterEach(async () => {
  for (const storage of open.splice(0)) await storage.close();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true });
});

export const audit = (action: string, subject = 'n1'): AuditEntry => ({
  actor: { name: 'cli:test@host', via: 'local-shell' },
  action,
  subject,
  reason: 'a test',
  atMs: 5,
  data: { a: 1 },
});

/** Checks every link of the audit chain. @returns what was done, in order */
export function auditedActions(path: string): string[] {
  const file = new Database(join(path, 'fleet.db'), { readonly: true });
  const records = file.prepare('select * from audit order by seq').all() as Record<string, unknown>[];
  file.close();
  let prev = GENESIS_HASH;
  for (const record of records) {
    const { prev: chained, hash, at_ms: atMs, ...content } = record as { prev: string; hash: string; at_ms: number };
    expect(chained).toBe(prev);
    expect(auditHash(prev, { ...(content as never as Parameters<typeof auditHash>[1]), atMs })).toBe(hash);
    prev = hash;
  }
  return records.map((record) => record['action'] as string);
}
