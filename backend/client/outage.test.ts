import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Publisher } from './types.ts';
import { accepted } from './testing/collector.ts';
import type { Answer } from './testing/collector.ts';
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

/** Answers with these in turn, then accepts. */
function script(...answers: (Answer | null)[]): void {
  node.collector.answer = () => {
    const [next] = answers.splice(0, 1);
    return next === undefined ? accepted : next;
  };
}

const times = (): unknown[] =>
  node.collector.requests.map(({ body }) => (JSON.parse(body.toString()) as { seq: number }).seq);

describe('an undelivered beat', () => {
  it('is sent again after 2 s, to the byte', async () => {
    script({ status: 500 });
    const publisher = node.publisher();
    publisher.start();
    await failed(publisher, 'http_500');
    expect(await node.clock.advanceToTimer(1_600, 2_400)).toBe(2_000);
    await delivered(publisher, 1);
    expect(node.collector.requests[1]?.body).toEqual(node.collector.requests[0]?.body);
    expect(node.logged).toEqual([
      expect.stringMatching(/^warn a heartbeat was not delivered \(http_500\): .*; it is tried again$/),
      'info heartbeats are delivered again',
    ]);
  });

  it('is retried after 4, 8 and 16 s more, then buffered, and replayed after the next delivery', async () => {
    script({ status: 503 }, { status: 408 }, { status: 425 }, { status: 502 }, { status: 500 });
    const publisher = node.publisher();
    publisher.start();
    const reasons = ['http_503', 'http_408', 'http_425', 'http_502'];
    for (const [index, base] of [2_000, 4_000, 8_000, 16_000].entries()) {
      await failed(publisher, reasons[index]!);
      expect(await node.clock.advanceToTimer(base * 0.8, base * 1.2)).toBe(base);
    }
    await failed(publisher, 'http_500');
    expect(publisher.stats()).toMatchObject({ buffered: 1, dropped: 0 });
    expect(await node.clock.advanceToTimer(20_000, 60_000)).toBe(27_000);
    await delivered(publisher, 2);
    expect(times()).toEqual([1, 1, 1, 1, 1, 2, 1]);
    expect(node.collector.requests[6]?.body).toEqual(node.collector.requests[0]?.body);
    expect(publisher.stats()).toMatchObject({ buffered: 0, dropped: 0 });
  });

  it('makes way for a newer one, and is replayed after it', async () => {
    script({ status: 500 });
    const publisher = node.publisher();
    publisher.start();
    await failed(publisher, 'http_500');
    publisher.publishSoon();
    await delivered(publisher, 2);
    expect(times()).toEqual([1, 2, 1]);
  });

  it('is dropped on a refusal that is final, with the reason and without the token', async () => {
    let token = '';
    node.collector.answer = (request) => {
      token = request.headers.authorization?.slice('Bearer '.length) ?? '';
      const detail = `Enrol it again.\nYou sent ${token}`;
      return { status: 403, body: { type: 'x', title: 'This node is revoked', detail } };
    };
    const publisher = node.publisher();
    publisher.start();
    await failed(publisher, 'http_403');
    expect(token).toMatch(/^ey/);
    expect(node.logged).toHaveLength(1);
    expect(node.logged[0]).toContain(
      '403 This node is revoked: Enrol it again. You sent [token]; this heartbeat is dropped'
    );
    expect(node.logged[0]).not.toContain(token);
    expect(publisher.stats()).toMatchObject({ dropped: 1, buffered: 0 });
    expect(await node.clock.advanceToTimer(0, 60_000)).toBe(57_000);
    await failed(publisher, 'http_403', 2);
    expect(node.logged).toHaveLength(1);
  });

  it('is never sent on to where a redirect points', async () => {
    script({ status: 307, headers: { location: `${node.collector.url}/elsewhere` } });
    const publisher = node.publisher();
    publisher.start();
    await failed(publisher, 'http_3xx');
    expect(node.collector.requests).toHaveLength(1);
  });

  it('waits as long as a 429 says', async () => {
    script({ status: 429, headers: { 'retry-after': '20' } });
    const publisher = node.publisher();
    publisher.start();
    await failed(publisher, 'http_429');
    publisher.publishSoon();
    expect(await node.clock.advanceToTimer(0, 60_000)).toBe(20_000);
    await delivered(publisher, 2);
    expect(times()).toEqual([1, 2, 1]);
  });

  it('waits until the date that a 503 names, at most one interval', async () => {
    const at = new Date(Math.ceil(node.clock.now() / 1000) * 1000 + 30_000);
    script({ status: 503, headers: { 'retry-after': at.toUTCString() } });
    const publisher = node.publisher();
    publisher.start();
    await failed(publisher, 'http_503');
    const until = at.getTime() - node.clock.now();
    expect(await node.clock.advanceToTimer(0, 60_000)).toBe(until);
    await delivered(publisher, 1);
    script({ status: 503, headers: { 'retry-after': '86400' } });
    publisher.publishSoon();
    await failed(publisher, 'http_503', 2);
    expect(await node.clock.advanceToTimer(0, 90_000)).toBe(60_000);
    await delivered(publisher, 3);
  });
});

