import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, Logger } from '@openclaw-fleet/client';
import { loadText, saveText } from '../configuration/state-file.ts';
import type { SshSettings } from '../settings-acting.ts';
import { hasProc, identityOf, signalProcess } from '../supervisor/process.ts';
import type { ProcessIdentity } from '../supervisor/process.ts';
import { sshArguments } from './arguments.ts';
import { readLine } from './output.ts';

/** Before each further attempt in a row, the last one goes on; up to half is taken off by chance. Milliseconds. */
const BACKOFF = [1_000, 2_000, 5_000, 15_000, 60_000];
/** A tunnel that was open this long starts over with the shortest wait, in milliseconds. */
const STEADY = 60_000;
/** How long ssh may take to end when it is told to, in milliseconds. */
const TERM_WAIT = 2_000;
/** How long the tunnel may take to be open; ssh itself waits for ever for a host that lets it in and says no more. Milliseconds. */
const OPEN_LIMIT = 90_000;

export interface TunnelOptions {
  readonly ssh: SshSettings;
  /** Where the door for actions listens on this machine. */
  readonly door: { readonly host: string; readonly port: number };
  /** OPENCLAW_BRIDGE_STATE_DIR: which ssh is ours, so that the next bridge ends one that outlived a killed bridge. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** From 0 to under 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** `port` is another. */
  readonly onChange: () => void;
  /** Default: `ssh`. */
  readonly program?: string;
}

/** Keeps a tunnel from the tunnel's host to the door: the collector enters there (docs/transports.md). */
export interface Tunnel {
  start(): void;
  /** Resolves once ssh has ended. */
  stop(): Promise<void>;
  /** On the tunnel's host; null: no tunnel is open. */
  readonly port: number | null;
}

/** @throws Error naming a setting that ssh could take for something else */
export function createTunnel(options: TunnelOptions): Tunnel {
  const { clock, logger } = options;
  const argv = sshArguments(options.ssh, options.door);
  const memory = join(options.stateDir, 'tunnel.json');
  let child: ChildProcess | null = null;
  let ended: Promise<void> = Promise.resolve();
  let port: number | null = null;
  let openedAt = 0;
  let failures = 0;
  let advice: string | null = null;
  let said = '';
  let stopped = true;
  let cancel: () => void = () => undefined;

  function open(): void {
    advice = null;
    const ssh = spawn(options.program ?? 'ssh', argv, {
      stdio: ['ignore', 'ignore', 'pipe'],
      // No agent, no askpass, and words that can be read.
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: process.env['HOME'] ?? '/', LC_ALL: 'C' },
    });
    child = ssh;
    remember(ssh.pid);
    createInterface({ input: ssh.stderr }).on('line', heard);
    const late = clock.after(OPEN_LIMIT, () => {
      if (child !== ssh || port !== null) return;
      advice ??= `the tunnel’s host did not open it within ${OPEN_LIMIT / 1000} s; look at the sshd there`;
      ssh.kill('SIGKILL');
    });
    ended = new Promise((resolve) => {
      const over = (): void => {
        late();
        if (child === ssh) close();
        resolve();
      };
      ssh.once('error', (error: NodeJS.ErrnoException) => {
        advice =
          error.code === 'ENOENT'
            ? 'there is no ssh on this machine; install openssh-client'
            : `ssh cannot be started (${error.code ?? 'unknown'})`;
        over();
      });
      ssh.once('close', over);
    });
  }

  function heard(line: string): void {
    const news = readLine(line);
    if (news?.kind === 'trouble') advice ??= news.advice;
    if (news?.kind !== 'open') return;
    [port, openedAt, said] = [news.port, clock.monotonic(), ''];
    logger.info(`the tunnel is open: port ${port} of its host leads to the door for actions`);
    options.onChange();
  }

  function close(): void {
    const wasOpen = port !== null;
    if (wasOpen && clock.monotonic() - openedAt >= STEADY) failures = 0;
    [child, port] = [null, null];
    if (wasOpen) options.onChange();
    if (stopped) return;
    const wait = BACKOFF[Math.min(failures, BACKOFF.length - 1)] ?? 0;
    failures += 1;
    trouble(advice ?? (wasOpen ? 'ssh ended' : 'ssh ended before the tunnel was open'));
    cancel = clock.after(wait * (1 - options.random() / 2), open);
  }

  /** Each trouble once, until it changes or the tunnel is open. */
  function trouble(why: string): void {
    if (why === said) return;
    said = why;
    logger.warn(`no tunnel: ${why}; it is tried again`);
  }

  function remember(pid: number | undefined): void {
    const identity = pid === undefined || !hasProc() ? null : identityOf(pid);
    try {
      saveText(memory, JSON.stringify(identity));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      logger.warn(`OPENCLAW_BRIDGE_STATE_DIR: the tunnel’s process cannot be kept there (${code})`);
    }
  }

  /** A bridge that was killed leaves its ssh behind, with an end that leads nowhere. */
  function endLeftOver(): void {
    try {
      const left = JSON.parse(loadText(memory) ?? 'null') as ProcessIdentity | null;
      if (left !== null && hasProc()) signalProcess(left, 'SIGTERM', false);
    } catch {
      logger.warn('OPENCLAW_BRIDGE_STATE_DIR: tunnel.json cannot be read, so an earlier ssh may still run');
    }
  }

  return {
    start: () => {
      stopped = false;
      endLeftOver();
      open();
    },
    stop: async () => {
      stopped = true;
      cancel();
      const ssh = child;
      if (ssh === null) return;
      ssh.kill('SIGTERM');
      const giveUp = clock.after(TERM_WAIT, () => void ssh.kill('SIGKILL'), true);
      await ended;
      giveUp();
    },
    get port() {
      return port;
    },
  };
}
