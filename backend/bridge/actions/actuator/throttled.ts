import { loadText, saveText } from '../../configuration/state-file.ts';
import { list, record, text } from '../../gateway/parse.ts';

interface Entry {
  readonly id: string;
  /** Seen disabled since. */
  readonly confirmed: boolean;
  /** ISO-8601. */
  readonly at: string;
}

/** Which jobs this bridge disabled, on disk: it enables no others. */
export interface Throttled {
  /** Disabled by this bridge. One that was only about to be counts once it was seen disabled. */
  has(jobId: string): boolean;
  /** About to be disabled, and enabled now. Durable when it returns. @throws the file system's error */
  intend(jobId: string, at: string): void;
  /** What was seen: who is enabled is throttled no more, and who was about to be disabled and is, is. */
  seen(jobs: readonly { readonly id: string; readonly enabled: boolean }[]): void;
}

/** @param path of its file. @throws Error when it cannot be read: nobody knows then whose the disabled jobs are */
export function createThrottled(path: string): Throttled {
  let entries = new Map(load(path).map((entry) => [entry.id, entry]));

  function save(next: Map<string, Entry>): void {
    saveText(path, JSON.stringify({ jobs: [...next.values()] }));
    entries = next;
  }

  return {
    has: (jobId) => entries.get(jobId)?.confirmed === true,
    intend: (jobId, at) => save(new Map(entries).set(jobId, { id: jobId, confirmed: false, at })),
    seen: (jobs) => {
      const next = new Map(entries);
      const enabled = new Map(jobs.map((job) => [job.id, job.enabled]));
      for (const entry of entries.values()) {
        const now = enabled.get(entry.id);
        if (now !== false) next.delete(entry.id);
        else if (!entry.confirmed) next.set(entry.id, { ...entry, confirmed: true });
      }
      const same = next.size === entries.size && [...next].every(([id, entry]) => entries.get(id) === entry);
      if (!same) save(next);
    },
  };
}

function load(path: string): Entry[] {
  const saved = loadText(path);
  if (saved === null) return [];
  try {
    return list(record(JSON.parse(saved))['jobs']).map((entry) => {
      const { id, confirmed, at } = record(entry);
      if (text(id) === null || typeof confirmed !== 'boolean' || text(at) === null) throw new Error();
      return { id: String(id), confirmed, at: String(at) };
    });
  } catch {
    throw new Error(`OPENCLAW_BRIDGE_STATE_DIR: ${path} is damaged; enable by hand what is throttled, then remove it`);
  }
}
