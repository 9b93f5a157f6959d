import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Logger } from '@openclaw-fleet/client';
import { openLog, trimLog } from './log.ts';
import { findByEnvironment, hasProc, identityOf, isAlive, signalProcess } from './process.ts';
import type { ProcessIdentity } from './process.ts';
import { processMemory } from './remembered.ts';
import type { Remembered } from './remembered.ts';
import { EXIT_BAD_CONFIG, KILL_WAIT, SupervisorError, TERM_WAIT } from './types.ts';
import type { Supervisor } from './types.ts';

/** In the gateway's environment; its value is this start's alone. */
const MARKER = 'OPENCLAW_FLEET_CHILD';
/** How often a process is looked at, in milliseconds. */
const LOOK = 200;
const WATCH = 1_000;
/** Between an end that nobody asked for and the next start; the last one goes on. Milliseconds. */
const BACKOFF = [1_000, 2_000, 5_000, 15_000, 60_000];
/** A gateway that ran this long starts anew without a wait, in milliseconds. */
const STEADY = 120_000;
/** How often its log is looked at, in milliseconds. */
const LOG_LOOK = 60_000;

export interface ChildOptions {
  /** Program and arguments, from local configuration. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** OPENCLAW_BRIDGE_STATE_DIR: what process it is, and its log. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Starts the gateway, and keeps it running. It outlives the bridge, however that ends: the next bridge finds it and goes on
 * keeping it, and there are never two.
 */
export function createChildSupervisor(options: ChildOptions): Supervisor {
  const { clock, logger, stateDir } = options;
  const memory = processMemory(stateDir);
  const logPath = join(stateDir, 'gateway.log');
  let gateway: ProcessIdentity | null = null;
  /** The one that this bridge started; its end is an event, with its exit code. */
  let own: ChildProcess | null = null;
  let startedAt = 0;
  let failures = 0;
  let cancel: () => void = () => undefined;
  let cancelTrim: () => void = () => undefined;
  let stopped = true;
  let restarting = false;
  let given: string | null = null;

  function take(): void {
    const known = remembered();
    const self = identityOf(process.pid);
    if (known !== null && known.bridge.pid !== process.pid && isAlive(known.bridge)) {
      throw new Error(
        `OPENCLAW_BRIDGE_STATE_DIR: another bridge (pid ${known.bridge.pid}) keeps this gateway; stop it, or give each its own folder`
      );
    }
    const running = known === null ? null : (known.gateway ?? findByEnvironment(MARKER, known.marker));
    if (known === null || self === null || running === null || !isAlive(running)) {
      launch();
      return;
    }
    gateway = running;
    startedAt = clock.monotonic();
    memory.save({ ...known, gateway, bridge: self });
    logger.info(`the gateway runs already (pid ${running.pid}); it is kept`);
    watch(running);
  }

  function remembered(): Remembered | null {
    try {
      return memory.load();
    } catch (error) {
      throw new Error(
        `OPENCLAW_BRIDGE_STATE_DIR: gateway-process.json cannot be read (${messageOf(error)}); make sure that no gateway runs, and remove it`,
        { cause: error }
      );
    }
  }

  /** @throws SupervisorError */
  function launch(): void {
    cancel();
    const bridge = identityOf(process.pid);
    if (bridge === null) throw new SupervisorError('The gateway was not started: /proc says nothing of this process.');
    const marker = randomUUID();
    // Before the start: a bridge that ends right after it finds the gateway by its marker.
    memory.save({ marker, gateway: null, bridge });
    own = spawned(marker);
    gateway = own.pid === undefined ? null : identityOf(own.pid);
    [startedAt, given] = [clock.monotonic(), null];
    if (gateway === null) return;
    memory.save({ marker, gateway, bridge });
    logger.info(`the gateway was started (pid ${gateway.pid})`);
  }

  function spawned(marker: string): ChildProcess {
    const [program = '', ...args] = options.command;
    const log = openLog(logPath);
    try {
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', log, log],
        // Without it OpenClaw may put another process in its place on a restart, which nobody would know of.
        env: { OPENCLAW_NO_RESPAWN: '1', ...options.environment, [MARKER]: marker },
      });
      child.once('error', (error: NodeJS.ErrnoException) => {
        logger.error(`OPENCLAW_BRIDGE_CHILD_COMMAND cannot be started (${error.code ?? 'unknown'})`);
        ended(null, null);
      });
      child.once('exit', (code, signal) => {
        if (child === own) ended(code, signal);
      });
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }

