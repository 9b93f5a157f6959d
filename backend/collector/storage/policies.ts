import type { Kysely, Selectable } from 'kysely';
import { audited } from './audited.ts';
import type { Schema } from './schema.ts';
import {
  StorageError,
  type AuditEntry,
  type ConfigReportRow,
  type NewChange,
  type PolicyStore,
  type ProfileRow,
  type ProposalRow,
  type PutResult,
  type RevisionRow,
  type TargetSettingsRow,
} from './types.ts';

/** Policies, settings of targets and configuration revisions: in kysely alone, as queries.ts. */

type Db = Kysely<Schema>;

const profileOf = (row: Selectable<Schema['policy_profiles']>): ProfileRow => ({
  id: row.id,
  version: row.version,
  spec: row.spec,
  provisioned: row.provisioned === 1,
  createdMs: row.created_ms,
  updatedMs: row.updated_ms,
  updatedBy: row.updated_by,
});

const settingsOf = (row: Selectable<Schema['target_settings']>): TargetSettingsRow => ({
  nodeId: row.node_id,
  rev: row.rev,
  profileId: row.profile_id,
  desired: row.desired,
  overlay: row.overlay,
  revisionSinceMs: row.revision_since_ms,
  updatedMs: row.updated_ms,
  updatedBy: row.updated_by,
});

export async function profiles(db: Db): Promise<ProfileRow[]> {
  return (await db.selectFrom('policy_profiles').selectAll().orderBy('id').execute()).map(profileOf);
}

async function profile(db: Db, id: string): Promise<ProfileRow | null> {
  const row = await db.selectFrom('policy_profiles').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? profileOf(row) : null;
}

export async function putProfile(db: Db, row: ProfileRow, audit: AuditEntry): Promise<PutResult<ProfileRow>> {
  return audited<PutResult<ProfileRow>>(db, audit, async (tx, refuse) => {
    const current = await profile(tx, row.id);
    const before = current ? current.version : await lastProfileVersion(tx, row.id);
    if (before !== row.version - 1) return refuse({ ok: false, current });
    const columns = {
      version: row.version,
      spec: row.spec,
      provisioned: row.provisioned ? 1 : 0,
      created_ms: row.createdMs,
      updated_ms: row.updatedMs,
      updated_by: row.updatedBy,
    };
    await tx
      .insertInto('policy_profiles')
      .values({ ...columns, id: row.id })
      .onConflict((oc) => oc.column('id').doUpdateSet(columns))
      .execute();
    return { ok: true };
  });
}

export async function deleteProfile(
  db: Db,
  id: string,
  version: number,
  audit: AuditEntry
): ReturnType<PolicyStore['deleteProfile']> {
  return audited<Awaited<ReturnType<PolicyStore['deleteProfile']>>>(db, audit, async (tx, refuse) => {
    const current = await profile(tx, id);
    if (current?.version !== version) return refuse({ ok: false, current });
    const users = await tx
      .selectFrom('target_settings')
      .select('node_id')
      .where('profile_id', '=', id)
      .orderBy('node_id')
      .execute();
    if (users.length > 0) return refuse({ ok: false, usedBy: users.map((user) => user.node_id) });
    await tx.deleteFrom('policy_profiles').where('id', '=', id).execute();
    await tx
      .insertInto('deleted_profiles')
      .values({ id, version })
      .onConflict((oc) => oc.column('id').doUpdateSet({ version }))
      .execute();
    return { ok: true };
  });
}

export async function lastProfileVersion(db: Db, id: string): Promise<number> {
  const row = await db.selectFrom('deleted_profiles').select('version').where('id', '=', id).executeTakeFirst();
  return row?.version ?? 0;
}

export async function settings(db: Db): Promise<TargetSettingsRow[]> {
  return (await db.selectFrom('target_settings').selectAll().orderBy('node_id').execute()).map(settingsOf);
}

