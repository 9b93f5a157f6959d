import { join } from 'node:path';
import { record } from '../gateway/parse.ts';
import type { JsonObject } from './merge-patch.ts';
import { loadText, saveText } from './state-file.ts';

/**
 * The last document that the gateway had saved and was running, with its secrets redacted: what a file that cannot be
 * read any more is mended with (openclaw-notes section 3).
 */
export interface GoodCopy {
  /** Written when it is another than the last. @param fullHash of the document, as the heartbeat gives it */
  offer(document: Readonly<Record<string, unknown>>, fullHash: string): void;
  /** Null: there is none, or it cannot be read. */
  load(): JsonObject | null;
}

/** @param folder OPENCLAW_BRIDGE_STATE_DIR @param onTrouble the copy could not be written, in words */
export function createGoodCopy(folder: string, onTrouble: (message: string) => void): GoodCopy {
  const path = join(folder, 'config-good.json');
  let kept: string | null = null;
  return {
    offer: (document, fullHash) => {
      if (fullHash === kept) return;
      kept = fullHash;
      try {
        saveText(path, JSON.stringify(document));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'an unknown error';
        onTrouble(`OPENCLAW_BRIDGE_STATE_DIR: the gateway’s configuration cannot be kept there (${code})`);
      }
    },
    load: () => {
      try {
        const document = record(JSON.parse(loadText(path) ?? 'null')) as JsonObject;
        return Object.keys(document).length === 0 ? null : document;
      } catch {
        return null;
      }
    },
  };
}
