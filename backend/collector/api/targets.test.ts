import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  availabilitySchema,
  fleetTargetSchema,
  problemSchema,
  summarySchema,
  targetPageSchema,
} from '@openclaw-fleet/contract';
import type { TargetPage } from '@openclaw-fleet/contract';
import { encodeCursor } from './cursor.ts';
import { BRIDGE_BLOCKS, START, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;

/** Seven nodes: bridged ones, several zones, one stale, one stopped, one recorded from an old beat. */
beforeAll(async () => {
  api = await startApi();
  const { send, clock } = api;
  await send('stale', { hostname: 'delta', tags: ['region:us'] });
  clock.now += 90_000;
  await send('old', { hostname: 'zulu', tags: [] }, START - 3_600_000);
  await send('a1', { hostname: 'bravo', tags: ['region:eu', 'gpu:true'], ...BRIDGE_BLOCKS });
  await send('a2', { hostname: 'alpha', tags: ['region:eu', 'gpu:false'], capacity: { workers: 2 } });
  await send('b1', { hostname: 'Charlie', tags: ['region:us', 'gpu:true'], ...BRIDGE_BLOCKS });
  await send('b2', { hostname: 'bravo', tags: ['region:us'], capacity: { workers: 1, available_slots: 9 } });
  await send('gone', { hostname: 'echo', tags: ['region:ap'], goodbye: 'shutdown' });
  clock.now += 30_500;
  await api.fleet.tick(clock.now);
});
afterAll(() => api.stop());

async function list(query = ''): Promise<TargetPage> {
  const response = await api.ask(`/fleet/targets${query}`);
  expect(response.status).toBe(200);
  return targetPageSchema.parse(await response.json());
}
const ids = ({ items }: TargetPage): string[] => items.map(({ id }) => id);

async function errorsOf(path: string): Promise<Record<string, string>> {
  const response = await api.ask(path);
  expect(response.status).toBe(400);
  const { errors = [] } = problemSchema.parse(await response.json());
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]));
}

describe('GET /fleet/targets', () => {
  it('lists all by name when nothing is asked', async () => {
    const page = await list();
    expect(ids(page)).toEqual(['b1', 'a2', 'a1', 'b2', 'stale', 'gone', 'old']);
    expect([page.total, page.nextCursor]).toEqual([7, null]);
  });

  it.each([
    ['-name', ['old', 'gone', 'stale', 'b2', 'a1', 'a2', 'b1']],
    ['zone', ['gone', 'a1', 'a2', 'old', 'b1', 'b2', 'stale']],
    ['-zone', ['stale', 'b2', 'b1', 'old', 'a2', 'a1', 'gone']],
    ['state', ['a1', 'a2', 'b1', 'b2', 'stale', 'old', 'gone']],
    ['lastSeenAt', ['old', 'stale', 'a1', 'a2', 'b1', 'b2', 'gone']],
    ['-lastSeenAt', ['gone', 'b2', 'b1', 'a2', 'a1', 'stale', 'old']],
  ])('sorts by %s', async (sort, expected) => {
    expect(ids(await list(`?sort=${sort}`))).toEqual(expected);
  });

  it.each([
    ['state=stale', ['stale']],
    ['state=stale&state=stopped', ['stale', 'gone']],
    ['zone=eu', ['a2', 'a1']],
    ['zone=eu&zone=ap', ['a2', 'a1', 'gone']],
    ['zone=none', ['old']],
    ['tag=gpu:true', ['b1', 'a1']],
    ['tag=gpu:true&tag=region:eu', ['a1']],
    ['bridged=true', ['b1', 'a1']],
    ['bridged=false&zone=us', ['b2', 'stale']],
    ['q=BRAV', ['a1', 'b2']],
    ['q=a2', ['a2']],
    ['q=', ['b1', 'a2', 'a1', 'b2', 'stale', 'gone', 'old']],
    ['zone=nowhere', []],
    ['state=online&bridged=true&q=char', ['b1']],
  ])('filters by %s', async (query, expected) => {
    const page = await list(`?${query}`);
    expect(ids(page)).toEqual(expected);
    expect(page.total).toBe(expected.length);
  });

  it.each(['name', '-name', 'zone', '-state', 'lastSeenAt', '-lastSeenAt'])(
    'pages through all of them by %s, and counts all on each page',
    async (sort) => {
      const whole = ids(await list(`?sort=${sort}`));
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: TargetPage = await list(`?sort=${sort}&limit=2${cursor && `&cursor=${cursor}`}`);
        expect(page.total).toBe(7);
        seen.push(...ids(page));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(whole);
    }
  );

  it('goes on at the same place when a target came before it', async () => {
    const first = await list('?limit=3');
    await api.send('new', { hostname: 'Aardvark', tags: ['region:eu'] });
    expect(ids(await list(`?limit=2&cursor=${first.nextCursor!}`))).toEqual(['b2', 'stale']);
  });

  it.each([
    ['limit=0', { limit: 'must be at least 1' }],
    ['limit=501', { limit: 'must be at most 500' }],
    ['limit=many', { limit: 'must be one whole number' }],
    ['limit=1.5', { limit: 'must be one whole number' }],
    ['limit=1&limit=2', { limit: 'must be one whole number' }],
    ['limit=', { limit: 'is empty: give a value, or leave it out' }],
    ['zone=', { zone: 'is empty: give a value, or leave it out' }],
    ['state=sleeping', { state: expect.stringMatching(/^must be one of online, stale/) }],
    ['bridged=yes', { bridged: 'must be one of true, false' }],
    ['sort=age', { sort: expect.stringMatching(/^must be one of name, -name/) }],
    ['q=a&q=b', { q: 'must be given once' }],
    [`q=${'x'.repeat(129)}`, { q: 'must have at most 128 characters' }],
    [`sort=score&cursor=${encodeCursor('score', { key: 'x', id: 'a' })}`, { cursor: expect.anything() }],
    [`sort=name&cursor=${encodeCursor('name', { key: 5, id: 'a' })}`, { cursor: expect.anything() }],
    ['cursor=nonsense', { cursor: expect.stringContaining('leave it out') }],
    ['cursor=%F0%9F%98%80', { cursor: expect.stringContaining('leave it out') }],
    [`cursor=${'x'.repeat(1025)}`, { cursor: 'must have at most 1024 characters' }],
    ['team=me', { team: expect.stringContaining('it takes state, zone, tag') }],
    ['__proto__=1', { ['__proto__']: expect.anything() }],
    ['limit=0&sort=age&x=1', { limit: expect.anything(), sort: expect.anything(), x: expect.anything() }],
  ])('refuses %s, naming the field and the fix', async (query, expected) => {
    const errors = await errorsOf(`/fleet/targets?${query}`);
    expect(Object.keys(errors).sort()).toEqual(Object.keys(expected).sort());
    expect(errors).toMatchObject(expected);
  });

  it('refuses a cursor of another order', async () => {
    const { nextCursor } = await list('?sort=zone&limit=1');
    expect(await errorsOf(`/fleet/targets?sort=name&cursor=${nextCursor!}`)).toHaveProperty('cursor');
  });
});

