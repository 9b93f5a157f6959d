import { expect, it } from '@jest/globals';
import { FencedError, type FleetStore, type NodeRow, type NodeWrite } from './types.ts';

/** A node's row for tests, as a first write. */
export function row(nodeId: string, changes: Partial<NodeRow> = {}): NodeRow {
  return {
    nodeId,
    rev: 1,
    markMs: 1_000,
    seenMs: 1_100,
    firstSeenMs: 1_100,
    state: 'live',
    stateSinceMs: 1_100,
    stoppedUntilMs: null,
    memory: [1, Number.NaN, 3],
    report: '{}',
    ...changes,
  };
}

/** What every FleetStore keeps to; run it on each implementation. */
export function fleetStoreContract(open: () => Promise<{ store: FleetStore; takeEpoch: () => Promise<number> }>): void {
  const load = async (store: FleetStore): Promise<NodeRow[]> => {
    const rows: NodeRow[] = [];
    await store.loadNodes((chunk) => rows.push(...chunk));
    return rows;
  };

  it('keeps what it acknowledged', async () => {
    const { store } = await open();
    const written = row('a', { report: '{"node_id":"a"}', memory: [9, 8.5] });
    expect(await store.writeBeat({ row: written })).toEqual({ ok: true });
    expect(await load(store)).toEqual([written]);
  });

  it('refuses a write decided on an old revision, and says what is stored', async () => {
    const { store } = await open();
    const first = row('a');
    const second = row('a', { rev: 2, markMs: 2_000 });
    await store.writeBeat({ row: first });
    expect(await store.writeBeat({ row: second })).toEqual({ ok: true });
    for (const late of [
      row('a', { rev: 2, markMs: 3_000 }),
      row('a', { rev: 1, markMs: 3_000 }),
      row('a', { rev: 4, markMs: 3_000 }),
    ]) {
      const result = await store.writeBeat({ row: late });
      expect(result).toMatchObject({ ok: false, current: { nodeId: 'a', rev: 2, markMs: 2_000 } });
    }
    expect(await load(store)).toEqual([second]);
  });

  it('does not invent a node that was deleted meanwhile', async () => {
    const { store } = await open();
    expect(await store.writeBeat({ row: row('gone', { rev: 7 }) })).toEqual({ ok: false, current: null });
    expect(await load(store)).toEqual([]);
  });

  it('lets each write of a group stand or fall alone', async () => {
    const { store } = await open();
    await store.writeBeat({ row: row('a') });
    const results = await Promise.all(['b', 'a', 'c'].map((id) => store.writeBeat({ row: row(id) })));
    expect(results.map((result) => result.ok)).toEqual([true, false, true]);
    expect((await load(store)).map((stored) => stored.nodeId)).toEqual(['a', 'b', 'c']);
  });

  it('fences a decision of an epoch that is over, whole', async () => {
    const { store, takeEpoch } = await open();
    const old = await takeEpoch();
    const writes: NodeWrite[] = [{ row: row('a') }, { row: row('b') }];
    expect(await store.writeDecision(old, writes)).toEqual([{ ok: true }, { ok: true }]);
    const next = await takeEpoch();
    expect(next).toBeGreaterThan(old);
    await expect(store.writeDecision(old, [{ row: row('c') }])).rejects.toThrow(FencedError);
    expect((await load(store)).map((stored) => stored.nodeId)).toEqual(['a', 'b']);
    expect(await store.writeDecision(next, [{ row: row('a') }])).toMatchObject([{ ok: false, current: { rev: 1 } }]);
  });
}
