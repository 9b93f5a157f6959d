import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, startIntake, waitFor } from './testing/intake.ts';
import type { TestIntake } from './testing/intake.ts';

const folder = mkdtempSync(join(tmpdir(), 'simulator-main-'));
let intake: TestIntake;

beforeAll(async () => {
  intake = await startIntake(3, () => accepted(0.2));
  for (const { id, cert, key, ca } of intake.credentials) {
    mkdirSync(join(folder, id));
    const pins = 'OPENCLAW_CLIENT_PIN=sha256/a\nOPENCLAW_ACTIONS_PIN=sha256/b,sha256/c\n';
    const env = `OPENCLAW_ENDPOINT=${intake.endpoint}\n${pins}`;
    const files = { 'node.crt': cert, 'node.key': key, 'ca.crt': ca, 'node.env': env };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, id, name), text);
  }
});
afterAll(async () => {
  await intake.close();
  rmSync(folder, { recursive: true });
});

function simulator(...flags: string[]) {
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, '--credentials-dir', folder, ...flags]);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, text: () => text };
}

describe('the simulator as a program', () => {
  it('beats with the credentials of a folder until it is told to stop, then says goodbye', async () => {
    const { child, ended, text } = simulator('--nodes', '3', '--timings', 'demo', '--scenario', 'steady');
    await waitFor('two beats of each', () => intake.credentials.every(({ id }) => intake.of(id).length >= 2));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(text()).toContain(`Simulating 3 nodes in 2 zones against ${intake.endpoint}, demo timings.`);
    expect(text()).toMatch(/Stopped\. \d+ sent: \d+ accepted, 0 superseded, 0 duplicate\./);
    for (const { id } of intake.credentials) expect(intake.of(id).at(-1)?.beat.goodbye).toBe('shutdown');
  });

  it('opens a door for each bridge where it is told to', async () => {
    const from = intake.seen.length;
    const doors = () => new Set(intake.seen.slice(from).flatMap(({ beat }) => beat.reported?.actions_address ?? []));
    const { child, ended } = simulator('--nodes', '3', '--timings', 'demo', '--doors');
    await waitFor('an address of each', () => doors().size === 3);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect([...doors()].every((address) => /^127\.0\.0\.1:\d+$/.test(address))).toBe(true);
  });

  it.each([
    [['--nodes', '4'], '4 nodes need 4 credentials'],
    [['--nodes', '3', '--scenario', 'fire'], 'There is no scenario "fire"'],
    [['--nodes', '3', '--scenario', 'demo', '--zones', '1'], 'names the zone 1, but there are: zone-1'],
    [
      ['--nodes', '3', '--timings', 'demo', '--endpoint', 'https://fleet.example'],
      '--timings demo is refused off loopback',
    ],
  ])('refuses %j', async (flags, message) => {
    const { ended, text } = simulator(...flags);
    expect(await ended).toBe(2);
    expect(text()).toContain(message);
    expect(text()).not.toContain('    at ');
  });
});
