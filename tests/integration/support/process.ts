import { spawn, type ChildProcess } from 'node:child_process';
import type { Program } from '../../../backend/simulator/demo/processes.ts';
import { waitFor } from './wait.ts';

const STOP_GRACE_MS = 15_000;

/** Kills `child` when this process is gone, however that ended, so that no test leaves one behind. */
export function guard(child: ChildProcess): void {
  if (child.pid === undefined) return;
  // The end of its input, which is our end, wakes it.
  const shell = spawn('sh', ['-c', 'read -r _; kill -s KILL "$0" 2>/dev/null', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  child.once('exit', () => shell.kill('SIGKILL'));
}

/** A program that runs until the test ends it; everything it writes is kept. */
export class TestProcess {
  /** Standard output and standard error. */
  log = '';
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #ending: string | null = null;

  constructor({ name, command, args, env, cwd }: Program) {
    this.#name = name;
    const child = spawn(command, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    guard(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => resolve(void (this.#ending = error.message)));
      child.once('close', (code, signal) => resolve(void (this.#ending = String(code ?? signal))));
    });
  }

  /** Waits until its log matches. Throws with the log when it ends instead. */
  logs(pattern: RegExp, limitMs = 60_000): Promise<RegExpExecArray> {
    const found = (): RegExpExecArray | null => {
      const match = pattern.exec(this.log);
      if (match === null && this.#ending !== null)
        throw new Error(`${this.#name} ended (${this.#ending}):\n${this.log}`);
      return match;
    };
    return waitFor(found, () => `${this.#name} to say ${String(pattern)}; it said:\n${this.log}`, limitMs);
  }

  /** SIGTERM, and SIGKILL when it takes too long. @returns its exit code, or the name of the signal that ended it */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
    await this.#gone;
    clearTimeout(timer);
    return this.#ending ?? '';
  }
}
