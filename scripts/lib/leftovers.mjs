import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names the demo's folder in the environment of each of its processes, so that a later start can tell them from others. */
export const RUN_VARIABLE = 'FLEET_DEMO_RUN';

/** Whether the process `pid` is alive and belongs to the demo of `folder`. */
function belongs(pid, folder) {
  const marker = `${RUN_VARIABLE}=${folder}`;
  try {
    if (existsSync('/proc/self/environ'))
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(marker);
    return execFileSync('ps', ['eww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(marker);
  } catch {
    return false;
  }
}

const GONE_MS = 5000;
const POLL_MS = 50;

/** Whether the process `pid` may still hold anything. It loses its memory, and so its environment, before its ports. */
function holds(pid) {
  if (!existsSync('/proc/self/stat')) {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const dead = 'ZX'.includes(stat[stat.lastIndexOf(')') + 2]);
    // Its first thread may be dead while others still let go of what they share.
    return !dead || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** Blocks until none of `pids` holds anything, such as a port. */
function waitUntilGone(pids) {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < GONE_MS && pids.some(holds); waited += POLL_MS) {
    Atomics.wait(clock, 0, 0, POLL_MS);
  }
}

function kill(pid) {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // It is gone already, or leads no group.
    }
  }
}

/** Notes down the processes of a demo: `owner` is the pid of the demo itself, `children` are `{ name, pid }`. */
export function note(folder, owner, children) {
  const file = join(folder, 'processes.json');
  writeFileSync(`${file}.new`, JSON.stringify({ owner, children }));
  renameSync(`${file}.new`, file);
}

/** The processes that the demo of `folder` noted down: `{ owner, children: [{ name, pid }] }`. */
function noted(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8'));
  } catch {
    return { owner: null, children: [] };
  }
}

/** What belongs to the demo of `folder` and nobody noted down, such as a gateway that a bridge started (Linux). */
function strays(folder, known) {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !known.includes(pid) && belongs(pid, folder));
}

/**
 * Ends what a demo left behind and removes its folder.
 * @returns names of the processes it ended that it had noted down
 */
export function clean(folder) {
  const { owner, children } = noted(folder);
  const ended = children.filter(({ pid }) => belongs(pid, folder));
  const pids = ended.map(({ pid }) => pid);
  pids.push(...strays(folder, [...pids, owner]));
  pids.forEach(kill);
  waitUntilGone(pids);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return ended.map(({ name }) => name);
}

/** Time enough to start the first process of a demo and note it. */
const BIRTH_MS = 30_000;

function isOver(folder) {
  const { owner } = noted(folder);
  return owner === null ? Date.now() - statSync(folder).mtimeMs > BIRTH_MS : !belongs(owner, folder);
}

/**
 * Cleans up after every demo that is over: killed hard, or the machine went down.
 * @param parent the folder of all demos
 * @returns names of the processes it ended
 */
export function cleanLeftovers(parent) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter(isOver)
    .flatMap(clean);
}
