import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './process.ts';

/** Which process is the gateway, over restarts of the bridge. */
export interface Remembered {
  /** In the environment of the process: it is found by this when its pid was never written down. */
  readonly marker: string;
  /** Null: it was about to be started. */
  readonly gateway: ProcessIdentity | null;
  /** The bridge that keeps it. */
  readonly bridge: ProcessIdentity;
}

export interface Memory {
  /** Null: none was ever started. @throws the file system's error, and SyntaxError */
  load(): Remembered | null;
  /** Returns once it would survive the end of the machine. @throws the file system's error */
  save(remembered: Remembered): void;
}

/** @param folder the bridge's own (OPENCLAW_BRIDGE_STATE_DIR) */
export function processMemory(folder: string): Memory {
  const path = join(folder, 'gateway-process.json');
  return {
    load: () => {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as Remembered;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    save: (remembered) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const temporary = `${path}.tmp`;
      rmSync(temporary, { force: true });
      const file = openSync(temporary, 'wx', 0o600);
      try {
        writeFileSync(file, JSON.stringify(remembered));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    },
  };
}
