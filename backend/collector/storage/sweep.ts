import { sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import type { Storage } from './types.ts';

/** Deletes what is past its retention, a chunk at a time, so that no heartbeat waits for all of it. */

type Db = Kysely<Schema>;
type Limits = Parameters<Storage['sweep']>[0];
/** Where the next chunk goes on. */
type Cursor = readonly [atMs: number, id: number];

export const SWEPT_TABLES = [
  'events',
  'nodes',
  'enrolments',
  'faults',
  'score_history',
  'timeline',
  'runs',
  'plans',
  'idempotency_keys',
] as const;
export type SweptTable = (typeof SWEPT_TABLES)[number];

/** Rows looked at in one transaction. */
export const SWEEP_CHUNK = 200;
/** A run takes all its evidence with it. */
const RUN_CHUNK = 20;

export interface SweptChunk {
  readonly deleted: number;
  /** Null: this table is done. */
  readonly next: Cursor | null;
}

const START: Cursor = [-1, 0];

/** @param after what the chunk before said; null for the first */
export async function sweepChunk(db: Db, table: SweptTable, limits: Limits, after: Cursor | null): Promise<SweptChunk> {
  switch (table) {
    case 'events':
      return more(await sweepEvents(db, limits.eventsBeforeMs));
    case 'nodes':
      return more(await sweepNodes(db, limits.retiredBeforeMs));
    case 'enrolments':
      return more(await forgetNames(db, limits.retiredBeforeMs));
    case 'faults':
      return more(await sweepFaults(db, limits.historyBeforeMs));
    case 'timeline':
      return more(await sweepTimeline(db, limits.historyBeforeMs));
    case 'score_history':
      return sweepScores(db, limits.historyBeforeMs, after ?? START);
    case 'runs':
      return more(await sweepRuns(db, limits.runsBeforeMs ?? -Infinity), RUN_CHUNK);
    case 'plans':
      return more(await sweepPlans(db, limits.runsBeforeMs ?? -Infinity));
    case 'idempotency_keys':
      return more(await sweepKeys(db, limits.keysBeforeMs ?? -Infinity));
  }
}

const more = (deleted: number, chunk = SWEEP_CHUNK): SweptChunk => ({ deleted, next: deleted < chunk ? null : START });

async function sweepEvents(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('events')
    .where('id', 'in', (eb) => eb.selectFrom('events').select('id').where('at_ms', '<', beforeMs).limit(SWEEP_CHUNK))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

// What is open about a node goes with it, or nobody would ever resolve it; what was, stays for its own retention.
async function sweepNodes(db: Db, beforeMs: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const gone = await tx
      .deleteFrom('nodes')
      .where('node_id', 'in', (eb) =>
        eb
          .selectFrom('nodes')
          .select('node_id')
          .where('state', '=', 'retired')
          .where('state_since_ms', '<', beforeMs)
          .limit(SWEEP_CHUNK)
      )
      .returning('node_id')
      .execute();
    const ids = gone.map((row) => row.node_id);
    if (ids.length === 0) return 0;
    await tx.deleteFrom('node_reports').where('node_id', 'in', ids).execute();
    await tx.deleteFrom('faults').where('node_id', 'in', ids).where('resolved_ms', 'is', null).execute();
    await tx.deleteFrom('config_reports').where('node_id', 'in', ids).execute();
    return ids.length;
  });
}

// The id and the revocation stay: a revoked id must stay revoked. The name goes with the target (domain-rules section 7).
async function forgetNames(db: Db, beforeMs: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('enrolments')
      .set({ name: '' })
      .where('node_id', 'in', (eb) =>
        eb
          .selectFrom('enrolments as over')
          .select('over.node_id')
          .where('over.name', '!=', '')
          .where((of) => of.or([of('over.revoked_ms', '<', beforeMs), of('over.not_after_ms', '<', beforeMs)]))
          .where((of) =>
            of.not(of.exists(of.selectFrom('nodes').select('nodes.rev').whereRef('nodes.node_id', '=', 'over.node_id')))
          )
          .limit(SWEEP_CHUNK)
      )
      .executeTakeFirst();
    const forgotten = Number(numUpdatedRows);
    // So that collectors read the enrolments again, and have the names in memory no longer.
    if (forgotten > 0) {
      await tx
        .updateTable('trust')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('id', '=', 1)
        .execute();
    }
    return forgotten;
  });
}

async function sweepFaults(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('faults')
    .where('id', 'in', (eb) =>
      eb.selectFrom('faults').select('id').where('resolved_ms', '<', beforeMs).limit(SWEEP_CHUNK)
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function sweepTimeline(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('timeline')
    .where('id', 'in', (eb) => eb.selectFrom('timeline').select('id').where('at_ms', '<', beforeMs).limit(SWEEP_CHUNK))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

// The point written last of a stored node stays however old: it says what holds since then.
async function sweepScores(db: Db, beforeMs: number, [atMs, id]: Cursor): Promise<SweptChunk> {
  return db.transaction().execute(async (tx) => {
    const last = await tx
      .selectFrom('score_history')
      .select(['at_ms', 'id'])
      .where('at_ms', '<', beforeMs)
      .where(sql<boolean>`(at_ms, id) > (${atMs}, ${id})`)
      .orderBy('at_ms')
      .orderBy('id')
      .limit(1)
      .offset(SWEEP_CHUNK - 1)
      .executeTakeFirst();
    let over = tx
      .deleteFrom('score_history')
      .where('at_ms', '<', beforeMs)
      .where(sql<boolean>`(at_ms, id) > (${atMs}, ${id})`)
      .where((eb) =>
        eb.or([
          eb.exists(
            eb
              .selectFrom('score_history as newer')
              .select('newer.id')
              .whereRef('newer.node_id', '=', 'score_history.node_id')
              .whereRef('newer.id', '>', 'score_history.id')
          ),
          eb.not(
            eb.exists(
              eb.selectFrom('nodes').select('nodes.rev').whereRef('nodes.node_id', '=', 'score_history.node_id')
            )
          ),
        ])
      );
    if (last) over = over.where(sql<boolean>`(at_ms, id) <= (${last.at_ms}, ${last.id})`);
    const { numDeletedRows } = await over.executeTakeFirst();
    return { deleted: Number(numDeletedRows), next: last ? [last.at_ms, last.id] : null };
  });
}

// Their steps go with them: the schema says so.
async function sweepRuns(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('runs')
    .where('id', 'in', (eb) => eb.selectFrom('runs').select('id').where('ended_ms', '<', beforeMs).limit(RUN_CHUNK))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function sweepPlans(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('plans')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('plans')
        .select('plans.id')
        .where('created_ms', '<', beforeMs)
        .where((of) =>
          of.not(of.exists(of.selectFrom('runs').select('runs.id').whereRef('runs.plan_id', '=', 'plans.id')))
        )
        .limit(SWEEP_CHUNK)
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function sweepKeys(db: Db, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('idempotency_keys')
    .where('at_ms', '<', beforeMs)
    .where('key', 'in', (eb) =>
      eb.selectFrom('idempotency_keys').select('key').where('at_ms', '<', beforeMs).limit(SWEEP_CHUNK)
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
