import { loadText, saveText } from '../../configuration/state-file.ts';
import { list, record, text } from '../../gateway/parse.ts';

interface Entry {
  readonly id: string;
  /** Seen disabled since. */
  readonly confirmed: boolean;
  /** ISO-8601. */
  readonly at: string;
}

/** Past it, the oldest of those that the gateway has no more are forgotten. */
const MOST = 1_000;

/** Which jobs this bridge disabled, on disk: it enables no others. */
export interface Throttled {
  /** Disabled by this bridge. One that was only about to be counts once it was seen disabled. */
  has(jobId: string): boolean;
  /** About to be disabled, and enabled now. Durable when it returns. @throws the file system's error */
  intend(jobId: string, at: string): void;
  /** It turned out that somebody else disabled it. @throws the file system's error */
  forget(jobId: string): void;
  /**
   * What was seen: who is enabled is throttled no more, and who was about to be disabled and is, is. A job that is missing
   * stays: a list can be cut short, or empty while the gateway starts.
   */
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
    forget: (jobId) => {
      const next = new Map(entries);
      if (next.delete(jobId)) save(next);
    },
    seen: (jobs) => {
      const next = new Map(entries);
      const enabled = new Map(jobs.map((job) => [job.id, job.enabled]));
      for (const entry of entries.values()) {
        const now = enabled.get(entry.id);
        if (now === true) next.delete(entry.id);
        else if (now === false && !entry.confirmed) next.set(entry.id, { ...entry, confirmed: true });
      }
      for (const id of next.keys()) if (next.size > MOST && !enabled.has(id)) next.delete(id);
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
