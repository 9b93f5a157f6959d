import type { Kysely, Selectable, Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { EventName, FleetEvent, Role } from '@openclaw-fleet/contract';
import { admittedAfter, admittedFrom, admittedText } from './admitted.ts';
import { audited } from './audited.ts';
import { migrationProvider } from './migrations.ts';
import type { Schema } from './schema.ts';
import { StorageError, type ApiToken, type AuditEntry, type Enrolment, type TrustSnapshot } from './types.ts';

/** The statements off the hot path, in kysely alone: they read the same on SQLite and PostgreSQL. */

type Db = Kysely<Schema>;

/** Brings the schema up to date, in the caller's transaction. Throws StorageError when a migration fails. */
export async function migrate(db: Db): Promise<void> {
  const { error } = await new Migrator({
    db,
    provider: migrationProvider,
    disableTransactions: true,
  }).migrateToLatest();
  if (error !== undefined) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    throw new StorageError(
      `the database could not be brought up to date: ${why}. Restore a backup or start the version that wrote it.`
    );
  }
}

/** One operator change: audited, and told to every door by the trust version, or not done at all. */
async function changeTrust(
  db: Db,
  audit: AuditEntry,
  change: (tx: Transaction<Schema>) => Promise<boolean>
): Promise<boolean> {
  return audited<boolean>(db, audit, async (tx, refuse) => {
    if (!(await change(tx))) return refuse(false);
    await tx
      .updateTable('trust')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', 1)
      .execute();
    return true;
  });
}

export async function putEnrolment(db: Db, enrolment: Enrolment, audit: AuditEntry): Promise<void> {
  await changeTrust(db, audit, async (tx) => {
    const stored = await enrolmentOf(tx, enrolment.nodeId);
    await writeEnrolment(tx, enrolment, admittedWith(stored, null, enrolment));
    return true;
  });
}

export async function renewEnrolment(
  db: Db,
  enrolment: Enrolment,
  from: string,
  audit: AuditEntry
): Promise<Enrolment | null> {
  let renewed: Enrolment | null = null;
  await changeTrust(db, audit, async (tx) => {
    const stored = await enrolmentOf(tx, enrolment.nodeId);
    if (stored?.revokedMs !== null || stored.admitted?.includes(from) === false) return false;
    const revoked = await tx
      .selectFrom('revoked_certificates')
      .select('fingerprint')
      .where('fingerprint', '=', from)
      .executeTakeFirst();
    if (revoked !== undefined) return false;
    const { fingerprint, notAfterMs } = enrolment;
    const admitted = admittedWith(stored, from, enrolment);
    await writeEnrolment(tx, enrolment, admitted);
    renewed = { ...stored, fingerprint, notAfterMs, ...(admitted && { admitted }) };
    return true;
  });
  return renewed;
}

async function enrolmentOf(tx: Transaction<Schema>, nodeId: string): Promise<Enrolment | undefined> {
  const row = await tx.selectFrom('enrolments').selectAll().where('node_id', '=', nodeId).executeTakeFirst();
  return row && enrolmentIn(row);
}

function admittedWith(
  stored: Enrolment | undefined,
  from: string | null,
  { fingerprint }: Enrolment
): string[] | undefined {
  return stored?.admitted && admittedAfter(stored.admitted, from, fingerprint);
}

async function writeEnrolment(
  tx: Transaction<Schema>,
  enrolment: Enrolment,
  admitted: readonly string[] | undefined
): Promise<void> {
  const columns = {
    name: enrolment.name,
    fingerprint: enrolment.fingerprint,
    not_after_ms: enrolment.notAfterMs,
    require_signature: enrolment.requireSignature ? 1 : 0,
    admitted: admitted === undefined ? null : admittedText(admitted),
  };
  await tx
    .insertInto('enrolments')
    .values({
      ...columns,
      node_id: enrolment.nodeId,
      enrolled_ms: enrolment.enrolledMs,
      revoked_ms: enrolment.revokedMs,
    })
    .onConflict((oc) => oc.column('node_id').doUpdateSet(columns))
    .execute();
}

