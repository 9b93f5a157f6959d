import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { readPolicyFiles, type FileProblem, type FileText } from './files.ts';
import type { ProvisionedPolicies } from './provisioned.ts';
import type { ConfigurationLookup } from './types.ts';

export interface PolicyFolderOptions {
  /** `policies.dir`, absolute; null: there is none. */
  readonly dir: string | null;
  readonly policies: ProvisionedPolicies;
  readonly configurations: ConfigurationLookup;
  readonly clock: () => number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How often the folder is looked at whatever was heard of it. Milliseconds. */
  readonly pollMs?: number;
  /** How long after a change the folder is looked at, so that several are taken at once. Milliseconds. */
  readonly settleMs?: number;
}

const POLL_MS = 30_000;
const SETTLE_MS = 250;
/** The largest file read, in bytes: beyond, it is no policy. */
const MOST_BYTES = 1024 * 1024;

/** Policies as code: keeps what the files of a folder say in effect. A bad file is reported, and what held before holds on. */
export class PolicyFolder {
  readonly #options: PolicyFolderOptions;
  readonly #poll: NodeJS.Timeout | null = null;
  #settle: NodeJS.Timeout | null = null;
  #watcher: FSWatcher | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #problems: readonly FileProblem[] = [];

  /** Applies what the files say, then goes on doing so. Load policies first. */
  static async start(options: PolicyFolderOptions): Promise<PolicyFolder> {
    const folder = new PolicyFolder(options);
    await folder.look();
    return folder;
  }

  private constructor(options: PolicyFolderOptions) {
    this.#options = options;
    if (options.dir !== null) this.#poll = setInterval(() => void this.look(), options.pollMs ?? POLL_MS).unref();
  }

  /** What is wrong in the folder now. */
  get problems(): readonly FileProblem[] {
    return this.#problems;
  }

  /** Looks at the folder now; resolves when what it says is in effect. */
  look(): Promise<void> {
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#lookUntilQuiet().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#settle !== null) clearTimeout(this.#settle);
    this.#watcher?.close();
    await this.#running;
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      await this.#once();
    } while (this.#wanted);
  }

  get #wanted(): boolean {
    return this.#again && !this.#stopped;
  }

  async #once(): Promise<void> {
    const { dir, policies, configurations, clock, log } = this.#options;
    try {
      if (dir !== null) this.#listen(dir);
      const { texts, problems } = dir === null ? { texts: [], problems: [] } : await readFolder(dir);
      const read = readPolicyFiles(texts, configurations, clock());
      this.#report([...problems, ...read.problems]);
      const changed = await policies.put(read.profiles, read.isComplete && problems.length === 0);
      if (changed.length > 0) log.info({ policies: changed }, 'policies were taken from files');
    } catch (error) {
      log.error({ err: error }, 'policies could not be taken from files; it is tried again');
    }
  }

  #report(problems: readonly FileProblem[]): void {
    const known = new Set(this.#problems.map((problem) => JSON.stringify(problem)));
    this.#problems = problems;
    for (const problem of problems) {
      if (known.has(JSON.stringify(problem))) continue;
      const { file, field, message, refused } = problem;
      const place = field === '' ? file : `${file}, ${field}`;
      this.#options.log.warn(
        { file, field },
        `${place}: ${message}${refused ? ' (until then what held before holds on)' : ''}`
      );
    }
    if (known.size > 0 && problems.length === 0) this.#options.log.info('the files of policies are in order again');
  }

  /** The poll finds what cannot be heard of: a folder that is not there yet, or a file system that tells nothing. */
  #listen(dir: string): void {
    if (this.#watcher !== null || this.#stopped) return;
    const drop = (): void => {
      this.#watcher?.close();
      this.#watcher = null;
    };
    try {
      this.#watcher = watch(dir, { persistent: false }, () => {
        this.#settle ??= setTimeout(() => {
          this.#settle = null;
          void this.look();
        }, this.#options.settleMs ?? SETTLE_MS).unref();
      });
      this.#watcher.on('error', drop);
    } catch {
      drop();
    }
  }
}

async function readFolder(dir: string): Promise<{ texts: FileText[]; problems: FileProblem[] }> {
  const texts: FileText[] = [];
  const problems: FileProblem[] = [];
  const note = (file: string, message: string): void => {
    problems.push({ file, field: '', message, refused: true });
  };
  const names = await readdir(dir).catch((error: unknown) => {
    note(dir, `cannot be read (${codeOf(error)}): make the folder, or mend policies.dir`);
    return [];
  });
  for (const name of names.filter((one) => /^[^.].*\.ya?ml$/.test(one)).sort()) {
    try {
      const { size } = await stat(join(dir, name));
      if (size > MOST_BYTES) note(name, `has ${size} bytes and may have ${MOST_BYTES}: one policy a file`);
      else texts.push({ name, text: await readFile(join(dir, name), 'utf8') });
    } catch (error) {
      // Deleted since the folder was listed: then it is gone.
      if (codeOf(error) !== 'ENOENT') note(name, `cannot be read (${codeOf(error)}): let the collector read it`);
    }
  }
  return { texts, problems };
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
