import type { Insertable, Kysely, Transaction } from 'kysely';
import { sealAfter, type AuditContent } from '../audit/chain.ts';
import type { Schema } from './schema.ts';
import type { AuditEntry, ChainPoint } from './types.ts';

const INSERT_ROWS = 500;

/**
 * What an entry says of itself, in the chain's words: as a database gives it back. UTF-8 has no half of a character, which a
 * node's own words may hold; sealed with one, a record would not be what was sealed.
 */
export function contentOf({ actor, atMs, action, subject, reason, data }: AuditEntry): Omit<AuditContent, 'seq'> {
  return {
    atMs,
    actor: actor.name.toWellFormed(),
    via: actor.via,
    action,
    subject: subject.toWellFormed(),
    reason: reason?.toWellFormed() ?? null,
    data: JSON.stringify(data),
  };
}

/** Appends to the chain in the caller's transaction. @returns its head from then on */
export async function append(tx: Transaction<Schema>, entries: readonly AuditEntry[]): Promise<ChainPoint> {
  // The head is updated first: that takes the write lock before anything is read, on both databases.
  let head: ChainPoint = await tx
    .updateTable('audit_head')
    .set((eb) => ({ seq: eb('seq', '+', 0) }))
    .where('id', '=', 1)
    .returning(['seq', 'hash'])
    .executeTakeFirstOrThrow();
  const rows: Insertable<Schema['audit']>[] = [];
  for (const entry of entries) {
    const { atMs, ...columns } = sealAfter(head, contentOf(entry));
    rows.push({ ...columns, at_ms: atMs });
    head = columns;
  }
  for (let from = 0; from < rows.length; from += INSERT_ROWS) {
    await tx
      .insertInto('audit')
      .values(rows.slice(from, from + INSERT_ROWS))
      .execute();
  }
  await tx.updateTable('audit_head').set({ seq: head.seq, hash: head.hash }).where('id', '=', 1).execute();
  return head;
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
      await append(tx, [entry]);
      return change(tx, refuse);
    });
  } catch (error) {
    if (error instanceof Refusal) return (error as Refusal<T>).result;
    throw error;
  }
}

/** Appends to the audit chain what changes nothing else that is stored. */
export async function appendAudit(db: Kysely<Schema>, entry: AuditEntry): Promise<void> {
  await db.transaction().execute((tx) => append(tx, [entry]));
}
