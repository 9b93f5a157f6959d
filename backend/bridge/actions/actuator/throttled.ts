import { z } from 'zod';
import { loadText, saveText } from '../../configuration/state-file.ts';

const schema = z.object({
  jobs: z.array(z.object({ id: z.string(), confirmed: z.boolean(), at: z.string() })),
});
type Entry = z.infer<typeof schema>['jobs'][number];

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
  const text = loadText(path);
  if (text === null) return [];
  try {
    return schema.parse(JSON.parse(text)).jobs;
  } catch {
    throw new Error(`OPENCLAW_BRIDGE_STATE_DIR: ${path} is damaged; enable by hand what is throttled, then remove it`);
  }
}
