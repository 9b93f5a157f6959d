import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { heartbeatSchema } from '@openclaw-fleet/contract';
import type { Publisher } from './types.ts';
import { accepted } from './testing/collector.ts';
import { createTestNode } from './testing/node.ts';
import type { TestNode } from './testing/node.ts';
import { waitFor } from './testing/wait.ts';

let node: TestNode;

beforeEach(async () => {
  node = await createTestNode();
});

afterEach(async () => {
  await node.close();
});

const delivered = (publisher: Publisher, count: number): Promise<void> => node.delivered(publisher, count);
const failed = (publisher: Publisher, reason: string, count?: number): Promise<void> =>
  node.failed(publisher, reason, count);

describe('a delivered beat', () => {
  it('carries what the host said and what the publisher knows', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    const [request] = node.collector.requests;
    expect(request).toMatchObject({ path: '/openclaw/availability', client: 'URI:openclaw://node/node-1' });
    expect(request?.headers['content-type']).toBe('application/json');
    const beat = node.beat();
    expect(heartbeatSchema.parse(beat)).toEqual(beat);
    expect(beat).toMatchObject({
      node_id: 'node-1',
      hostname: 'chimera-01.prod',
      capacity: { workers: 24, available_slots: 5 },
      last_heartbeat: new Date(node.clock.now()).toISOString(),
      seq: 1,
      interval_seconds: 60,
      publisher: { success_total: 0, failure_total: {} },
    });
  });

  it('is followed after 0.9 to 1.0 of the interval by the next, on the same connection', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    expect(await node.clock.advanceToTimer(50_000, 61_000)).toBe(57_000);
    await delivered(publisher, 2);
    expect(node.beat(1)).toMatchObject({ seq: 2, boot_id: node.beat(0)['boot_id'], publisher: { success_total: 1 } });
    expect(node.collector.connections).toHaveLength(1);
  });
});

describe('pace', () => {
  it('is what the collector says, within 30 to 120 s', async () => {
    const publisher = node.publisher();
    const told = [45, 5, 100_000];
    node.collector.answer = () => ({ body: { status: 'accepted', next_heartbeat_seconds: told.shift() ?? 60 } });
    publisher.start();
    await delivered(publisher, 1);
    expect(publisher.stats().intervalSeconds).toBe(45);
    expect(await node.clock.advanceToTimer(40_500, 45_000)).toBe(45_000 * 0.95);
    await delivered(publisher, 2);
    expect(node.beat()).toMatchObject({ interval_seconds: 45 });
    expect(await node.clock.advanceToTimer(27_000, 30_000)).toBe(28_500);
    await delivered(publisher, 3);
    expect(await node.clock.advanceToTimer(108_000, 120_000)).toBe(114_000);
    await delivered(publisher, 4);
  });

  it('lets changes go out early, at most three at once and two an interval', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    for (let beats = 2; beats <= 3; beats++) {
      publisher.publishSoon();
      await delivered(publisher, beats);
    }
    publisher.publishSoon();
    publisher.publishSoon();
    expect(await node.clock.advanceToTimer(30_000, 33_000)).toBe(31_500);
    await delivered(publisher, 4);
    expect(await node.clock.advanceToTimer(50_000, 61_000)).toBe(57_000);
    await delivered(publisher, 5);
  });

  it('gives every beat a later time, also when the clock is set back', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    node.clock.setBack(3_600_000);
    await node.clock.advanceToTimer(57_000, 57_000);
    await delivered(publisher, 2);
    const [first, second] = [node.beat(0), node.beat(1)].map((beat) => Date.parse(String(beat['last_heartbeat'])));
    expect(second! - first!).toBe(57_000);
  });

  it('takes the wall clock again once the collector refused a time as ahead', async () => {
    const publisher = node.publisher();
    node.collector.answer = () => ({ status: 422, body: { type: 'urn:openclaw-fleet:problem:clock-ahead' } });
    publisher.start();
    await failed(publisher, 'http_422');
    node.clock.setBack(600_000);
    node.collector.answer = () => accepted;
    await node.clock.advanceToTimer(57_000, 57_000);
    await delivered(publisher, 1);
    expect(node.beat()['last_heartbeat']).toBe(new Date(node.clock.now()).toISOString());
  });
});

