import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { TimelineEntry } from '@openclaw-fleet/contract';
import { faults } from './history.ts';
import type { EmbeddedStorage, FaultQuery, FaultRow, NewChange, NodeChanges, ScoreRow } from './index.ts';
import type { Schema } from './schema.ts';
import { changed, fault, put, row } from './store-contract.ts';
import { folder, storageIn } from './testing/temporary.ts';

/** Writes what was decided with a node's first or next write. */
function writer(store: EmbeddedStorage): (nodeId: string, changes: Partial<NodeChanges>) => Promise<void> {
  const revs = new Map<string, number>();
  return async (nodeId, changes) => {
    const rev = (revs.get(nodeId) ?? 0) + 1;
    revs.set(nodeId, rev);
    expect(await put(store, { row: row(nodeId, { rev }), changes: changed(changes) })).toEqual({ ok: true });
  };
}

const entry = (nodeId: string, atMs: number, summary: string): NewChange => ({
  nodeId,
  atMs,
  kind: 'report',
  summary,
  actor: null,
  reason: null,
  data: { n: atMs },
});
const point = (nodeId: string, atMs: number): ScoreRow => ({ nodeId, atMs, score: atMs % 100, band: 'warning' });
const KEEP_ALL = { eventsBeforeMs: 0, retiredBeforeMs: 0, historyBeforeMs: 0 };

