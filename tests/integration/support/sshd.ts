import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

const SSHD = '/usr/sbin/sshd';
export const sshdIsInstalled = existsSync(SSHD);

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An ssh that runs, and what it said. */
export interface Client {
  readonly child: ChildProcess;
  readonly output: string;
}

/** A real sshd on loopback, with its own host key and one account: whoever runs the test. */
export class TestSshd {
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-sshd-'));
  readonly user = userInfo().username;
  readonly keyFile = join(this.folder, 'tunnel-key');
  readonly knownHostsFile = join(this.folder, 'known-hosts');
  port = 0;
  log = '';
  #process: ChildProcess | null = null;

  /**
   * @param options what the line in authorized_keys says before the key
   * @param account what the configuration says about the account
   */
  async listen(options: string, account: readonly string[]): Promise<void> {
    // sshd wants it when it runs as root; its service on Debian makes it too.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const hostKey = join(this.folder, 'host-key');
    for (const file of [hostKey, this.keyFile])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    const publicKey = (file: string): string => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    const authorized = join(this.folder, 'authorized-keys');
    writeFileSync(authorized, `${options} ${publicKey(this.keyFile)}\n`, { mode: 0o600 });
    this.port = await freePort();
    writeFileSync(this.knownHostsFile, `[127.0.0.1]:${this.port} ${publicKey(hostKey)}\n`);
    const config = join(this.folder, 'sshd-config');
    const lines = [
      `Port ${this.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      'PidFile none',
      `AuthorizedKeysFile ${authorized}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      `Match User ${this.user}`,
      ...account,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const child = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    this.#process = child;
    await waitFor(
      () => this.log.includes('Server listening'),
      () => `sshd: ${this.log}`
    );
  }

  /** Starts ssh against it, as this user, with nothing of this user's own configuration. */
  start(args: readonly string[], command: readonly string[] = []): Client {
    const child = spawn('ssh', [...this.#options(), ...args, `${this.user}@127.0.0.1`, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const client = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (client.output += chunk.toString()));
    }
    return client;
  }

  /** Runs ssh to its end. @returns its exit code (null: it went on for 10 s) and output */
  async run(
    args: readonly string[],
    command: readonly string[] = []
  ): Promise<{ code: number | null; output: string }> {
    const client = this.start(args, command);
    const late = setTimeout(() => client.child.kill(), 10_000);
    const code = await new Promise<number | null>((resolve) => client.child.once('close', resolve));
    clearTimeout(late);
    return { code, output: client.output };
  }

  #options(): string[] {
    const set = [
      `IdentityFile=${this.keyFile}`,
      'IdentitiesOnly=yes',
      `UserKnownHostsFile=${this.knownHostsFile}`,
      'StrictHostKeyChecking=yes',
      'BatchMode=yes',
      'ExitOnForwardFailure=yes',
    ];
    return ['-F', 'none', '-p', String(this.port), ...set.flatMap((one) => ['-o', one])];
  }

  async close(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null) {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
