import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serviceDiscoverySchema } from '@openclaw-fleet/contract';
import type { ServiceDiscovery } from '@openclaw-fleet/contract';
import { BRIDGE_BLOCKS, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

const DAY = 86_400_000;
let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const beatOf = (id: string, metrics_address?: string, tags = ['region:us-east-1']) =>
  api.send(id, {
    ...BRIDGE_BLOCKS,
    tags,
    reported: { ...BRIDGE_BLOCKS.reported, ...(metrics_address !== undefined && { metrics_address }) },
  });
async function found(): Promise<ServiceDiscovery> {
  // An answer is kept for a second.
  api.clock.now += 1000;
  const response = await api.ask('/fleet/service-discovery/bridges');
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return serviceDiscoverySchema.parse(await response.json());
}

describe('GET /fleet/service-discovery/bridges', () => {
  it('lists where bridges serve metrics, by id, with target and zone and nothing else', async () => {
    await beatOf('n2', '10.0.0.7:9464', ['region:eu"west', 'secret:tag']);
    await beatOf('n1', '127.0.0.1:9465');
    await beatOf('quiet');
    await api.send('plain');
    expect(await found()).toEqual([
      { targets: ['127.0.0.1:9465'], labels: { target: 'n1', zone: 'us-east-1' } },
      { targets: ['10.0.0.7:9464'], labels: { target: 'n2', zone: 'eu"west' } },
    ]);
  });

  it('leaves out an address that is not to be gone to, and follows a node to its last one alone', async () => {
    await beatOf('n1', '10.0.0.7:22');
    await beatOf('n2', '192.0.2.7:9464');
    await beatOf('n3', 'internal.example:9464');
    expect(await found()).toEqual([]);
    for (const address of ['10.0.0.7:9464', '10.0.0.8:9464']) {
      api.clock.now += 60_000;
      await beatOf('n1', address);
    }
    expect((await found()).map(({ targets }) => targets)).toEqual([['10.0.0.8:9464']]);
  });

  it('keeps a node that fell silent, and leaves out one that is long gone', async () => {
    await beatOf('n1', '10.0.0.7:9464');
    api.clock.now += DAY;
    await api.fleet.tick(api.clock.now);
    expect(await found()).toHaveLength(1);
    api.clock.now += 14 * DAY;
    await api.fleet.tick(api.clock.now);
    expect(await found()).toEqual([]);
  });

  it('leaves out who is not trusted', async () => {
    await api.stop();
    api = await startApi({ api: { metricsOf: ({ id }) => (id === 'revoked' ? null : '10.0.0.7:9464') } });
    await beatOf('n1', '10.0.0.7:9464');
    await beatOf('revoked', '10.0.0.8:9464');
    expect((await found()).map(({ labels }) => labels.target)).toEqual(['n1']);
  });

  it('is for whoever may read', async () => {
    expect((await api.ask('/fleet/service-discovery/bridges', null)).status).toBe(401);
    expect((await api.ask('/fleet/service-discovery/bridges', 'viewer')).status).toBe(200);
  });
});
