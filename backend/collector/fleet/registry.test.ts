import { describe, expect, it } from '@jest/globals';
import { targetOfflineSchema, TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { FencedError, StorageError } from '../storage/types.ts';
import type { NodeWrite, Refused, WriteResult } from '../storage/types.ts';
import { beat, Harness, MINUTE, SECOND, START } from './harness.ts';
import { MemoryStore } from './memory-store.ts';
import { ClockAheadError } from './registry.ts';

/** A store whose writes wait until the test lets them go. */
class SlowStore extends MemoryStore {
  readonly waiting: (() => void)[] = [];
  slow = false;
  fails = false;

  override async writeBeats(writes: readonly NodeWrite[]): Promise<Refused> {
    if (this.fails) throw new StorageError('the disk is full');
    if (this.slow) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return super.writeBeats(writes);
  }

  override writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]> {
    if (this.fails) return Promise.reject(new StorageError('the disk is full'));
    return super.writeDecision(epoch, writes);
  }
}

const reported = (version: string): NonNullable<Heartbeat['reported']> => ({
  bridge_version: '0.1.0',
  openclaw_version: version,
  gateway_state: 'running',
  apply_status: 'UNSET',
  sync_lag_ms: 10,
  health_status: 'ok',
  health_reasons: [],
  metrics: {},
});

describe('a node', () => {
  it('is online, then stale, then expired, with one event that is stored with it', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(240, ['a', 'b', 'c']);
    expect(h.state('a')).toBe('online');
    await h.run(70, ['b', 'c']);
    expect(h.state('a')).toBe('online');
    await h.run(1, ['b', 'c']);
    expect(h.state('a')).toBe('stale');
    await h.run(59, ['b', 'c']);
    expect(h.state('a')).toBe('stale');
    expect(h.offline).toEqual([]);
    await h.run(1, ['b', 'c']);
    expect(h.state('a')).toBe('expired');
    expect(h.store.rows.get('a')).toMatchObject({ state: 'expired', stateSinceMs: h.now });
    expect(h.fleet.summary(h.now).states).toMatchObject({ online: 2, expired: 1 });

    expect(h.offline).toHaveLength(1);
    const [event] = h.offline;
    expect(event).toMatchObject({ name: 'target-offline', targetId: 'a', atMs: h.now });
    expect(targetOfflineSchema.parse(event!.data)).toEqual({
      targetId: 'a',
      at: new Date(h.now).toISOString(),
      name: 'a.prod',
      zone: 'us-east-1',
      lastSeenAt: new Date(START + 240 * SECOND).toISOString(),
      reason: 'no report for 2 min',
    });
  });

  it('is online again with its next report, and was last seen when it was', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(300, ['b', 'c']);
    expect(h.node('a').seenMs).toBe(START);
    expect(h.state('a')).toBe('expired');
    await h.send('a');
    expect([h.state('a'), h.node('a').seenMs]).toEqual(['online', h.now]);
    await h.run(70);
    expect(h.fleet.summary(h.now)).toMatchObject({ total: 3, states: { expired: 0 } });
  });

  it('is recorded as expired when its first heartbeat is old, without an event; the present one is online', async () => {
    const h = await Harness.start();
    await h.run(200);
    expect(await h.send('uuid-1234', {}, Date.parse('2025-02-06T12:34:56Z'))).toMatchObject({ status: 'accepted' });
    expect([h.state('uuid-1234'), h.node('uuid-1234').seenMs]).toEqual(['expired', null]);
    expect(await h.send('uuid-1234', {}, Date.parse('2025-02-06T12:34:56Z'))).toMatchObject({ status: 'duplicate' });
    await h.run(10);
    expect(h.offline).toEqual([]);
    expect((await h.send('uuid-1234')).status).toBe('accepted');
    expect(h.state('uuid-1234')).toBe('online');
  });

  it('changes nothing by a duplicate, a conflict or an older beat', async () => {
    const h = await Harness.start();
    await h.send('a', { boot_id: 'x', seq: 1 });
    await h.run(60, ['a'], () => ({ boot_id: 'x', seq: 2 }));
    const before = { ...h.store.rows.get('a')! };
    const statuses = [
      await h.send('a', { boot_id: 'x', seq: 1 }, START),
      await h.send('a', { boot_id: 'x', seq: 1, version: '9' }, START),
      await h.send('a', { boot_id: 'x', seq: 1 }, START - MINUTE),
    ].map(({ status }) => status);
    expect(statuses).toEqual(['duplicate', 'conflict', 'superseded']);
    expect(h.store.rows.get('a')).toEqual(before);
  });

  it('whose clock is too far ahead is refused', async () => {
    const h = await Harness.start();
    await expect(h.send('a', {}, h.now + 300 * SECOND + 1)).rejects.toThrow(ClockAheadError);
    expect(h.fleet.size).toBe(0);
  });

  it('is judged by the pace it states', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id, { interval_seconds: 120 });
    await h.run(250, ['b', 'c'], () => ({ interval_seconds: 120 }));
    expect(h.state('a')).toBe('stale');
    await h.run(1);
    expect(h.state('a')).toBe('expired');
    expect(h.fleet.get('a')!.intervalMs).toBe(120 * SECOND);
  });

  it('moves between zones with its tags, and its labels are forgotten', async () => {
    const h = await Harness.start();
    await h.send('a');
    h.node('a').seriesLabels = 'labels';
    await h.run(60, ['a']);
    expect(h.node('a').seriesLabels).toBe('labels');
    await h.run(60, ['a'], () => ({ hostname: 'renamed' }));
    expect(h.node('a').seriesLabels).toBeNull();
    h.node('a').seriesLabels = 'labels';
    await h.run(60, ['a'], () => ({ hostname: 'renamed', tags: ['region:eu'] }));
    expect([h.node('a').zone, h.node('a').seriesLabels]).toEqual(['eu', null]);
    expect(h.fleet.summary(h.now).zones).toMatchObject([
      { zone: 'eu', verdict: 'normal', expected: 1, online: 1, total: 1, bands: { healthy: 1, warning: 0 } },
    ]);
  });

  it('shows how far its clock is ahead, by its least lag', async () => {
    const h = await Harness.start();
    await h.send('a', {}, h.now + 100 * SECOND);
    await h.run(60);
    await h.send('a', {}, h.now + 90 * SECOND);
    expect(h.node('a').skewMs).toBe(100 * SECOND);
  });

  it('counts what it missed by sequence number', async () => {
    const h = await Harness.start();
    await h.send('a', { boot_id: 'x', seq: 1 });
    await h.run(60, ['a'], () => ({ boot_id: 'x', seq: 5 }));
    expect(h.node('a').missedBeats).toBe(3);
  });
});

