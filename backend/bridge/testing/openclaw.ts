import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { probeRound, interpret } from '../gateway/probe.ts';
import { gatewayEnvironment, SMALLEST } from './openclaw-config.ts';

/** The release that openclaw-notes describe and the tests hold. */
export const OPENCLAW_VERSION = '2026.9.6';
/** Where `ensureOpenclaw` puts it unless told otherwise; git ignores it. */
const OPENCLAW_FOLDER = join(import.meta.dirname, '../../../.openclaw-fleet/openclaw');
const OLDEST_NODE = [24, 16] as const;
/** OpenClaw takes further ports above its own (openclaw-notes section 9). */
const PORT_SPACING = 120;
const START_ALLOWANCE = 180_000;

type Say = (message: string) => void;
const toStderr: Say = (message) => void process.stderr.write(`${message}\n`);

/**
 * Finds OpenClaw, or installs it once (644 MB) into a folder of its own, without running its install scripts.
 * @param npm the command that installs
 * @returns the path of openclaw.mjs
 * @throws Error that says why it cannot be had here
 */
export async function ensureOpenclaw(
  say: Say = () => undefined,
  folder = OPENCLAW_FOLDER,
  npm = 'npm'
): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Error(
      `OpenClaw needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}: run it with node_modules/.bin/node`
    );
  }
  const entry = join(folder, 'node_modules/openclaw/openclaw.mjs');
  if (isInstalled(folder)) return entry;
  mkdirSync(dirname(folder), { recursive: true });
  // Beside the folder and then renamed, so that an install that was cut off, or a second one, does no harm.
  const fresh = mkdtempSync(`${folder}.new-`);
  try {
    await install(fresh, say, npm);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } catch (error) {
    if (!isInstalled(folder)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return entry;
}

/**
 * What tests need of this machine; null, said out loud, where it cannot be had. Under CI that is an error.
 * @param what is left out then, such as "repairs of real gateways"
 * @param find rejects with the reason why it cannot be had
 */
export async function orSkip<T>(
  what: string,
  find: (say: Say) => Promise<T>,
  { say = toStderr, isCi = process.env['CI'] === 'true' }: { readonly say?: Say; readonly isCi?: boolean } = {}
): Promise<T | null> {
  try {
    return await find(say);
  } catch (error) {
    if (isCi) throw error;
    say(`SKIPPED: ${what}, because ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** The path of openclaw.mjs, for tests with a real gateway, as `orSkip` gives it. */
export const openclawOrSkip = (what: string): Promise<string | null> => orSkip(what, ensureOpenclaw);

function isInstalled(folder: string): boolean {
  const manifest = join(folder, 'node_modules/openclaw/package.json');
  // npm writes its own lock file last.
  if (!existsSync(manifest) || !existsSync(join(folder, 'node_modules/.package-lock.json'))) return false;
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }).version === OPENCLAW_VERSION;
}

async function install(folder: string, say: Say, npm: string): Promise<void> {
  const startedAt = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  say(`installing openclaw@${OPENCLAW_VERSION} once (644 MB, no install scripts); this takes a minute or more`);
  const progress = setInterval(() => say(`still installing openclaw, ${elapsed()} so far`), 10_000);
  try {
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
    const child = spawn(npm, ['install', ...flags, '--prefix', folder, `openclaw@${OPENCLAW_VERSION}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0 || !isInstalled(folder)) {
      throw new Error(`npm could not install openclaw@${OPENCLAW_VERSION} (exit ${String(code)}): ${errors.trim()}`);
    }
    say(`openclaw@${OPENCLAW_VERSION} is installed after ${elapsed()}`);
  } finally {
    clearInterval(progress);
  }
}

export interface GatewayOptions {
  /** Path of openclaw.mjs. */
  readonly openclaw: string;
  /** Default: any free one. Keep two gateways 120 apart. */
  readonly port?: number;
  /** Merged over the smallest configuration that starts, one level deep. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Where the gateway's folder is made. Default: the system's temporary folder. */
  readonly parent?: string;
}

/** A real gateway on loopback, with a home of its own. */
export interface RealGateway {
  readonly url: URL;
  readonly token: string;
  /** Holds the token, mode 0600, for a bridge. */
  readonly tokenFile: string;
  readonly home: string;
  readonly configFile: string;
  /** The gateway's own output. */
  readonly logFile: string;
  readonly pid: number;
  /** Exit code, or the signal's name, once the process is gone. */
  readonly exited: Promise<number | string>;
  /** Resolves once it takes work; rejects with the end of its log. @param ms default 180 s */
  ready(ms?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Kills it and removes its home; safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway as openclaw-notes section 10 does; costs about 20 s of CPU and 0.9 GB. It does not outlive this
 * process, however that ends.
 */
export async function startGateway(options: GatewayOptions): Promise<RealGateway> {
  const port = options.port ?? (await freePort());
  const home = mkdtempSync(join(options.parent ?? tmpdir(), 'openclaw-gateway-'));
  const token = randomBytes(24).toString('base64url');
  const configFile = join(home, '.openclaw/openclaw.json');
  const logFile = join(home, 'gateway.log');
  const tokenFile = join(home, 'gateway-token');
  mkdirSync(dirname(configFile), { mode: 0o700 });
  writeFileSync(configFile, JSON.stringify({ ...SMALLEST, ...options.config }), { mode: 0o600 });
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(
    process.execPath,
    [options.openclaw, 'gateway', 'run', '--port', String(port), '--auth', 'token', '--bind', 'loopback'],
    { cwd: home, detached: true, stdio: ['ignore', log, log], env: environment(home, token) }
  );
  const exited = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`the gateway could not be started: ${String(await exited)}`);
  const release = guard(child);
  const url = new URL(`http://127.0.0.1:${port}`);
  let gone = false;
  void exited.then(() => (gone = true));
  return {
    url,
    token,
    tokenFile,
    home,
    configFile,
    logFile,
    pid,
    exited,
    ready: async (ms = START_ALLOWANCE) => {
      const deadline = performance.now() + ms;
      for (;;) {
        const sighting = interpret(await probeRound(url, () => performance.now()));
        if (sighting.kind === 'answer' && sighting.phase === 'started' && sighting.ready) return;
        const tail = (): string => readFileSync(logFile, 'utf8').slice(-1500);
        if (gone) throw new Error(`the gateway ended with ${String(await exited)}:\n${tail()}`);
        if (performance.now() > deadline) throw new Error(`the gateway was not ready after ${ms / 1000} s:\n${tail()}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    signal: (signal) => {
      if (!gone) process.kill(pid, signal);
    },
    stop: async () => {
      release();
      await exited;
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function environment(home: string, token: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    ...gatewayEnvironment(home, token),
    OPENCLAW_NO_RESPAWN: '1',
  };
}

/**
 * Holds the gateway's process group to our own life: a shell that waits for the end of its input, which comes when it is
 * told or when we are gone, and kills the group then.
 * @returns tells it
 */
function guard(gateway: ChildProcess): () => void {
  const shell = spawn('sh', ['-c', 'read -r _; kill -s KILL -- "-$0" 2>/dev/null', String(gateway.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  gateway.unref();
  return () => shell.stdin.destroy();
}

async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + PORT_SPACING * randomInt(100);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port was found between 20000 and 32000');
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