describe('GET /fleet/targets/:targetId', () => {
  it('shows everything a bridge says', async () => {
    const target = fleetTargetSchema.parse(await (await api.ask('/fleet/targets/a1')).json());
    expect(target).toEqual({
      id: 'a1',
      name: 'bravo',
      transport: 'direct_https',
      environment: 'vps',
      policyProfileId: 'default',
      fleetHealthScore: 80,
      riskLevel: 'medium',
      band: 'warning',
      isolated: false,
      owner: null,
      desired: {
        bridgeVersion: null,
        configHash: null,
        maxSyncLagMs: 120_000,
        allowAutoRemediation: false,
        requiredCapabilities: [],
      },
      reported: {
        bridgeVersion: '0.1.0',
        configHash: BRIDGE_BLOCKS.reported.config_hash,
        syncLagMs: 32_000,
        heartbeatAt: '2026-02-06T12:01:30.000Z',
        healthStatus: 'warn',
        metrics: { cpuPct: 12.5, memUsedBytes: 800_000_000, queueDepth: 4, failedPushes1h: 2 },
        healthReasons: ['one job fails'],
        gatewayState: 'running',
        gatewayBootId: 'boot-1',
        openclawVersion: '2026.2.1',
        openclawBuild: 'abc',
        fullConfigHash: BRIDGE_BLOCKS.reported.full_config_hash,
        configValid: true,
        configConverged: false,
        revision: 'r1',
        applyStatus: 'APPLIED',
      },
      lastSeenAt: '2026-02-06T12:01:30.000Z',
      zone: 'eu',
      tags: ['region:eu', 'gpu:true'],
      version: '1.2.0',
      bridged: true,
      liveness: {
        state: 'online',
        reason: expect.any(String),
        ageSeconds: 30.5,
        intervalSeconds: 60,
        clockSkewSeconds: 0,
        flapping: false,
      },
      capacity: { workers: 24, available_slots: 5 },
      queueDepth: { planner: 3, worker: 120 },
      capabilities: ['restart', 'reload'],
      jobs: BRIDGE_BLOCKS.jobs,
      publisher: BRIDGE_BLOCKS.publisher,
      uptimeSeconds: 86400,
      lastHeartbeatAt: '2026-02-06T12:01:30.000Z',
      bridge: {
        ways: [
          {
            way: 'direct_https',
            address: null,
            missing: 'it reports no address of a door: set OPENCLAW_BRIDGE_ACTIONS_LISTEN on the node',
            lastOkAt: null,
            lastErrorAt: null,
            lastError: null,
          },
        ],
      },
    });
  });

  it('says how its bridge is reached and what came of it last, and a list does not', async () => {
    const own = await startApi();
    try {
      const reported = { ...BRIDGE_BLOCKS.reported, transport: 'hybrid', actions_address: '10.0.0.7:9465' } as const;
      await own.send('n1', { reported });
      own.contacts.note('n1', 'direct_https', 'no answer within 10 s');
      const target = fleetTargetSchema.parse(await (await own.ask('/fleet/targets/n1')).json());
      expect(target.bridge?.ways).toMatchObject([
        { way: 'direct_https', address: '10.0.0.7:9465', missing: null, lastError: 'no answer within 10 s' },
        { way: 'reverse_ssh', address: null, missing: expect.stringContaining('it reports no port of a tunnel') },
      ]);
      const { items } = targetPageSchema.parse(await (await own.ask('/fleet/targets')).json());
      expect(items).toHaveLength(1);
      expect(items[0]).not.toHaveProperty('bridge');
    } finally {
      await own.stop();
    }
  });

  it('says null, or nothing, of what a plain sender does not report', async () => {
    const target = fleetTargetSchema.parse(await (await api.ask('/fleet/targets/a2')).json());
    expect(target).toMatchObject({
      transport: null,
      environment: null,
      bridged: false,
      capabilities: [],
      jobs: null,
      publisher: null,
    });
    expect(target).not.toHaveProperty('reported');
    expect(target).not.toHaveProperty('bridge');
  });

  it('knows no last sighting of a node recorded from one old beat', async () => {
    const target = fleetTargetSchema.parse(await (await api.ask('/fleet/targets/old')).json());
    expect(target).not.toHaveProperty('lastSeenAt');
    expect(target.liveness).toMatchObject({ state: 'expired', ageSeconds: null, clockSkewSeconds: null });
    expect(target.lastHeartbeatAt).toBe('2026-02-06T11:00:00.000Z');
  });

  it('says that there is none, and where to look', async () => {
    const response = await api.ask('/fleet/targets/nobody');
    expect(response.status).toBe(404);
    expect(problemSchema.parse(await response.json()).detail).toContain('/fleet/targets');
  });
});

