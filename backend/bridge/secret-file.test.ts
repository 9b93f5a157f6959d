import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretFile } from './secret-file.ts';

const SETTING = 'OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-secret-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('readSecretFile', () => {
  it('reads a token, without the line end', () => {
    expect(readSecretFile(write('good', 's3cret-Token\n'), SETTING)).toBe('s3cret-Token');
    expect(readSecretFile(write('read-only', 'abc', 0o400), SETTING)).toBe('abc');
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o644])('refuses mode %s and names the fix', (mode) => {
    const path = write(`open-${mode}`, 's3cret', mode);
    const message = `${SETTING}: ${path} can be read or changed by others (mode 0${mode.toString(8)}); run: chmod 600 ${path}`;
    expect(() => readSecretFile(path, SETTING)).toThrow(message);
  });

  it('judges the file behind a link', () => {
    const target = write('target', 's3cret', 0o644);
    symlinkSync(target, join(folder, 'link'));
    expect(() => readSecretFile(join(folder, 'link'), SETTING)).toThrow('chmod 600');
  });

  it('says how to make a file that is not there', () => {
    expect(() => readSecretFile(join(folder, 'none'), SETTING)).toThrow(/does not exist; write the token to it/);
  });

  it.each([
    ['empty', '', 'must hold the token and nothing else'],
    ['two lines', 's3cret\nother', 'must hold the token and nothing else'],
    ['control characters', 's3c\u0007ret', 'must hold the token and nothing else'],
    ['much', 'x'.repeat(5000), 'is larger than 4096 bytes'],
  ])('refuses %s, without repeating it', (name, content, message) => {
    const path = write(name.replace(' ', '-'), content);
    const read = (): string => readSecretFile(path, SETTING);
    expect(read).toThrow(message);
    expect(read).not.toThrow('s3c');
  });

  it('refuses a folder', () => {
    const path = join(folder, 'folder');
    chmodSync(mkdtempSync(path), 0o700);
    expect(() => readSecretFile(folder, SETTING)).toThrow('is not a file');
  });
});
