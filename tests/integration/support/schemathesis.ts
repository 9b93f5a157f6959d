import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../../../scripts/lib/path.mjs';

const run = promisify(execFile);

export const SCHEMATHESIS_VERSION = '4.32.5';

/**
 * Finds schemathesis, or installs it once with pip into an environment of its own outside the repository.
 * @returns the path of its program
 * @throws Error that says why it cannot be had here
 */
export async function ensureSchemathesis(say: (message: string) => void): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'openclaw-fleet', `schemathesis-${SCHEMATHESIS_VERSION}`);
  const program = join(folder, 'bin', 'st');
  const whole = join(folder, 'installed');
  if (existsSync(whole)) return program;
  const python = findOnPath('python3');
  if (python === null) throw new Error('python3 is needed: apt-get install python3 python3-venv');
  say(`installing schemathesis ${SCHEMATHESIS_VERSION} once, into ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await run(python, ['-m', 'venv', folder]).catch((error: unknown) => {
    throw new Error(`python3 cannot make an environment (apt-get install python3-venv): ${(error as Error).message}`);
  });
  const pip = ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${SCHEMATHESIS_VERSION}`];
  await run(join(folder, 'bin', 'pip'), pip, { timeout: 300_000 }).catch((error: unknown) => {
    throw new Error(`pip cannot install it: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`);
  });
  writeFileSync(whole, '');
  return program;
}
