import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionReceipt } from '@openclaw-fleet/contract';
import { createAuthority } from '../../client/testing/certificates.ts';
import { NODE_ID } from '../../client/testing/node.ts';
import { createCaller } from '../testing/actions.ts';
import type { TestCaller } from '../testing/actions.ts';

let folder: string;
let collector: TestCaller;
let port: number;
const running: ChildProcess[] = [];
const module = (path: string): string => new URL(path, import.meta.url).pathname;

/** @param killAt `before 1` to `after 3`: 1 the intent, 2 that it begins, 3 the receipt */
async function bridge(killAt?: string): Promise<ChildProcess> {
  const preload = killAt === undefined ? [] : ['--import', module('../testing/door-killed.ts')];
  const child = spawn(
    process.execPath,
    [...preload, module('../testing/door-child.ts'), folder, collector.identity.pin, collector.signer.pin, NODE_ID],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...(killAt !== undefined && { KILL_AT: killAt }) } }
  );
  running.push(child);
  port = Number(
    await new Promise<string>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk))))
  );
  return child;
}
const gone = (child: ChildProcess): Promise<unknown> =>
  child.signalCode === null ? new Promise((resolve) => child.once('exit', resolve)) : Promise.resolve();
const effects = (): string[] =>
  existsSync(join(folder, 'effects')) ? readFileSync(join(folder, 'effects'), 'utf8').trim().split('\n') : [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-crash-'));
  const authority = createAuthority();
  const own = authority.issue({ uri: `openclaw://node/${NODE_ID}` });
  writeFileSync(join(folder, 'ca.crt'), authority.cert);
  writeFileSync(join(folder, 'node.crt'), own.cert);
  writeFileSync(join(folder, 'node.key'), own.key, { mode: 0o600 });
  collector = createCaller(authority, () => port);
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    await gone(child);
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('a bridge that is killed (kill -9)', () => {
  it.each<[string, string, number, ActionReceipt['state'], RegExp]>([
    ['before the intent is written', 'before 1', 1, 'succeeded', /^It was done/],
    ['after the intent', 'after 1', 0, 'failed', /ended before it began; nothing was done/],
    ['before it writes that it begins', 'before 2', 0, 'failed', /ended before it began; nothing was done/],
    ['between that and the effect', 'after 2', 0, 'failed', /It had not been done/],
    ['between the effect and the receipt', 'before 3', 1, 'succeeded', /It had been done/],
    ['after the receipt', 'after 3', 1, 'succeeded', /^It was done/],
  ])(
    '%s: the repeat tells what became of it, and nothing is done twice',
    async (_when, killAt, count, state, message) => {
      const first = await bridge(killAt);
      const request = collector.request({ verb: 'restart', what: 'gateway' });
      // The answer may be lost with the process.
      await collector.act(request).catch(() => null);
      await gone(first);
      await bridge();
      await collector.act(request);
      const receipt = await collector.ended(request.action_id);
      expect(receipt).toMatchObject({ state, message: expect.stringMatching(message) as unknown });
      expect(await collector.act(request)).toEqual({ status: 200, body: receipt });
      expect(effects()).toEqual(count === 0 ? [] : [request.action_id]);
      // What may have happened counts against the limits.
      const begun = killAt !== 'after 1' && killAt !== 'before 2';
      const next = await collector.act(collector.request({ verb: 'restart', what: 'gateway' }));
      expect(next.body['refusal']).toBe(begun ? 'restart-limit' : null);
    },
    20_000
  );
});
