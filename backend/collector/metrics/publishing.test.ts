import { describe, expect, it } from '@jest/globals';
import type { Heartbeat, PublisherBlock } from '@openclaw-fleet/contract';
import { TIMINGS } from '@openclaw-fleet/contract';
import { FAILURE_REASONS } from '../../client/retry.ts';
import { beat, SECOND, START } from '../fleet/harness.ts';
import { MemoryStore } from '../fleet/memory-store.ts';
import { Fleet } from '../fleet/registry.ts';
import { createInstruments } from './collector.ts';
import { parseExposition } from './testing/exposition.ts';

const FAMILY = 'openclaw_fleet_publish_';

function counters(success: number, failures: Record<string, number> = {}, dropped = 0): PublisherBlock {
  return { success_total: success, failure_total: failures, dropped_total: dropped };
}

/** A collector, with what its fleet counts of publishers. */
async function start(store = new MemoryStore(), startMs = START) {
  const clock = { now: startMs };
  const epoch = await store.takeEpoch();
  const instruments = createInstruments({ processMetrics: false });
  const fleet = new Fleet({
    timings: TIMINGS.production,
    clock: () => clock.now,
    store,
    epoch: () => epoch,
    publishing: instruments.publishing,
  });
  await fleet.load();
  let hash = 0;
  return {
    store,
    fleet,
    clock,
    /** A beat of its own, one second after the last. */
    send: (id: string, more: Partial<Heartbeat>, keyMs = clock.now) => {
      clock.now += SECOND;
      return fleet.receive(beat(id, keyMs, more), ++hash, clock.now);
    },
    totals: async () => {
      const { samples } = parseExposition(await instruments.registry.metrics());
      const of = (name: string) => samples.filter((each) => each.name === FAMILY + name);
      const failures = of('failure_total').filter(({ value }) => value > 0);
      return {
        success: of('success_total')[0]?.value,
        failures: Object.fromEntries(
          failures.map(({ labels, value }): [string, number] => [labels['reason'] ?? '', value])
        ),
        dropped: of('dropped_total')[0]?.value,
        reasons: of('failure_total').map(({ labels }) => labels['reason']),
      };
    },
  };
}

describe('what publishers say of their deliveries', () => {
  it('is summed over the fleet as it grows, every reason of ours from 0 on', async () => {
    const { send, totals } = await start();
    expect((await totals()).reasons).toEqual([...FAILURE_REASONS, 'other']);
    expect(await totals()).toMatchObject({ success: 0, failures: {}, dropped: 0 });
    await send('a', { boot_id: 'x', publisher: counters(100, { network: 3 }, 1) });
    await send('b', { publisher: counters(50) });
    // What a publisher did before it was known here is not of now.
    expect(await totals()).toMatchObject({ success: 0, failures: {}, dropped: 0 });
    await send('a', { boot_id: 'x', publisher: counters(103, { network: 5, tls: 1 }, 4) });
    await send('b', { publisher: counters(51, { network: 1 }) });
    expect(await totals()).toMatchObject({ success: 4, failures: { network: 3, tls: 1 }, dropped: 3 });
    // Nor what it did before it first said so.
    await send('c', { boot_id: 'x' });
    for (const success of [200, 201]) await send('c', { boot_id: 'x', publisher: counters(success) });
    expect(await totals()).toMatchObject({ success: 5 });
  });

  it('counts from 0 when a publisher began anew, told by its boot id or by a counter that fell', async () => {
    const { send, totals } = await start();
    await send('a', { boot_id: 'x', publisher: counters(10, { timeout: 9 }, 5) });
    await send('a', { boot_id: 'y', publisher: counters(20, { timeout: 10 }, 6) });
    expect(await totals()).toMatchObject({ success: 20, failures: { timeout: 10 }, dropped: 6 });
    const falls = [counters(19, { timeout: 10 }, 6), counters(20, { timeout: 9 }, 6), counters(21, {}, 6)];
    for (const [index, fallen] of [...falls, counters(22, { timeout: 10 }, 5)].entries()) {
      const { send, totals } = await start();
      await send(`n${index}`, { publisher: counters(20, { timeout: 10 }, 6) });
      await send(`n${index}`, { publisher: fallen });
      const { success_total, failure_total, dropped_total } = fallen;
      expect(await totals()).toMatchObject({ success: success_total, failures: failure_total, dropped: dropped_total });
    }
  });

  it('is not counted again for beats that are superseded, repeated, or leave it out', async () => {
    const { send, totals, fleet, clock } = await start();
    const late = clock.now;
    await send('a', { publisher: counters(1) });
    await send('a', { publisher: counters(5) });
    expect(await totals()).toMatchObject({ success: 4 });
    expect((await send('a', { publisher: counters(3) }, late - 10 * SECOND)).status).toBe('superseded');
    const again = beat('a', clock.now, { publisher: counters(7) });
    const statuses = [];
    for (let times = 0; times < 2; times++) statuses.push((await fleet.receive(again, 99, clock.now)).status);
    expect(statuses).toEqual(['accepted', 'duplicate']);
    await send('a', {});
    await send('a', { publisher: counters(8) });
    expect(await totals()).toMatchObject({ success: 7, failures: {} });
  });

  it('goes on, after a start of the collector, from what is stored', async () => {
    const before = await start();
    await before.send('a', { boot_id: 'x', publisher: counters(1000, { network: 10 }) });
    await before.send('b', { boot_id: 'x', publisher: counters(1000) });
    const { send, totals } = await start(before.store, before.clock.now + 60 * SECOND);
    await send('a', { boot_id: 'x', publisher: counters(1001, { network: 14 }) });
    await send('b', { boot_id: 'y', publisher: counters(2, { network: 1 }) });
    expect(await totals()).toMatchObject({ success: 3, failures: { network: 5 } });
  });

  it('bounds the reasons that others make up, and what one publisher may claim at once', async () => {
    const { send, totals } = await start();
    await send('a', { publisher: counters(0) });
    const many = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`r${from + at}`, 1]));
    for (let from = 0; from < 60; from += 30) await send(`m${from}`, { publisher: counters(0) });
    for (let from = 0; from < 60; from += 30) await send(`m${from}`, { publisher: counters(0, many(from, 30)) });
    await send('a', { publisher: counters(Number.MAX_SAFE_INTEGER, { r0: 1, constructor: 2 }) });
    const { reasons, failures, success } = await totals();
    expect(reasons).toHaveLength(65);
    expect(failures['r0']).toBe(2);
    expect(failures['other']).toBe(60 - (64 - FAILURE_REASONS.length) + 2);
    expect(success).toBe(100_000);
  });
});
