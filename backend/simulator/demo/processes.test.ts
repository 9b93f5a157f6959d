import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '../testing/intake.ts';
import { Processes, tailOf } from './processes.ts';
import type { ProcessError } from './processes.ts';
import { listenForStop, Stopped } from './stop.ts';

let folder = '';
let deaths: ProcessError[] = [];
let processes: Processes;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-processes-'));
  deaths = [];
  processes = new Processes(folder, (error) => deaths.push(error));
});
afterEach(() => {
  processes.killAll();
  rmSync(folder, { recursive: true, force: true });
});

const node = (name: string, script: string) => ({
  name,
  command: process.execPath,
  args: ['-e', script],
  env: {},
  cwd: folder,
});
const noted = () =>
  (JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as { children: { name: string; pid: number }[] })
    .children;
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const ready = (name: string) =>
  waitFor(
    `${name} to be ready`,
    () => existsSync(processes.logOf(name)) && readFileSync(processes.logOf(name), 'utf8').includes('ready')
  );

describe('the processes of a demo', () => {
  it('run with no environment but the given one, write to a log, are noted, and stop in order', async () => {
    const script = (word: string) =>
      `console.log('ready', Object.keys(process.env).length); process.on('SIGTERM', () => { require('fs').appendFileSync('order', '${word} '); process.exit(0) }); setInterval(() => {}, 1000)`;
    for (const name of ['collector', 'one', 'two']) processes.start(node(name, script(name)));
    for (const name of ['collector', 'one', 'two']) await ready(name);
    const children = noted();
    expect(children.map(({ name }) => name)).toEqual(['collector', 'one', 'two']);
    expect(readFileSync(processes.logOf('one'), 'utf8').trim()).toBe('ready 0');
    await processes.stopAll(['collector']);
    expect(children.map(({ pid }) => alive(pid))).toEqual([false, false, false]);
    expect(readFileSync(join(folder, 'order'), 'utf8')).toMatch(/collector $/);
    expect(noted()).toEqual([]);
    expect(deaths).toEqual([]);
    expect(() => processes.start(node('late', ''))).toThrow('late was not started: the demo is stopping.');
  });

  it('tell which one died, how, and the end of its log', async () => {
    processes.start(
      node(
        'prometheus',
        "for (let i = 1; i <= 30; i++) console.log('line', i); console.error('disk is full'); process.exit(3)"
      )
    );
    await waitFor('the death', () => deaths.length === 1);
    expect(deaths[0]?.message).toContain('prometheus ended by itself (exit code 3). The end of its log:');
    expect(deaths[0]?.message).toContain('disk is full');
    expect(deaths[0]?.message).not.toContain('line 9\n');
  });

  it('tell when a program cannot be started', async () => {
    processes.start({ ...node('ghost', ''), command: join(folder, 'nothing') });
    await waitFor('the death', () => deaths.length === 1);
    expect(deaths[0]?.message).toMatch(/ghost ended by itself[^]*ENOENT/);
  });

  it('give what a command printed, or what went wrong', async () => {
    await expect(processes.run(node('tool', "console.log('yes'); console.error('aside')"))).resolves.toBe('yes\n');
    await expect(processes.run(node('tool', "console.error('no disk'); process.exit(2)"))).rejects.toThrow(
      'tool failed (exit code 2):\nno disk'
    );
  });

  it('end with what they started themselves', async () => {
    const grandchild = 'setInterval(() => {}, 1000)';
    processes.start(
      node(
        'parent',
        `const { spawn } = require('child_process'); console.log('ready', spawn(process.execPath, ['-e', '${grandchild}'], { stdio: 'ignore' }).pid); setInterval(() => {}, 1000)`
      )
    );
    await ready('parent');
    const pid = Number(readFileSync(processes.logOf('parent'), 'utf8').split(' ')[1]);
    expect(alive(pid)).toBe(true);
    await processes.stopAll();
    await waitFor('the end of the grandchild', () => !alive(pid));
  });

  it('are killed at once in a hurry', async () => {
    processes.start(
      node('stubborn', "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)")
    );
    await ready('stubborn');
    const [child] = noted();
    processes.killAll();
    await waitFor('the end', () => !alive(child?.pid ?? 0));
    expect(deaths).toEqual([]);
  });
});

describe('the end of a log', () => {
  it.each([
    ['', 2, ''],
    ['a\n', 2, 'a'],
    ['a\nb\nc\n', 2, 'b\nc'],
  ])('%j', (text, lines, expected) => {
    expect(tailOf(text, lines)).toBe(expected);
  });
});

describe('stopping the demo', () => {
  it('takes signals that come together as one, and a later one as a hurry', async () => {
    const source = new EventEmitter();
    let [hurries, now] = [0, 0];
    const stop = listenForStop(
      source,
      () => (hurries += 1),
      () => now
    );
    source.emit('SIGINT');
    now = 900;
    source.emit('SIGTERM');
    expect(hurries).toBe(0);
    now = 1100;
    source.emit('SIGINT');
    expect(hurries).toBe(1);
    await expect(stop.reached).resolves.toMatchObject({ code: 0 });
    await expect(stop.orThrow).rejects.toBeInstanceOf(Stopped);
  });

  it.each([
    ['SIGINT', 0],
    ['SIGTERM', 0],
    ['SIGHUP', 0],
    ['disconnect', 1],
  ])('%s ends it with %i', async (event, code) => {
    const source = new EventEmitter();
    const stop = listenForStop(source, () => undefined);
    source.emit(event);
    await expect(stop.reached).resolves.toMatchObject({ code });
  });

  it('keeps the first reason', async () => {
    const stop = listenForStop(new EventEmitter(), () => undefined);
    stop.end({ code: 1, message: 'the collector ended' });
    stop.end({ code: 0, message: 'later' });
    await expect(stop.reached).resolves.toEqual({ code: 1, message: 'the collector ended' });
  });
});