describe('GET /fleet/summary', () => {
  it('counts the fleet', async () => {
    const summary = summarySchema.parse(await (await api.ask('/fleet/summary')).json());
    expect(summary.total).toBe(api.fleet.size);
    expect(summary.bridged).toBe(2);
    expect(summary.zones.map(({ zone }) => zone).sort()).toEqual(['ap', 'eu', 'none', 'us']);
  });
});

describe('GET /openclaw/availability', () => {
  const available = async (query = '') =>
    availabilitySchema.parse(await (await api.ask(`/openclaw/availability${query}`)).json());

  it('lists who is online, with what a router needs', async () => {
    const { nodes, total, next_cursor } = await available('?tag=region:us');
    expect(nodes.map(({ node_id }) => node_id)).toEqual(['b1', 'b2']);
    expect([total, next_cursor]).toEqual([2, null]);
    expect(nodes[1]).toEqual({
      node_id: 'b2',
      hostname: 'bravo',
      version: '1.2.0',
      capacity: { workers: 1, available_slots: 9 },
      queue_depth: { planner: 3, worker: 120 },
      available_slots: 9,
      tags: ['region:us'],
      age_seconds: 30.5,
    });
  });

  it.each([
    ['?tag=region:eu&tag=gpu:true', ['a1']],
    ['?tag=region:us&min_slots=6', ['b2']],
    ['?tag=gpu:false', ['a2']],
    ['?tag=gpu:false&min_slots=0', []],
    ['?tag=region:ap', []],
  ])('answers %s', async (query, expected) => {
    expect((await available(query)).nodes.map(({ node_id }) => node_id)).toEqual(expected);
  });

  it('pages', async () => {
    const first = await available('?tag=region:us&limit=1');
    const second = await available(`?tag=region:us&limit=1&cursor=${first.next_cursor!}`);
    expect([first, second].map(({ nodes }) => nodes[0]?.node_id)).toEqual(['b1', 'b2']);
    expect(second.next_cursor).toBeNull();
  });

  it.each([
    ['min_slots=-1', 'min_slots'],
    ['min_slots=', 'min_slots'],
    ['limit=1001', 'limit'],
    ['cursor=x', 'cursor'],
    ['slots=1', 'slots'],
  ])('refuses %s', async (query, field) => {
    expect(Object.keys(await errorsOf(`/openclaw/availability?${query}`))).toEqual([field]);
  });
});
