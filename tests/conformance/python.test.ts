import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PYTHON } from './clients.ts';
import { vectors } from './vectors.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const found = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([whole, part]) => part ?? whole))].sort();

(PYTHON ? it : it.skip)('the Python client passes its own tests', () => {
  const args = ['-B', '-W', 'error', '-m', 'unittest', 'discover', '-s', 'tools'];
  const { status, stderr } = spawnSync(PYTHON?.path ?? '', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  expect(stderr).toMatch(/^Ran [1-9]\d* tests/m);
});

describe('tools/README.md', () => {
  const readme = read('tools/README.md');

  it('has every setting of the client and no other', () => {
    const table = readme.slice(readme.indexOf('## Settings'), readme.indexOf('## Metrics'));
    const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
    const settings = found(read('tools/openclaw_client.py'), /\bget\("([A-Z_]+)"\)/g);
    const files = found(read('tools/openclaw_client.py'), /for name in \(("\w+_FILE"(?:, "\w+_FILE")*)\)/g)
      .join()
      .match(/\w+_FILE/g);
    expect(found(cells.join('\n'), /`(OPENCLAW_[A-Z_]+)`/g)).toEqual(
      [...settings, ...(files ?? [])].map((name) => `OPENCLAW_${name}`).sort()
    );
  });

  it('has every metric', () => {
    const families = found(vectors.metrics.text.join('\n'), /^# TYPE (\S+)/gm);
    expect(found(readme, /\bopenclaw_(?:publish|latency)\w+/g)).toEqual(families);
  });

  it('has every call of the class', () => {
    const source = read('tools/openclaw_client.py');
    const body = source.slice(source.indexOf('class Publisher:'), source.indexOf('class _MetricsServer'));
    const calls = found(body, /^ {4}def ([a-z]\w+)\(/gm).filter((name) => name !== 'from_env');
    const rows = found(readme, /^\| (`\w+\(.*?) \|/gm).flatMap((cell) => found(cell, /`(\w+)\(/g));
    expect(rows.sort()).toEqual(calls);
  });
});