export async function revokeNode(db: Db, nodeId: string, atMs: number, audit: AuditEntry): Promise<boolean> {
  return changeTrust(db, audit, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('enrolments')
      .set({ revoked_ms: atMs })
      .where('node_id', '=', nodeId)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

export async function revokeCertificate(db: Db, fingerprint: string, atMs: number, audit: AuditEntry): Promise<void> {
  await changeTrust(db, audit, async (tx) => {
    await addRevoked(tx, fingerprint, atMs);
    return true;
  });
}

export async function revokeIssued(
  db: Db,
  nodeId: string,
  fingerprint: string,
  atMs: number,
  audit: AuditEntry
): Promise<boolean> {
  return changeTrust(db, audit, async (tx) => {
    await addRevoked(tx, fingerprint, atMs);
    const { numUpdatedRows } = await tx
      .updateTable('enrolments')
      .set({ admitted: admittedText([]) })
      .where('node_id', '=', nodeId)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

async function addRevoked(tx: Transaction<Schema>, fingerprint: string, atMs: number): Promise<void> {
  await tx
    .insertInto('revoked_certificates')
    .values({ fingerprint, revoked_ms: atMs })
    .onConflict((oc) => oc.column('fingerprint').doNothing())
    .execute();
}

export async function putToken(db: Db, token: ApiToken, audit: AuditEntry): Promise<void> {
  await changeTrust(db, audit, async (tx) => {
    await tx
      .insertInto('api_tokens')
      .values({
        id: token.id,
        name: token.name,
        hash: token.hash,
        role: token.role,
        kind: token.kind,
        person: token.person,
        created_ms: token.createdMs,
        expires_ms: token.expiresMs,
        revoked_ms: token.revokedMs,
      })
      .execute();
    return true;
  });
}

export async function revokeToken(db: Db, id: string, atMs: number, audit: AuditEntry): Promise<boolean> {
  return changeTrust(db, audit, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('api_tokens')
      .set({ revoked_ms: atMs })
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

export async function trustVersion(db: Db): Promise<number> {
  return (await db.selectFrom('trust').select('version').executeTakeFirstOrThrow()).version;
}

export async function trustSnapshot(db: Db): Promise<TrustSnapshot> {
  return db.transaction().execute(async (tx) => {
    const { version } = await tx.selectFrom('trust').select('version').executeTakeFirstOrThrow();
    const enrolments = await tx.selectFrom('enrolments').selectAll().execute();
    const certificates = await tx.selectFrom('revoked_certificates').select('fingerprint').execute();
    const tokens = await tx.selectFrom('api_tokens').selectAll().execute();
    return {
      version,
      enrolments: enrolments.map(enrolmentIn),
      revokedCertificates: certificates.map((row) => row.fingerprint),
      tokens: tokens.map((row) => ({
        id: row.id,
        name: row.name,
        hash: row.hash,
        role: row.role as Role,
        kind: row.kind as ApiToken['kind'],
        person: row.person,
        createdMs: row.created_ms,
        expiresMs: row.expires_ms,
        revokedMs: row.revoked_ms,
      })),
    };
  });
}

function enrolmentIn(row: Selectable<Schema['enrolments']>): Enrolment {
  return {
    nodeId: row.node_id,
    name: row.name,
    enrolledMs: row.enrolled_ms,
    fingerprint: row.fingerprint,
    notAfterMs: row.not_after_ms,
    requireSignature: row.require_signature === 1,
    revokedMs: row.revoked_ms,
    ...(row.admitted !== null && { admitted: admittedFrom(row.admitted) }),
  };
}

export async function eventsAfter(db: Db, id: number, limit: number): Promise<FleetEvent[]> {
  const rows = await db
    .selectFrom('events')
    .select(['id', 'name', 'data'])
    .where('id', '>', id)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name as EventName,
    data: JSON.parse(row.data) as Record<string, unknown>,
  }));
}

export async function eventBounds(db: Db): Promise<{ first: number; last: number }> {
  const row = await db
    .selectFrom('events')
    .select((eb) => [eb.fn.min('id').as('first'), eb.fn.max('id').as('last')])
    .executeTakeFirst();
  return { first: row?.first ?? 0, last: row?.last ?? 0 };
}

export async function takeEpoch(db: Db): Promise<number> {
  const row = await db
    .updateTable('leader')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .where('id', '=', 1)
    .returning('epoch')
    .executeTakeFirstOrThrow();
  return row.epoch;
}

export async function noteStart(db: Db, atMs: number, sinceMs: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await tx.insertInto('starts').values({ at_ms: atMs }).execute();
    await tx.deleteFrom('starts').where('at_ms', '<', sinceMs).execute();
    const { count } = await tx
      .selectFrom('starts')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  });
}
