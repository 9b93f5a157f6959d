import { auditHash, GENESIS_HASH, type ChainPoint, type SealedRecord } from './chain.ts';

/** `action` of the record that accounts for records cut off before it; its data names the last of them as CutData. */
export const CUT_ACTION = 'audit.cut';
export interface CutData {
  readonly throughSeq: number;
  readonly throughHash: string;
}

/**
 * What is wrong with the first record that is.
 * - `unreadable`: it is no audit record
 * - `missing`: records are left out before it
 * - `out-of-order`: its number was there already
 * - `altered`: its members are not those it was sealed with
 * - `unlinked`: it was sealed after another record than the one before it
 * - `truncated`: the records end before the head does
 * - `rewritten`: it is sound, but not the one that the head names
 */
export type Fault = 'unreadable' | 'missing' | 'out-of-order' | 'altered' | 'unlinked' | 'truncated' | 'rewritten';

/** The first broken record. */
export interface Broken {
  readonly fault: Fault;
  /** Number of the record; null when it has none that can be read. */
  readonly seq: number | null;
  /** Its place in what was read, from 1: the line of an export. */
  readonly place: number;
  /** In words. */
  readonly message: string;
}

/** Every record is as it was sealed and follows on the one before. */
export interface Sound {
  readonly records: number;
  /** First and last record; null when there is none. */
  readonly first: number | null;
  readonly last: ChainPoint | null;
  /** What the beginning is proven by: it is the first record, a cut accounts for what was before, or a head was given for it. */
  readonly begins: 'genesis' | 'cut' | 'head';
  /** Up to which record a head proves that nothing was cut off or rewritten; null: up to none. */
  readonly provenTo: number | null;
}

export type Verification =
  { readonly ok: true; readonly sound: Sound } | { readonly ok: false; readonly broken: Broken };

/** What is known of the chain from elsewhere. */
export interface Known {
  /** A head of this chain, which cannot be forged where it comes from. */
  readonly head?: ChainPoint | undefined;
  /** What the store itself says its newest record is: it proves nothing, and must agree. */
  readonly ownHead?: ChainPoint | undefined;
  /** For a part of the chain: the record that its first one follows. */
  readonly previous?: ChainPoint | undefined;
}

/** What stands where a record should. */
export interface Unreadable {
  readonly unreadable: string;
}

/** Verifies a chain one record after the other, in order; it remembers a few numbers and no record. */
export class ChainVerifier {
  readonly #proof: ChainPoint | undefined;
  readonly #heads: readonly ChainPoint[];
  readonly #begunByHead: boolean;
  #last: ChainPoint | null;
  #first: number | null = null;
  #place = 0;
  /** What a cut must have named, while none has. */
  #unaccounted: ChainPoint | null = null;
  #begunByCut = false;
  #provenTo: number | null = null;
  #broken: Broken | null = null;

  constructor({ head, ownHead, previous }: Known = {}) {
    this.#proof = head;
    this.#heads = [head, ownHead].filter((point) => point !== undefined);
    this.#last = previous ?? null;
    this.#begunByHead = previous !== undefined;
  }

  /** @returns what is broken, from the first broken record on; null while nothing is */
  add(record: SealedRecord | Unreadable): Broken | null {
    if (this.#broken) return this.#broken;
    this.#place++;
    this.#broken = this.#look(record);
    return this.#broken;
  }

  #look(record: SealedRecord | Unreadable): Broken | null {
    if ('unreadable' in record) {
      const seq = this.#last ? this.#last.seq + 1 : null;
      return this.#fault('unreadable', seq, `${named(seq, this.#place)} is no audit record: ${record.unreadable}`);
    }
    const { seq, prev, hash } = record;
    const before = this.#last ?? this.#begin(record);
    const next = before.seq + 1;
    if (seq > next) return this.#fault('missing', next, `${range(next, seq - 1)} missing before record ${seq}`);
    if (seq < next)
      return this.#fault(
        'out-of-order',
        seq,
        `record ${seq} stands where record ${next} should: it was inserted or moved`
      );
    if (auditHash(prev, record) !== hash)
      return this.#fault('altered', seq, `record ${seq} is not as it was sealed: its hash does not fit what it says`);
    if (prev !== before.hash)
      return this.#fault(
        'unlinked',
        seq,
        `record ${seq} does not follow on record ${before.seq}: one of the two was replaced`
      );
    for (const point of [before, { seq, hash }]) {
      if (this.#heads.some((head) => head.seq === point.seq && head.hash !== point.hash))
        return this.#fault('rewritten', point.seq, rewritten(point.seq));
      if (this.#proof?.seq === point.seq) this.#provenTo = point.seq;
    }
    this.#first ??= seq;
    this.#last = { seq, hash };
    if (this.#unaccounted && names(record, this.#unaccounted)) {
      this.#unaccounted = null;
      this.#begunByCut = true;
    }
    return null;
  }

  #begin({ seq, prev }: SealedRecord): ChainPoint {
    if (seq <= 1) return { seq: 0, hash: GENESIS_HASH };
    this.#unaccounted = { seq: seq - 1, hash: prev };
    return this.#unaccounted;
  }

  /** No more records come. */
  end(): Verification {
    const broken = this.#broken ?? this.#ends();
    if (broken) return { ok: false, broken };
    const begins = this.#begunByHead ? 'head' : this.#begunByCut ? 'cut' : 'genesis';
    const last = this.#first === null ? null : this.#last;
    return { ok: true, sound: { records: this.#place, first: this.#first, last, begins, provenTo: this.#provenTo } };
  }

  #ends(): Broken | null {
    if (this.#unaccounted) {
      const { seq } = this.#unaccounted;
      const message = `${range(1, seq)} missing, and no later record says that they were cut`;
      return { fault: 'missing', seq: 1, place: 1, message };
    }
    const last = this.#last?.seq ?? 0;
    const end = Math.max(...this.#heads.map(({ seq }) => seq), 0);
    if (end <= last) return null;
    const message = `${range(last + 1, end)} missing at the end: the head names record ${end}`;
    return { fault: 'truncated', seq: last + 1, place: this.#place + 1, message };
  }

  #fault(fault: Fault, seq: number | null, message: string): Broken {
    return { fault, seq, place: this.#place, message };
  }
}

function names({ action, data }: SealedRecord, point: ChainPoint): boolean {
  if (action !== CUT_ACTION) return false;
  try {
    const { throughSeq, throughHash } = JSON.parse(data) as Partial<CutData>;
    return throughSeq === point.seq && throughHash === point.hash;
  } catch {
    return false;
  }
}

const rewritten = (seq: number): string =>
  `record ${seq} is not the one that the head names: it, or one before it, was rewritten`;
const named = (seq: number | null, place: number): string => (seq === null ? `line ${place}` : `record ${seq}`);
const range = (from: number, to: number): string =>
  from === to ? `record ${from} is` : `records ${from} to ${to} are`;

/**
 * Verifies a whole sequence (domain-rules section 6, audit): any record altered, left out, moved or inserted is found, and
 * any cut off from the end when `known.head` is beyond it. Stops at the first broken record.
 */
export async function verifyChain(
  records: AsyncIterable<SealedRecord | Unreadable> | Iterable<SealedRecord | Unreadable>,
  known: Known = {}
): Promise<Verification> {
  const verifier = new ChainVerifier(known);
  for await (const record of records) if (verifier.add(record)) break;
  return verifier.end();
}