describe('a goodbye', () => {
  it('that says shutdown stops a node until it reports, without an event', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(180, ['a', 'b', 'c']);
    await h.run(1);
    await h.send('a', { goodbye: 'shutdown' });
    await h.run(3600, ['b', 'c']);
    expect([h.state('a'), h.offline]).toEqual(['stopped', []]);
    expect(h.fleet.summary(h.now)).toMatchObject({ expected: 2, online: 2 });
    await h.send('a');
    expect(h.state('a')).toBe('online');
  });

  it('that says restart stops a node for 300 s, and then it ages as any other', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(180, ['a', 'b', 'c']);
    await h.run(1);
    await h.send('a', { goodbye: 'restart' });
    await h.run(299, ['b', 'c']);
    expect(h.state('a')).toBe('stopped');
    await h.run(1, ['b', 'c']);
    expect([h.state('a'), h.fleet.available(h.node('a'), h.now)]).toEqual(['stale', false]);
    await h.run(130, ['b', 'c']);
    expect(h.state('a')).toBe('stale');
    await h.run(1, ['b', 'c']);
    expect([h.state('a'), h.offline.length]).toEqual(['expired', 1]);
  });

  it('that is replayed after the node came back changes nothing', async () => {
    const h = await Harness.start();
    await h.send('a', { boot_id: 'x', seq: 1 });
    await h.run(5);
    const late = h.now;
    await h.run(5);
    await h.send('a', { boot_id: 'y', seq: 1 });
    expect((await h.send('a', { boot_id: 'x', seq: 2, goodbye: 'shutdown' }, late)).status).toBe('superseded');
    expect(h.state('a')).toBe('online');
  });
});

