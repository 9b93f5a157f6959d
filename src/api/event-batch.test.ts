import { describe, expect, it, jest } from '@jest/globals';
import { QueryClient, QueryObserver } from '@tanstack/react-query';
import type { FleetHealthChanged, FleetMap, TargetOffline } from '@openclaw-fleet/contract';
import { mapOf, mapTarget } from '../testing/fixtures/fleet.ts';
import { emptyBatch, flush, leavesOpen, recentChanges, take, withEvents } from './event-batch.ts';
import type { Batch } from './event-batch.ts';
import type { Query } from './client.ts';
import { keys } from './keys.ts';

const NOON = '2026-11-22T12:00:00Z';
const healthy = { score: 97, band: 'healthy' } as const;
const critical = { score: 20, band: 'critical' } as const;

function health(targetId: string, at = NOON): FleetHealthChanged {
  const reasons = ['It is silent.'];
  return {
    targetId,
    at,
    name: targetId,
    zone: 'eu-west',
    before: healthy,
    after: critical,
    riskLevel: 'critical',
    reasons,
  };
}
const offline = (targetId: string, at = NOON): TargetOffline => ({
  targetId,
  at,
  name: targetId,
  zone: 'eu-west',
  lastSeenAt: null,
  reason: 'It is silent.',
});

function batchOf(...events: (readonly [name: string, data: unknown])[]): Batch {
  const batch = emptyBatch();
  for (const [name, data] of events) take(batch, name, data);
  return batch;
}

describe('take', () => {
  it.each([
    ['fleet-health-changed', ['targets']],
    ['target-offline', ['targets']],
    ['drift-detected', ['drift']],
    ['policy-violation', ['violations']],
    ['remediation-status', ['repairs']],
  ])('%s makes stale its list, its target and the summary', (name, list) => {
    const { stale } = batchOf([name, health('a')]);
    expect([...stale.values()]).toEqual([list, ['target', 'a'], ['summary']]);
  });

  it('names each key once, however many events there are', () => {
    const { stale } = batchOf(['drift-detected', health('a')], ['drift-detected', health('a')]);
    expect(stale.size).toBe(3);
  });

  it('keeps the last change of health of each target', () => {
    const batch = batchOf(
      ['fleet-health-changed', health('a', '2026-11-22T12:00:01Z')],
      ['fleet-health-changed', health('a', '2026-11-22T12:00:02Z')]
    );
    expect(batch.health.get('a')?.at).toBe('2026-11-22T12:00:02Z');
  });

  it('makes everything stale after a gap', () => {
    expect([...batchOf(['stream-reset', { reason: 'too old' }]).stale.values()]).toEqual([[]]);
  });

  it.each([
    ['a name that it does not know', 'brand-new', health('a')],
    ['no target', 'drift-detected', {}],
    ['nothing', 'drift-detected', null],
    ['a text', 'drift-detected', 'a'],
  ])('leaves out %s', (_, name, data) => {
    expect(batchOf([name, data])).toEqual(emptyBatch());
  });
});

describe('withEvents', () => {
  const map = mapOf([mapTarget('a'), mapTarget('b'), mapTarget('c')]);

  it('changes what events are about, and leaves the other objects as they are', () => {
    const changed = withEvents(map, batchOf(['fleet-health-changed', health('a')], ['target-offline', offline('b')]));
    expect(changed.items[0]).toEqual({ ...map.items[0], ...critical });
    expect(changed.items[1]).toEqual({ ...map.items[1], state: 'expired' });
    expect(changed.items[2]).toBe(map.items[2]);
    expect(map.items[0]?.band).toBe('healthy');
  });

  it.each([
    ['nothing happened', batchOf()],
    ['it is about others', batchOf(['fleet-health-changed', health('elsewhere')], ['drift-detected', health('a')])],
    ['it is so already', { ...emptyBatch(), health: new Map([['a', { ...health('a'), after: healthy }]]) }],
  ])('is the very same map when %s', (_, batch) => {
    expect(withEvents(map, batch)).toBe(map);
  });
});

