import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { note } from '../../../scripts/lib/leftovers.mjs';

/** A program to run: its environment is complete, nothing is inherited. */
export interface Program {
  /** Names it to a person, and its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A process ended, or could not be started, when it should have run; the message says why. */
export class ProcessError extends Error {
  override readonly name = 'ProcessError';
}

interface Running {
  readonly program: Program;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

const LOG_LINES = 15;
const STOP_GRACE_MS = 12_000;

/** The last lines of a log, for an error message. */
export function tailOf(text: string, lines = LOG_LINES): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * The processes of one demo. Each leads a process group of its own, so that a terminal's Ctrl-C reaches the demo alone,
 * which then stops them in order; each is noted in `processes.json` of the folder, for whoever cleans up after a kill.
 */
export class Processes {
  readonly #folder: string;
  readonly #onDeath: (error: ProcessError) => void;
  readonly #running = new Map<string, Running>();
  #stopping = false;

  /** @param onDeath called when one ends that should run on */
  constructor(folder: string, onDeath: (error: ProcessError) => void) {
    this.#folder = folder;
    this.#onDeath = onDeath;
    mkdirSync(join(folder, 'logs'), { recursive: true });
    this.#note();
  }

  logOf(name: string): string {
    return join(this.#folder, 'logs', `${name}.log`);
  }

  /**
   * Starts a program that is to run until it is stopped.
   * @throws ProcessError when the demo is stopping
   */
  start(program: Program): void {
    const running = this.#spawn(program, this.logOf(program.name));
    void running.ended.then(() => {
      if (!this.#stopping) this.#onDeath(this.#deathOf(running));
    });
  }

  /**
   * Runs a program to its end.
   * @returns what it wrote to standard output
   * @throws ProcessError when it fails
   */
  async run(program: Program): Promise<string> {
    const running = this.#spawn(program, 'pipe');
    let [out, all] = ['', ''];
    running.child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      all += chunk.toString();
    });
    running.child.stderr?.on('data', (chunk: Buffer) => (all += chunk.toString()));
    await running.ended;
    if (running.child.exitCode === 0) return out;
    throw new ProcessError(`${program.name} failed (${howItEnded(running.child)}):\n${tailOf(all)}`);
  }

  /** Stops one process: SIGTERM, and SIGKILL when it takes too long. Does nothing when it does not run. */
  async stop(name: string): Promise<void> {
    this.#stopping = true;
    const running = this.#running.get(name);
    if (!running) return;
    this.#signal(running, 'SIGTERM');
    const timer = setTimeout(() => this.#signal(running, 'SIGKILL'), STOP_GRACE_MS);
    await running.ended;
    clearTimeout(timer);
    // What it started itself may outlive it.
    this.#signal(running, 'SIGKILL');
  }

  /** Stops every process at once, those named in `last` one after the other at the end. */
  async stopAll(last: readonly string[] = []): Promise<void> {
    this.#stopping = true;
    const first = [...this.#running.keys()].filter((name) => !last.includes(name));
    await Promise.all(first.map((name) => this.stop(name)));
    for (const name of last) await this.stop(name);
  }

  /** Kills every process at once. */
  killAll(): void {
    this.#stopping = true;
    for (const running of this.#running.values()) this.#signal(running, 'SIGKILL');
  }

  #spawn(program: Program, output: string): Running {
    const { name, command, args, env, cwd } = program;
    if (this.#stopping) throw new ProcessError(`${name} was not started: the demo is stopping.`);
    const sink = output === 'pipe' ? 'pipe' : openSync(output, 'a', 0o600);
    const child = spawn(command, args, { cwd, env: { ...env }, detached: true, stdio: ['ignore', sink, sink] });
    if (typeof sink === 'number') closeSync(sink);
    const running: Running = {
      program,
      child,
      ended: new Promise((resolve) => {
        child.once('close', () => resolve());
        child.once('error', (error) => {
          if (typeof sink === 'number') writeFileSync(output, `${error.message}\n`, { flag: 'a' });
          resolve();
        });
      }),
    };
    this.#running.set(name, running);
    this.#note();
    void running.ended.then(() => {
      this.#running.delete(name);
      this.#note();
    });
    return running;
  }

  #deathOf({ program: { name }, child }: Running): ProcessError {
    const log = this.logOf(name);
    return new ProcessError(
      `${name} ended by itself (${howItEnded(child)}). The end of its log:\n\n${tailOf(readFileSync(log, 'utf8'))}`
    );
  }

  #signal({ child }: Running, signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone.
    }
  }

  #note(): void {
    const children = [...this.#running.values()].map(({ program: { name }, child: { pid } }) => ({ name, pid }));
    note(this.#folder, process.pid, children);
  }
}

function howItEnded({ exitCode, signalCode }: ChildProcess): string {
  if (signalCode !== null) return `signal ${signalCode}`;
  return exitCode === null ? 'it could not be started' : `exit code ${exitCode}`;
}