describe('what a node reported', () => {
  const x = { boot_id: 'x' };
  it('stays when a beat leaves it out, also over a restart of the collector', async () => {
    const h = await Harness.start();
    await h.send('a', { ...x, seq: 1, reported: reported('2026.2.1'), capabilities: ['restart'] });
    await h.run(60, ['a'], () => ({ ...x, seq: 2, uptime_seconds: 5 }));
    for (const { fleet } of [h, await h.restart()]) {
      expect(fleet.get('a')!.report).toMatchObject({
        seq: 2,
        uptime_seconds: 5,
        reported: { openclaw_version: '2026.2.1' },
        capabilities: ['restart'],
      });
      expect(fleet.summary(h.now).bridged).toBe(1);
    }
  });

  it('is asked for after a gap, and again when the answer got lost', async () => {
    const h = await Harness.start();
    expect(await h.send('a', { ...x, seq: 1, reported: reported('1') })).toMatchObject({ reportFullState: false });
    await h.run(59);
    expect(await h.send('a', { ...x, seq: 3 })).toMatchObject({ status: 'accepted', reportFullState: true });
    expect(await h.send('a', { ...x, seq: 3 })).toMatchObject({ status: 'duplicate', reportFullState: true });
    await h.run(59);
    expect(await h.send('a', { ...x, seq: 4, reported: reported('2') })).toMatchObject({ reportFullState: false });
  });
});

describe('the pace', () => {
  it('rides on every answer', async () => {
    const h = await Harness.start(new MemoryStore(), START, TIMINGS.demo);
    expect(await h.send('a')).toEqual({
      status: 'accepted',
      nextHeartbeatSeconds: 3,
      reportFullState: false,
      desiredRevision: null,
    });
    expect((await h.send('a')).nextHeartbeatSeconds).toBe(3);
    expect(h.fleet.summary(h.now).timings).toBe('demo');
  });
});

describe('storage', () => {
  it('is written before memory shows anything, one write of a node at a time, in order', async () => {
    const store = new SlowStore();
    const h = await Harness.start(store);
    store.slow = true;
    const first = h.send('a', {}, START - 3);
    const second = h.send('a', {}, START - 2);
    const third = h.send('a', {}, START - 1);
    await Promise.resolve();
    expect([h.fleet.size, store.waiting.length]).toEqual([0, 1]);
    for (const [index, sent] of [first, second, third].entries()) {
      store.waiting[index]!();
      expect((await sent).status).toBe('accepted');
      expect(h.node('a').markMs).toBe(START - 3 + index);
    }
    expect(store.rows.get('a')!.rev).toBe(3);
  });

  it('that fails leaves everything as it was, and the node may try again', async () => {
    const store = new SlowStore();
    const h = await Harness.start(store);
    await h.send('a');
    await h.run(59);
    store.fails = true;
    await expect(h.send('a')).rejects.toThrow(StorageError);
    expect([h.node('a').seenMs, h.node('a').rev]).toEqual([START, 1]);
    store.fails = false;
    expect((await h.send('a')).status).toBe('accepted');
  });

  it('that fails a sweep leaves nodes as they were, and the next sweep decides again', async () => {
    const store = new SlowStore();
    const h = await Harness.start(store);
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(130, ['b', 'c']);
    store.fails = true;
    await expect(h.jump(SECOND)).rejects.toThrow(StorageError);
    expect([h.state('a'), store.rows.get('a')!.state]).toEqual(['stale', 'live']);
    store.fails = false;
    await h.run(1);
    expect(h.state('a')).toBe('expired');
  });

  it('is right when another collector wrote: its row is taken over, and the beat decided again', async () => {
    const h = await Harness.start();
    await h.send('a');
    const other = await h.restart();
    await other.run(30);
    await other.send('a', { version: '2' });
    expect(await h.send('a', { version: '2' }, other.now)).toMatchObject({ status: 'duplicate' });
    expect(h.node('a')).toMatchObject({ rev: 2, report: { version: '2' } });
  });

  it('makes a sweep of a deposed collector fail, and adopts what another decided', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id);
    const other = await h.restart();
    await h.run(70, ['b', 'c']);
    await expect(h.jump(SECOND)).rejects.toThrow(FencedError);
    await other.run(130);
    for (const id of ['b', 'c']) await other.send(id);
    expect(other.state('b')).toBe('online');
  });

  it('that lost a node lets it register anew', async () => {
    const h = await Harness.start();
    await h.send('a');
    await h.run(59);
    h.store.rows.delete('a');
    expect((await h.send('a')).status).toBe('accepted');
    expect(h.store.rows.get('a')!.rev).toBe(1);
    expect(h.fleet.summary(h.now).total).toBe(1);
  });
});