describe('faults', () => {
  it('come in pages without gap or double while new ones open and old ones change', async () => {
    const store = await storageIn(folder());
    const write = writer(store);
    // Many open in the same millisecond, so that the id decides.
    const first = Array.from({ length: 60 }, (_, index) =>
      fault(`n${index % 3}`, { id: `f${(index * 37) % 60}`, code: `c${index}`, openedMs: 1_000 + (index % 4) })
    );
    for (const nodeId of ['n0', 'n1', 'n2'])
      await write(nodeId, { faults: first.filter((each) => each.nodeId === nodeId) });
    const seen: FaultRow[] = [];
    let last: FaultRow | undefined;
    for (let page = 0; ; page++) {
      const after = last && { after: { openedMs: last.openedMs, id: last.id } };
      const { rows, total } = await store.faults({ ...after, limit: 7 });
      expect(total).toBe(60 + page);
      if (rows.length === 0) break;
      seen.push(...rows);
      last = rows.at(-1);
      const untouched = first.find(({ id }) => !seen.some((each) => each.id === id));
      await write('late', { faults: [fault('late', { code: `c${page}`, id: `late${page}`, openedMs: 2_000 + page })] });
      if (untouched)
        await write(untouched.nodeId, { faults: [{ ...untouched, severity: 'major', resolvedMs: 9_000 }] });
    }
    const expected = [...first].sort((a, b) => b.openedMs - a.openedMs || (a.id < b.id ? -1 : 1));
    expect(seen.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  it('are selected by node, kind, code, severity and state, and counted over all pages', async () => {
    const store = await storageIn(folder());
    const write = writer(store);
    const drift = fault('a', { openedMs: 1 });
    const gone = fault('a', { openedMs: 2, code: 'config', severity: 'major', resolvedMs: 8, id: 'gone' });
    const violation = fault('b', { openedMs: 3, id: 'v', kind: 'violation', code: 'config-drift', severity: 'high' });
    await write('a', { faults: [drift, gone] });
    await write('b', { faults: [violation] });
    const select = async (query: Partial<FaultQuery>): Promise<FaultRow[]> => {
      const { rows, total } = await store.faults({ limit: 10, ...query });
      expect(total).toBe(rows.length);
      return rows;
    };
    expect(await select({})).toEqual([violation, gone, drift]);
    expect(await select({ nodeId: 'a' })).toEqual([gone, drift]);
    expect(await select({ kind: 'violation' })).toEqual([violation]);
    expect(await select({ codes: ['sync', 'config-drift'] })).toEqual([violation, drift]);
    expect(await select({ codes: [] })).toEqual([]);
    expect(await select({ severities: ['major'] })).toEqual([gone]);
    expect(await select({ state: 'open' })).toEqual([violation, drift]);
    expect(await select({ state: 'resolved' })).toEqual([gone]);
    expect(await select({ state: 'open', nodeId: 'a', severities: ['major'] })).toEqual([]);
    expect(await store.faults({ limit: 1 })).toEqual({ rows: [violation], total: 3 });
    expect(await store.faults({ limit: 1, uncounted: true })).toEqual({ rows: [violation], total: null });
  });

  it('have one open record of a node, kind and code: the next resolves the one before when it opens', async () => {
    const path = folder();
    const store = await storageIn(path);
    const write = writer(store);
    await write('a', { faults: [fault('a', { openedMs: 1_000 })] });
    await write('a', { faults: [fault('a', { openedMs: 3_000 })] });
    await write('a', { faults: [fault('a', { openedMs: 2_000 })] });
    expect((await store.faults({ nodeId: 'a', limit: 9 })).rows).toEqual([
      fault('a', { openedMs: 3_000, resolvedMs: 3_000 }),
      fault('a', { openedMs: 2_000 }),
      fault('a', { openedMs: 1_000, resolvedMs: 3_000 }),
    ]);
    const raw = new Database(join(path, 'fleet.db'));
    const second = `insert into faults (id, node_id, kind, code, severity, message, opened_ms)
                    values ('x', 'a', 'drift', 'sync', 'minor', '', 1)`;
    expect(() => raw.exec(second)).toThrow(/UNIQUE/);
    raw.close();
  });

  it('that are open are listed from indexes that hold open ones alone, and no list is sorted by hand', async () => {
    const path = folder();
    await storageIn(path);
    const raw = new Database(join(path, 'fleet.db'), { readonly: true });
    const asked: { sql: string; parameters: readonly unknown[] }[] = [];
    const db = new Kysely<Schema>({
      dialect: new SqliteDialect({ database: raw }),
      log: ({ query }) => {
        asked.push({ sql: query.sql, parameters: query.parameters });
      },
    });
    const plans = async (query: Partial<FaultQuery>): Promise<string[]> => {
      asked.length = 0;
      await faults(db, { limit: 10, ...query });
      return asked
        .filter(({ sql }) => sql.startsWith('select'))
        .map(({ sql, parameters }) =>
          (raw.prepare(`explain query plan ${sql}`).all(...parameters) as { detail: string }[])
            .map(({ detail }) => detail)
            .join('; ')
        );
    };
    const after = { openedMs: 5, id: 'x' };
    expect(await plans({ uncounted: true })).toHaveLength(1);
    for (const query of [{}, { after }, { kind: 'drift' as const, after }, { severities: ['major', 'minor'] }]) {
      const [page, count] = await plans({ state: 'open', ...query });
      expect(page).toContain('faults_open');
      expect(count).toMatch(/COVERING INDEX faults_open\b/);
    }
    for (const query of [{ nodeId: 'a' }, { nodeId: 'a', after }, { nodeId: 'a', state: 'open' as const }])
      for (const plan of await plans(query)) expect(plan).toMatch(/faults_(node|one_open) \(node_id=/);
    for (const query of [{}, { after }, { state: 'resolved' as const, after }])
      expect((await plans(query))[0]).toContain('faults_opened');
    for (const query of [{}, { after }, { state: 'open' as const }, { nodeId: 'a' }, { nodeId: 'a', after }])
      expect((await plans(query)).join()).not.toContain('TEMP B-TREE');
    raw.close();
  });
});

describe('scores', () => {
  it('are the newest within the bounds, oldest first, of one node', async () => {
    const store = await storageIn(folder());
    const write = writer(store);
    await write('a', { scores: [1, 2, 3, 4, 5].map((at) => point('a', at)) });
    await write('a', { scores: [{ ...point('a', 3), score: 99 }] });
    await write('b', { scores: [point('b', 3), { nodeId: 'b', atMs: 4, score: null, band: 'unknown' }] });
    expect(await store.scores('a', 2, 5, 10)).toEqual([
      point('a', 2),
      point('a', 3),
      { ...point('a', 3), score: 99 },
      point('a', 4),
    ]);
    expect(await store.scores('a', 0, 9, 2)).toEqual([point('a', 4), point('a', 5)]);
    expect((await store.scores('b', 4, 9, 2)).map(({ score }) => score)).toEqual([null]);
  });
});

describe('the timeline', () => {
  it('goes back from the newest, and from any entry', async () => {
    const store = await storageIn(folder());
    const write = writer(store);
    for (let at = 1; at <= 5; at++) {
      await write('a', { timeline: [entry('a', at, `entry ${at}`)] });
      await write('b', { timeline: [{ ...entry('b', at, 'other'), actor: 'token:t1', reason: 'because' }] });
    }
    const all = await store.timeline('a', null, 10);
    expect(all.map(({ summary }) => summary)).toEqual(['entry 5', 'entry 4', 'entry 3', 'entry 2', 'entry 1']);
    expect(all[0]).toMatchObject({ at: '1970-01-01T00:00:00.005Z', kind: 'report', actor: null, data: { n: 5 } });
    expect(await store.timeline('a', (all[1] as TimelineEntry).id, 2)).toEqual([all[2], all[3]]);
    expect((await store.timeline('b', null, 1))[0]).toMatchObject({ actor: 'token:t1', reason: 'because' });
  });

  it('has nothing of a write that was refused', async () => {
    const store = await storageIn(folder());
    await writer(store)('a', {});
    const lost = { timeline: [entry('a', 1, 'lost')], scores: [point('a', 1)], faults: [fault('a')] };
    expect(await put(store, { row: row('a', { rev: 9 }), changes: changed(lost) })).toMatchObject({ ok: false });
    expect(await store.timeline('a', null, 9)).toEqual([]);
    expect(await store.scores('a', 0, 9, 9)).toEqual([]);
    expect(await store.faults({ limit: 9 })).toEqual({ rows: [], total: 0 });
  });
});

describe('what is past its retention', () => {
  it('is deleted, but for open faults and what still holds', async () => {
    const store = await storageIn(folder());
    const write = writer(store);
    const open = fault('a', { openedMs: 1 });
    const kept = fault('a', { openedMs: 2, code: 'config', resolvedMs: 100, id: 'kept' });
    const gone = fault('a', { openedMs: 3, code: 'version', resolvedMs: 99, id: 'gone' });
    await write('a', {
      faults: [open, kept, gone],
      scores: [98, 99, 100, 101].map((at) => point('a', at)),
      timeline: [entry('a', 99, 'gone'), entry('a', 100, 'kept')],
    });
    await write('steady', { scores: [point('steady', 1), point('steady', 2)] });
    expect(await store.sweep(KEEP_ALL)).toMatchObject({
      events: 0,
      nodes: 0,
      faults: 0,
      score_history: 0,
      timeline: 0,
    });
    expect(await store.sweep({ ...KEEP_ALL, historyBeforeMs: 100 })).toMatchObject({
      events: 0,
      nodes: 0,
      faults: 1,
      score_history: 3,
      timeline: 1,
    });
    expect((await store.faults({ limit: 9 })).rows).toEqual([kept, open]);
    expect(await store.scores('a', 0, 999, 9)).toEqual([point('a', 100), point('a', 101)]);
    expect(await store.scores('steady', 0, 999, 9)).toEqual([point('steady', 2)]);
    expect((await store.timeline('a', null, 9)).map(({ summary }) => summary)).toEqual(['kept']);
  });

  it('is deleted however much it is', async () => {
    const store = await storageIn(folder());
    const write = writer(store);
    const many = Array.from({ length: 650 }, (_, index) => index);
    await write('a', {
      faults: many.map((at) => fault('a', { code: `c${at}`, id: `f${at}`, openedMs: at, resolvedMs: at })),
      scores: many.map((at) => point('a', at)),
      timeline: many.map((at) => entry('a', at, 'old')),
      events: many.map((at) => ({ name: 'drift-detected', targetId: 'a', atMs: at, data: {} })),
    });
    const swept = await store.sweep({ eventsBeforeMs: 1_000, retiredBeforeMs: 0, historyBeforeMs: 1_000 });
    expect(swept).toMatchObject({ events: 650, nodes: 0, faults: 650, score_history: 649, timeline: 650 });
  });

  it('goes with a retired node when it is about what was open', async () => {
    const store = await storageIn(folder());
    const changes = changed({
      faults: [fault('a'), fault('a', { code: 'config', id: 'was', resolvedMs: 500 })],
      scores: [point('a', 5)],
    });
    await put(store, { row: row('a', { state: 'retired', stateSinceMs: 10 }), changes });
    await put(store, { row: row('b', { state: 'retired', stateSinceMs: 20 }), changes: changed({}) });
    const report = { revision: null, configHash: '0', document: '{}', reportedMs: 5 };
    await store.putConfigReport({ nodeId: 'a', ...report });
    await store.putConfigReport({ nodeId: 'b', ...report });
    expect(await store.sweep({ ...KEEP_ALL, retiredBeforeMs: 20 })).toMatchObject({ nodes: 1, faults: 0 });
    expect((await store.faults({ limit: 9 })).rows.map(({ id }) => id)).toEqual(['was']);
    expect(await store.configReport('a')).toBeNull();
    expect(await store.configReport('b')).toEqual({ nodeId: 'b', ...report });
    expect(await store.loadNodes((rows) => expect(rows.map(({ nodeId }) => nodeId)).toEqual(['b']))).toBe(1);
    expect(await store.sweep({ ...KEEP_ALL, historyBeforeMs: 501 })).toMatchObject({ faults: 1, score_history: 1 });
  });
});
