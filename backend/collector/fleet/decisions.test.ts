import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { expectingNothing } from '../assessment/expectation.ts';
import { Harness, SECOND } from './harness.ts';
import { MemoryStore } from './memory-store.ts';

const T = TIMINGS.production;
const BY = { actor: 'grafana:ann', reason: 'it was looked at' };
const expected = { of: () => ({ ...expectingNothing(2 * T.beat), minimumBridgeVersion: '2.0.0' }) };
const start = (store = new MemoryStore(), atMs?: number) => Harness.start(store, atMs, T, expected);

const behind = (version = '1.0.0'): Partial<Heartbeat> => ({
  reported: {
    bridge_version: version,
    gateway_state: 'running',
    apply_status: 'UNSET',
    sync_lag_ms: 10,
    health_status: 'ok',
    health_reasons: [],
    metrics: {},
  },
});

const timeline = (h: Harness): string[] => h.store.timeline.map(({ kind, summary }) => `${kind}: ${summary}`);

describe('lifting an isolation', () => {
  it('puts the target back, is on its timeline with who and why, and outlives heartbeats and a restart', async () => {
    const h = await start();
    await h.send('a', behind());
    expect([h.node('a').isolated, h.fleet.available(h.node('a'), h.now)]).toEqual([true, false]);
    await h.fleet.liftIsolation('a', BY);
    expect([h.node('a').isolated, h.fleet.available(h.node('a'), h.now)]).toEqual([false, true]);
    expect(timeline(h).slice(-2)).toEqual([
      'policy: isolation lifted',
      'isolation: no longer isolated: an approver lifted it',
    ]);
    expect(h.store.timeline.at(-2)).toMatchObject(BY);
    await h.run(120, ['a'], () => behind());
    expect(h.node('a').isolated).toBe(false);
    const again = await start(h.store, h.now);
    expect(again.node('a').isolated).toBe(false);
  });

  it('ends with the drift: a new one isolates again', async () => {
    const h = await start();
    await h.send('a', behind());
    await h.fleet.liftIsolation('a', BY);
    await h.run(60, ['a'], () => behind('2.1.0'));
    await h.run(60, ['a'], () => behind('1.0.0'));
    expect(h.node('a').isolated).toBe(true);
  });

  it('is refused where nothing is isolated, or nobody is there', async () => {
    const h = await start();
    await h.send('a', behind('2.0.0'));
    await expect(h.fleet.liftIsolation('a', BY)).rejects.toThrow(/not isolated/);
    await expect(h.fleet.liftIsolation('nobody', BY)).rejects.toThrow(/No target/);
  });
});

describe('retiring', () => {
  it('ends the faults, and no heartbeat brings it back but a person does', async () => {
    const h = await start();
    await h.send('a', behind());
    await h.fleet.retire('a', BY);
    expect([h.state('a'), h.node('a').assessment.faults, h.node('a').isolated]).toEqual(['retired', [], false]);
    await h.run(120, ['a'], () => behind());
    expect(h.state('a')).toBe('retired');
    await expect(h.fleet.retire('a', BY)).rejects.toThrow(/already/);
    await h.fleet.reinstate('a', BY);
    await h.run(60, ['a'], () => behind());
    expect([h.state('a'), h.node('a').isolated]).toEqual(['online', true]);
    await expect(h.fleet.reinstate('a', BY)).rejects.toThrow(/not retired/);
    expect(timeline(h)).toEqual(expect.arrayContaining(['policy: retired', 'policy: reinstated']));
  });
});

it('a cordoned target is not listed for routers, and is watched on', async () => {
  const h = await start();
  await h.send('a', behind('2.0.0'));
  h.fleet.cordoned(new Set(['a']));
  expect([h.fleet.available(h.node('a'), h.now), h.state('a')]).toEqual([false, 'online']);
  h.fleet.cordoned(new Set());
  expect(h.fleet.available(h.node('a'), h.now)).toBe(true);
});

it('holds automation back after a start, and after a zone left full', async () => {
  const h = await start();
  const startedMs = h.now;
  expect(h.fleet.automationFromMs()).toBe(startedMs + T.noAutomationAfterStart);
  const zone = ['a', 'b', 'c'];
  for (const id of zone) await h.send(id, behind('2.0.0'));
  await h.run(240, zone, () => behind('2.0.0'));
  expect(h.fleet.automationFromMs()).toBe(startedMs + T.noAutomationAfterStart);
  await h.run(120);
  expect(h.fleet.zoneVerdict('us-east-1')).toBe('full');
  await h.run(61, zone, () => behind('2.0.0'));
  await h.run(1);
  expect(h.fleet.automationFromMs()).toBeGreaterThan(h.now + T.noAutomationAfterStart - 70 * SECOND);
});
