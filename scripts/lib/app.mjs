import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, nodeBinary } from './install.mjs';
import { progress } from './progress.mjs';

/** Why the app cannot be loaded from that folder; null: it was built. */
export function notBuilt(dist) {
  if (['plugin.json', 'module.js'].every((name) => existsSync(join(dist, name)))) return null;
  return `The Grafana app is not built: ${dist} has no plugin.json and module.js. Run "npm run build", then this again.`;
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
 * Builds the app into dist/ where it is not built yet, and installs first what that takes.
 * @throws Error that says why it could not be built
 */
export async function ensureBuilt({ root, out = process.stdout }) {
  if (notBuilt(join(root, 'dist')) === null) return;
  await ensureInstalled({ root, workspaces: null, what: 'what the Grafana app is built with', out });
  const bar = progress(out, 'Building the Grafana app, once (about a minute)');
  const trouble = await webpack(root);
  bar.end(trouble === null ? 'done' : 'failed');
  if (trouble !== null) throw new Error(`The Grafana app could not be built:\n${trouble}`);
}
