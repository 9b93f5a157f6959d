import { createHash } from 'node:crypto';

/** What one audit record says, before it is chained. Times in milliseconds since the epoch. */
export interface AuditContent {
  readonly seq: number;
  readonly atMs: number;
  readonly actor: string;
  readonly via: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string | null;
  /** JSON text, exactly as stored. */
  readonly data: string;
}

/** The `prev` of the first record. */
export const GENESIS_HASH = '0'.repeat(64);

/** A place in the chain: the number of a record and its hash. `{ seq: 0, hash: GENESIS_HASH }` is before the first. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: string;
}

/**
 * The hash that seals a record: SHA-256 over the hash before it and every member, in a fixed order (domain-rules section
 * 6, audit). An array has one JSON form, so no separator can be forged.
 * @returns lower-case hex
 */
export function auditHash(prev: string, content: AuditContent): string {
  const { seq, atMs, actor, via, action, subject, reason, data } = content;
  return createHash('sha256')
    .update(JSON.stringify([prev, seq, atMs, actor, via, action, subject, reason, data]))
    .digest('hex');
}

/** One record as it is stored and exported, with its members in this order. */
export interface SealedRecord extends AuditContent {
  readonly prev: string;
  readonly hash: string;
}

/** The record that follows on another, sealed. @param head the one before */
export function sealAfter(head: ChainPoint, content: Omit<AuditContent, 'seq'>): SealedRecord {
  const { atMs, actor, via, action, subject, reason, data } = content;
  const record = { seq: head.seq + 1, atMs, actor, via, action, subject, reason, data };
  return { ...record, prev: head.hash, hash: auditHash(head.hash, record) };
}
