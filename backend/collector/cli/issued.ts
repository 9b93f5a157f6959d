import type { Enrolment, Storage } from '../storage/types.ts';

const PAGE = 1000;
/** Records of a certificate that was given to a node: their subject is its id, their data have the fingerprint. */
const ISSUED = ['node.enrolled', 'node.rotated', 'node.renewed'] as const;

export interface IssuedCertificate {
  readonly nodeId: string;
  /** Null: the node is not enrolled here any more. */
  readonly enrolment: Enrolment | null;
}

/** Records of an action, the newest first, page by page. */
async function* recordsOf(store: Storage, action: string) {
  let beforeSeq = Infinity;
  for (;;) {
    const page = await store.auditRecords({
      action,
      newestFirst: true,
      limit: PAGE,
      ...(beforeSeq < Infinity && { beforeSeq }),
    });
    yield* page;
    if (page.length < PAGE) return;
    beforeSeq = page.at(-1)?.seq ?? 0;
  }
}

/**
 * To whom a certificate was issued, as far as enrolments and the audit know.
 * @param fingerprint SHA-256, lower-case hex
 * @returns null when neither names it: it was never issued here, or before the oldest record of the audit
 */
export async function issuedTo(store: Storage, fingerprint: string): Promise<IssuedCertificate | null> {
  const { enrolments } = await store.trustSnapshot();
  const holder = enrolments.find(
    (one) => one.fingerprint === fingerprint || one.admitted?.includes(fingerprint) === true
  );
  if (holder !== undefined) return { nodeId: holder.nodeId, enrolment: holder };
  for (const action of ISSUED) {
    for await (const { subject, data } of recordsOf(store, action)) {
      if ((JSON.parse(data) as { fingerprint?: unknown }).fingerprint === fingerprint)
        return { nodeId: subject, enrolment: enrolments.find(({ nodeId }) => nodeId === subject) ?? null };
    }
  }
  return null;
}

export const KEYS_ROTATED = 'keys.rotated';

export interface Unpinned {
  /** Nodes that, as far as the collector knows, do not have the pins of the keys that wait. */
  readonly nodes: readonly Enrolment[];
  /** When keys were rotated last; null: the audit does not say, as it was cut. */
  readonly rotatedMs: number | null;
}

/**
 * Whom the next rotation of keys would cut off: nodes learn pins from files alone, so it is those that got none since the
 * last one. That somebody brought them the lines by hand, the collector does not know.
 * @returns null when keys were never rotated: everybody got both pins
 */
export async function unpinned(store: Storage, nowMs: number): Promise<Unpinned | null> {
  const [last] = await store.auditRecords({ action: KEYS_ROTATED, newestFirst: true, limit: 1 });
  const [oldest] = await store.auditRecords({ newestFirst: false, limit: 1 });
  const sinceSeq = last?.seq ?? (oldest?.seq ?? 1) - 1;
  if (sinceSeq === 0) return null;
  const got = new Set<string>();
  for (const action of ['node.enrolled', 'node.rotated']) {
    for await (const { seq, subject } of recordsOf(store, action)) {
      if (seq < sinceSeq) break;
      got.add(subject);
    }
  }
  const { enrolments } = await store.trustSnapshot();
  const nodes = enrolments.filter(
    ({ nodeId, revokedMs, notAfterMs }) => revokedMs === null && notAfterMs > nowMs && !got.has(nodeId)
  );
  return { nodes, rotatedMs: last?.atMs ?? null };
}
