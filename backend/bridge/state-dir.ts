import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadText } from './configuration/state-file.ts';
import { hasProc, identityOf, isAlive } from './supervisor/process.ts';
import type { ProcessIdentity } from './supervisor/process.ts';

const TRIES = 3;

/**
 * Takes the state folder for this bridge: receipts, limits and what it throttled are read once, so two bridges on one folder
 * would each count for themselves. Whoever was killed holds it no longer. Where there is no /proc, nothing is held.
 * @param warn the folder cannot be written; what needs it says so itself
 * @returns lets go of it
 * @throws Error naming OPENCLAW_BRIDGE_STATE_DIR when another bridge has it
 */
export function holdStateDir(folder: string, warn: (message: string) => void): () => void {
  const self = hasProc() ? identityOf(process.pid) : null;
  if (self === null) return () => undefined;
  const path = join(folder, 'bridge.json');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (let tries = 0; tries < TRIES && !isTaken(path, self); tries += 1) {
      const other = holder(path);
      if (other !== null && other.pid !== process.pid && isAlive(other)) throw new Held(folder, other.pid);
      rmSync(path, { force: true });
    }
  } catch (error) {
    if (error instanceof Held) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'an unknown error';
    warn(`OPENCLAW_BRIDGE_STATE_DIR: ${folder} cannot be written (${code})`);
  }
  return () => {
    try {
      if (holder(path)?.pid === process.pid) rmSync(path, { force: true });
    } catch {
      // It is known for what it is: of a process that has ended.
    }
  };
}

class Held extends Error {
  constructor(folder: string, pid: number) {
    super(
      `OPENCLAW_BRIDGE_STATE_DIR: another bridge (pid ${pid}) uses ${folder}; stop it, or give each its own folder`
    );
  }
}

/** Whether it is ours now; false: somebody had it. It appears with its content, or not at all. @throws the file system's error */
function isTaken(path: string, self: ProcessIdentity): boolean {
  const temporary = `${path}.${self.pid}`;
  try {
    writeFileSync(temporary, JSON.stringify(self), { mode: 0o600 });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Null: nobody, or it cannot be read. */
function holder(path: string): ProcessIdentity | null {
  try {
    return JSON.parse(loadText(path) ?? 'null') as ProcessIdentity | null;
  } catch {
    return null;
  }
}
