import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStorage } from '../../backend/collector/storage/index.ts';
import { TestCollector } from './support/collector.ts';
import type { TestNode } from './support/node.ts';
import { waitFor } from './support/wait.ts';

/** The bench's and this test's nodes send as fast as they are answered. */
const UNLIMITED = {
  OPENCLAW_FLEET_INTAKE_RATE_LIMIT_PER_INTERVAL: '1000000',
  OPENCLAW_FLEET_INTAKE_RATE_LIMIT_BURST: '1000000',
};
const KILLS = 5;

let collector: TestCollector;
let nodes: TestNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) node.close();
  await collector.close();
});

describe('kill -9 under load', () => {
  beforeEach(() => {
    collector = new TestCollector({ OPENCLAW_FLEET_TIMINGS: 'demo', ...UNLIMITED });
    nodes = Array.from({ length: 8 }, (_, index) => collector.enroll(`node-${index}`));
  });

  it('loses no acknowledged heartbeat, and reports nothing offline that is not', async () => {
    await collector.start();
    const acknowledged = new Map<string, string>();
    const state = { sending: true };
    const senders = nodes.map(async (node) => {
      while (state.sending) {
        const beat = node.beat();
        try {
          const { status } = await node.post(beat);
          if (status === 200) acknowledged.set(node.id, String(beat['last_heartbeat']));
        } catch {
          // It is down: the next one may get through.
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    });
    for (let kill = 0; kill < KILLS; kill++) {
      const before = new Map(acknowledged);
      await waitFor(() => nodes.every(({ id }) => acknowledged.get(id) !== before.get(id)), 'every node to be heard');
      const delay = Math.random() * 200;
      await new Promise((resolve) => setTimeout(resolve, delay));
      await collector.kill('SIGKILL');
      const promised = new Map(acknowledged);
      await collector.start();
      for (const { id } of nodes) {
        const { lastHeartbeatAt } = await collector.target(id);
        const stored = Date.parse(lastHeartbeatAt ?? '');
        if (stored < Date.parse(promised.get(id) ?? ''))
          throw new Error(`lost after ${delay} ms: ${id} ${lastHeartbeatAt ?? 'never'} < ${promised.get(id) ?? ''}`);
      }
    }
    await waitFor(async () => (await collector.summary()).expiryHeld === null, 'expiry to go on after the start');
    const { states } = await collector.summary();
    expect(await collector.metrics()).toMatch(/openclaw_collector_recent_starts [456]/);
    state.sending = false;
    await Promise.all(senders);
    await collector.kill('SIGTERM');
    const storage = await openStorage({ file: join(collector.folder, 'data', 'fleet.db') });
    expect(await storage.eventsAfter(0, 10)).toEqual([]);
    await storage.close();
    expect(states).toMatchObject({ online: nodes.length, expired: 0 });
  }, 180_000);
});

const hasStrace = spawnSync('strace', ['-V']).status === 0;
if (!hasStrace && process.env['CI'] === 'true') throw new Error('strace is needed: apt-get install strace');

(hasStrace ? describe : describe.skip)('an acknowledgement (needs strace)', () => {
  it('is sent after the heartbeat was synced to disk', async () => {
    collector = new TestCollector(UNLIMITED);
    const node = collector.enroll('traced');
    nodes = [node];
    const trace = join(collector.folder, 'trace');
    await collector.start([
      'strace',
      '-D',
      '-f',
      '-yy',
      '-s',
      '0',
      '-e',
      'trace=fsync,fdatasync,read,write,writev,sendmsg',
      '-o',
      trace,
    ]);
    // The first one pays for the handshake and the token.
    expect((await node.post(node.beat())).status).toBe(200);
    const client = node.socket?.localPort ?? 0;
    for (let sent = 0; sent < 20; sent++) {
      const from = readFileSync(trace, 'utf8').length;
      expect((await node.post(node.beat())).body['status']).toBe('accepted');
      const socket = `127.0.0.1:${client}]>`;
      const lines = await waitFor(() => {
        const all = readFileSync(trace, 'utf8').slice(from).split('\n');
        return all.some((line) => /(write|writev|sendmsg)\(/.test(line) && line.includes(socket)) && all;
      }, 'the answer in the trace');
      const request = lines.findIndex((line) => line.includes('read(') && line.includes(socket));
      const answer = lines.findIndex((line) => /(write|writev|sendmsg)\(/.test(line) && line.includes(socket));
      const synced = lines.findIndex((line) => /f(data)?sync(\(.*fleet\.db-wal.*\)| resumed>\)) += 0/.test(line));
      expect(request).toBeGreaterThanOrEqual(0);
      expect(synced).toBeGreaterThan(request);
      expect(answer).toBeGreaterThan(synced);
    }
  }, 120_000);
});