describe('after a start', () => {
  it('nothing is offline that is not, and what died meanwhile is once the time is over', async () => {
    const h = await Harness.start();
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await h.send(id);
    await h.run(120, ids);
    const again = await Harness.start(h.store, h.now + 10 * MINUTE);
    expect(ids.map((id) => again.state(id))).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(again.reason('a')).toMatch(/nothing may expire now: the collector started 0 s ago/);
    await again.run(129, ['a', 'b', 'c']);
    expect(ids.map((id) => again.state(id))).toEqual(['online', 'online', 'online', 'unknown']);
    expect(h.offline).toEqual([]);
    await again.run(1, ['a', 'b', 'c']);
    expect(again.state('d')).toBe('expired');
    expect(h.offline.map(({ targetId }) => targetId)).toEqual(['d']);
  });

  it('everything is as it was before', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c', 'd']) await h.send(id);
    await h.run(300, ['b', 'c', 'd']);
    await h.run(1);
    await h.send('d', { goodbye: 'restart' });
    const again = await h.restart();
    for (const id of ['a', 'b', 'c', 'd']) {
      const { seenMs, markMs, rev, state, stateSinceMs, stoppedUntilMs, intervalMs, skewMs, zone } = h.node(id);
      const kept = { seenMs, markMs, rev, state, stateSinceMs, stoppedUntilMs, intervalMs, skewMs, zone };
      expect(again.node(id)).toMatchObject(kept);
      expect(again.state(id)).toBe(h.state(id));
    }
  });
});

