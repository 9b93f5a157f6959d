import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@openclaw-fleet/client';
import { waitFor } from '../testing/wait-for.ts';
import { createChildSupervisor } from './child.ts';
import { identityOf, isAlive } from './process.ts';
import type { Supervisor } from './types.ts';

let folder: string;
let logged: string[];
let notes: string[];
const open: Supervisor[] = [];
const bridges: ChildProcess[] = [];

/** Every start of the stand-in appends its pid here. */
const starts = (): number[] => {
  const path = join(folder, 'starts');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').map(Number) : [];
};
const running = (): number[] => starts().filter((pid) => identityOf(pid) !== null);
const remembered = (): { gateway: { pid: number } | null } =>
  JSON.parse(readFileSync(join(folder, 'gateway-process.json'), 'utf8')) as never;

/** A shell where the gateway would be: notes its start, then does this. */
function command(then: string): string[] {
  return ['/bin/sh', '-c', `echo $$ >> "$0"; echo said-by-gateway; ${then}`, join(folder, 'starts')];
}
const STAYS = 'while :; do sleep 0.05; done';
const STUBBORN = `trap '' TERM; ${STAYS}`;

function supervisor(then: string, clock = systemClock): Supervisor {
  const one = createChildSupervisor({
    command: command(then),
    environment: { PATH: '/usr/bin:/bin', GIVEN: 'yes' },
    stateDir: folder,
    clock,
    logger: {
      info: (message) => logged.push(`info ${message}`),
      warn: (message) => logged.push(`warn ${message}`),
      error: (message) => logged.push(`error ${message}`),
    },
  });
  open.push(one);
  return one;
}

/** A clock on which waits of this and more take a moment. */
const quick = (ms: number): typeof systemClock => {
  const factor = 200 / ms;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() / factor,
    after: (wait, fn, hold) => systemClock.after(wait * factor, fn, hold),
  };
};

/** A process of its own, with a supervisor, as a bridge is. */
function bridge(then: string): ChildProcess {
  const script = join(folder, 'bridge.ts');
  const module = JSON.stringify(new URL('./child.ts', import.meta.url).href);
  const client = JSON.stringify(new URL('../../client/clock.ts', import.meta.url).href);
  writeFileSync(
    script,
    `import { createChildSupervisor } from ${module};
     import { systemClock } from ${client};
     const say = (message) => console.error(message);
     createChildSupervisor({ command: ${JSON.stringify(command(then))}, environment: { PATH: '/usr/bin:/bin' },
       stateDir: ${JSON.stringify(folder)}, clock: systemClock, logger: { info: say, warn: say, error: say } }).start();
     console.log('up');
     setInterval(() => {}, 1000);`
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
  bridges.push(child);
  return child;
}
const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('close', resolve));
const up = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.stdout?.once('data', resolve));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-child-'));
  [logged, notes] = [[], []];
});

afterEach(async () => {
  for (const one of open.splice(0)) one.stop();
  for (const child of bridges.splice(0)) child.kill('SIGKILL');
  for (const pid of running()) process.kill(-pid, 'SIGKILL');
  await waitFor('the end of all', () => running().length === 0);
  rmSync(folder, { recursive: true, force: true });
});

