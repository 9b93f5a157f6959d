import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { summarySchema } from '@openclaw-fleet/contract';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { portTrouble } from '../../scripts/lib/ports.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const LIMIT_MS = 240_000;

/** The first of ten free ports in a row, below those that the system deals out by itself. */
async function freeBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 12_000);
    const troubles = await Promise.all(Array.from({ length: 10 }, (_, index) => portTrouble(base + index)));
    if (troubles.every((trouble) => trouble === null)) return base;
  }
}

async function until<T>(what: string, check: () => Promise<T | null> | T | null, limitMs = 120_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

interface Started {
  readonly pid: number;
  text(): string;
  readonly ended: Promise<number | null>;
}

const started: Started[] = [];
afterEach(async () => {
  for (const { pid, ended } of started.splice(0)) {
    try {
      process.kill(-pid, 'SIGTERM');
    } catch {
      // It ended by itself.
    }
    await ended;
  }
});

/** `npm start` in a process group of its own, as a terminal would run it. */
function npmStart(...flags: string[]): Started {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('npm_') && name !== 'NODE_OPTIONS')
  );
  const child = spawn('npm', ['start', '--', ...flags], { cwd: root, detached: true, env });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const one = { pid: child.pid!, text: () => text, ended };
  started.push(one);
  return one;
}

const isUp = (demo: Started) =>
  until('the demo to be up', () => (demo.text().includes('THIS IS A DEMO') ? true : null));

/** Where a demo keeps everything, by what it told. */
const folderOf = (demo: Started): string => resolve(root, /cat (\S+)viewer-token/.exec(demo.text())?.[1] ?? '');

/** Processes that carry the folder of a demo in their environment (Linux). */
function processesOf(folder: string): string[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

async function onlineSeries(prometheus: string): Promise<string | null> {
  const query = encodeURIComponent('openclaw_fleet_targets{state="online"}');
  const answer = (await (await fetch(`${prometheus}/api/v1/query?query=${query}`)).json()) as {
    data: { result: { value: [number, string] }[] };
  };
  return answer.data.result[0]?.value[1] ?? null;
}

describe('npm start', () => {
  it(
    'shows six nodes to the API and to Prometheus, names a taken port, and leaves nothing behind after Ctrl-C',
    async () => {
      const base = await freeBase();
      const demo = npmStart('--no-table', '--port-base', String(base));
      await isUp(demo);
      const folder = folderOf(demo);
      const authorization = `Bearer ${readFileSync(join(folder, 'viewer-token'), 'utf8')}`;
      const summary = await until('six nodes online', async () => {
        const answer = await fetch(`http://127.0.0.1:${base + 1}/fleet/summary`, { headers: { authorization } });
        const read = summarySchema.parse(await answer.json());
        return read.online === 6 ? read : null;
      });
      expect(summary).toMatchObject({ total: 6, bridged: 6, timings: 'demo' });
      expect(summary.zones.map(({ zone, total }) => [zone, total])).toEqual([
        ['eu-west-1', 3],
        ['us-east-1', 3],
      ]);

      if (findOnPath('prometheus') === null)
        expect(demo.text()).toContain('Prometheus  is not installed on this machine');
      else
        await until('series in Prometheus', () =>
          onlineSeries(`http://127.0.0.1:${base + 2}`).then((value) => (Number(value) > 0 ? value : null))
        );

      const second = npmStart('--port-base', String(base));
      expect(await second.ended).toBe(1);
      expect(second.text()).toContain(`Nothing was started.\nPort ${base} (intake) is taken by`);

      expect(processesOf(folder).length).toBeGreaterThan(1);
      process.kill(-demo.pid, 'SIGINT');
      await demo.ended;
      expect(demo.text()).toContain('Everything is stopped, and the demo folder is removed.');
      expect(processesOf(folder)).toEqual([]);
      expect(existsSync(folder)).toBe(false);
      for (const offset of [0, 1, 2]) expect(await portTrouble(base + offset)).toBeNull();
    },
    LIMIT_MS
  );

  it(
    'cleans up after a demo that was killed hard, runs again, and ends when it was told to',
    async () => {
      const base = await freeBase();
      const killed = npmStart('--no-table', '--port-base', String(base));
      await isUp(killed);
      process.kill(-killed.pid, 'SIGKILL');
      await killed.ended;

      const next = npmStart('--no-table', '--port-base', String(base), '--exit-after', '2');
      const code = await next.ended;
      expect(code === 0 ? '' : next.text()).toBe('');
      expect(next.text()).toMatch(/Ended what an earlier demo left behind: collector/);
      expect(next.text()).toContain('Stopping after 2 s, as --exit-after says.');
      for (const offset of [0, 1, 2]) expect(await portTrouble(base + offset)).toBeNull();
      for (const demo of [killed, next]) expect(existsSync(folderOf(demo))).toBe(false);
    },
    LIMIT_MS
  );

  it(
    'says which part broke, and why, when one does',
    async () => {
      const base = await freeBase();
      const demo = npmStart('--no-table', '--port-base', String(base));
      await isUp(demo);
      const folder = folderOf(demo);
      const { children } = JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as {
        children: { name: string; pid: number }[];
      };
      process.kill(children.find(({ name }) => name === 'collector')!.pid, 'SIGKILL');
      expect(await demo.ended).toBe(1);
      expect(demo.text()).toContain('collector ended by itself (signal SIGKILL). The end of its log:');
      expect(processesOf(folder)).toEqual([]);
    },
    LIMIT_MS
  );
});