describe('leavesOpen', () => {
  const map = mapOf([mapTarget('a'), mapTarget('dead', { state: 'expired' })]);
  const minutes = (count: number): string => new Date(Date.parse(map.at) + count * 60_000).toISOString();

  it.each<[boolean, string, FleetMap, Query, Batch]>([
    [false, 'a target changed its health', map, {}, batchOf(['fleet-health-changed', health('a')])],
    [
      false,
      'a target fell silent',
      map,
      {},
      batchOf(['target-offline', offline('a')], ['fleet-health-changed', health('a')]),
    ],
    [true, 'a silent target may report again', map, {}, batchOf(['fleet-health-changed', health('dead')])],
    [true, 'a target is new', map, {}, batchOf(['fleet-health-changed', health('new')])],
    [
      false,
      'a target may be one that was left out',
      { ...map, truncated: true },
      {},
      batchOf(['fleet-health-changed', health('new')]),
    ],
    [
      true,
      'a filter may have another answer',
      map,
      { band: ['critical'] },
      batchOf(['fleet-health-changed', health('a')]),
    ],
    [true, 'the map is old', map, {}, batchOf(['fleet-health-changed', health('a', minutes(1))])],
    [true, 'the map is old, and somebody silent', map, {}, batchOf(['target-offline', offline('a', minutes(1))])],
  ])('%s: %s', (open, _, of, query, batch) => {
    expect(leavesOpen(of, query, batch)).toBe(open);
  });
});

describe('recentChanges', () => {
  const map = (at: string): FleetMap => ({ ...mapOf([mapTarget('a')]), at });

  it('puts onto a map what is younger than it, and nothing older', () => {
    const recent = recentChanges();
    recent.add(batchOf(['fleet-health-changed', health('a', '2026-11-22T12:00:05Z')]));
    expect(recent.onto(map('2026-11-22T12:00:04Z')).items[0]).toMatchObject(critical);
    const younger = map('2026-11-22T12:00:06Z');
    expect(recent.onto(younger)).toBe(younger);
  });

  it('forgets what is long past', () => {
    const recent = recentChanges();
    recent.add(batchOf(['target-offline', offline('a', '2026-11-22T12:00:05Z')]));
    recent.add(batchOf());
    recent.add(batchOf(['target-offline', offline('b', '2026-11-22T12:00:30Z')]));
    expect(recent.onto(map('2026-11-22T12:00:00Z')).items[0]).toMatchObject({ state: 'online' });
  });
});

describe('flush', () => {
  /** A cache whose queries are looked at, so that what is stale is read anew. */
  function cacheOf(read: (key: readonly unknown[]) => unknown, ...looked: (readonly unknown[])[]) {
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
    const asked = jest.fn(read);
    for (const queryKey of looked)
      new QueryObserver(client, { queryKey, queryFn: () => asked(queryKey) }).subscribe(() => undefined);
    return { client, asked };
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  const whole = keys.map({});
  const filtered = keys.map({ band: ['critical'] });

  it('patches every map, reads anew those with a filter, and leaves what is not concerned alone', async () => {
    const { client, asked } = cacheOf(() => mapOf([mapTarget('a')]), whole, filtered, keys.target('b'));
    await settle();
    asked.mockClear();
    await flush(client, batchOf(['fleet-health-changed', health('a')]));
    expect(client.getQueryData<FleetMap>(whole)?.items[0]).toMatchObject(critical);
    expect(asked.mock.calls).toEqual([[filtered]]);
    client.clear();
  });

  it('ends when all is read', async () => {
    let reads = 0;
    const { client } = cacheOf(async () => {
      await settle();
      return (reads += 1);
    }, keys.summary);
    await settle();
    await settle();
    await flush(client, batchOf(['drift-detected', health('a')]));
    expect(reads).toBe(2);
    expect(client.getQueryData(keys.summary)).toBe(2);
    client.clear();
  });
});
