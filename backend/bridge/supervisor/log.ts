import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';

/** The log is set aside as `<path>.1` once it is larger, and that holds no more of it. */
export const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** The log, to write at its end: what has it open goes on at the new end once it was trimmed. @throws the file system's error */
export function openLog(path: string): number {
  trimLog(path);
  return openSync(path, 'a', 0o600);
}

/**
 * Sets a log aside that became too large, while somebody writes to it; what is written at that moment may be lost. What has no
 * room is not set aside. Never throws: a gateway does not wait for its log.
 */
export function trimLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  quietly(() => {
    const file = openSync(path, 'r+');
    try {
      const { size } = fstatSync(file);
      if (size <= maxBytes) return;
      setAside(file, size - maxBytes, maxBytes, `${path}.1`);
      ftruncateSync(file, 0);
    } finally {
      closeSync(file);
    }
  });
}

function setAside(file: number, from: number, bytes: number, path: string): void {
  const remove = (): void => rmSync(path, { force: true });
  quietly(remove);
  try {
    const newest = Buffer.alloc(bytes);
    const read = readSync(file, newest, 0, bytes, from);
    writeFileSync(path, newest.subarray(0, read), { mode: 0o600 });
  } catch {
    quietly(remove);
  }
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // There is no log yet, or it is looked at again.
  }
}
