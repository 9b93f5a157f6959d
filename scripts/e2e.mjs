// Plain JavaScript without dependencies: it runs before anything is installed, on any Node from 20 up.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findChromium, findGrafana } from './lib/grafana.mjs';
import { ensureInstalled, nodeBinary } from './lib/install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const e2e = join(root, 'tests', 'e2e');
const say = (line) => process.stdout.write(`${line}\n`);

const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => children.forEach((child) => child.kill(signal)));

/** Runs a program on the pinned Node. */
function start(args, options) {
  const child = spawn(nodeBinary(root), args, { cwd: root, ...options });
  children.add(child);
  const ended = new Promise((resolve) => {
    child.on('exit', (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });
  return { child, ended };
}

/** What the tests need and this machine lacks, in words; null: nothing. */
function lacking() {
  if (!process.env.GRAFANA_URL && findGrafana() === null)
    return 'Grafana is not installed. Set GRAFANA_URL, or GRAFANA_HOME and GRAFANA_BIN, or install the package "grafana" (12.3 or later)';
  if (findChromium() === null) return 'Chromium is not installed. Install the package "chromium", or set CHROMIUM_BIN';
  return null;
}

/** Builds the app as it is now. @returns webpack's exit code; 0 as well where another's build is looked at */
async function build() {
  if (process.env.FLEET_DIST || process.env.GRAFANA_URL) return 0;
  say('Building the app');
  const webpack = join(root, 'node_modules', 'webpack', 'bin', 'webpack.js');
  const args = ['-c', './webpack.config.ts', '--env', 'production', '--stats', 'errors-only'];
  return start([webpack, ...args], { stdio: 'inherit' }).ended;
}

/** Starts the fleet that is looked at. @returns what it says of itself in a line of JSON; null: it did not come up */
async function bringUp() {
  const dist = process.env.FLEET_DIST ? [`--dist=${process.env.FLEET_DIST}`] : [];
  const stage = start([join(e2e, 'serve.ts'), '--targets=12', '--scenario=steady', '--real=1', ...dist], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: stage.child.stdout })) return { ...stage, facts: line };
  return null;
}

async function main(args) {
  await ensureInstalled({ root, workspaces: null, what: 'what the tests need' });
  const lacks = lacking();
  if (lacks !== null) {
    say(`skipped: ${lacks}.\nNO END-TO-END TEST WAS RUN.`);
    return 0;
  }
  if ((await build()) !== 0) return 1;
  const stage = await bringUp();
  if (stage === null) return 1;
  const { grafanaUrl, grafanaVersion } = JSON.parse(stage.facts);
  say(`Grafana ${grafanaVersion} at ${grafanaUrl}`);
  try {
    const cli = join(root, 'node_modules', '@playwright', 'test', 'cli.js');
    return await start([cli, 'test', '--config', join(e2e, 'playwright.config.ts'), ...args], {
      stdio: 'inherit',
      env: { ...process.env, FLEET_STAGE: stage.facts, GRAFANA_URL: grafanaUrl, GRAFANA_VERSION: grafanaVersion },
    }).ended;
  } finally {
    stage.child.kill('SIGTERM');
    await stage.ended;
    say(`That was Grafana ${grafanaVersion}.`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