describe('a blind fleet', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const silent = async (): Promise<Harness> => {
    const h = await Harness.start();
    for (const id of ids) await h.send(id);
    await h.run(180, ids);
    await h.run(600);
    return h;
  };

  it('expires nobody, and says why', async () => {
    const h = await silent();
    expect(h.fleet.fleetVerdict()).toBe('blind');
    expect(h.fleet.zoneVerdict('us-east-1')).toBe('full');
    expect(ids.map((id) => h.state(id))).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(h.fleet.expiryHeld(h.now)).toBe(
      'the fleet is blind: 0 of 4 expected nodes are online: the collector itself may be cut off'
    );
    expect(h.fleet.summary(h.now)).toMatchObject({
      verdict: { value: 'blind', since: new Date(START + 266 * SECOND).toISOString() },
      states: { unknown: 4, expired: 0 },
      expected: 4,
      online: 0,
    });
    expect(h.offline).toEqual([]);
  });

  it('stays blind when nobody is expected any more', async () => {
    const h = await silent();
    await h.run(3600);
    expect(h.fleet.summary(h.now)).toMatchObject({ expected: 0, verdict: { value: 'blind' } });
  });

  it('expires nodes once an approver confirms the outage, until it is over', async () => {
    const h = await silent();
    h.fleet.confirmOutage('the data centre burnt down', 'grafana:7', h.now);
    await h.run(1);
    expect(ids.map((id) => h.state(id))).toEqual(['expired', 'expired', 'expired', 'expired']);
    expect(h.fleet.summary(h.now).verdict.reason).toMatch(
      /grafana:7 confirmed that the outage is real: the data centre/
    );
    for (const id of ids) await h.send(id);
    await h.run(1);
    expect(h.fleet.fleetVerdict()).toBe('normal');
    expect(h.fleet.expiryHeld(h.now)).toMatch(/was blind until 0 s ago/);
    expect(() => h.fleet.confirmOutage('again', 'grafana:7', h.now)).toThrow(/not blind/);
  });

  it('waits 130 s for the nodes after it sees again', async () => {
    const h = await silent();
    const seeing = h.now;
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(130, ['a', 'b', 'c']);
    expect(h.state('d')).toBe('unknown');
    await h.run(2, ['a', 'b', 'c']);
    expect(h.state('d')).toBe('expired');
    expect(h.store.rows.get('d')!.stateSinceMs - seeing).toBe(131 * SECOND);
  });

  it('is one whose canary failed twice running, whatever the nodes say', async () => {
    const h = await Harness.start();
    for (const id of ids) await h.send(id);
    await h.run(180, ids);
    h.fleet.canary(false, h.now);
    expect(h.fleet.fleetVerdict()).toBe('normal');
    h.fleet.canary(false, h.now);
    expect(h.fleet.fleetVerdict()).toBe('blind');
    expect(h.fleet.summary(h.now).verdict.reason).toMatch(/canary/);
    await h.run(60, ids);
    expect(h.fleet.fleetVerdict()).toBe('blind');
    h.fleet.canary(true, h.now);
    await h.run(1, ids);
    expect(h.fleet.fleetVerdict()).toBe('normal');
  });

  it('is not judged in the first 100 s', async () => {
    const h = await Harness.start();
    h.fleet.canary(false, h.now);
    h.fleet.canary(false, h.now);
    await h.run(99);
    expect(h.fleet.fleetVerdict()).toBe('normal');
    await h.run(1);
    expect(h.fleet.fleetVerdict()).toBe('blind');
  });
});

describe('a zone that turns partial', () => {
  it('keeps its nodes for 60 s, and says so', async () => {
    const h = await Harness.start();
    const others = ['x', 'y', 'z'];
    const tags = (id: string): Partial<Heartbeat> => ({ tags: [`region:${others.includes(id) ? 'eu' : 'us'}`] });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of [...ids, ...others]) await h.send(id, tags(id));
    await h.run(240, [...ids, ...others], tags);
    await h.run(60, ['c', 'd', 'e', ...others], tags);
    await h.run(71, ['d', 'e', ...others], tags);
    expect([h.fleet.zoneVerdict('us'), h.fleet.zoneVerdict('eu')]).toEqual(['partial', 'normal']);
    await h.run(59, ['d', 'e', ...others], tags);
    expect(h.state('a')).toBe('unknown');
    expect(h.reason('a')).toMatch(/zone us has just become partial; its nodes wait 1 s more/);
    expect(h.fleet.expiryHeld(h.now)).toBeNull();
    await h.run(1, ['d', 'e', ...others], tags);
    expect(['a', 'b', 'c'].map((id) => h.state(id))).toEqual(['expired', 'expired', 'expired']);
  });
});

describe('a tick', () => {
  it('judges nobody before it looked at everybody whose time has come', async () => {
    const h = await Harness.start();
    await h.run(240);
    const hash = 1;
    for (let index = 0; index < 12_000; index++) await h.fleet.receive(beat(`n${index}`, h.now), hash, h.now);
    await h.jump(SECOND);
    expect(h.fleet.summary(h.now)).toMatchObject({ online: 12_000, verdict: { value: 'normal' } });
    await h.jump(70 * SECOND);
    expect(h.fleet.summary(h.now)).toMatchObject({ online: 2000, verdict: { value: 'normal' } });
    await h.jump(1);
    expect(h.fleet.summary(h.now)).toMatchObject({ online: 0, verdict: { value: 'full' } });
  });
});

