import { execFile } from 'node:child_process';
import { SupervisorError } from './types.ts';

/** What a service manager's client needs to find it. */
const PASSED = ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS', 'DOCKER_HOST'];
const MAX_OUTPUT = 64 * 1024;

/** Runs a program with these arguments, without a shell. @returns its output. @throws SupervisorError */
export type Run = (program: string, args: readonly string[], timeoutMs: number) => Promise<string>;

/** @param env of the bridge; a few variables are passed on */
export function createRun(env: Readonly<Record<string, string | undefined>>): Run {
  const passed = Object.fromEntries(PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return async (program, args, timeoutMs) =>
    new Promise((resolve, reject) => {
      execFile(
        program,
        [...args],
        { env: { ...passed, LC_ALL: 'C' }, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT },
        (error, stdout) => {
          if (error === null) {
            resolve(stdout.trim());
            return;
          }
          // Its own words stay here: they may name what is nobody's business.
          const how = error.killed === true ? `no end within ${timeoutMs / 1000} s` : String(error.code ?? 'unknown');
          reject(
            new SupervisorError(`${program} ${args[0] ?? ''} failed (${how}). Run it by hand as the bridge's user.`)
          );
        }
      );
    });
}
