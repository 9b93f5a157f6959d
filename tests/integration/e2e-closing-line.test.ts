import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'fleet-e2e-closing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SPEC = `const { test, expect } = require('@playwright/test');
test('passes', () => undefined);
test.describe('a group', () => {
  test('needs a thing', () => test.skip(true, 'the thing is not installed here'));
  test.skip('is put off', () => undefined);
});
test('fails', () => expect(1).toBe(2));
`;
/** That of `npm run e2e`, for tests that need no browser. */
const CONFIG = `import real from ${JSON.stringify(join(root, 'tests', 'e2e', 'playwright.config.ts'))};
export default { ...real, testDir: ${JSON.stringify(folder)}, testMatch: '*.spec.cjs', outputDir: ${JSON.stringify(join(folder, 'results'))} };
`;

/** Runs Playwright as scripts/e2e.mjs does. @returns its exit code, and the lines that it wrote */
async function playwright(...flags: string[]): Promise<{ code: number | null; lines: string[] }> {
  const config = join(folder, 'playwright.config.mts');
  const child = spawn(
    join(root, 'node_modules', '.bin', 'node'),
    [join(root, 'node_modules', '@playwright', 'test', 'cli.js'), 'test', '--config', config, ...flags],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        NODE_PATH: join(root, 'node_modules'),
        FLEET_STAGE: JSON.stringify({ grafanaUrl: 'http://127.0.0.1:1', admin: { login: 'a', password: 'b' } }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, lines: text.trim().split('\n') };
}

it('npm run e2e names what was skipped, and why, and ends with how many of each there were', async () => {
  writeFileSync(join(folder, 'few.spec.cjs'), SPEC);
  writeFileSync(join(folder, 'playwright.config.mts'), CONFIG);
  const { code, lines } = await playwright();
  expect(code).toBe(1);
  expect(lines.slice(-3)).toEqual([
    'skipped: few.spec.cjs › a group › needs a thing: the thing is not installed here',
    'skipped: few.spec.cjs › a group › is put off: no reason given',
    '1 passed, 1 failed, 2 skipped',
  ]);
});

it('npm run e2e names what had no turn', async () => {
  const { lines } = await playwright('--max-failures=1', '--repeat-each=2', '--grep=fails');
  expect(lines.slice(-2)).toEqual(['not run: few.spec.cjs › fails', '0 passed, 1 failed, 0 skipped, 1 not run']);
});

it('npm run e2e counts a file that cannot be loaded as failed', async () => {
  writeFileSync(join(folder, 'few.spec.cjs'), "throw new Error('no');");
  const { code, lines } = await playwright();
  expect([code, lines.at(-1)]).toEqual([1, '0 passed, 1 failed, 0 skipped']);
});
