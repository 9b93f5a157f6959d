import { sql, type Kysely } from 'kysely';

/** Repairs, for the migrations: what was planned, what was run, its evidence, and what holds back. */
export async function createRemediation(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('plans')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('doc', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('plans_created').on('plans').column('created_ms').execute();
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('plan_id', 'text', (c) => c.notNull().references('plans.id'))
    .addColumn('batch_id', 'text')
    .addColumn('target_id', 'text', (c) => c.notNull())
    .addColumn('playbook', 'text', (c) => c.notNull())
    .addColumn('fault', 'text', (c) => c.notNull())
    .addColumn('trigger', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('rev', 'bigint', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('ended_ms', 'bigint')
    .addColumn('doc', 'text', (c) => c.notNull())
    .execute();
  // Newest first: of all, of one target, in some states; then of one plan or batch, and for retention.
  const newest = ['created_ms desc', 'id'];
  await db.schema.createIndex('runs_created').on('runs').columns(newest).execute();
  await db.schema
    .createIndex('runs_target')
    .on('runs')
    .columns(['target_id', ...newest])
    .execute();
  await db.schema
    .createIndex('runs_state')
    .on('runs')
    .columns(['state', ...newest])
    .execute();
  await db.schema.createIndex('runs_plan').on('runs').column('plan_id').execute();
  await db.schema
    .createIndex('runs_batch')
    .on('runs')
    .columns(['batch_id', ...newest])
    .where(sql<boolean>`batch_id is not null`)
    .execute();
  await db.schema
    .createIndex('runs_ended')
    .on('runs')
    .column('ended_ms')
    .where(sql<boolean>`ended_ms is not null`)
    .execute();
  await db.schema
    .createTable('run_steps')
    .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id').onDelete('cascade'))
    .addColumn('step_index', 'integer', (c) => c.notNull())
    .addColumn('doc', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('run_steps_key', ['run_id', 'step_index'])
    .execute();
  await db.schema
    .createTable('holds')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('target_id', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('doc', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('holds_key', ['kind', 'target_id', 'subject'])
    .execute();
  await db.schema
    .createTable('idempotency_keys')
    .addColumn('caller', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('body_hash', 'text', (c) => c.notNull())
    .addColumn('result_id', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('idempotency_keys_key', ['caller', 'key'])
    .execute();
  await db.schema.createIndex('idempotency_keys_at_ms').on('idempotency_keys').column('at_ms').execute();
}

/** What the audit is looked through by. */
export async function indexAudit(db: Kysely<unknown>): Promise<void> {
  for (const column of ['actor', 'action', 'subject'])
    await db.schema.createIndex(`audit_${column}`).on('audit').columns([column, 'seq']).execute();
  await db.schema.createIndex('audit_at_ms').on('audit').column('at_ms').execute();
}