describe('the child supervisor', () => {
  it('starts the gateway with its own environment, its log in a file, and no shell of ours', async () => {
    supervisor(`echo "given $GIVEN $OPENCLAW_NO_RESPAWN $HOME."; ${STAYS}`).start();
    const log = join(folder, 'gateway.log');
    await waitFor('the log', () => readFileSync(log, 'utf8').includes('given yes 1 .'));
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'gateway-process.json')).mode & 0o777).toBe(0o600);
    expect(starts()).toHaveLength(1);
  });

  it('ends one that listens by SIGTERM, and starts another', async () => {
    const one = supervisor(STAYS);
    one.start();
    await waitFor('the start', () => starts().length === 1);
    const before = await one.current();
    await one.restart((text) => notes.push(text));
    await waitFor('the second', () => starts().length === 2);
    expect(running()).toEqual([starts()[1]]);
    expect(await one.current()).not.toBe(before);
    expect(notes.join('\n')).toMatch(/SIGTERM[^]*ended by itself[^]*started: pid/);
    expect(notes.join('\n')).not.toContain('SIGKILL');
  });

  it.each([
    ['hangs (SIGSTOP)', `trap 'exit 0' TERM; ${STAYS}`, (pid: number) => process.kill(pid, 'SIGSTOP')],
    ['does not listen to SIGTERM', STUBBORN, () => undefined],
  ])('ends one that %s by SIGKILL after 15 s, with what it started', async (_how, then, harm) => {
    const one = supervisor(`sleep 600 & echo $! > "$0.other"; ${then}`, quick(15_000));
    one.start();
    await waitFor('the start', () => starts().length === 1);
    const [pid = 0] = starts();
    await waitFor('what it started', () => existsSync(join(folder, 'starts.other')));
    const other = Number(readFileSync(join(folder, 'starts.other'), 'utf8'));
    harm(pid);
    await one.restart((text) => notes.push(text));
    await waitFor('the second', () => starts().length === 2);
    expect(identityOf(pid)).toBeNull();
    await waitFor('the end of what it started', () => identityOf(other) === null);
    expect(notes.join('\n')).toMatch(/did not end within 15 s: SIGKILL/);
  });

  it('sets a log aside that grew too large, while the gateway runs on', async () => {
    supervisor(`head -c 11000000 /dev/zero; ${STAYS}`, quick(60_000)).start();
    await waitFor('the log', () => existsSync(join(folder, 'gateway.log.1')));
    await waitFor('the rest', () => statSync(join(folder, 'gateway.log')).size < 11_000_000);
    expect(running()).toEqual(starts());
    expect(starts()).toHaveLength(1);
  });

  it('starts one again that ended by itself, later each time', async () => {
    supervisor('exit 3', quick(5_000)).start();
    await waitFor('a third start', () => starts().length >= 3);
    expect(logged.filter((line) => line.startsWith('warn'))[0]).toContain('the gateway ended (3)');
    expect(logged.join()).toContain('in 2 s');
    expect(logged.join()).toContain('in 5 s');
  });

  it('does not start one again that ended with 78, until it is told to', async () => {
    const one = supervisor('exit 78', quick(60_000));
    one.start();
    await waitFor('the end', () => logged.some((line) => line.includes('ended with 78')));
    expect(await one.given()).toContain('its configuration is not valid');
    await new Promise((resolve) => systemClock.after(300, () => resolve(undefined)));
    expect(starts()).toHaveLength(1);
    await one.restart(() => undefined);
    await waitFor('the second', () => starts().length === 2);
  });

  it('says which setting is wrong when the program is not there, and tries again', async () => {
    const one = createChildSupervisor({
      command: ['/nowhere/openclaw'],
      environment: {},
      stateDir: folder,
      clock: quick(2_000),
      logger: { info: () => undefined, warn: () => undefined, error: (message) => logged.push(message) },
    });
    open.push(one);
    one.start();
    await waitFor('two attempts', () => logged.length >= 2);
    expect(logged[0]).toBe('OPENCLAW_BRIDGE_CHILD_COMMAND cannot be started (ENOENT)');
  });
});

describe('a gateway whose bridge is killed (kill -9)', () => {
  it('goes on, and the next bridge keeps it: there are never two', async () => {
    const first = bridge(STAYS);
    await up(first);
    await waitFor('the gateway', () => running().length === 1);
    const [pid = 0] = running();
    first.kill('SIGKILL');
    await ended(first);
    expect(running()).toEqual([pid]);
    await up(bridge(STAYS));
    expect(starts()).toEqual([pid]);
    expect(remembered().gateway?.pid).toBe(pid);
    process.kill(-pid, 'SIGKILL');
    await waitFor('another start', () => starts().length === 2, 10_000);
    expect(running()).toHaveLength(1);
  }, 20_000);

  it('is found by its marker when the bridge was killed before it wrote down the pid', async () => {
    const first = bridge(`sleep 600 & ${STAYS}`);
    await up(first);
    await waitFor('the gateway', () => running().length === 1);
    first.kill('SIGKILL');
    await ended(first);
    writeFileSync(join(folder, 'gateway-process.json'), JSON.stringify({ ...remembered(), gateway: null }));
    const next = supervisor(STAYS);
    next.start();
    expect(starts()).toHaveLength(1);
    expect(remembered().gateway?.pid).toBe(running()[0]);
    await next.restart((text) => notes.push(text));
    await waitFor('another', () => starts().length === 2);
    expect(running()).toHaveLength(1);
  }, 20_000);

  it('is started anew when it ended, too: another process with its pid is not taken for it', async () => {
    const self = identityOf(process.pid);
    expect(self !== null && isAlive(self)).toBe(true);
    const stale = { ...self, startTime: '1' };
    writeFileSync(
      join(folder, 'gateway-process.json'),
      JSON.stringify({ marker: 'none', gateway: stale, bridge: stale })
    );
    supervisor(STAYS).start();
    await waitFor('the start', () => running().length === 1);
    expect(remembered().gateway?.pid).toBe(running()[0]);
  });

  it('is not kept by two bridges', async () => {
    const first = bridge(STAYS);
    await up(first);
    await waitFor('the gateway', () => running().length === 1);
    expect(() => supervisor(STAYS).start()).toThrow(`another bridge (pid ${first.pid ?? 0}) keeps this gateway`);
    expect(starts()).toHaveLength(1);
  }, 20_000);
});
