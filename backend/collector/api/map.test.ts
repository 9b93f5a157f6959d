import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fleetMapSchema, MAX_MAP_TARGETS, problemSchema, targetPageSchema } from '@openclaw-fleet/contract';
import type { FleetMap } from '@openclaw-fleet/contract';
import { Harness as FleetHarness } from '../fleet/harness.ts';
import { mapHandler } from './map.ts';
import { BRIDGE_BLOCKS, START, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

describe('GET /fleet/map', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startApi();
    const { send, clock } = api;
    await send('stale', { hostname: 'delta', tags: ['region:us'] });
    clock.now += 90_000;
    await send('old', { hostname: 'zulu', tags: [] }, START - 3_600_000);
    await send('a1', { hostname: 'bravo', tags: ['region:eu', 'gpu:true'], ...BRIDGE_BLOCKS });
    await send('a2', { hostname: 'alpha "quoted"', tags: ['region:eu', 'gpu:false'] });
    await send('b1', { hostname: 'Charlie', tags: ['region:us', 'gpu:true'], ...BRIDGE_BLOCKS });
    await send('b3', { hostname: 'bravo', tags: ['region:us'] });
    await send('b2', { hostname: 'bravo', tags: ['region:us'] });
    await send('gone', { hostname: 'echo\ud800', tags: ['region:ä"p'], goodbye: 'shutdown' });
    clock.now += 30_500;
    await api.fleet.tick(clock.now);
  });
  afterAll(() => api.stop());

  const map = async (query = ''): Promise<FleetMap> => {
    const response = await api.ask(`/fleet/map${query}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    return fleetMapSchema.strict().parse(await response.json());
  };
  const ids = ({ items }: FleetMap): string[] => items.map(({ id }) => id);

  it('shows every target in short, by zone, then by name, then by id', async () => {
    const { at, total, truncated, items } = await map();
    expect([at, total, truncated]).toEqual([new Date(api.clock.now).toISOString(), 8, false]);
    expect(items.map(({ id }) => id)).toEqual(['a2', 'a1', 'old', 'b1', 'b2', 'b3', 'stale', 'gone']);
    const page = targetPageSchema.parse(await (await api.ask('/fleet/targets?sort=zone&limit=500')).json());
    const shown = page.items.map(({ id, name, zone, liveness, band, fleetHealthScore, isolated, owner }) => ({
      ...{ id, name, zone, state: liveness.state, band, score: fleetHealthScore ?? null, isolated },
      ...{ flapping: liveness.flapping, owner },
    }));
    expect(new Set(items)).toEqual(new Set(shown));
    expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['online', 'stale', 'stopped', 'expired']));
    expect(items.find(({ id }) => id === 'gone')).toMatchObject({ name: 'echo\ud800', zone: 'ä"p' });
  });

  it.each([
    ['state=stale&state=stopped', ['stale', 'gone']],
    ['zone=eu', ['a2', 'a1']],
    ['zone=none', ['old']],
    ['tag=gpu:true&tag=region:eu', ['a1']],
    ['bridged=true', ['a1', 'b1']],
    ['q=BRAV', ['a1', 'b2', 'b3']],
    ['q=', ['a2', 'a1', 'old', 'b1', 'b2', 'b3', 'stale', 'gone']],
    ['zone=nowhere', []],
  ])('filters by %s as the list does', async (query, expected) => {
    api.clock.now += 1000;
    const answer = await map(`?${query}`);
    expect(ids(answer)).toEqual(expected);
    expect(answer.total).toBe(expected.length);
    const page = targetPageSchema.parse(await (await api.ask(`/fleet/targets?${query}`)).json());
    expect(new Set(ids(answer))).toEqual(new Set(page.items.map(({ id }) => id)));
  });

  it.each(['sort', 'limit', 'cursor'])('takes no %s: it is all there is', async (field) => {
    const response = await api.ask(`/fleet/map?${field}=1`);
    expect(response.status).toBe(400);
    const { errors } = problemSchema.parse(await response.json());
    expect(errors).toEqual([{ field, message: expect.stringMatching(/^is not a parameter of this address/) }]);
  });

  it('gives the same question the same answer for a second, and another question its own', async () => {
    api.clock.now += 1000;
    const [before, eu] = [await map(), await map('?zone=eu')];
    await api.send('new', { hostname: 'new', tags: ['region:eu'] });
    api.clock.now += 999;
    expect([await map(), await map('?zone=eu')]).toEqual([before, eu]);
    expect(ids(await map('?zone=eu&state=online'))).toContain('new');
    api.clock.now += 1;
    expect((await map()).total).toBe(before.total + 1);
    expect((await map('?zone=eu')).total).toBe(eu.total + 1);
  });

  it('answers HEAD with the headers alone', async () => {
    const response = await api.ask('/fleet/map', 'viewer', { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json; charset=utf-8',
      '',
    ]);
  });
});

describe('the map of a fleet that is larger than a map', () => {
  let harness: FleetHarness;
  const server = createServer();
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeAll(async () => {
    harness = await FleetHarness.start();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    // The last by zone are the first by name.
    for (let index = 0; index <= MAX_MAP_TARGETS; index++) {
      const name = `gw-${String(index).padStart(5, '0')}`;
      await harness.send(name, { hostname: name, tags: [`region:z${9 - Math.floor(index / 5000)}`] });
    }
  }, 60_000);

  /** One request that has come in, and what its sender gets. */
  async function request(): Promise<{ readonly out: ServerResponse; readonly answer: Promise<Response> }> {
    const arrival = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    // It is looked at late, or never where the connection was cut.
    answer.catch(() => undefined);
    const [, out] = await arrival;
    return { out, answer };
  }
  const shown = async (answer: Promise<Response>): Promise<FleetMap> =>
    fleetMapSchema.parse(await (await answer).json());

  it('leaves out the last of the order, and says so', async () => {
    const handler = mapHandler(harness.fleet, () => harness.now);
    const { out, answer } = await request();
    const answered = handler({}, out);
    const { total, truncated, items } = await shown(answer);
    expect(await answered).toBeNull();
    expect([total, truncated, items.length]).toEqual([MAX_MAP_TARGETS + 1, true, MAX_MAP_TARGETS]);
    const order = items.map(({ zone, name }) => `${zone} ${name}`);
    // No diff of 20,000 lines.
    expect(order.every((each, index) => index === 0 || (order[index - 1] ?? '') < each)).toBe(true);
    expect(items.at(-1)?.id).toBe('gw-04998');
    expect(new Set(items.map(({ id }) => id)).size).toBe(MAX_MAP_TARGETS);
  });

  it('lets the event loop go on while it is made', async () => {
    const handler = mapHandler(harness.fleet, () => harness.now);
    const { out, answer } = await request();
    let turns = 0;
    let going = true;
    const turn = (): void => {
      turns++;
      if (going) setImmediate(turn);
    };
    setImmediate(turn);
    await handler({}, out);
    going = false;
    await shown(answer);
    expect(turns).toBeGreaterThan(10);
  });

  it('refuses readers that are too many, until one has taken its map or gone away', async () => {
    const handler = mapHandler(harness.fleet, () => harness.now);
    const waiting = [];
    for (let reader = 0; reader < 33; reader++) waiting.push(await request());
    const answers = waiting.map(({ out }) => handler({}, out));
    expect(await answers[32]).toMatchObject({ status: 503, detail: expect.stringMatching(/ask again/) });
    waiting[0]?.out.destroy();
    expect(await answers[0]).toBeNull();
    const next = await request();
    const answered = handler({}, next.out);
    const { items } = await shown(next.answer);
    expect([await answered, items.length]).toEqual([null, MAX_MAP_TARGETS]);
    for (const { out } of waiting) out.destroy();
    await Promise.all(answers);
  });
});