  /** Of a gateway that an earlier bridge started: its end is seen, its exit code is not. */
  function watch(known: ProcessIdentity): void {
    cancel = clock.after(WATCH, () => {
      if (gateway !== known) return;
      if (isAlive(known)) watch(known);
      else ended(null, null);
    });
  }

  function ended(code: number | null, signal: NodeJS.Signals | null): void {
    [gateway, own] = [null, null];
    if (code === EXIT_BAD_CONFIG) {
      given = `the gateway ended with ${EXIT_BAD_CONFIG}: its configuration is not valid; correct it, then restart the gateway`;
      logger.error(given);
      return;
    }
    if (stopped || restarting) return;
    failures = clock.monotonic() - startedAt > STEADY ? 0 : failures + 1;
    const wait = BACKOFF[Math.min(failures, BACKOFF.length - 1)] ?? 0;
    logger.warn(`the gateway ended (${signal ?? code ?? 'unknown'}); it is started again in ${wait / 1000} s`);
    later(wait);
  }

  function later(ms: number): void {
    cancel();
    cancel = clock.after(ms, () => {
      try {
        if (!stopped && gateway === null && !restarting) launch();
      } catch (error) {
        logger.error(`the gateway could not be started: ${messageOf(error)}`);
        later(BACKOFF.at(-1) ?? ms);
      }
    });
  }

  /** After a restart, however it went: one that is not there is started, and one of an earlier bridge is watched. */
  function keepOn(): void {
    if (gateway === null) later(BACKOFF[0] ?? 0);
    else if (own === null) watch(gateway);
  }

  /** A gateway writes for months; nobody else knows of its log. */
  function trim(): void {
    cancelTrim = clock.after(LOG_LOOK, () => {
      trimLog(logPath);
      trim();
    });
  }

  async function gone(known: ProcessIdentity, ms: number): Promise<boolean> {
    const deadline = clock.monotonic() + ms;
    while (isAlive(known)) {
      if (clock.monotonic() >= deadline) return false;
      await new Promise<void>((resolve) => clock.after(LOOK, resolve, true));
    }
    return true;
  }

  async function end(known: ProcessIdentity, note: (text: string) => void): Promise<void> {
    note(`SIGTERM to the gateway (pid ${known.pid})`);
    signalProcess(known, 'SIGTERM', false);
    if (await gone(known, TERM_WAIT)) {
      note('it ended by itself');
      return;
    }
    note(`it did not end within ${TERM_WAIT / 1000} s: SIGKILL to it and what it started`);
    signalProcess(known, 'SIGKILL', true);
    if (!(await gone(known, KILL_WAIT))) {
      throw new SupervisorError(
        `The gateway (pid ${known.pid}) survived SIGKILL for ${KILL_WAIT / 1000} s: its disk or its machine is stuck. Look at the machine.`
      );
    }
  }

  return {
    kind: 'child',
    start: () => {
      if (!hasProc()) {
        throw new Error(
          'OPENCLAW_BRIDGE_SUPERVISOR=child needs /proc, to know a process again; use systemd:<unit>, container:<name> or none here'
        );
      }
      stopped = false;
      take();
      trim();
    },
    stop: () => {
      stopped = true;
      cancel();
      cancelTrim();
    },
    current: () => Promise.resolve(gateway && described(gateway)),
    restart: async (note) => {
      if (restarting) throw new SupervisorError('The gateway is being restarted already.');
      restarting = true;
      cancel();
      try {
        if (gateway !== null) await end(gateway, note);
        failures = 0;
        launch();
        note(`started: ${described(gateway)}`);
      } finally {
        restarting = false;
        if (!stopped && given === null) keepOn();
      }
    },
    given: () => Promise.resolve(given),
  };
}

const described = (one: ProcessIdentity | null): string =>
  one === null ? 'no process' : `pid ${one.pid} since ${one.startTime}`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'an unknown error');