describe('blocks', () => {
  const capabilities = ['restart'];
  const jobs = { total: 3, enabled: 3, failing: 0, results_1h: 5, failures_1h: 0 };

  it('are sent again only when they changed, or all when the collector asks', async () => {
    let enabled = 3;
    const host = { snapshot: () => ({ version: '1', capabilities, jobs: { ...jobs, enabled } }) };
    const publisher = node.publisher({}, host);
    publisher.start();
    await delivered(publisher, 1);
    expect(node.beat()).toMatchObject({ capabilities, jobs });
    enabled = 2;
    publisher.publishSoon();
    await delivered(publisher, 2);
    expect(node.beat()).not.toHaveProperty('capabilities');
    expect(node.beat()).toMatchObject({ jobs: { enabled: 2 } });
    node.collector.answer = () => ({
      body: { status: 'accepted', next_heartbeat_seconds: 60, report_full_state: true },
    });
    publisher.publishSoon();
    await delivered(publisher, 3);
    expect(node.beat()).not.toHaveProperty('jobs');
    await node.clock.advanceToTimer(30_000, 60_000);
    await delivered(publisher, 4);
    expect(node.beat()).toMatchObject({ capabilities, jobs: { enabled: 2 } });
  });

  it('are all sent after a failure, which may have arrived', async () => {
    const publisher = node.publisher({}, { snapshot: () => ({ version: '1', capabilities }) });
    publisher.start();
    await delivered(publisher, 1);
    node.collector.answer = () => ({ status: 500 });
    publisher.publishSoon();
    await failed(publisher, 'http_500');
    node.collector.answer = () => accepted;
    publisher.publishSoon();
    await delivered(publisher, 2);
    // Not the last one: the one that failed is sent again after it.
    expect(node.beat(2)).toMatchObject({ seq: 3, capabilities });
  });

  it('are not taken for held when the beat was superseded', async () => {
    const publisher = node.publisher({}, { snapshot: () => ({ version: '1', capabilities }) });
    node.collector.answer = () => ({ body: { status: 'superseded', next_heartbeat_seconds: 60 } });
    publisher.start();
    await delivered(publisher, 1);
    publisher.publishSoon();
    await delivered(publisher, 2);
    expect(node.beat()).toMatchObject({ capabilities });
  });
});

