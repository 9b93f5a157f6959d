import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { expectingNothing } from '../assessment/expectation.ts';
import type { Expectation } from '../assessment/types.ts';
import { StorageError } from '../storage/types.ts';
import type { NodeWrite, WriteResult } from '../storage/types.ts';
import { Harness, MINUTE, START } from './harness.ts';
import { MemoryStore } from './memory-store.ts';
import type { Selection } from './types.ts';

const T = TIMINGS.production;
const NOTHING = expectingNothing(2 * T.beat);
const TAGGED: Expectation = { ...NOTHING, requiredTags: ['tier:gold'] };

class FailingStore extends MemoryStore {
  fails = false;

  override writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]> {
    if (this.fails) return Promise.reject(new StorageError('the disk is full'));
    return super.writeDecision(epoch, writes);
  }
}

/** A fleet of which `expected.now` is expected. */
async function start(store: MemoryStore, now = NOTHING, startMs = START) {
  const expected = { now };
  return { h: await Harness.start(store, startMs, T, { of: () => expected.now }), expected };
}

const bridged = (more: Partial<NonNullable<Heartbeat['reported']>> = {}): Partial<Heartbeat> => ({
  reported: {
    bridge_version: '1.2.0',
    gateway_state: 'running',
    apply_status: 'UNSET',
    sync_lag_ms: 10,
    health_status: 'ok',
    health_reasons: [],
    metrics: {},
    ...more,
  },
});
const BY_ZONE: Selection = {
  zones: null,
  bands: null,
  states: null,
  bridged: null,
  isolated: null,
  drifted: false,
  violating: false,
  keep: null,
  sort: 'zone',
  descending: false,
  after: null,
  limit: 2,
};

describe('the health of a node', () => {
  it('that could not be stored is assessed again by the next tick', async () => {
    const store = new FailingStore();
    const { h, expected } = await start(store);
    await h.send('a');
    await h.run(1);
    expected.now = TAGGED;
    store.fails = true;
    await expect(h.fleet.reassess(['a'])).rejects.toThrow(StorageError);
    expect(h.node('a').assessment.faults).toEqual([]);
    store.fails = false;
    await h.run(1);
    expect(h.node('a').assessment.faults.map(({ code }) => code)).toEqual(['required-tag-missing']);
  });

  it('is unknown after a restart until it is looked at, and is then what it was, since when it was', async () => {
    const store = new MemoryStore();
    const { h } = await start(store);
    for (const id of ['alive', 'dead']) await h.send(id);
    const { h: again } = await start(store, NOTHING, START + MINUTE / 2);
    expect(again.node('alive').assessment.band).toBe('unknown');
    await again.run(1);
    expect([again.node('alive').assessment.band, again.node('alive').bandSinceMs]).toEqual(['healthy', START]);
    const { h: late } = await start(store, NOTHING, START + 60 * MINUTE);
    await late.run(1);
    expect(late.node('dead').assessment.band).toBe('unknown');
    expect(store.scores).toHaveLength(2 + 2);
  });

  it('has no past before it was first heard of', async () => {
    const { h } = await start(new MemoryStore());
    await h.send('a', { goodbye: 'shutdown' });
    expect(h.node('a').bandSinceMs).toBe(START);
  });

  it('that is known again after a restart with the clock set back does not resolve before it opened', async () => {
    const store = new MemoryStore();
    const { h, expected } = await start(store);
    await h.send('a');
    await h.run(600, ['a']);
    expected.now = TAGGED;
    await h.send('a', {}, h.now + 1);
    const { h: again } = await start(store, NOTHING, START + 5 * MINUTE);
    await again.run(1);
    const [fault] = [...store.faults.values()];
    expect(fault!.resolvedMs).toBeGreaterThanOrEqual(fault!.openedMs);
  });

  it('says of an open fault what is found now', async () => {
    const { h } = await start(new MemoryStore());
    await h.send('a', bridged({ health_status: 'error', gateway_state: 'hung' }));
    await h.run(60);
    await h.send('a', bridged({ health_status: 'error', health_reasons: ['disk full'] }));
    const drift = h.node('a').assessment.faults.find(({ kind }) => kind === 'drift');
    expect([drift?.actual, drift?.openedMs]).toEqual(['error', START]);
    expect(drift?.message).toContain('disk full');
  });

  it('is never critical of one that stopped by its own word, however long ago', async () => {
    const { h } = await start(new MemoryStore());
    for (const id of ['a', 'b']) await h.send(id);
    await h.run(60);
    await h.send('a', { goodbye: 'shutdown' });
    await h.jump(15 * 24 * 60 * MINUTE);
    await h.run(2);
    expect([h.state('a'), h.node('a').assessment.band]).toEqual(['inactive', 'unknown']);
  });

  it('ends with its retirement: nothing is wrong any more', async () => {
    const { h } = await start(new MemoryStore(), TAGGED);
    await h.send('a');
    // In one step: seconds of silence of the only node would be judged blind.
    await h.jump(131_000);
    await h.jump(T.retireAfter + MINUTE);
    await h.run(2);
    expect([h.state('a'), h.node('a').assessment.faults]).toEqual(['retired', []]);
    expect(h.fleet.summary(h.now).violations['required-tag-missing'].warning).toBe(0);
    expect([...h.store.faults.values()].every(({ resolvedMs }) => resolvedMs !== null)).toBe(true);
  });
});

describe('a list by zone', () => {
  it('shows everybody once when zones were left and entered again', async () => {
    const { h } = await start(new MemoryStore());
    const move = (id: string, zone: string) => h.send(id, { tags: [`region:${zone}`] });
    for (const id of ['a', 'b', 'c', 'd']) await move(id, 'm');
    await move('p', 'x');
    await move('q', 'y');
    await h.run(60);
    for (const id of ['p', 'q']) await move(id, 'm');
    await h.run(60);
    for (const id of ['a', 'b', 'c']) await move(id, 'x');
    for (const descending of [false, true]) {
      const seen: string[] = [];
      let after: Selection['after'] = null;
      for (let page = 0; page < 10; page++) {
        const { nodes, more } = await h.fleet.select({ ...BY_ZONE, descending, after }, h.now);
        seen.push(...nodes.map(({ id }) => id));
        const last = nodes.at(-1);
        if (!more || last === undefined) break;
        after = { key: last.zone, id: last.id };
      }
      expect(seen.toSorted()).toEqual(['a', 'b', 'c', 'd', 'p', 'q']);
    }
  });
});

describe('retention', () => {
  it('forgets a retired node once, also when a beat of it is under way', async () => {
    const { h } = await start(new MemoryStore());
    await h.send('a', { goodbye: 'shutdown' });
    await h.run(131);
    await h.jump(T.retireAfter + MINUTE);
    await h.run(2);
    await h.jump(T.retireAfter + MINUTE);
    h.store.rows.delete('a');
    const late = h.send('a');
    h.fleet.forgetRetired(h.now - T.retireAfter);
    await late;
    for (const id of ['b', 'c', 'd']) await h.send(id, { tags: [`region:${id}`] });
    const { nodes } = await h.fleet.select({ ...BY_ZONE, sort: 'name', limit: 10 }, h.now);
    expect(nodes.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    expect(h.fleet.summary(h.now).bands).toMatchObject({ healthy: 4, unknown: 0 });
  });
});
