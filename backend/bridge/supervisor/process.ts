import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** One process, for good: a pid alone is given to another one some day. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine's start. */
  readonly startTime: string;
  /** Of this run of the machine. */
  readonly machine: string;
}

export const hasProc = (): boolean => existsSync('/proc/self/stat');

/** The process that has this pid now; null: none, or one that has ended and nobody fetched its end. */
export function identityOf(pid: number): ProcessIdentity | null {
  const stat = statOf(pid);
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
  return { pid, startTime: stat.startTime, machine: machineBoot() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identityOf(identity.pid);
  return now !== null && now.startTime === identity.startTime && now.machine === identity.machine;
}

/** The leader of a process group that was started with `name=value` in its environment; of this user's. */
export function findByEnvironment(name: string, value: string): ProcessIdentity | null {
  const wanted = `${name}=${value}`;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || statOf(pid)?.group !== pid) continue;
    if (environmentOf(pid).includes(wanted)) {
      const identity = identityOf(pid);
      if (identity !== null) return identity;
    }
  }
  return null;
}

/** Sends a signal to a process, and to its group where it leads one; to nobody when it has ended. */
export function signalProcess(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL', group: boolean): void {
  if (!isAlive(identity)) return;
  const { pid } = identity;
  try {
    process.kill(group && statOf(pid)?.group === pid ? -pid : pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function statOf(pid: number): { state: string; group: number; startTime: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; what follows is separated by spaces (proc_pid_stat(5)).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', group: Number(fields[2]), startTime: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function machineBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