describe('the host', () => {
  it('hears each reply, and may fail while it does', async () => {
    const heard: unknown[] = [];
    const publisher = node.publisher(
      {},
      {
        onReply: (reply) => {
          heard.push(reply);
          throw new Error('host bug');
        },
      }
    );
    node.collector.answer = () => ({
      body: { status: 'accepted', next_heartbeat_seconds: 60, desired_revision: 'r7', more: 1 },
    });
    publisher.start();
    await delivered(publisher, 1);
    expect(heard).toEqual([{ status: 'accepted', next_heartbeat_seconds: 60, desired_revision: 'r7' }]);
    expect(node.logged).toContain('warn onReply() failed: host bug');
    await node.clock.advanceToTimer(57_000, 57_000);
    await delivered(publisher, 2);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no state')), 'snapshot() failed: no state'],
    [
      'throws at once',
      () => {
        throw new Error('no state');
      },
      'snapshot() failed: no state',
    ],
    ['returns rubbish', () => 'rubbish', 'snapshot() must return an object'],
    [
      'returns a trap',
      () => ({
        get tags() {
          throw new Error('trap');
        },
      }),
      'cannot be read: trap',
    ],
  ])('goes on beating when snapshot() first %s', async (_how, first, message) => {
    let calls = 0;
    const publisher = node.publisher({}, { snapshot: () => (calls++ === 0 ? (first() as object) : { version: '2' }) });
    publisher.start();
    await failed(publisher, 'snapshot');
    expect(node.logged[0]).toContain(message);
    await node.clock.advanceToTimer(1_600, 2_400);
    await delivered(publisher, 1);
    expect(node.logged.at(-1)).toBe('info snapshot() works again');
  });

  it('may hang in snapshot(): that beat is given up after 5 s', async () => {
    let calls = 0;
    const hang = new Promise<never>(() => undefined);
    const publisher = node.publisher({}, { snapshot: () => (calls++ === 0 ? hang : { version: '2' }) });
    publisher.start();
    await node.clock.advanceToTimer(5_000, 5_000);
    await failed(publisher, 'snapshot');
    await node.clock.advanceToTimer(1_600, 2_400);
    await delivered(publisher, 1);
  });

  it('is asked at the usual pace once snapshot() failed through every retry', async () => {
    const publisher = node.publisher({}, { snapshot: () => Promise.reject(new Error('no state')) });
    publisher.start();
    for (const [index, base] of [2_000, 4_000, 8_000, 16_000].entries()) {
      await failed(publisher, 'snapshot', index + 1);
      expect(await node.clock.advanceToTimer(base * 0.8, base * 1.2)).toBe(base);
    }
    await failed(publisher, 'snapshot', 5);
    expect(await node.clock.advanceToTimer(54_000, 60_000)).toBe(57_000);
    await failed(publisher, 'snapshot', 6);
    expect(node.logged).toHaveLength(1);
    expect(node.collector.requests).toHaveLength(0);
  });

  it('may have a logger that throws', async () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const logger = { info: fail, warn: fail, error: fail };
    const publisher = node.publisher({}, { logger, snapshot: () => ({ tags: 5 }) as unknown as object });
    publisher.start();
    await delivered(publisher, 1);
  });

  it('shows less capacity under pressure', async () => {
    const publisher = node.publisher({ queueThreshold: 100 });
    publisher.start();
    await delivered(publisher, 1);
    expect(node.beat()).toMatchObject({ capacity: { workers: 24, available_slots: 3 }, queue_depth: { worker: 120 } });
  });
});

describe('stop', () => {
  it('says goodbye once', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    await Promise.all([publisher.stop('restart'), publisher.stop('shutdown')]);
    expect(node.collector.requests).toHaveLength(2);
    expect(node.beat()).toMatchObject({ goodbye: 'restart', seq: 2 });
    expect(heartbeatSchema.parse(node.beat())).toEqual(node.beat());
    expect(node.clock.pending()).toEqual([]);
    publisher.publishSoon();
    publisher.start();
    expect(node.clock.pending()).toEqual([]);
  });

  it('gives up on the goodbye at the deadline', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    node.collector.answer = () => null;
    const stopped = publisher.stop('shutdown', 1_000);
    await waitFor(() => node.collector.requests.length === 2);
    node.clock.advance(1_000);
    await stopped;
    expect(publisher.stats().failures).toEqual({ timeout: 1 });
    await waitFor(() => node.clock.pending().length === 0);
  });

  it('says goodbye over a new connection while a beat hangs', async () => {
    const publisher = node.publisher();
    publisher.start();
    await delivered(publisher, 1);
    node.collector.answer = () => null;
    publisher.publishSoon();
    await waitFor(() => node.collector.requests.length === 2);
    node.collector.answer = () => accepted;
    await publisher.stop('shutdown');
    expect(node.collector.requests).toHaveLength(3);
    expect(node.beat()).toMatchObject({ goodbye: 'shutdown' });
    expect(publisher.stats()).toMatchObject({ success: 2, failures: {} });
  });

  it('is silent without a goodbye, and before the first beat', async () => {
    const publisher = node.publisher();
    await publisher.stop('shutdown');
    const second = node.publisher();
    second.start();
    await delivered(second, 1);
    await second.stop();
    expect(node.collector.requests).toHaveLength(1);
  });
});
