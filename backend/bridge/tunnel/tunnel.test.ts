import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@openclaw-fleet/client';
import type { Clock } from '@openclaw-fleet/client';
import type { SshSettings } from '../settings-acting.ts';
import { identityOf, isAlive } from '../supervisor/process.ts';
import type { ProcessIdentity } from '../supervisor/process.ts';
import { accepts, createSshd, noSshd } from '../testing/sshd.ts';
import type { TestSshd } from '../testing/sshd.ts';
import { waitFor } from '../testing/wait-for.ts';
import { createTunnel } from './tunnel.ts';
import type { Tunnel, TunnelOptions } from './tunnel.ts';

if (noSshd !== null) {
  if (process.env['CI'] === 'true') throw new Error(noSshd);
  process.stderr.write(`SKIPPED: the tests with a real sshd, because ${noSshd}\n`);
}

/** The waits between attempts are short; ssh and sshd are real, and have their time. */
const hasty: Clock = {
  ...systemClock,
  after: (ms, fn, hold) => systemClock.after(ms > 60_000 ? ms : Math.min(ms, 50), fn, hold),
};

describe('an ssh that hangs', () => {
  it('is ended, and another is started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-tunnel-'));
    const [program, pids] = [join(folder, 'ssh'), join(folder, 'pids')];
    writeFileSync(program, `#!/bin/sh\necho $$ >> ${pids}\nexec sleep 600\n`, { mode: 0o700 });
    const logged: string[] = [];
    const log = (message: string): void => void logged.push(message);
    const tunnel = createTunnel({
      ssh: { host: 'a', port: 22, user: 'a', keyFile: '/key', knownHostsFile: '/known' },
      door: { host: '127.0.0.1', port: 1 },
      stateDir: folder,
      clock: { ...systemClock, after: (ms, fn, hold) => systemClock.after(ms / 300, fn, hold) },
      random: () => 0.5,
      logger: { info: log, warn: log, error: log },
      onChange: () => undefined,
      program,
    });
    const started = (): number[] => (existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : []);
    tunnel.start();
    await waitFor('another', () => started().length > 1, 15_000);
    await tunnel.stop();
    expect(logged[0]).toContain('did not open it within 90 s');
    expect(started().filter((pid) => identityOf(pid) !== null)).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  }, 20_000);
});

