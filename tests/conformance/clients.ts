import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Program } from '../../backend/simulator/demo/processes.ts';

const root = join(import.meta.dirname, '..', '..');

/** The Python that a shell finds, or `OPENCLAW_TEST_PYTHON`; null where there is none from 3.9 on, which CI does not bear. */
export const PYTHON = findPython();

function findPython(): { readonly path: string; readonly minor: number } | null {
  const name = process.env['OPENCLAW_TEST_PYTHON'] ?? 'python3';
  const script = 'import sys; print(sys.executable, sys.version_info.minor)';
  const { stdout } = spawnSync(name, ['-c', script], { encoding: 'utf8' });
  const [, path = '', minor = '0'] = /^(.*) (\d+)\n$/.exec(stdout) ?? [];
  if (Number(minor) >= 9) return { path, minor: Number(minor) };
  const why = `${name} is not Python 3.9 or later`;
  if (process.env['CI'] === 'true') throw new Error(why);
  process.stderr.write(`SKIPPED: the Python client, because ${why}\n`);
  return null;
}

/** Whether the client sees more of the collector's chain than the first key: Python does from 3.10 on. */
export function seesChains(client: ClientName): boolean {
  return client === 'TypeScript' || (PYTHON?.minor ?? 0) >= 10;
}

const COMMANDS = {
  TypeScript: [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(root, 'tests', 'conformance', 'host.ts'),
  ],
  Python: [PYTHON?.path ?? '', '-B', '-W', 'error', join(root, 'tools', 'openclaw_client.py'), '--metrics-port', '0'],
} as const;
export type ClientName = keyof typeof COMMANDS;
export const CLIENTS: readonly ClientName[] = PYTHON ? ['TypeScript', 'Python'] : ['TypeScript'];

/** The command of a client that says the snapshot in a file. @param env its OPENCLAW_* settings, and nothing else */
export function clientProgram(client: ClientName, snapshotFile: string, env: Record<string, string>): Program {
  const [command, ...args] = COMMANDS[client];
  return {
    name: `the ${client} client`,
    command,
    args: [...args, '--snapshot', snapshotFile],
    env: { PATH: process.env['PATH'] ?? '', ...env },
    cwd: root,
  };
}
