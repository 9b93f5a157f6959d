import { closeSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StorageError } from './types.ts';

const sync = (path: string): void => {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/**
 * Copies a database file, also while others write to it: the copy is as it all was at one instant, in one file, without the
 * rows that were deleted. It is on disk and of mode 0600 when this returns; until then nothing has its name.
 * @param check looks at the copy before it gets its name; what it throws, this throws, and there is no copy
 * @throws StorageError when `to` is there already, or either cannot be used
 */
export async function copyDatabase(
  from: string,
  to: string,
  busyTimeoutMs: number,
  check: (copy: string) => Promise<void>
): Promise<void> {
  const part = `${to}.part`;
  rmSync(part, { force: true });
  try {
    // VACUUM INTO takes a file that is empty, and so the mode that it was made with.
    closeSync(openSync(part, 'wx', 0o600));
    const raw = new Database(from, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    try {
      raw.prepare('vacuum into ?').run(part);
    } finally {
      raw.close();
    }
    sync(part);
    requireSound(part);
    await check(part);
    linkSync(part, to);
    if (process.platform !== 'win32') sync(dirname(to));
  } catch (error) {
    if (error instanceof StorageError || !isSystemOrSqlite(error)) throw error;
    if (error.code === 'EEXIST') throw new StorageError(`${to} is there already: give another name, or move it away`);
    throw new StorageError(`cannot copy ${from} to ${to}: ${error.message}`);
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(part + end, { force: true });
  }
}

function isSystemOrSqlite(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error;
}

/** @throws StorageError that says what is wrong with the pages or the rows of a database file */
function requireSound(file: string): void {
  const raw = new Database(file, { readonly: true, fileMustExist: true });
  try {
    const found = raw.pragma('integrity_check', { simple: true }) as string;
    if (found !== 'ok') throw new StorageError(`the copy is damaged, and so is what it was made from: ${found}`);
    const orphan = raw.pragma('foreign_key_check') as unknown[];
    if (orphan.length > 0) throw new StorageError(`the copy is damaged: ${orphan.length} rows refer to none`);
  } finally {
    raw.close();
  }
}
