import type { Kysely } from 'kysely';
import { append } from './audited.ts';
import type { Schema } from './schema.ts';
import { StorageError, type AuditEntry, type AuditQuery, type AuditRow, type ChainPoint } from './types.ts';

/** The audit chain, read and cut: in kysely alone, as queries.ts. */

type Db = Kysely<Schema>;

export async function auditRecords(db: Db, query: AuditQuery): Promise<AuditRow[]> {
  const { actor, action, subject, fromMs, toMs, afterSeq, beforeSeq } = query;
  let records = db
    .selectFrom('audit')
    .select(['seq', 'at_ms as atMs', 'actor', 'via', 'action', 'subject', 'reason', 'data', 'prev', 'hash']);
  if (actor !== undefined) records = records.where('actor', '=', actor);
  if (action !== undefined) records = records.where('action', '=', action);
  if (subject !== undefined) records = records.where('subject', '=', subject);
  if (fromMs !== undefined) records = records.where('at_ms', '>=', fromMs);
  if (toMs !== undefined) records = records.where('at_ms', '<', toMs);
  if (afterSeq !== undefined) records = records.where('seq', '>', afterSeq);
  if (beforeSeq !== undefined) records = records.where('seq', '<', beforeSeq);
  return records
    .orderBy('seq', query.newestFirst ? 'desc' : 'asc')
    .limit(query.limit)
    .execute();
}

export async function auditHead(db: Db): Promise<ChainPoint & { atMs: number | null }> {
  const { seq, hash, at_ms } = await db
    .selectFrom('audit_head')
    .leftJoin('audit', 'audit.seq', 'audit_head.seq')
    .select(['audit_head.seq', 'audit_head.hash', 'audit.at_ms'])
    .where('audit_head.id', '=', 1)
    .executeTakeFirstOrThrow();
  return { seq, hash, atMs: at_ms };
}

export async function cutAudit(db: Db, through: ChainPoint, entry: AuditEntry): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await append(tx, [entry]);
    const last = await tx.selectFrom('audit').select('hash').where('seq', '=', through.seq).executeTakeFirst();
    if (last?.hash !== through.hash)
      throw new StorageError(
        `record ${through.seq} of the audit is not the one that was exported: nothing was cut; run openclaw-fleet audit verify`
      );
    const { numDeletedRows } = await tx.deleteFrom('audit').where('seq', '<=', through.seq).executeTakeFirst();
    return Number(numDeletedRows);
  });
}
