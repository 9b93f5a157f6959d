import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadText, saveText } from './state-file.ts';

/** Keeps the revision that the bridge was told, as it was signed, over restarts. */
export interface KeptRevision {
  /** Null: none is kept. @throws the file system's error */
  load(): string | null;
  /** @throws the file system's error */
  save(jws: string | null): void;
  /** The effective hash that the gateway last had as it was told; null: never, as far as is known. @throws the file system's error */
  converged(): string | null;
  /** @throws the file system's error */
  saveConverged(hash: string): void;
}

/** @param folder the bridge's own (OPENCLAW_BRIDGE_STATE_DIR); null keeps nothing */
export function keptRevision(folder: string | null): KeptRevision {
  if (folder === null) {
    return { load: () => null, save: () => undefined, converged: () => null, saveConverged: () => undefined };
  }
  const path = join(folder, 'revision.jws');
  const had = join(folder, 'revision-converged');
  return {
    load: () => loadText(path)?.trim() ?? null,
    save: (jws) => {
      if (jws === null) rmSync(path, { force: true });
      else saveText(path, `${jws}\n`);
    },
    converged: () => loadText(had)?.trim() ?? null,
    saveConverged: (hash) => saveText(had, `${hash}\n`),
  };
}
