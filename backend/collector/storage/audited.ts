import type { Kysely, Transaction } from 'kysely';
import { auditHash } from '../audit/chain.ts';
import type { Schema } from './schema.ts';
import type { AuditEntry } from './types.ts';

// The head is updated first: that takes the write lock before anything is read, on both databases.
async function append(tx: Transaction<Schema>, entry: AuditEntry): Promise<void> {
  const head = await tx
    .updateTable('audit_head')
    .set((eb) => ({ seq: eb('seq', '+', 1) }))
    .where('id', '=', 1)
    .returning(['seq', 'hash'])
    .executeTakeFirstOrThrow();
  const content = {
    seq: head.seq,
    atMs: entry.atMs,
    actor: entry.actor.name,
    via: entry.actor.via,
    action: entry.action,
    subject: entry.subject,
    reason: entry.reason,
    data: JSON.stringify(entry.data),
  };
  const hash = auditHash(head.hash, content);
  const { atMs, ...columns } = content;
  await tx
    .insertInto('audit')
    .values({ ...columns, at_ms: atMs, prev: head.hash, hash })
    .execute();
  await tx.updateTable('audit_head').set({ hash }).where('id', '=', 1).execute();
}

class Refusal<T> extends Error {
  readonly result: T;
  constructor(result: T) {
    super('refused');
    this.result = result;
  }
}

/**
 * One change with its link in the audit chain, or neither.
 * @param change `refuse` ends it: nothing is stored, and what it was given is the result
 */
export async function audited<T>(
  db: Kysely<Schema>,
  entry: AuditEntry,
  change: (tx: Transaction<Schema>, refuse: (result: T) => never) => Promise<T>
): Promise<T> {
  const refuse = (result: T): never => {
    throw new Refusal(result);
  };
  try {
    return await db.transaction().execute(async (tx) => {
      await append(tx, entry);
      return change(tx, refuse);
    });
  } catch (error) {
    if (error instanceof Refusal) return (error as Refusal<T>).result;
    throw error;
  }
}

/** Appends to the audit chain what changes nothing else that is stored. */
export async function appendAudit(db: Kysely<Schema>, entry: AuditEntry): Promise<void> {
  await db.transaction().execute((tx) => append(tx, entry));
}