describe('the buffer', () => {
  /** Fails the first beats, with all their retries; the last one has failed once. */
  async function outage(publisher: Publisher, beats: number): Promise<void> {
    node.collector.answer = () => ({ status: 500 });
    publisher.start();
    await failed(publisher, 'http_500', 1);
    let failures = 1;
    for (let beat = 1; beat < beats; beat++) {
      const seq = (): unknown => node.beat()['seq'];
      while (seq() === beat) {
        await waitFor(() => node.clock.pending().length === 1);
        node.clock.advance(node.clock.pending()[0]!);
        await failed(publisher, 'http_500', ++failures);
      }
    }
  }

  it('is replayed newest first, no faster than 20 a minute', async () => {
    const publisher = node.publisher();
    await outage(publisher, 4);
    const before = node.collector.requests.length;
    node.collector.answer = () => accepted;
    await node.clock.advanceToTimer(1_600, 2_400);
    await delivered(publisher, 2);
    for (let done = 3; done <= 4; done++) {
      expect(await node.clock.advanceToTimer(3_000, 3_300)).toBe(3_200);
      await delivered(publisher, done);
    }
    expect(times().slice(before)).toEqual([4, 3, 2, 1]);
    for (const { body } of node.collector.requests.slice(before)) {
      expect(node.collector.requests.slice(0, before).some((sent) => sent.body.equals(body))).toBe(true);
    }
  });

  it('drops the oldest when it is full, and counts it', async () => {
    const publisher = node.publisher({ bufferSize: 2 });
    await outage(publisher, 5);
    expect(publisher.stats()).toMatchObject({ buffered: 2, dropped: 2 });
    const before = node.collector.requests.length;
    node.collector.answer = () => accepted;
    await node.clock.advanceToTimer(0, 60_000);
    await delivered(publisher, 2);
    await node.clock.advanceToTimer(3_200, 3_200);
    await delivered(publisher, 3);
    expect(times().slice(before)).toEqual([5, 4, 3]);
  });

  it('stops its replay on a failure until the next delivery, and drops what is refused', async () => {
    const publisher = node.publisher();
    await outage(publisher, 3);
    script(accepted, { status: 500 });
    await node.clock.advanceToTimer(0, 60_000);
    const failures = publisher.stats().failures['http_500']!;
    await failed(publisher, 'http_500', failures + 1);
    expect(publisher.stats()).toMatchObject({ success: 1, buffered: 2 });
    script(accepted, { status: 409 });
    publisher.publishSoon();
    await failed(publisher, 'http_409');
    expect(publisher.stats()).toMatchObject({ buffered: 1, dropped: 1 });
    await node.clock.advanceToTimer(3_200, 3_200);
    await waitFor(() => publisher.stats().buffered === 0);
  });

  it('and new beats wait as long as the answer to a replay says, a goodbye does not', async () => {
    const publisher = node.publisher();
    await outage(publisher, 3);
    script(accepted, { status: 429, headers: { 'retry-after': '20' } });
    await node.clock.advanceToTimer(0, 60_000);
    await failed(publisher, 'http_429');
    publisher.publishSoon();
    const before = node.collector.requests.length;
    expect(await node.clock.advanceToTimer(0, 60_000)).toBe(20_000);
    await delivered(publisher, 3);
    expect(times().slice(before)).toEqual([4, 2]);
    script({ status: 429, headers: { 'retry-after': '20' } });
    expect(await node.clock.advanceToTimer(3_200, 3_200)).toBe(3_200);
    await failed(publisher, 'http_429', 2);
    await publisher.stop('shutdown');
    expect(node.beat()).toMatchObject({ goodbye: 'shutdown' });
  });

  it('waits as long as the answer to a new beat says', async () => {
    const publisher = node.publisher();
    await outage(publisher, 3);
    const later: Answer = { status: 503, headers: { 'retry-after': '40' } };
    const failures = publisher.stats().failures['http_500']!;
    const no: Answer = { status: 500 };
    script(accepted, accepted, no, no, no, no, later);
    await node.clock.advanceToTimer(0, 60_000);
    await delivered(publisher, 2);
    publisher.publishSoon();
    for (const [index, wait] of [2_000, 4_000, 8_000, 16_000].entries()) {
      await failed(publisher, 'http_500', failures + index + 1);
      await node.clock.advanceToTimer(wait, wait);
    }
    await failed(publisher, 'http_503');
    expect(publisher.stats()).toMatchObject({ buffered: 2 });
    expect(await node.clock.advanceToTimer(0, 60_000)).toBe(40_000);
  });
});
