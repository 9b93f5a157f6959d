#!/usr/bin/env node
// Plain JavaScript for any Node 20 or newer: finds a Node that runs the rest, and runs it.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEAP_FLAGS } from './heap.mjs';

const NEEDED = 24;
const self = realpathSync(fileURLToPath(import.meta.url));

function installedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', name);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

function runOn(node) {
  let child;
  // Before the child is there, since a signal may come as soon as it is.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both of us; the child must get it once.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, OPENCLAW_RELAUNCHED: '1' },
  });
  child.on('error', (error) => fail(`cannot run ${node} (${error.message}): run npm install again`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  console.error(`openclaw-fleet: ${message}`);
  process.exit(1);
}

/** Node reads some flags at its start alone: becomes the same process with them, where that can be done. */
function withHeapFlags() {
  if (process.argv[2] !== 'start' || process.platform === 'win32' || !process.execve) return;
  if (HEAP_FLAGS.every((flag) => process.execArgv.includes(flag))) return;
  const words = [process.execPath, ...process.execArgv, ...HEAP_FLAGS, ...process.argv.slice(1)];
  process.execve(process.execPath, words, process.env);
}

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  withHeapFlags();
  const compiled = join(dirname(self), 'main.js');
  const { run } = await import(existsSync(compiled) ? './main.js' : './main.ts');
  process.exitCode = await run(process.argv.slice(2), process.env);
} else {
  const node = process.env.OPENCLAW_RELAUNCHED ? undefined : installedNode();
  if (node) runOn(node);
  else
    fail(
      `Node ${NEEDED} or newer is needed and this is ${process.versions.node}: run npm install, which brings it along, or install Node ${NEEDED}`
    );
}
