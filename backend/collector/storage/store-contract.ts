import { expect, it } from '@jest/globals';
import {
  FencedError,
  type FaultRow,
  type FleetStore,
  type NodeChanges,
  type NodeWrite,
  type ScoreRow,
  type StoredNode,
  type WriteResult,
} from './types.ts';

/** A node's row for tests, as a first write. */
export function row(nodeId: string, changes: Partial<StoredNode> = {}): StoredNode {
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
    vital: '{"seq":7}',
    report: '{}',
    ...changes,
  };
}

/** A write of all of a node. */
export function whole(row: StoredNode, changes?: NodeChanges): NodeWrite {
  const { report, ...rest } = row;
  return { row: rest, report, ...(changes && { changes }) };
}

/** Writes all of one node as a heartbeat does. */
export async function put(
  store: FleetStore,
  { row, changes }: { row: StoredNode; changes?: NodeChanges }
): Promise<WriteResult> {
  const refused = await store.writeBeats([whole(row, changes)]);
  return refused.has(0) ? { ok: false, current: refused.get(0) ?? null } : { ok: true };
}

/** What was decided with a write, for tests. */
export function changed(changes: Partial<NodeChanges>): NodeChanges {
  return { events: [], faults: [], scores: [], timeline: [], ...changes };
}

/** A drift that is open, for tests. */
export function fault(nodeId: string, changes: Partial<FaultRow> = {}): FaultRow {
  const openedMs = changes.openedMs ?? 1_000;
  return {
    id: `${nodeId}.drift.sync.${openedMs}`,
    nodeId,
    kind: 'drift',
    code: 'sync',
    severity: 'minor',
    expected: '2 s',
    actual: '9 s',
    message: 'lags 9 s behind, more than 2 s',
    playbook: 'BridgeStuck',
    openedMs,
    resolvedMs: null,
    liftedMs: null,
    ...changes,
  };
}

