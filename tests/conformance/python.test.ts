import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { PYTHON } from './clients.ts';

const root = join(import.meta.dirname, '..', '..');

(PYTHON ? it : it.skip)('the Python client passes its own tests', () => {
  const args = ['-B', '-W', 'error', '-m', 'unittest', 'discover', '-s', 'tools'];
  const { status, stderr } = spawnSync(PYTHON?.path ?? '', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  expect(stderr).toMatch(/^Ran [1-9]\d* tests/m);
});