(noSshd === null ? describe : describe.skip)('a tunnel to a real sshd', () => {
  let sshd: TestSshd;
  let door: Server;
  let tunnels: Tunnel[];
  let logged: string[];
  let ports: (number | null)[];

  beforeEach(async () => {
    sshd = await createSshd();
    door = createServer((_request, response) => response.end('the door'));
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    [tunnels, logged, ports] = [[], [], []];
  });
  afterEach(async () => {
    await Promise.all(tunnels.map((tunnel) => tunnel.stop()));
    await new Promise((resolve) => door.close(resolve));
    await sshd.close();
  });

  const stateDir = (): string => join(sshd.folder, 'state');
  function create(ssh: Partial<SshSettings> = {}, options: Partial<TunnelOptions> = {}): Tunnel {
    const { port, user, keyFile, knownHostsFile } = sshd;
    const tunnel = createTunnel({
      ssh: { host: '127.0.0.1', port, user, keyFile, knownHostsFile, ...ssh },
      door: { host: '127.0.0.1', port: (door.address() as AddressInfo).port },
      stateDir: stateDir(),
      clock: hasty,
      random: () => 0.5,
      logger: {
        info: (message) => logged.push(`info ${message}`),
        warn: (message) => logged.push(`warn ${message}`),
        error: (message) => logged.push(`error ${message}`),
      },
      onChange: () => ports.push(tunnel.port),
      ...options,
    });
    tunnels.push(tunnel);
    return tunnel;
  }
  const isOpen = (tunnel: Tunnel): Promise<void> =>
    waitFor(
      () => `the tunnel: ${logged.join('\n')}\n${sshd.log()}`,
      () => tunnel.port !== null,
      15_000
    );
  const get = async (port: number | null): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port ?? 0}/`, { headers: { connection: 'close' } })).text();

  it('leads from a port that sshd chose to the door, and is gone with the bridge', async () => {
    const tunnel = create();
    tunnel.start();
    await isOpen(tunnel);
    const { port } = tunnel;
    expect(port).not.toBe(sshd.port);
    expect(await get(port)).toBe('the door');
    expect(ports).toEqual([port]);
    expect(logged).toEqual([`info the tunnel is open: port ${port ?? 0} of its host leads to the door for actions`]);
    const { pid } = JSON.parse(readFileSync(join(stateDir(), 'tunnel.json'), 'utf8')) as ProcessIdentity;
    await tunnel.stop();
    expect(tunnel.port).toBeNull();
    expect(identityOf(pid)).toBeNull();
    await expect(get(port)).rejects.toThrow();
  });

  it('comes back when the sshd was away, and says so once', async () => {
    const tunnel = create();
    tunnel.start();
    await isOpen(tunnel);
    const first = tunnel.port;
    await sshd.stop();
    await waitFor('the end', () => tunnel.port === null && logged.length >= 3);
    expect(logged.at(-1)).toContain('OPENCLAW_BRIDGE_SSH_HOST and _PORT');
    await sshd.start();
    await isOpen(tunnel);
    expect(await get(tunnel.port)).toBe('the door');
    expect(ports).toEqual([first, null, tunnel.port]);
    expect(logged.filter((line) => line.includes('_PORT'))).toHaveLength(1);
  });

  it('comes back when ssh is killed', async () => {
    const tunnel = create();
    tunnel.start();
    await isOpen(tunnel);
    const { pid } = JSON.parse(readFileSync(join(stateDir(), 'tunnel.json'), 'utf8')) as ProcessIdentity;
    process.kill(pid, 'SIGKILL');
    await waitFor('the end', () => ports.includes(null));
    await isOpen(tunnel);
    expect(await get(tunnel.port)).toBe('the door');
  });

  it('ends the ssh that a killed bridge left behind, and no other process', async () => {
    const left = spawn('sleep', ['60'], { stdio: 'ignore' });
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const [mine, theirs] = [identityOf(left.pid ?? 0), identityOf(other.pid ?? 0)] as [
        ProcessIdentity,
        ProcessIdentity,
      ];
      mkdirSync(stateDir());
      const memory = join(stateDir(), 'tunnel.json');
      // The pid was given to somebody else since.
      writeFileSync(memory, JSON.stringify({ ...theirs, startTime: '1' }));
      const first = create();
      first.start();
      await isOpen(first);
      expect(isAlive(theirs)).toBe(true);
      writeFileSync(memory, JSON.stringify(mine));
      const second = create();
      second.start();
      await waitFor('its end', () => !isAlive(mine));
      await isOpen(second);
    } finally {
      left.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  });

  const refused = async (
    ssh: Partial<SshSettings>,
    advice: string,
    options: Partial<TunnelOptions> = {}
  ): Promise<void> => {
    const tunnel = create(ssh, options);
    tunnel.start();
    await waitFor(
      () => `the advice: ${logged.join('\n')}`,
      () => logged.length > 0,
      15_000
    );
    expect(logged[0]).toMatch(/^warn no tunnel: .*; it is tried again$/);
    expect(logged[0]).toContain(advice);
    expect(tunnel.port).toBeNull();
    await tunnel.stop();
    expect(new Set(logged).size).toBe(logged.length);
  };

  it('says what to do when the key is not taken', () =>
    refused({ keyFile: sshd.otherKey() }, 'public key of OPENCLAW_BRIDGE_SSH_KEY_FILE'));

  it('says what to do when others can read the key', () => {
    chmodSync(sshd.keyFile, 0o644);
    return refused({}, 'chmod 600');
  });

  it('says what to do when there is no such key', () =>
    refused({ keyFile: '/nowhere/key' }, 'OPENCLAW_BRIDGE_SSH_KEY_FILE cannot be read'));

  it('goes nowhere with another host’s key', () => {
    const text = readFileSync(sshd.knownHostsFile, 'utf8');
    const another = readFileSync(`${sshd.otherKey()}.pub`, 'utf8').trim();
    writeFileSync(sshd.knownHostsFile, `${text.split(' ')[0] ?? ''} ${another}\n`);
    return refused({}, 'OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE');
  });

  it('goes nowhere with an unknown host', () => {
    writeFileSync(sshd.knownHostsFile, '');
    return refused({}, 'OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE');
  });

  it('says what to do when the host refuses the forwarding', () => {
    sshd.authorize('restrict');
    return refused({}, 'permitlisten="127.0.0.1:*"');
  });

  it('says what to do when there is no ssh', () => refused({}, 'install openssh-client', { program: '/nowhere/ssh' }));

  it('leaves its host to hold nothing but the tunnel', async () => {
    const { port, user, keyFile, knownHostsFile } = sshd;
    const common = ['-F', '/dev/null', '-p', String(port), '-l', user, '-i', keyFile, '-o', 'BatchMode=yes'];
    const trust = [
      '-o',
      `UserKnownHostsFile=${knownHostsFile}`,
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'ExitOnForwardFailure=yes',
    ];
    const run = (args: string[]): Promise<number | null> =>
      new Promise((resolve) => {
        const child = spawn('ssh', [...common, ...trust, ...args], { stdio: 'ignore' });
        child.once('close', (code) => resolve(code));
      });
    const marker = join(sshd.folder, 'ran');
    expect(await run(['127.0.0.1', `touch ${marker}`])).not.toBe(0);
    expect(await run(['-N', '-R', '0.0.0.0:0:127.0.0.1:1', '127.0.0.1'])).not.toBe(0);
    expect(await run(['-W', `127.0.0.1:${(door.address() as AddressInfo).port}`, '127.0.0.1'])).not.toBe(0);
    expect(() => readFileSync(marker)).toThrow('ENOENT');
    expect(await accepts(port)).toBe(true);
  });
});
