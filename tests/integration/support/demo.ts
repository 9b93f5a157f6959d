import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { portTrouble } from '../../../scripts/lib/ports.mjs';
import { waitFor } from './wait.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
/** Above, the system deals out ports by itself. */
const [LOWEST, HIGHEST] = [20_000, 32_767];

/** The first of so many free ports in a row. */
export async function freeBase(count = 10): Promise<number> {
  for (;;) {
    const base = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count));
    const troubles = await Promise.all(Array.from({ length: count }, (_, index) => portTrouble(base + index)));
    if (troubles.every((trouble) => trouble === null)) return base;
  }
}

/** A demo as somebody started it from a terminal. */
export interface StartedDemo {
  /** Leads a process group of its own: the terminal's Ctrl-C reaches all of it. */
  readonly pid: number;
  /** What it has written so far. */
  text(): string;
  /** Its exit code; null after a signal. */
  readonly ended: Promise<number | null>;
}

const started: StartedDemo[] = [];

/** Runs an npm script of the demo, in a process group of its own, as a terminal would. */
export function startDemo(script: 'start' | 'demo:real', ...flags: string[]): StartedDemo {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && name !== 'NODE_OPTIONS')
  );
  const child = spawn('npm', ['run', script, '--', ...flags], { cwd: root, detached: true, env });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const one = { pid: child.pid!, text: () => text, ended };
  started.push(one);
  return one;
}

/** Stops every demo that still runs; for after a test, however it went. */
export async function stopDemos(): Promise<void> {
  for (const { pid, ended } of started.splice(0)) {
    try {
      process.kill(-pid, 'SIGTERM');
    } catch {
      // It ended by itself.
    }
    await ended;
  }
}

/** Waits until it has told what runs where; fails with what it said when it ends before. */
export async function isUp(demo: StartedDemo, limitMs = 240_000): Promise<void> {
  let over = false;
  void demo.ended.then(() => (over = true));
  await waitFor(
    () => {
      if (over) throw new Error(`the demo ended before it was up:\n${demo.text()}`);
      return /THIS IS A DEMO[^]*cat \S+viewer-token/.test(demo.text());
    },
    () => `the demo to be up; it said:\n${demo.text()}`,
    limitMs,
    100
  );
}

/** Where a demo keeps everything, by what it told. */
export const folderOf = (demo: StartedDemo): string =>
  resolve(root, /cat (\S+)viewer-token/.exec(demo.text())?.[1] ?? '');

/** Processes that carry the folder of a demo in their environment (Linux). */
export function processesOf(folder: string): string[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}
