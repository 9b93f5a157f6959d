import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdStateDir } from './state-dir.ts';
import { identityOf } from './supervisor/process.ts';
import { waitFor } from './testing/wait-for.ts';

let folder: string;
let warned: string[];
let other: ChildProcess;
const path = (): string => join(folder, 'state', 'bridge.json');
const hold = (): (() => void) => holdStateDir(join(folder, 'state'), (message) => warned.push(message));
const written = (holder: unknown): void => writeFileSync(path(), JSON.stringify(holder));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-state-'));
  warned = [];
  other = spawn('sleep', ['60'], { stdio: 'ignore' });
});
afterEach(() => {
  other.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('a state folder', () => {
  it('is held until it is let go, and leaves nothing behind', () => {
    const release = hold();
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    release();
    expect(readdirSync(join(folder, 'state'))).toEqual([]);
  });

  it('is not for two bridges, and the second leaves it as it is', async () => {
    hold()();
    const holder = identityOf(other.pid ?? 0);
    written(holder);
    expect(hold).toThrow(`OPENCLAW_BRIDGE_STATE_DIR: another bridge (pid ${other.pid ?? 0}) uses`);
    expect(existsSync(path())).toBe(true);
    other.kill('SIGKILL');
    await waitFor('the end', () => identityOf(other.pid ?? 0) === null);
    hold()();
    expect(existsSync(path())).toBe(false);
  });

  it.each([
    ['a process whose pid was given to another', (): unknown => ({ ...identityOf(other.pid ?? 0), startTime: '1' })],
    ['an earlier run of the machine', (): unknown => ({ ...identityOf(other.pid ?? 0), machine: 'before' })],
    ['nobody that can be read', (): unknown => 7],
  ])('is taken from %s', (_who, holder) => {
    hold()();
    written(holder());
    hold();
    expect(warned).toEqual([]);
  });

  it('that cannot be written is told, and what needs it says so itself', () => {
    writeFileSync(join(folder, 'state'), '');
    hold()();
    expect(warned).toEqual([expect.stringMatching(/^OPENCLAW_BRIDGE_STATE_DIR: .* cannot be written \(EEXIST\)$/)]);
  });
});