/** Throws StorageError when its profile was deleted meanwhile: nothing may name one that is gone. */
export async function putSettings(
  db: Db,
  row: TargetSettingsRow,
  change: NewChange,
  audit: AuditEntry
): Promise<PutResult<TargetSettingsRow>> {
  return audited<PutResult<TargetSettingsRow>>(db, audit, async (tx, refuse) => {
    const stored = await tx
      .selectFrom('target_settings')
      .selectAll()
      .where('node_id', '=', row.nodeId)
      .executeTakeFirst();
    const current = stored ? settingsOf(stored) : null;
    if ((current?.rev ?? 0) !== row.rev - 1) return refuse({ ok: false, current });
    if (!(await profile(tx, row.profileId)) && (await lastProfileVersion(tx, row.profileId)) > 0)
      throw new StorageError(`profile ${row.profileId} was deleted meanwhile: choose another and try again`);
    const columns = {
      rev: row.rev,
      profile_id: row.profileId,
      desired: row.desired,
      overlay: row.overlay,
      revision_since_ms: row.revisionSinceMs,
      updated_ms: row.updatedMs,
      updated_by: row.updatedBy,
    };
    await tx
      .insertInto('target_settings')
      .values({ ...columns, node_id: row.nodeId })
      .onConflict((oc) => oc.column('node_id').doUpdateSet(columns))
      .execute();
    const { nodeId, atMs, kind, summary, actor, reason, data } = change;
    await tx
      .insertInto('timeline')
      .values({ node_id: nodeId, at_ms: atMs, kind, summary, actor, reason, data: JSON.stringify(data) })
      .execute();
    return { ok: true };
  });
}

export async function revisions(db: Db): Promise<RevisionRow[]> {
  const rows = await db.selectFrom('config_revisions').selectAll().orderBy('created_ms').orderBy('id').execute();
  return rows.map((row) => ({
    id: row.id,
    title: row.title,
    document: row.document,
    createdMs: row.created_ms,
    createdBy: row.created_by,
    reason: row.reason,
    adoptedFrom: row.adopted_from,
  }));
}

export async function putRevision(db: Db, row: RevisionRow, audit: AuditEntry): Promise<boolean> {
  return audited<boolean>(db, audit, async (tx, refuse) => {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('config_revisions')
      .values({
        id: row.id,
        title: row.title,
        document: row.document,
        created_ms: row.createdMs,
        created_by: row.createdBy,
        reason: row.reason,
        adopted_from: row.adoptedFrom,
      })
      .onConflict((oc) => oc.column('id').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n || refuse(false);
  });
}

export async function issuedHashes(db: Db): Promise<string[]> {
  return (await db.selectFrom('issued_hashes').select('hash').execute()).map((row) => row.hash);
}

export async function putIssuedHash(db: Db, hash: string, nodeId: string, atMs: number): Promise<void> {
  await db
    .insertInto('issued_hashes')
    .values({ hash, node_id: nodeId, at_ms: atMs })
    .onConflict((oc) => oc.column('hash').doNothing())
    .execute();
}

export async function putConfigReport(db: Db, row: ConfigReportRow): Promise<void> {
  const columns = {
    revision: row.revision,
    config_hash: row.configHash,
    document: row.document,
    reported_ms: row.reportedMs,
  };
  await db
    .insertInto('config_reports')
    .values({ ...columns, node_id: row.nodeId })
    .onConflict((oc) => oc.column('node_id').doUpdateSet(columns))
    .execute();
}

export async function configReport(db: Db, nodeId: string): Promise<ConfigReportRow | null> {
  const row = await db.selectFrom('config_reports').selectAll().where('node_id', '=', nodeId).executeTakeFirst();
  if (!row) return null;
  return {
    nodeId: row.node_id,
    revision: row.revision,
    configHash: row.config_hash,
    document: row.document,
    reportedMs: row.reported_ms,
  };
}

export async function proposals(db: Db): Promise<ProposalRow[]> {
  return db.selectFrom('policy_proposals').selectAll().orderBy('id').execute();
}

export async function putProposal(db: Db, row: ProposalRow, audit: AuditEntry): Promise<void> {
  await audited(db, audit, async (tx) => {
    await tx.insertInto('policy_proposals').values(row).execute();
  });
}

export async function dropProposal(db: Db, id: string, audit: AuditEntry): Promise<boolean> {
  return audited<boolean>(db, audit, async (tx, refuse) => {
    const { numDeletedRows } = await tx.deleteFrom('policy_proposals').where('id', '=', id).executeTakeFirstOrThrow();
    return numDeletedRows === 0n ? refuse(false) : true;
  });
}
