import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog, trimLog } from './log.ts';

let folder: string;
let path: string;
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-log-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the log of a gateway', () => {
  it('is set aside while it is written to, with its newest lines, and goes on', () => {
    const file = openLog(path);
    writeSync(file, 'first\n'.repeat(10));
    trimLog(path, 60);
    expect(text('log')).toHaveLength(60);
    writeSync(file, 'last\n');
    trimLog(path, 60);
    expect(text('log.1')).toHaveLength(60);
    expect(text('log.1')).toMatch(/first\nlast\n$/);
    writeSync(file, 'next\n');
    expect(text('log')).toBe('next\n');
    expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
    closeSync(file);
  });

  it('does not grow on when nothing can be set aside', () => {
    mkdirSync(`${path}.1`);
    const file = openLog(path);
    writeSync(file, 'first\n'.repeat(10));
    expect(() => trimLog(path, 30)).not.toThrow();
    expect(text('log')).toBe('');
    closeSync(file);
  });

  it('need not be there', () => expect(() => trimLog(path)).not.toThrow());
});
