import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { driftDetectedSchema, fleetHealthChangedSchema, policyViolationEventSchema } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { whyReset } from './events.ts';
import { BRIDGE_BLOCKS, startApi, waitFor } from './testing/harness.ts';
import type { Harness, HarnessOptions } from './testing/harness.ts';

describe('whether a reader must begin anew', () => {
  it.each([
    ['nothing was kept', 7, { first: 0, last: 0 }, true],
    ['the log is younger than the id', 7, { first: 1, last: 5 }, true],
    ['one event is missing', 3, { first: 5, last: 9 }, true],
    ['the next event is the oldest kept', 4, { first: 5, last: 9 }, false],
    ['nothing followed', 9, { first: 5, last: 9 }, false],
    ['nothing ever happened', 0, { first: 0, last: 0 }, false],
    ['everything is kept', 0, { first: 1, last: 9 }, false],
  ])('is told by the bounds of the log: %s', (_case, id, bounds, resets) => {
    expect(whyReset(id, bounds) !== null).toBe(resets);
  });
});

let api: Harness;
const cleanups: (() => void)[] = [];

async function start(events: HarnessOptions['events'] = {}): Promise<void> {
  await api.stop();
  api = await startApi({ events });
}

interface Reader {
  readonly response: IncomingMessage;
  /** Everything read so far, but for long data. */
  text(): string;
  ids(): number[];
  ended(): boolean;
  /** Begins to read, where it was opened unread. */
  resume(): void;
  close(): void;
}

function collect(response: IncomingMessage, paused: boolean): Pick<Reader, 'text' | 'ids' | 'resume'> {
  let text = '';
  let line = '';
  const ids: number[] = [];
  const resume = (): void => {
    response.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (line + piece).split('\n');
      line = lines.pop() ?? '';
      for (const each of lines) {
        if (each.startsWith('id: ')) ids.push(Number(each.slice(4)));
        if (each.length < 1000) text += each + '\n';
      }
    });
  };
  if (!paused) resume();
  return { text: () => text, ids: () => ids, resume };
}

/** A reader over a socket of its own, which can be left unread. */
function open(path = '/fleet/events', headers: Record<string, string> = {}, paused = false): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const asked = request(
      api.origin + path,
      { agent: false, headers: { authorization: `Bearer ${api.tokenOf.viewer}`, ...headers } },
      (response) => {
        const read = collect(response, paused);
        let ended = false;
        response.on('error', () => undefined).on('close', () => (ended = true));
        const close = (): void => void asked.destroy();
        cleanups.push(close);
        resolve({
          response,
          ...read,
          ended: () => ended,
          close,
        });
      }
    );
    asked.on('error', reject).end();
  });
}

const begun = (reader: Reader): Promise<void> => waitFor(() => reader.text().startsWith('retry: '), 'the first line');

