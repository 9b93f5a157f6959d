import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { MemoryStore } from './memory-store.ts';
import { Fleet } from './registry.ts';

const START = Date.parse('2026-02-06T12:00:00Z');
const SECOND = 1000;

function beat(id: string, atMs: number, more: Partial<Heartbeat> = {}): Heartbeat {
  return {
    node_id: id,
    hostname: `${id}.prod`,
    version: '1.2.0',
    capacity: { workers: 24, available_slots: 5 },
    queue_depth: { planner: 3, worker: 120 },
    last_heartbeat: new Date(atMs).toISOString(),
    tags: ['region:us-east-1', 'gpu:true'],
    uptime_seconds: 86400,
    ...more,
  };
}

async function harness(store = new MemoryStore(), startMs = START) {
  const clock = { now: startMs };
  const epoch = await store.takeEpoch();
  const fleet = new Fleet({ timings: TIMINGS.production, clock: () => clock.now, store, epoch: () => epoch });
  await fleet.load();
  const state = (id: string) => fleet.liveness(fleet.get(id)!, clock.now).state;
  const send = (id: string, more: Partial<Heartbeat> = {}, sentMs = clock.now) =>
    fleet.receive(beat(id, sentMs, more), sentMs % 1000003, clock.now);
  /** Runs the clock in steps of a second, with one beat a minute of each of `alive`. */
  const run = async (seconds: number, alive: readonly string[] = []) => {
    for (let step = 0; step < seconds; step++) {
      clock.now += SECOND;
      if ((clock.now - START) % 60_000 === 0) for (const id of alive) await send(id);
      await fleet.tick(clock.now);
    }
  };
  return { clock, store, fleet, state, send, run };
}

describe('a node', () => {
  it('is online, then stale, then expired, with one event that is stored with it', async () => {
    const { fleet, state, send, run, store } = await harness();
    const others = ['b', 'c'];
    for (const id of ['a', ...others]) await send(id);
    await run(240, ['a', ...others]);
    expect(state('a')).toBe('online');
    await run(70, others);
    expect(state('a')).toBe('online');
    await run(1, others);
    expect(state('a')).toBe('stale');
    await run(59, others);
    expect(state('a')).toBe('stale');
    expect(store.events).toEqual([]);
    await run(1, others);
    expect(state('a')).toBe('expired');
    expect(store.rows.get('a')!.state).toBe('expired');
    expect(store.events.map((event) => [event.name, event.targetId])).toEqual([['target-offline', 'a']]);
    expect(fleet.summary(START).states).toMatchObject({ online: 2, expired: 1 });
  });
});
