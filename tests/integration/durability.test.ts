import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { storageIn } from '../../backend/collector/storage/testing/temporary.ts';
import { Approver } from './support/approver.ts';
import { TestCollector } from './support/collector.ts';
import { checkHistory } from './support/history.ts';
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

/** What a bridge reports of a gateway that is well, or in error. */
function reported(error: boolean): Record<string, unknown> {
  return {
    bridge_version: '1.4.0',
    gateway_state: 'running',
    apply_status: 'UNSET',
    sync_lag_ms: 0,
    health_status: error ? 'error' : 'ok',
    health_reasons: error ? ['a channel is down'] : [],
    metrics: {},
  };
}

describe('kill -9 under load', () => {
  beforeEach(() => {
    collector = new TestCollector({ OPENCLAW_FLEET_TIMINGS: 'demo', ...UNLIMITED });
    nodes = Array.from({ length: 8 }, (_, index) => collector.enroll(`node-${index}`));
  });

  it('loses nothing acknowledged, leaves history whole, and reports nothing offline that is not', async () => {
    const approver = new Approver(collector, nodes[0]?.id ?? '');
    await collector.start();
    const acknowledged = new Map<string, { at: string; error: boolean }>();
    const state = { sending: true };
    // Every other beat is in error: each opens faults or resolves them.
    const senders = nodes.map(async (node) => {
      for (let error = true; state.sending;) {
        const beat = node.beat({ reported: reported(error) });
        try {
          const { status } = await node.post(beat);
          if (status !== 200) continue;
          acknowledged.set(node.id, { at: String(beat['last_heartbeat']), error });
          error = !error;
        } catch {
          // It is down: the next one may get through.
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    });
    const approving = approver.work(() => state.sending);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = new Map(acknowledged);
      const changes = approver.changes;
      await Promise.race([
        waitFor(() => nodes.every(({ id }) => acknowledged.get(id) !== before.get(id)), 'every node to be heard'),
        approving,
      ]);
      await Promise.race([waitFor(() => approver.changes > changes + 4, 'changes to be acknowledged'), approving]);
      const delay = Math.random() * 200;
      await new Promise((resolve) => setTimeout(resolve, delay));
      await collector.kill('SIGKILL');
      const promised = new Map(acknowledged);
      const checkApproved = approver.expectations();
      await collector.start();
      for (const { id } of nodes) {
        const { lastHeartbeatAt } = await collector.target(id);
        const stored = Date.parse(lastHeartbeatAt ?? '');
        const { at } = promised.get(id) ?? { at: '' };
        if (stored < Date.parse(at))
          throw new Error(`lost after ${delay} ms: ${id} ${lastHeartbeatAt ?? 'never'} < ${at}`);
      }
      await checkApproved();
    }
    await waitFor(async () => (await collector.summary()).expiryHeld === null, 'expiry to go on after the start');
    const { states } = await collector.summary();
    expect(await collector.metrics()).toMatch(/openclaw_collector_recent_starts [456]/);
    state.sending = false;
    await Promise.all([...senders, approving]);
    await collector.kill('SIGTERM');
    const store = await storageIn(join(collector.folder, 'data'));
    const events = await store.eventsAfter(0, 1_000_000);
    expect(events.filter(({ name }) => name === 'target-offline')).toEqual([]);
    for (const { id } of nodes) {
      const history = await checkHistory(store, id);
      expect(history.events).toBeGreaterThan(KILLS);
      expect(history.open.map(({ code }) => code).sort()).toEqual(
        acknowledged.get(id)?.error ? ['runtime', 'runtime-error'] : []
      );
    }
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
