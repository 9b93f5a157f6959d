import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const SCRIPT = join(import.meta.dirname, '..', 'load', 'fleet-1000.ts');
/** A connection a node and what a process needs besides. */
const FILES = 1200;

const limit = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim();
const fits = limit === 'unlimited' || Number(limit) >= FILES;
if (!fits) {
  const why = `1000 connections need ${FILES} open files, and this shell allows ${limit}: raise it with ulimit -n`;
  if (process.env['CI'] === 'true') throw new Error(why);
  process.stderr.write(`SKIPPED: 1000 nodes at the rate of seed 004, because ${why}\n`);
}

(fits ? it : it.skip)(
  '1000 nodes that beat every 60 s for 2 minutes lose no heartbeat',
  async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT, '--minutes', '2']);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`it ended with ${String(code)}:\n${said}`);
    const figures = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, number>;
    process.stderr.write(`${JSON.stringify(figures)}\n`);
    expect(figures).toMatchObject({ nodes: 1000, online: 1000, lost: 0, sent: figures['acknowledged'] });
    expect(figures['stored']).toBe(figures['acknowledged']);
    // Over two minutes each node beats at its arrival and at least once more.
    expect(figures['acknowledged']).toBeGreaterThanOrEqual(1500);
  },
  900_000
);
