import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a test says which moment kills, and reads which ones there were. */
const folder = process.env['CRASH_FOLDER'] ?? '';

function chosen(): string | null {
  try {
    return readFileSync(join(folder, 'kill-at'), 'utf8');
  } catch {
    return null;
  }
}

/** One moment in the life of this process: it is noted, and is the last one when it is the one that was chosen. */
export function moment(name: string): void {
  appendFileSync(join(folder, 'moments'), `${name}\n`);
  if (chosen() !== name) return;
  writeFileSync(join(folder, 'killed'), name);
  process.kill(process.pid, 'SIGKILL');
}

/** What this process starts loads none of this. */
export function standAlone(): void {
  delete process.env['NODE_OPTIONS'];
}