/** What every FleetStore keeps to; run it on each implementation. */
export function fleetStoreContract(open: () => Promise<{ store: FleetStore; takeEpoch: () => Promise<number> }>): void {
  const load = async (store: FleetStore): Promise<StoredNode[]> => {
    const rows: StoredNode[] = [];
    await store.loadNodes((chunk) => rows.push(...chunk));
    return rows;
  };

  it('keeps what it acknowledged', async () => {
    const { store } = await open();
    const written = row('a', { report: '{"node_id":"a"}', memory: [9, 8.5] });
    expect(await put(store, { row: written })).toEqual({ ok: true });
    expect(await load(store)).toEqual([written]);
  });

  it('refuses a write decided on an old revision, and says what is stored', async () => {
    const { store } = await open();
    const first = row('a');
    const second = row('a', { rev: 2, markMs: 2_000 });
    await put(store, { row: first });
    expect(await put(store, { row: second })).toEqual({ ok: true });
    for (const late of [
      row('a', { rev: 2, markMs: 3_000 }),
      row('a', { rev: 1, markMs: 3_000 }),
      row('a', { rev: 4, markMs: 3_000 }),
    ]) {
      const result = await put(store, { row: late });
      expect(result).toMatchObject({ ok: false, current: { nodeId: 'a', rev: 2, markMs: 2_000 } });
    }
    expect(await load(store)).toEqual([second]);
  });

  it('leaves the report as it is when a write brings none, and answers for each write of a group alone', async () => {
    const { store } = await open();
    await put(store, { row: row('a', { report: '{"hostname":"a"}' }) });
    const { row: next } = whole(row('a', { rev: 2, vital: '{"seq":8}' }));
    const { row: late } = whole(row('b', { rev: 9 }));
    const refused = await store.writeBeats([
      { row: late, report: null },
      { row: next, report: null },
    ]);
    expect([...refused]).toEqual([[0, null]]);
    expect(await load(store)).toEqual([{ ...next, report: '{"hostname":"a"}' }]);
  });

  it('leaves what was decided as it is when a write says that it stayed the same', async () => {
    const { store } = await open();
    const stopped = row('a', { state: 'stopped', stateSinceMs: 1_500, stoppedUntilMs: 9_000 });
    await put(store, { row: stopped });
    const { row: next } = whole(row('a', { rev: 2, markMs: 2_000, seenMs: 2_100, vital: '{"seq":8}', memory: [4] }));
    expect(await store.writeBeats([{ row: next, report: null, sameState: true }])).toEqual(new Map());
    const { state, stateSinceMs, stoppedUntilMs } = stopped;
    expect(await load(store)).toEqual([{ ...next, state, stateSinceMs, stoppedUntilMs, report: '{}' }]);
    const late = { row: { ...next, markMs: 3_000 }, report: null, sameState: true };
    expect([...(await store.writeBeats([late])).keys()]).toEqual([0]);
  });

  it('does not invent a node that was deleted meanwhile', async () => {
    const { store } = await open();
    expect(await put(store, { row: row('gone', { rev: 7 }) })).toEqual({ ok: false, current: null });
    expect(await load(store)).toEqual([]);
  });

  it('lets each write of a group stand or fall alone', async () => {
    const { store } = await open();
    await put(store, { row: row('a') });
    const results = await Promise.all(['b', 'a', 'c'].map((id) => put(store, { row: row(id) })));
    expect(results.map((result) => result.ok)).toEqual([true, false, true]);
    expect((await load(store)).map((stored) => stored.nodeId)).toEqual(['a', 'b', 'c']);
  });

  it('fences a decision of an epoch that is over, whole', async () => {
    const { store, takeEpoch } = await open();
    const old = await takeEpoch();
    const writes: NodeWrite[] = [whole(row('a')), whole(row('b'))];
    expect(await store.writeDecision(old, writes)).toEqual([{ ok: true }, { ok: true }]);
    const next = await takeEpoch();
    expect(next).toBeGreaterThan(old);
    await expect(store.writeDecision(old, [whole(row('c'))])).rejects.toThrow(FencedError);
    expect((await load(store)).map((stored) => stored.nodeId)).toEqual(['a', 'b']);
    expect(await store.writeDecision(next, [whole(row('a'))])).toMatchObject([{ ok: false, current: { rev: 1 } }]);
  });

  const openFaults = async (store: FleetStore): Promise<FaultRow[]> => {
    const rows: FaultRow[] = [];
    await store.loadOpenFaults((chunk) => rows.push(...chunk));
    return rows.sort((a, b) => a.id.localeCompare(b.id));
  };
  const lastScores = async (store: FleetStore): Promise<ScoreRow[]> => {
    const rows: ScoreRow[] = [];
    await store.loadLastScores((chunk) => rows.push(...chunk));
    return rows.sort((a, b) => a.nodeId.localeCompare(b.nodeId));
  };
  const point = (nodeId: string, atMs: number, score: number | null, band = 'warning'): ScoreRow => ({
    nodeId,
    atMs,
    score,
    band,
  });

  it('keeps what was decided with a write, and drops it with one that is refused', async () => {
    const { store } = await open();
    const results = await Promise.all([
      put(store, { row: row('a'), changes: changed({ faults: [fault('a')], scores: [point('a', 1_000, 80)] }) }),
      put(store, {
        row: row('a', { rev: 5 }),
        changes: changed({ faults: [fault('a', { code: 'config', id: 'lost' })], scores: [point('a', 2_000, 10)] }),
      }),
      put(store, { row: row('b'), changes: changed({ faults: [fault('b')], scores: [point('b', 1_000, null)] }) }),
    ]);
    expect(results.map((result) => result.ok)).toEqual([true, false, true]);
    expect(await openFaults(store)).toEqual([fault('a'), fault('b')]);
    expect(await lastScores(store)).toEqual([point('a', 1_000, 80), point('b', 1_000, null)]);
  });

  it('puts a fault by its id, and forgets it when it is resolved', async () => {
    const { store } = await open();
    await put(store, { row: row('a'), changes: changed({ faults: [fault('a')] }) });
    const worse = fault('a', {
      severity: 'critical',
      actual: '90 s',
      message: 'worse',
      playbook: null,
      liftedMs: 1_500,
    });
    await put(store, { row: row('a', { rev: 2 }), changes: changed({ faults: [worse] }) });
    expect(await openFaults(store)).toEqual([worse]);
    const gone = { ...worse, resolvedMs: 3_000 };
    await put(store, { row: row('a', { rev: 3 }), changes: changed({ faults: [gone] }) });
    expect(await openFaults(store)).toEqual([]);
  });

  it('holds one open record per fault: a new one takes the place of the old, and fails nobody', async () => {
    const { store } = await open();
    const other = fault('a', { id: 'a.violation.sync.1000', kind: 'violation' });
    await put(store, { row: row('a'), changes: changed({ faults: [fault('a'), other] }) });
    const next = fault('a', { openedMs: 2_000 });
    const results = await Promise.all([
      put(store, { row: row('b') }),
      put(store, { row: row('a', { rev: 2 }), changes: changed({ faults: [next] }) }),
      put(store, { row: row('c'), changes: changed({ faults: [fault('c')] }) }),
    ]);
    expect(results).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(await openFaults(store)).toEqual([next, other, fault('c')]);
  });

  it('hands over the score of each node that was written last, whatever the clock did meanwhile', async () => {
    const { store } = await open();
    await put(store, {
      row: row('a'),
      changes: changed({ scores: [point('a', 1_000, 80), point('a', 3_000, 40), point('a', 3_000, 60)] }),
    });
    await put(store, { row: row('b') });
    await put(store, { row: row('a', { rev: 2 }), changes: changed({ scores: [point('a', 2_000, 45)] }) });
    expect(await lastScores(store)).toEqual([point('a', 2_000, 45)]);
  });
}
