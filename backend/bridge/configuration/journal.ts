import { join } from 'node:path';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { record } from '../gateway/parse.ts';
import type { JsonObject } from './merge-patch.ts';
import type { ApplyOutcome } from './outcome.ts';
import { loadText, saveText } from './state-file.ts';

/** One write to a gateway's configuration, as it is known before it is done. */
export interface Entry {
  /** Of the action that does it. */
  readonly id: string;
  readonly configHash: string;
  readonly values: ConfigValues;
  /** The gateway restarts for it. */
  readonly restart: boolean;
  /** What to go back to. */
  readonly before: {
    readonly hash: string | null;
    readonly fullHash: string;
    readonly document: JsonObject;
    readonly converged: boolean;
    readonly bootId: string | null;
  };
  /** `fullConfigHash` of the document once it is written. */
  readonly expectedHash: string;
}

/** Keeps the last write, and the document before it, where a crash of the bridge cannot lose them. */
export interface Journal {
  /** Before the write. @throws the file system's error: then nothing may be written */
  begin(entry: Entry): void;
  /** After it, whatever came of it; nothing, when the action of this id never wrote. */
  end(id: string, outcome: ApplyOutcome): void;
  /** Null: there is none, or it cannot be read. */
  load(): { readonly entry: Entry; readonly outcome: ApplyOutcome | null } | null;
}

/** @param folder OPENCLAW_BRIDGE_STATE_DIR */
export function createJournal(folder: string): Journal {
  const path = join(folder, 'config-apply.json');
  const load: Journal['load'] = () => {
    try {
      const { entry, outcome } = record(JSON.parse(loadText(path) ?? 'null'));
      if (typeof record(entry)['id'] !== 'string') return null;
      return { entry: entry as Entry, outcome: (outcome ?? null) as ApplyOutcome | null };
    } catch {
      return null;
    }
  };
  return {
    begin: (entry) => saveText(path, JSON.stringify({ entry, outcome: null })),
    end: (id, outcome) => {
      const kept = load();
      if (kept?.entry.id === id) saveText(path, JSON.stringify({ entry: kept.entry, outcome }));
    },
    load,
  };
}
