import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

const SSHD = '/usr/sbin/sshd';
const KEYGEN = '/usr/bin/ssh-keygen';
/** Null: tests with a real sshd can run here; else why not. */
export const noSshd = existsSync(SSHD) ? null : `there is no ${SSHD}; install openssh-server`;

/** A real sshd on loopback that lets one key hold tunnels, bound as docs/transports.md has it. */
export interface TestSshd {
  readonly port: number;
  readonly user: string;
  /** Private key that it takes. */
  readonly keyFile: string;
  readonly knownHostsFile: string;
  readonly folder: string;
  /** Its own log. */
  log(): string;
  /** Replaces the options before the key in authorized_keys. */
  authorize(options: string): void;
  /** A key that it does not take. */
  otherKey(): string;
  start(): Promise<void>;
  /** Ends the listener and every session. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** As docs/transports.md has it. */
export const RESTRICTIONS =
  'restrict,port-forwarding,permitlisten="127.0.0.1:*",permitopen="127.0.0.1:1",command="/usr/sbin/nologin"';

export async function createSshd(): Promise<TestSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-sshd-'));
  const at = (name: string): string => join(folder, name);
  const user = userInfo().username;
  const port = await freePort();
  const key = (name: string): string => {
    const made = spawnSync(KEYGEN, ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
    return at(name);
  };
  const host = key('host');
  const keyFile = key('tunnel');
  const pub = (file: string): string => readFileSync(`${file}.pub`, 'utf8').trim();
  const authorize = (options: string): void =>
    writeFileSync(at('authorized_keys'), `${options} ${pub(keyFile)}\n`, { mode: 0o600 });
  authorize(RESTRICTIONS);
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${pub(host)}\n`);
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${host}`,
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      `PidFile ${at('sshd.pid')}`,
      // Its folder is under the system's temporary one, which everybody may write to.
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'AllowTcpForwarding remote',
      'AllowStreamLocalForwarding no',
      'X11Forwarding no',
      'PermitTTY no',
      'GatewayPorts no',
      'PermitListen 127.0.0.1:*',
      'ForceCommand /usr/sbin/nologin',
      'MaxStartups 100',
      '',
    ].join('\n')
  );
  // As root it separates its privileges there, and does not make the folder itself.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let log = '';
  let stop: () => Promise<void> = () => Promise.resolve();
  const sshd: TestSshd = {
    port,
    user,
    keyFile,
    folder,
    knownHostsFile: at('known_hosts'),
    log: () => log,
    authorize,
    otherKey: () => key('other'),
    start: async () => {
      const child = spawn(SSHD, ['-D', '-e', '-f', at('sshd_config')], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
      child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      stop = async () => {
        // Sessions lead process groups of their own.
        for (const pid of sessionsOf(child.pid ?? 0)) signal(pid);
        signal(child.pid ?? 0);
        await ended;
      };
      await waitFor(
        () => `sshd: ${log}`,
        () => log.includes('Server listening')
      );
    },
    stop: () => stop(),
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await sshd.start();
  return sshd;
}

/** Whether something accepts connections there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function sessionsOf(pid: number): number[] {
  const children = `/proc/${pid}/task/${pid}/children`;
  const found = existsSync(children) ? readFileSync(children, 'utf8').trim() : '';
  const own = found === '' ? [] : found.split(' ').map(Number);
  return own.flatMap((child) => [...sessionsOf(child), child]);
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
