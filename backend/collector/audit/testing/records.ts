import { GENESIS_HASH, sealAfter, type AuditContent, type ChainPoint, type SealedRecord } from '../chain.ts';

export const GENESIS: ChainPoint = { seq: 0, hash: GENESIS_HASH };

/** Records that follow on `after`, sealed; `content` says what is special about each. */
export function* chained(
  count: number,
  content: (index: number) => Partial<Omit<AuditContent, 'seq'>> = () => ({}),
  after: ChainPoint = GENESIS
): Generator<SealedRecord> {
  let head = after;
  for (let index = 0; index < count; index++) {
    const record = sealAfter(head, {
      atMs: 1_700_000_000_000 + index,
      actor: 'grafana:ada',
      via: 'grafana-id-token',
      action: 'run.approved',
      subject: `run-${index}`,
      reason: index % 2 ? null : 'it hängs',
      data: '{"digest":"d"}',
      ...content(index),
    });
    head = record;
    yield record;
  }
}
