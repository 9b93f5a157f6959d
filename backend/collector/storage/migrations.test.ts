import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { migrationProvider } from './migrations.ts';
import { changed, fault, put, row, whole } from './store-contract.ts';
import { audit, auditedActions, folder, storageIn } from './testing/temporary.ts';

/** A file as the first version left it, with a node, an event, an enrolment and what counts them. */
async function firstVersion(path: string): Promise<void> {
  const raw = new Database(join(path, 'fleet.db'));
  raw.pragma('journal_mode = WAL');
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: raw }) });
  const { error } = await new Migrator({ db, provider: migrationProvider }).migrateTo('0001_first_light');
  expect(error).toBeUndefined();
  raw
    .prepare(
      `insert into nodes (node_id, rev, mark_ms, seen_ms, first_seen_ms, state, state_since_ms, stopped_until_ms, memory, report)
       values ('old', 7, 1000, 1100, 900, 'expired', 1200, null, ?, ?)`
    )
    .run(Buffer.from(new Float64Array([1, 2.5]).buffer), '{"node_id":"old","hostname":"h"}');
  raw.exec(`insert into events (name, target_id, at_ms, data) values ('target-offline', 'old', 1200, '{"targetId":"old"}');
    insert into enrolments values ('old', 'old', 1, 'ab', 99, 0, null);
    update trust set version = 4; update leader set epoch = 3; insert into starts values (1000)`);
  raw.close();
}

describe('a database of the first version', () => {
  it('is brought up to date with all that is in it', async () => {
    const path = folder();
    await firstVersion(path);
    const store = await storageIn(path);
    const nodes: unknown[] = [];
    expect(await store.loadNodes((rows) => nodes.push(...rows))).toBe(1);
    expect(nodes).toMatchObject([
      {
        nodeId: 'old',
        rev: 7,
        markMs: 1000,
        state: 'expired',
        memory: [1, 2.5],
        report: '{"node_id":"old","hostname":"h"}',
      },
    ]);
    expect(await store.eventsAfter(0, 9)).toMatchObject([{ id: 1, name: 'target-offline' }]);
    expect(await store.trustSnapshot()).toMatchObject({ version: 4, enrolments: [{ nodeId: 'old' }] });
    expect((await store.trustSnapshot()).enrolments[0]?.admitted).toBeUndefined();
    expect(await store.noteStart(2_000, 0)).toBe(2);
    const epoch = await store.takeEpoch();
    expect(epoch).toBe(4);
    const opened = changed({ faults: [fault('old')] });
    expect(await store.writeDecision(epoch, [whole(row('old', { rev: 8 }), opened)])).toEqual([{ ok: true }]);
    await store.putEnrolment(
      {
        nodeId: 'n',
        name: 'n',
        enrolledMs: 1,
        fingerprint: 'cd',
        notAfterMs: 9,
        requireSignature: false,
        revokedMs: null,
      },
      audit('node.enrolled')
    );
    expect(auditedActions(path)).toEqual(['node.enrolled']);
    await store.close();
    const again = await storageIn(path);
    expect((await again.faults({ limit: 9 })).rows).toEqual([fault('old')]);
    expect(await put(again, { row: row('old', { rev: 9 }) })).toEqual({ ok: true });
  });
});
