import type { Kysely, Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import { append } from './audited.ts';
import type { Schema } from './schema.ts';
import {
  FencedError,
  IDEMPOTENCY_KEPT_MS,
  StorageError,
  type HoldRow,
  type IdempotencyRow,
  type NewChange,
  type NewEvent,
  type PlanRow,
  type RemediationChange,
  type RunRow,
  type StepRow,
  type StoredRunQuery,
} from './types.ts';

/** Runs, their plans and evidence, and what holds them back: in kysely alone, as queries.ts. */

type Db = Kysely<Schema>;
type Tx = Transaction<Schema>;

/** Stores one transition whole, or nothing of it. @returns whether events were added */
export async function writeRemediation(db: Db, epoch: number, change: RemediationChange): Promise<{ events: boolean }> {
  await db.transaction().execute(async (tx) => {
    await requireEpoch(tx, epoch);
    for (const row of change.plans) await putPlan(tx, row);
    for (const row of change.runs) await putRun(tx, row);
    for (const row of change.steps) await putStep(tx, row);
    for (const row of change.dropHolds) await dropHold(tx, row);
    for (const row of change.putHolds) await putHold(tx, row);
    for (const row of change.idempotency) await putKey(tx, row);
    for (const row of change.events) await putEvent(tx, row);
    for (const row of change.timeline) await putEntry(tx, row);
    if (change.audit.length > 0) await append(tx, change.audit);
  });
  return { events: change.events.length > 0 };
}

// A write, so that it takes the write lock before anything is read, on both databases.
async function requireEpoch(tx: Tx, epoch: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('leader')
    .set({ epoch })
    .where('id', '=', 1)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new FencedError(`epoch ${epoch} is over`);
}

async function putPlan(tx: Tx, { id, createdMs, doc }: PlanRow): Promise<void> {
  await tx
    .insertInto('plans')
    .values({ id, created_ms: createdMs, doc })
    .onConflict((oc) => oc.column('id').doUpdateSet({ doc }))
    .execute();
}

async function putRun(tx: Tx, row: RunRow): Promise<void> {
  const columns = {
    plan_id: row.planId,
    batch_id: row.batchId,
    target_id: row.targetId,
    playbook: row.playbook,
    fault: row.fault,
    trigger: row.trigger,
    state: row.state,
    rev: row.rev,
    created_ms: row.createdMs,
    ended_ms: row.endedMs,
    doc: row.doc,
  };
  if (row.rev === 1) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('runs')
      .values({ ...columns, id: row.id })
      .onConflict((oc) => oc.column('id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) return;
  } else {
    const { numUpdatedRows } = await tx
      .updateTable('runs')
      .set(columns)
      .where('id', '=', row.id)
      .where('rev', '=', row.rev - 1)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) return;
  }
  throw staleRun(row);
}

/** What was decided on another state of a run than the one stored. */
export function staleRun({ id, rev }: Pick<RunRow, 'id' | 'rev'>): StorageError {
  return new StorageError(`run ${id} is not stored at revision ${rev - 1}, which this was decided on: read it again`);
}

async function putStep(tx: Tx, { runId, index, doc }: StepRow): Promise<void> {
  await tx
    .insertInto('run_steps')
    .values({ run_id: runId, step_index: index, doc })
    .onConflict((oc) => oc.columns(['run_id', 'step_index']).doUpdateSet({ doc }))
    .execute();
}

async function putHold(tx: Tx, { kind, targetId, subject, doc }: HoldRow): Promise<void> {
  await tx
    .insertInto('holds')
    .values({ kind, target_id: targetId, subject, doc })
    .onConflict((oc) => oc.columns(['kind', 'target_id', 'subject']).doUpdateSet({ doc }))
    .execute();
}

async function dropHold(tx: Tx, hold: RemediationChange['dropHolds'][number]): Promise<void> {
  await tx
    .deleteFrom('holds')
    .where('kind', '=', hold.kind)
    .where('target_id', '=', hold.targetId)
    .where('subject', '=', hold.subject)
    .execute();
}

async function putKey(tx: Tx, row: IdempotencyRow): Promise<void> {
  const stored = await idempotent(tx, row.caller, row.key);
  if (stored !== null && !mayReplaceKey(stored, row)) throw usedKey(row);
  const columns = { body_hash: row.bodyHash, result_id: row.resultId, at_ms: row.atMs };
  await tx
    .insertInto('idempotency_keys')
    .values({ ...columns, caller: row.caller, key: row.key })
    .onConflict((oc) => oc.columns(['caller', 'key']).doUpdateSet(columns))
    .execute();
}

/** Whether a key that is stored may stand for `row` from now on. */
export function mayReplaceKey(stored: IdempotencyRow, row: IdempotencyRow): boolean {
  const same = stored.resultId === row.resultId && stored.bodyHash === row.bodyHash;
  return same || stored.atMs < row.atMs - IDEMPOTENCY_KEPT_MS;
}

export function usedKey({ key }: IdempotencyRow): StorageError {
  return new StorageError(`the idempotency key ${key} was used meanwhile: ask what it led to`);
}

async function putEvent(tx: Tx, { name, targetId, atMs, data }: NewEvent): Promise<void> {
  await tx
    .insertInto('events')
    .values({ name, target_id: targetId, at_ms: atMs, data: JSON.stringify(data) })
    .execute();
}

async function putEntry(tx: Tx, { nodeId, atMs, kind, summary, actor, reason, data }: NewChange): Promise<void> {
  await tx
    .insertInto('timeline')
    .values({ node_id: nodeId, at_ms: atMs, kind, summary, actor, reason, data: JSON.stringify(data) })
    .execute();
}

const runOf = (row: Selectable<Schema['runs']>): RunRow => ({
  id: row.id,
  planId: row.plan_id,
  batchId: row.batch_id,
  targetId: row.target_id,
  playbook: row.playbook,
  fault: row.fault,
  trigger: row.trigger,
  state: row.state,
  rev: row.rev,
  createdMs: row.created_ms,
  endedMs: row.ended_ms,
  doc: row.doc,
});

const planOf = ({ id, created_ms, doc }: Selectable<Schema['plans']>): PlanRow => ({ id, createdMs: created_ms, doc });

export async function runs(db: Db, query: StoredRunQuery): Promise<{ rows: RunRow[]; total: number }> {
  return db.transaction().execute(async (tx) => {
    let page = matching(tx.selectFrom('runs'), query).selectAll();
    if (query.after) {
      const { createdMs, id } = query.after;
      page = page
        .where('created_ms', '<=', createdMs)
        .where((eb) => eb.or([eb('created_ms', '<', createdMs), eb('id', '>', id)]));
    }
    const rows = await page.orderBy('created_ms', 'desc').orderBy('id').limit(query.limit).execute();
    const { total } = await matching(tx.selectFrom('runs'), query)
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    return { rows: rows.map(runOf), total };
  });
}

function matching(
  from: SelectQueryBuilder<Schema, 'runs', object>,
  { states, targetId, playbook, trigger, batchId, endedFromMs }: StoredRunQuery
): SelectQueryBuilder<Schema, 'runs', object> {
  let query = from;
  if (states) query = query.where('state', 'in', states);
  if (targetId !== undefined) query = query.where('target_id', '=', targetId);
  if (playbook !== undefined) query = query.where('playbook', '=', playbook);
  if (trigger !== undefined) query = query.where('trigger', '=', trigger);
  if (batchId !== undefined) query = query.where('batch_id', '=', batchId);
  if (endedFromMs !== undefined) query = query.where('ended_ms', '>=', endedFromMs);
  return query;
}

export async function run(db: Db, id: string): Promise<{ run: RunRow; plan: PlanRow; steps: StepRow[] } | null> {
  return db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return null;
    const stored = await tx
      .selectFrom('plans')
      .selectAll()
      .where('id', '=', row.plan_id)
      .executeTakeFirstOrThrow(() => new StorageError(`the plan ${row.plan_id} of run ${id} is not stored`));
    const steps = await tx.selectFrom('run_steps').selectAll().where('run_id', '=', id).orderBy('step_index').execute();
    return {
      run: runOf(row),
      plan: planOf(stored),
      steps: steps.map((step) => ({ runId: step.run_id, index: step.step_index, doc: step.doc })),
    };
  });
}

export async function plan(db: Db, id: string): Promise<PlanRow | null> {
  const row = await db.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? planOf(row) : null;
}

export async function holds(db: Db): Promise<HoldRow[]> {
  const rows = await db
    .selectFrom('holds')
    .selectAll()
    .orderBy('kind')
    .orderBy('target_id')
    .orderBy('subject')
    .execute();
  return rows.map(({ kind, target_id: targetId, subject, doc }) => ({ kind, targetId, subject, doc }));
}

export async function idempotent(db: Db, caller: string, key: string): Promise<IdempotencyRow | null> {
  const row = await db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('caller', '=', caller)
    .where('key', '=', key)
    .executeTakeFirst();
  if (!row) return null;
  return { caller, key, bodyHash: row.body_hash, resultId: row.result_id, atMs: row.at_ms };
}