describe('a long silence', () => {
  it('is inactive after 14 days and retired after 90; only a person brings it back', async () => {
    const h = await Harness.start();
    for (const id of ['a', 'b', 'c']) await h.send(id);
    await h.run(200, ['b', 'c']);
    const day = 24 * 60 * MINUTE;
    const pass = async (days: number): Promise<void> => {
      for (let passed = 0; passed < days; passed++) {
        await h.jump(day - 1);
        for (const id of ['b', 'c']) await h.send(id);
        await h.jump(1);
      }
      await h.run(200, ['b', 'c']);
    };
    await pass(13);
    expect(h.state('a')).toBe('expired');
    await pass(1);
    expect(h.state('a')).toBe('inactive');
    await pass(76);
    expect([h.state('a'), h.store.rows.get('a')!.state]).toEqual(['retired', 'retired']);
    expect((await h.send('a')).status).toBe('accepted');
    expect([h.state('a'), h.node('a').seenMs]).toEqual(['retired', h.now]);
    expect(h.fleet.summary(h.now)).toMatchObject({ total: 3, expected: 2, states: { retired: 1 } });
    expect(h.fleet.forgetRetired(h.now + 1)).toBe(1);
    expect(h.fleet.get('a')).toBeUndefined();
    expect(h.fleet.summary(h.now).total).toBe(2);
  });
});

describe('the counts', () => {
  it('are those that every node gives by itself', async () => {
    const h = await Harness.start();
    const ids = Array.from({ length: 12 }, (_, index) => `n${index}`);
    for (const id of ids) await h.fleet.receive(beat(id, h.now, { tags: [`region:${id.length}`] }), 1, h.now);
    for (let minute = 0; minute < 12; minute++) {
      await h.run(60, ids.slice(minute), (id) => ({ tags: [`region:${id.length}`] }));
      const states = new Map<string, number>();
      for (const node of h.fleet.nodes()) {
        const { state } = h.fleet.liveness(node, h.now);
        states.set(state, (states.get(state) ?? 0) + 1);
      }
      const summary = h.fleet.summary(h.now);
      expect(
        Object.entries(summary.states)
          .filter(([, count]) => count > 0)
          .sort()
      ).toEqual([...states].sort());
      expect(summary.online).toBe([...h.fleet.nodes()].filter((node) => h.fleet.available(node, h.now)).length);
    }
  });
});

describe('a change of what is expected', () => {
  it('that comes with another, in another order, holds nobody for ever', async () => {
    const store = new SlowStore();
    const h = await Harness.start(store);
    for (const id of ['a', 'b', 'c']) await h.send(id);
    store.slow = true;
    await h.run(60);
    // A heartbeat of one is under way, so both changes have to wait for it.
    const beat = h.send('b');
    const changes = [h.fleet.reassess(['a', 'b', 'c', 'a']), h.fleet.reassess(['c', 'b', 'a'])];
    store.slow = false;
    await new Promise(setImmediate);
    for (const go of store.waiting.splice(0)) go();
    await Promise.all([beat, ...changes]);
    for (const id of ['a', 'b', 'c'])
      expect((await h.send(id, { uptime_seconds: 1 }, h.now + 1)).status).toBe('accepted');
  });

  it('goes on after one that could not be stored', async () => {
    const store = new SlowStore();
    const h = await Harness.start(store);
    await h.send('a');
    await h.run(71);
    store.fails = true;
    await h.jump(MINUTE).catch(() => undefined);
    await expect(h.fleet.reassess(['a'])).rejects.toThrow(StorageError);
    store.fails = false;
    await h.fleet.reassess(['a']);
    expect((await h.send('a')).status).toBe('accepted');
  });
});

describe('the timeline of a node', () => {
  it('takes a minute of changes a minute of its reports, once it had sixty', async () => {
    const h = await Harness.start();
    for (let beat = 0; beat < 200; beat++) await h.send('a', { version: `${beat}` }, h.now + beat);
    const noted = (): number => h.store.timeline.filter(({ kind }) => kind === 'report').length;
    expect(noted()).toBe(60);
    await h.jump(5 * MINUTE);
    for (let beat = 0; beat < 200; beat++) await h.send('a', { version: `again ${beat}` }, h.now + beat);
    expect(noted()).toBeLessThanOrEqual(65);
    expect(h.node('a').report.version).toBe('again 199');
  });
});
