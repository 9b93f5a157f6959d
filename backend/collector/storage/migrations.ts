import { sql, type Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import { GENESIS_HASH } from '../audit/chain.ts';
import { createRemediation, indexAudit } from './migration-remediation.ts';

/** In the words both databases share: `bigint` and `text` mean the same in SQLite and PostgreSQL. */
const migrations: Record<string, Migration> = {
  '0001_first_light': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('nodes')
        .addColumn('node_id', 'text', (c) => c.primaryKey())
        .addColumn('rev', 'bigint', (c) => c.notNull())
        .addColumn('mark_ms', 'bigint', (c) => c.notNull())
        .addColumn('seen_ms', 'bigint')
        .addColumn('first_seen_ms', 'bigint', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull().check(sql`state in ('live', 'expired', 'stopped', 'retired')`))
        .addColumn('state_since_ms', 'bigint', (c) => c.notNull())
        .addColumn('stopped_until_ms', 'bigint')
        .addColumn('memory', 'blob', (c) => c.notNull())
        .addColumn('report', 'text', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('events')
        .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('target_id', 'text', (c) => c.notNull())
        .addColumn('at_ms', 'bigint', (c) => c.notNull())
        .addColumn('data', 'text', (c) => c.notNull())
        .execute();
      await db.schema.createIndex('events_at_ms').on('events').column('at_ms').execute();
      await db.schema
        .createTable('enrolments')
        .addColumn('node_id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('enrolled_ms', 'bigint', (c) => c.notNull())
        .addColumn('fingerprint', 'text', (c) => c.notNull())
        .addColumn('not_after_ms', 'bigint', (c) => c.notNull())
        .addColumn('require_signature', 'integer', (c) => c.notNull())
        .addColumn('revoked_ms', 'bigint')
        .execute();
      await db.schema
        .createTable('revoked_certificates')
        .addColumn('fingerprint', 'text', (c) => c.primaryKey())
        .addColumn('revoked_ms', 'bigint', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('api_tokens')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('hash', 'text', (c) => c.notNull().unique())
        .addColumn('role', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('person', 'text')
        .addColumn('created_ms', 'bigint', (c) => c.notNull())
        .addColumn('expires_ms', 'bigint')
        .addColumn('revoked_ms', 'bigint')
        .execute();
      await db.schema
        .createTable('audit')
        .addColumn('seq', 'bigint', (c) => c.primaryKey())
        .addColumn('at_ms', 'bigint', (c) => c.notNull())
        .addColumn('actor', 'text', (c) => c.notNull())
        .addColumn('via', 'text', (c) => c.notNull())
        .addColumn('action', 'text', (c) => c.notNull())
        .addColumn('subject', 'text', (c) => c.notNull())
        .addColumn('reason', 'text')
        .addColumn('data', 'text', (c) => c.notNull())
        .addColumn('prev', 'text', (c) => c.notNull())
        .addColumn('hash', 'text', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('starts')
        .addColumn('at_ms', 'bigint', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('audit_head')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('seq', 'bigint', (c) => c.notNull())
        .addColumn('hash', 'text', (c) => c.notNull())
        .execute();
      for (const [table, column] of [
        ['leader', 'epoch'],
        ['trust', 'version'],
      ] as const) {
        await db.schema
          .createTable(table)
          .addColumn('id', 'integer', (c) => c.primaryKey())
          .addColumn(column, 'bigint', (c) => c.notNull())
          .execute();
      }
      await sql`insert into audit_head (id, seq, hash) values (1, 0, ${GENESIS_HASH})`.execute(db);
      await sql`insert into leader (id, epoch) values (1, 0)`.execute(db);
      await sql`insert into trust (id, version) values (1, 0)`.execute(db);
    },
  },
  '0002_why_unhealthy': {
    async up(db: Kysely<unknown>): Promise<void> {
      await splitReports(db);
      await createHistory(db);
      await createPolicies(db);
    },
  },
  '0003_repair_under_guard': {
    async up(db: Kysely<unknown>): Promise<void> {
      await createRemediation(db);
      await indexAudit(db);
      await db.schema
        .createTable('policy_proposals')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('doc', 'text', (c) => c.notNull())
        .execute();
    },
  },
  '0004_only_what_was_issued_since': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('enrolments').addColumn('admitted', 'text').execute();
    },
  },
};

/** What seldom changes leaves the row that every heartbeat writes: smaller rows share more pages in a commit. */
async function splitReports(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('node_reports')
    .addColumn('node_id', 'text', (c) => c.primaryKey())
    .addColumn('report', 'text', (c) => c.notNull())
    .execute();
  await sql`insert into node_reports (node_id, report) select node_id, report from nodes`.execute(db);
  await db.schema
    .alterTable('nodes')
    .addColumn('vital', 'text', (c) => c.notNull().defaultTo('{}'))
    .execute();
  await db.schema.alterTable('nodes').dropColumn('report').execute();
}

async function createHistory(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('faults')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('node_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull().check(sql`kind in ('drift', 'violation')`))
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('expected', 'text')
    .addColumn('actual', 'text')
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('playbook', 'text')
    .addColumn('opened_ms', 'bigint', (c) => c.notNull())
    .addColumn('resolved_ms', 'bigint')
    .addColumn('lifted_ms', 'bigint')
    .execute();
  const open = sql<boolean>`resolved_ms is null`;
  await db.schema
    .createIndex('faults_one_open')
    .unique()
    .on('faults')
    .columns(['node_id', 'kind', 'code'])
    .where(open)
    .execute();
  // Newest first: of the fleet's open ones, with all that they are counted by; of all; and of one node.
  await db.schema
    .createIndex('faults_open')
    .on('faults')
    .columns(['opened_ms desc', 'id', 'kind', 'code', 'severity', 'resolved_ms'])
    .where(open)
    .execute();
  await db.schema.createIndex('faults_opened').on('faults').columns(['opened_ms desc', 'id']).execute();
  await db.schema.createIndex('faults_node').on('faults').columns(['node_id', 'opened_ms desc', 'id']).execute();
  await db.schema
    .createIndex('faults_resolved')
    .on('faults')
    .column('resolved_ms')
    .where(sql<boolean>`resolved_ms is not null`)
    .execute();
  await db.schema
    .createTable('score_history')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('node_id', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addColumn('score', 'integer')
    .addColumn('band', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('score_history_node').on('score_history').columns(['node_id', 'at_ms', 'id']).execute();
  await db.schema.createIndex('score_history_last').on('score_history').columns(['node_id', 'id']).execute();
  await db.schema.createIndex('score_history_at_ms').on('score_history').columns(['at_ms', 'id']).execute();
  await db.schema
    .createTable('timeline')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('node_id', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('summary', 'text', (c) => c.notNull())
    .addColumn('actor', 'text')
    .addColumn('reason', 'text')
    .addColumn('data', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('timeline_node').on('timeline').columns(['node_id', 'id']).execute();
  await db.schema.createIndex('timeline_at_ms').on('timeline').column('at_ms').execute();
}

async function createPolicies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('policy_profiles')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('provisioned', 'integer', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_by', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('deleted_profiles')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('version', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('target_settings')
    .addColumn('node_id', 'text', (c) => c.primaryKey())
    .addColumn('rev', 'bigint', (c) => c.notNull())
    .addColumn('profile_id', 'text', (c) => c.notNull())
    .addColumn('desired', 'text', (c) => c.notNull())
    .addColumn('overlay', 'text', (c) => c.notNull())
    .addColumn('revision_since_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_by', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('target_settings_profile')
    .on('target_settings')
    .columns(['profile_id', 'node_id'])
    .execute();
  await db.schema
    .createTable('config_revisions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('title', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('adopted_from', 'text')
    .execute();
  await db.schema
    .createTable('issued_hashes')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('node_id', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('config_reports')
    .addColumn('node_id', 'text', (c) => c.primaryKey())
    .addColumn('revision', 'text')
    .addColumn('config_hash', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('reported_ms', 'bigint', (c) => c.notNull())
    .execute();
}

export const migrationProvider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) };
