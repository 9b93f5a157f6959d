import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { missingPackages, neededPackages } from './lock.mjs';
import { progress } from './progress.mjs';

/** What `npm start` runs. The root's dev tools are not among them. */
export const RUN_WORKSPACES = [
  'backend/contract',
  'backend/client',
  'backend/bridge',
  'backend/collector',
  'backend/simulator',
];

/** The Node that everything but these scripts runs on: the pinned npm package. */
export const nodeBinary = (root) =>
  join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function installedIn(root) {
  return (path) => {
    try {
      // As npm reads it: v1.2.3 is 1.2.3.
      return readJson(join(root, path, 'package.json')).version?.replace(/^v/, '') ?? null;
    } catch {
      return null;
    }
  };
}

/** How npm is started: the one that runs this script, else the one on PATH. */
export function npmCommand(env = process.env) {
  const cli = env.npm_execpath;
  if (cli && basename(cli) === 'npm-cli.js') return [process.execPath, cli];
  return ['npm'];
}

/**
 * npm's arguments that install `workspaces` in the versions of package-lock.json and change neither that file nor package.json.
 * @param workspaces null: everything
 */
export function installArguments(workspaces) {
  const only =
    workspaces === null
      ? ['--include-workspace-root=true', '--workspaces']
      : ['--include-workspace-root=false', ...workspaces.flatMap((path) => ['-w', path])];
  return [
    'install',
    '--no-save',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--progress=false',
    '--loglevel=error',
    ...only,
  ];
}

function run(command, args, root) {
  return new Promise((resolve) => {
    const child = spawn(command[0], [...command.slice(1), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const keep = (chunk) => (text = (text + chunk).slice(-4000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ ok: false, text: String(error.message) }));
    child.on('close', (code) => resolve({ ok: code === 0, text }));
  });
}

/** npm may be told not to run install scripts; the `node` package needs its own to fetch the binary. */
async function fetchNode(root) {
  if (existsSync(nodeBinary(root))) return;
  const { text } = await run([process.execPath], ['installArchSpecificPackage.js'], join(root, 'node_modules', 'node'));
  if (!existsSync(nodeBinary(root))) {
    throw new Error(
      `The pinned Node (npm package "node") has no binary for this machine.\n${text.trim()}\nRun "npm rebuild node" to see why.`
    );
  }
}

/**
 * Installs what is missing; nothing when all is there.
 * @param options.root the repository
 * @param options.workspaces null: everything, the root's dev tools included
 * @param options.what what is installed, in words: `what the demo runs`
 * @throws Error with npm's own words and what to do next
 */
export async function ensureInstalled({ root, workspaces, what, out = process.stdout }) {
  const lock = readJson(join(root, 'package-lock.json'));
  const needed = neededPackages(lock, workspaces ?? ['', ...RUN_WORKSPACES]);
  const versionAt = installedIn(root);
  const missing = missingPackages(needed, versionAt);
  if (missing.length > 0) {
    const bar = progress(out, `Installing ${what}: ${missing.length} of ${needed.length} packages are missing`, () => {
      const done = needed.length - missingPackages(missing, versionAt).length;
      return `${done} of ${needed.length} packages`;
    });
    const { ok, text } = await run(npmCommand(), installArguments(workspaces), root);
    bar.end(ok ? 'done' : 'failed');
    if (!ok)
      throw new Error(
        `npm could not install the packages:\n${text.trim()}\nCheck the network and npm's registry settings, then run this again.`
      );
    const still = missingPackages(needed, versionAt);
    if (still.length > 0) {
      throw new Error(
        `npm says that it is done, but ${still[0].path} ${still[0].version} is not installed (${still.length} in all). Delete node_modules and run this again.`
      );
    }
  }
  await fetchNode(root);
}
