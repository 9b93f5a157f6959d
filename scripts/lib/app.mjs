import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, nodeBinary } from './install.mjs';
import { progress } from './progress.mjs';

/** Why the app cannot be loaded from that folder; null: it was built. */
export function notBuilt(dist) {
  if (['plugin.json', 'module.js'].every((name) => existsSync(join(dist, name)))) return null;
  return `The Grafana app is not built: ${dist} has no plugin.json and module.js. Run "npm run build", then this again.`;
}

/** What the app is made from, apart from what npm installs. */
const SOURCES = [
  'src',
  join('backend', 'contract'),
  join('docs', 'runbooks'),
  'webpack.config.ts',
  'package-lock.json',
];

/** @returns when the newest file of a path was written, in ms since 1970; 0: there is none */
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  const inside = readdirSync(path).filter((name) => !/^node_modules$|\.test\.tsx?$/.test(name));
  // A folder's own time tells of a file that was removed.
  return Math.max(found.mtimeMs, ...inside.map((name) => newest(join(path, name))));
}

/** Whether the app that is built is older than what it is built from, as after an upgrade. */
export function outdated(root) {
  const builtMs = statSync(join(root, 'dist', 'module.js')).mtimeMs;
  return SOURCES.some((source) => newest(join(root, source)) > builtMs);
}

/** Runs webpack. @returns null when it built the app, else the end of what it said */
function webpack(root) {
  const script = join(root, 'node_modules', 'webpack', 'bin', 'webpack.js');
  const args = [script, '-c', './webpack.config.ts', '--env', 'production', '--stats', 'errors-only'];
  const child = spawn(nodeBinary(root), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const keep = (chunk) => (text = (text + chunk).slice(-2000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? null : text.trim() || `exit code ${code}`));
  });
}

/**
 * Builds the app into dist/ where it is not built yet or was built from older files, and installs first what that takes.
 * @throws Error that says why it could not be built
 */
export async function ensureBuilt({ root, out = process.stdout }) {
  if (notBuilt(join(root, 'dist')) === null && !outdated(root)) return;
  await ensureInstalled({ root, workspaces: null, what: 'what the Grafana app is built with', out });
  const bar = progress(out, 'Building the Grafana app (about a minute)');
  const trouble = await webpack(root);
  bar.end(trouble === null ? 'done' : 'failed');
  if (trouble !== null) throw new Error(`The Grafana app could not be built:\n${trouble}`);
}
