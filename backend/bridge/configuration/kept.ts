import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Keeps the revision that the bridge was told, as it was signed, over restarts. */
export interface KeptRevision {
  /** Null: none is kept. @throws the file system's error */
  load(): string | null;
  /** @throws the file system's error */
  save(jws: string | null): void;
}

/** @param folder the bridge's own (OPENCLAW_BRIDGE_STATE_DIR); null keeps nothing */
export function keptRevision(folder: string | null): KeptRevision {
  if (folder === null) return { load: () => null, save: () => undefined };
  const path = join(folder, 'revision.jws');
  return {
    load: () => {
      try {
        return readFileSync(path, 'utf8').trim();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    save: (jws) => {
      if (jws === null) {
        rmSync(path, { force: true });
        return;
      }
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const temporary = `${path}.tmp`;
      rmSync(temporary, { force: true });
      const file = openSync(temporary, 'wx', 0o600);
      try {
        fchmodSync(file, 0o600);
        writeFileSync(file, `${jws}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    },
  };
}
