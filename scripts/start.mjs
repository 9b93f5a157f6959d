// Plain JavaScript without dependencies: it runs before anything is installed, on any Node from 20 up.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/app.mjs';
import { ensureInstalled, nodeBinary, RUN_WORKSPACES } from './lib/install.mjs';
import { clean, cleanLeftovers, note, RUN_VARIABLE } from './lib/leftovers.mjs';
import { parseOptions, portsOf, USAGE, UsageError } from './lib/options.mjs';
import { portProblems } from './lib/ports.mjs';
import { findStack } from './lib/stack.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Nodes' settings files cannot carry paths with spaces, quotes and the like.
const plainPath = /^[A-Za-z0-9_./:@,+=~%?&[\]-]+$/.test(root);
const demos = plainPath
  ? join(root, '.openclaw-fleet', 'demo')
  : join(tmpdir(), `openclaw-fleet-demo-${process.getuid?.() ?? ''}`);

/** Runs the demo on the pinned Node; resolves with its exit code once it and all it started are gone. */
function runDemo(args) {
  mkdirSync(demos, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(demos, 'run-'));
  const main = join(root, 'backend', 'simulator', 'demo', 'main.ts');
  const child = spawn(nodeBinary(root), [main, ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [RUN_VARIABLE]: folder },
  });
  note(folder, child.pid, []);
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  stopWithNpm(() => child.kill('SIGHUP'));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clean(folder);
      removeIfEmpty(demos);
      if (signal !== null) process.stderr.write(`The demo was killed (${signal}). What it had started is stopped.\n`);
      resolve(code ?? 1);
    });
  });
}

function removeIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // Another demo runs.
  }
}

/** npm forwards no SIGHUP and cannot forward a SIGKILL: notice that it is gone. */
function stopWithNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 500);
  timer.unref();
}

async function main(args) {
  const options = parseOptions(args, process.env);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const ended = cleanLeftovers(demos);
  if (ended.length > 0) process.stdout.write(`Ended what an earlier demo left behind: ${ended.join(', ')}.\n`);
  const stack = findStack();
  const problems = await portProblems(portsOf(options, stack));
  if (problems.length > 0) {
    process.stderr.write(`Nothing was started.\n${problems.join('\n')}\n`);
    return 1;
  }
  await ensureInstalled({ root, workspaces: RUN_WORKSPACES, what: 'what the demo runs' });
  if (options.grafana && stack.grafana !== null) {
    // The rest runs without it, and the demo says then how it is built.
    await ensureBuilt({ root }).catch((error) => process.stderr.write(`${error.message}\n`));
  }
  return runDemo(args);
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write(`Node ${process.versions.node} is too old: install Node 20 or newer, then run this again.\n`);
  process.exitCode = 1;
} else {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
