import type { AuditFile } from '../storage/audit-file.ts';
import type { ChainPoint } from './chain.ts';
import { ChainVerifier, type Known, type Verification } from './verify.ts';

/** Records between two rests: a few milliseconds. */
const STRETCH = 200;

/** What one look at the chain came to. */
export interface Look {
  /** From its first record on. */
  readonly whole: boolean;
  readonly verification: Verification;
}

/**
 * Looks whether the chain is as it was sealed. What was found sound before proves more than the store can: a chain that was
 * sealed anew from some record on, or cut at its end, does not have it any more.
 * @param last the last record found sound; null: none was yet
 * @param whole false: only what came after that one; but the whole chain when that one is gone, as after a cut
 * @param rest called every now and then, to leave the processor to others
 */
export function lookAt(audit: AuditFile, last: ChainPoint | null, whole: boolean, rest: () => void): Look {
  if (!whole && last !== null && isThere(audit, last)) {
    const known = { previous: last, ownHead: audit.head };
    return { whole: false, verification: verify(audit, last.seq + 1, known, rest) };
  }
  const known = { ownHead: audit.head, ...(last !== null && { head: last }) };
  return { whole: true, verification: verify(audit, 0, known, rest) };
}

function isThere(audit: AuditFile, { seq, hash }: ChainPoint): boolean {
  const { head } = audit;
  if (head.seq < seq || (head.seq === seq && head.hash !== hash)) return false;
  const [record] = audit.records(seq, seq);
  return record?.hash === hash;
}

function verify(audit: AuditFile, fromSeq: number, known: Known, rest: () => void): Verification {
  const verifier = new ChainVerifier(known);
  let read = 0;
  for (const record of audit.records(fromSeq)) {
    if (verifier.add(record)) break;
    read++;
    if (read % STRETCH === 0) rest();
  }
  return verifier.end();
}