describe('the event stream', () => {
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) cleanup();
    await api.stop();
  });

  it('says what it is, so that nobody on the way buffers or compresses it', async () => {
    const { response } = await open('/fleet/events', { 'accept-encoding': 'gzip' });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(response.headers['content-encoding']).toBeUndefined();
  });

  it('sends events as they are committed, with name, id and data, and none from before', async () => {
    await api.commitEvents(3);
    const reader = await open();
    await begun(reader);
    await api.commitEvents(2);
    await waitFor(() => reader.ids().length === 2, 'two events');
    expect(reader.ids()).toEqual([4, 5]);
    const [, event = ''] = reader.text().split('\n\n');
    expect(event.split('\n').slice(0, 2)).toEqual(['id: 4', 'event: target-offline']);
    const data = JSON.parse(event.split('\n')[2]!.replace(/^data: /, '')) as object;
    expect(data).toMatchObject({ name: 'events', zone: 'none', lastSeenAt: null });
  });

  it.each([
    ['the Last-Event-ID header', '/fleet/events', { 'last-event-id': '3' }],
    ['a parameter', '/fleet/events?lastEventId=3', {}],
    ['the header over the parameter', '/fleet/events?lastEventId=1', { 'last-event-id': '3' }],
  ])('replays what followed the id named by %s, then goes on', async (_by, path, headers) => {
    await api.commitEvents(6);
    const reader = await open(path, headers);
    await waitFor(() => reader.ids().length === 3, 'the replay');
    await api.commitEvents(1);
    await waitFor(() => reader.ids().length === 4, 'the next event');
    expect(reader.ids()).toEqual([4, 5, 6, 7]);
  });

  it('replays a long log whole and in order, while events go on', async () => {
    await api.commitEvents(1700);
    const reader = await open('/fleet/events?lastEventId=0');
    await api.commitEvents(50);
    await waitFor(() => reader.ids().at(-1) === 1750, 'all events');
    expect(reader.ids()).toEqual(Array.from({ length: 1750 }, (_, at) => at + 1));
  });

  it('gives every reader every event once', async () => {
    const readers = await Promise.all(Array.from({ length: 5 }, () => open()));
    await Promise.all(readers.map(begun));
    for (let round = 0; round < 10; round++) await api.commitEvents(7);
    for (const reader of readers) {
      await waitFor(() => reader.ids().length >= 70, 'seventy events');
      expect(reader.ids()).toEqual(Array.from({ length: 70 }, (_, at) => at + 1));
    }
  });

  it('says so when what followed the id is no longer kept, and goes on from now', async () => {
    await api.commitEvents(4);
    api.clock.now += 1000;
    await api.commitEvents(4);
    await api.storage.sweep({ eventsBeforeMs: api.clock.now, historyBeforeMs: 0, retiredBeforeMs: 0 });
    const reader = await open('/fleet/events', { 'last-event-id': '2' });
    await waitFor(() => reader.text().includes('stream-reset'), 'the reset');
    await api.commitEvents(1);
    await waitFor(() => reader.ids().length === 2, 'the next event');
    expect(reader.ids()).toEqual([8, 9]);
    expect(reader.text()).toContain('Events up to 4 are no longer kept.');
  });

  it.each(['abc', '-1', '1.5', '9'.repeat(16), ''])('refuses the id %p by name', async (id) => {
    const response = await api.ask(`/fleet/events?lastEventId=${id}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ field: 'lastEventId' }] });
  });

  it('sends a comment when its timer says so, and holds no timer without readers', async () => {
    expect(api.timersRunning()).toBe(0);
    const reader = await open();
    await begun(reader);
    expect(api.timersRunning()).toBe(1);
    api.tick();
    await waitFor(() => reader.text().endsWith(': keep-alive\n\n'), 'the comment');
    reader.close();
    await waitFor(() => api.timersRunning() === 0, 'the end of the timer');
    expect(api.instruments.stream.subscribers).toBe(0);
  });

  it('takes a bounded number of readers, and a further one once one has left', async () => {
    await start({ maxSubscribers: 2 });
    const first = await open();
    await open();
    const refused = await api.ask('/fleet/events');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ type: expect.stringMatching(/overloaded$/) });
    first.close();
    await waitFor(() => api.instruments.stream.subscribers === 1, 'the place');
    expect((await open()).response.statusCode).toBe(200);
    expect(api.instruments.counts.streamRefused).toBe(1);
  });

  it('leaves places to others: one token has a part of them', async () => {
    await start({ maxPerReader: 2 });
    const first = await open();
    await open();
    const refused = await api.ask('/fleet/events');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('close one, or use another token') });
    const other = await open('/fleet/events', { authorization: `Bearer ${api.tokenOf.operator}` });
    expect(other.response.statusCode).toBe(200);
    first.close();
    await waitFor(() => api.instruments.stream.subscribers === 2, 'the place');
    expect((await open()).response.statusCode).toBe(200);
  });

  it('drops a reader that reads nothing, holds little for it, and keeps serving the others', async () => {
    const slow = await open('/fleet/events', {}, true);
    const quick = await open();
    await begun(quick);
    for (let round = 0; round < 10; round++) await api.commitEvents(400, 4000);
    await waitFor(() => quick.ids().at(-1) === 4000, 'all events at the quick reader', 50_000);
    // Had everything been written to both, 16 MB would wait for the slow one and be counted as sent.
    expect(api.instruments.counts.streamEvents).toBeLessThan(8000);
    expect(api.instruments.stream.subscribers).toBe(2);
    api.tick();
    api.tick();
    expect(api.instruments.counts.streamDropped).toBe(1);
    await waitFor(() => api.instruments.stream.subscribers === 1, 'the drop');
    slow.resume();
    await waitFor(() => slow.ended(), 'the end of the slow reader');
    expect(quick.ended()).toBe(false);
  });

  it('resumes a reader that stopped for a while where it was', async () => {
    const reader = await open('/fleet/events', {}, true);
    for (let round = 0; round < 10; round++) await api.commitEvents(400, 4000);
    reader.resume();
    await waitFor(() => reader.ids().at(-1) === 4000, 'all events', 50_000);
    expect(reader.ids()).toEqual(Array.from({ length: 4000 }, (_, at) => at + 1));
    expect(api.instruments.counts.streamDropped).toBe(0);
  });

  it('cuts off a reader for whom more waits than may', async () => {
    await start({ maxBufferedBytes: 50_000 });
    const reader = await open('/fleet/events', {}, true);
    for (let round = 0; round < 20 && api.instruments.counts.streamDropped === 0; round++) {
      await api.commitEvents(10, 1_000_000);
      await waitFor(() => reader.response.readableLength > 0, 'some of it');
    }
    await waitFor(() => api.instruments.counts.streamDropped === 1, 'the drop');
  });

  it('gives a reader that breaks off again and again every event once, if it says what it saw last', async () => {
    const seen: number[] = [];
    for (let visit = 0; visit < 8; visit++) {
      const reader = await open('/fleet/events', { 'last-event-id': String(seen.at(-1) ?? 0) });
      for (let round = 0; round < 3; round++) await api.commitEvents(50, 3000);
      await waitFor(() => reader.ids().length > 20, 'some events');
      reader.close();
      // What was on its way when it broke off is neither seen nor lost.
      seen.push(...reader.ids());
      await api.commitEvents(10);
    }
    const last = await open('/fleet/events', { 'last-event-id': String(seen.at(-1)) });
    const all = 8 * 160;
    await waitFor(() => last.ids().at(-1) === all, 'the rest');
    seen.push(...last.ids());
    expect(seen).toEqual(Array.from({ length: all }, (_, at) => at + 1));
  });

  it('gives a reader that was cut off for being slow the rest once when it comes back, or tells it to reload', async () => {
    const slow = await open('/fleet/events', {}, true);
    for (let round = 0; round < 10; round++) await api.commitEvents(400, 4000);
    await waitFor(() => {
      api.tick();
      return api.instruments.stream.subscribers === 0;
    }, 'the cut');
    slow.resume();
    await waitFor(() => slow.ended(), 'the end of the slow reader');
    const got = slow.ids();
    expect(got).toEqual(Array.from({ length: got.length }, (_, at) => at + 1));
    expect(got.length).toBeLessThan(4000);
    const back = await open('/fleet/events', { 'last-event-id': String(got.at(-1) ?? 0) });
    await waitFor(() => back.ids().at(-1) === 4000, 'the rest', 50_000);
    expect([...got, ...back.ids()]).toEqual(Array.from({ length: 4000 }, (_, at) => at + 1));

    api.clock.now += 1000;
    await api.storage.sweep({ eventsBeforeMs: api.clock.now, historyBeforeMs: 0, retiredBeforeMs: 0 });
    const late = await open('/fleet/events', { 'last-event-id': String(got.at(-1) ?? 0) });
    await waitFor(() => late.text().includes('event: stream-reset'), 'the reset');
    expect(late.text()).toContain("Read the fleet's state again");
  });

  it('tells of health, drift and violations as documented, each change once', async () => {
    const reader = await open();
    await begun(reader);
    const sick = { ...BRIDGE_BLOCKS.reported, health_status: 'error' as const, health_reasons: ['no channel'] };
    const well = { ...BRIDGE_BLOCKS.reported, health_status: 'ok' as const };
    for (const reported of [well, sick, sick, well]) {
      await api.send('n1', { ...BRIDGE_BLOCKS, reported });
      api.clock.now += 60_000;
    }
    const told = () =>
      reader
        .text()
        .split('\n\n')
        .flatMap((each) => {
          const [, name = '', data = ''] = /event: (.*)\ndata: (.*)/.exec(each) ?? [];
          return name === '' ? [] : [{ name, data: JSON.parse(data) as { change?: string } }];
        });
    await waitFor(() => told().filter(({ data }) => data.change === 'resolved').length === 2, 'the end of both faults');
    const schemas: Record<string, z.ZodType> = {
      'fleet-health-changed': fleetHealthChangedSchema,
      'drift-detected': driftDetectedSchema,
      'policy-violation': policyViolationEventSchema,
    };
    for (const { name, data } of told()) expect(schemas[name]?.parse(data)).toEqual(data);
    const changes = (name: string) => told().flatMap((each) => (each.name === name ? [each.data.change] : []));
    expect(changes('drift-detected')).toEqual(['opened', 'resolved']);
    expect(changes('policy-violation')).toEqual(['opened', 'resolved']);
    expect(changes('fleet-health-changed').length).toBeGreaterThanOrEqual(2);
  });

  it('ends when the token is revoked', async () => {
    const reader = await open();
    await begun(reader);
    api.revokeAll();
    api.tick();
    await waitFor(() => reader.ended(), 'the end');
    expect(api.instruments.stream.subscribers).toBe(0);
  });

  it('ends for a reader that does not read, too, and what follows ends nobody else', async () => {
    await open('/fleet/events', {}, true);
    for (let round = 0; round < 10; round++) await api.commitEvents(400, 4000);
    await waitFor(() => api.instruments.stream.subscribers === 1, 'the reader');
    const failures: unknown[] = [];
    const note = (error: unknown): void => void failures.push(error);
    process.on('uncaughtException', note);
    api.revokeAll();
    api.tick();
    await waitFor(() => api.instruments.stream.subscribers === 0, 'the end');
    await api.commitEvents(1);
    api.tick();
    await new Promise(setImmediate);
    process.off('uncaughtException', note);
    expect(failures).toEqual([]);
  });

  it('ends when the collector stops, and takes no further reader', async () => {
    const reader = await open();
    await begun(reader);
    api.events.close();
    await waitFor(() => reader.ended(), 'the end');
    expect((await api.ask('/fleet/events')).status).toBe(503);
  });
});
