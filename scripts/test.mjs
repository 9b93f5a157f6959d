// Plain JavaScript without dependencies: it runs before anything is installed, on any Node from 20 up.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, nodeBinary } from './lib/install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (...path) => join(root, 'node_modules', ...path);

/** What is checked before the tests run, unless some tests alone were asked for. */
const CHECKS = [
  ['types', bin('typescript', 'bin', 'tsc'), '-p', '.'],
  ['types of the app', bin('typescript', 'bin', 'tsc'), '-p', 'src'],
  ['lint', bin('eslint', 'bin', 'eslint.js'), '.'],
  ['format', bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  [
    'arrows',
    bin('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'err',
    'backend',
    'src',
  ],
  ['texts', bin('i18next-cli', 'dist', 'esm', 'cli.js'), 'extract', '--ci', '--sync-primary', '--quiet'],
  [
    'build of the app',
    bin('webpack', 'bin', 'webpack.js'),
    '-c',
    './webpack.config.ts',
    '--env',
    'production',
    '--stats',
    'errors-warnings',
  ],
  ['unused', bin('knip', 'bin', 'knip.js'), '--no-progress'],
];

const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => children.forEach((child) => child.kill(signal)));

/** Runs a program on the pinned Node. @returns its exit code */
function run(args) {
  const child = spawn(nodeBinary(root), args, { cwd: root, stdio: 'inherit' });
  children.add(child);
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });
}

async function main(args) {
  await ensureInstalled({ root, workspaces: null, what: 'what the tests need' });
  if (args.length === 0) {
    for (const [name, ...command] of CHECKS) {
      process.stdout.write(`check: ${name}\n`);
      const code = await run(command);
      if (code !== 0) {
        process.stdout.write(
          `check ${name} failed: mend what is listed above; "npm run format" mends the format\n0 passed, 1 failed\n`
        );
        return code;
      }
    }
  }
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const code = await run([...flags, bin('jest', 'bin', 'jest.js'), ...args]);
  if (code !== 0 || args.length > 0) return code;
  return run([join(root, 'scripts', 'e2e.mjs')]);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
