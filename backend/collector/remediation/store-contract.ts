import { expect, it } from '@jest/globals';
import { auditHash, GENESIS_HASH } from '../audit/chain.ts';
import {
  FencedError,
  IDEMPOTENCY_KEPT_MS,
  StorageError,
  type AuditEntry,
  type AuditReadStore,
  type EventStore,
  type HistoryStore,
  type HoldRow,
  type IdempotencyRow,
  type PlanRow,
  type RemediationChange,
  type RemediationStore,
  type RunRow,
  type StepRow,
} from '../storage/types.ts';

/** What remediation needs of storage, and what its tests look at. */
export type ContractStore = RemediationStore &
  AuditReadStore &
  Pick<EventStore, 'eventsAfter' | 'onEvents'> &
  Pick<HistoryStore, 'timeline'> & { takeEpoch(): Promise<number> };

/** One transition, for tests. */
export function transition(change: Partial<RemediationChange>): RemediationChange {
  return {
    plans: [],
    runs: [],
    steps: [],
    putHolds: [],
    dropHolds: [],
    idempotency: [],
    events: [],
    timeline: [],
    audit: [],
    ...change,
  };
}

/** A plan as stored, for tests. */
export const storedPlan = (id: string, changes: Partial<PlanRow> = {}): PlanRow => ({
  id,
  createdMs: 1_000,
  doc: '{"digest":"d"}',
  ...changes,
});

/** A run as stored first, of the plan `p`, for tests. */
export const storedRun = (id: string, changes: Partial<RunRow> = {}): RunRow => ({
  id,
  planId: 'p',
  batchId: null,
  targetId: 'n1',
  playbook: 'ConfigDrift',
  fault: 'drift.config',
  trigger: 'manual',
  state: 'approved',
  rev: 1,
  createdMs: 1_000,
  endedMs: null,
  doc: '{}',
  ...changes,
});

const step = (runId: string, index: number, doc = '{}'): StepRow => ({ runId, index, doc });
const hold = (kind: string, targetId = '', subject = '', doc = '{}'): HoldRow => ({ kind, targetId, subject, doc });
const used = (changes: Partial<IdempotencyRow> = {}): IdempotencyRow => ({
  caller: 'token:t1',
  key: 'key-0001',
  bodyHash: 'b',
  resultId: 'r1',
  atMs: 1_000,
  ...changes,
});
const entry = (action: string, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: { name: 'grafana:ada', via: 'grafana-id-token' },
  action,
  subject: 'r1',
  reason: 'it hangs',
  atMs: 1_000,
  data: { digest: 'd' },
  ...changes,
});
const everything = { newestFirst: false, limit: 100 };

/** What every store of repairs keeps to; run it on each implementation. */
export function remediationStoreContract(open: () => Promise<ContractStore>): void {
  const opened = async (): Promise<{ store: ContractStore; epoch: number }> => {
    const store = await open();
    return { store, epoch: await store.takeEpoch() };
  };

  it('keeps all of a transition', async () => {
    const { store, epoch } = await opened();
    let told = 0;
    const stop = store.onEvents(() => told++);
    const change = transition({
      plans: [storedPlan('p')],
      runs: [storedRun('r1')],
      steps: [step('r1', 1, '{"id":"apply"}'), step('r1', 0, '{"id":"witness"}')],
      putHolds: [hold('pause', '', '', '{"by":"ada"}')],
      idempotency: [used()],
      events: [{ name: 'remediation-status', targetId: 'n1', atMs: 1_000, data: { runId: 'r1' } }],
      timeline: [
        {
          nodeId: 'n1',
          atMs: 1_000,
          kind: 'repair',
          summary: 'asked for',
          actor: 'grafana:ada',
          reason: 'it hangs',
          data: { runId: 'r1' },
        },
      ],
      audit: [entry('run.requested'), entry('run.approved', { data: {} })],
    });
    await store.writeRemediation(epoch, change);
    stop();
    expect(await store.run('r1')).toEqual({
      run: storedRun('r1'),
      plan: storedPlan('p'),
      steps: [step('r1', 0, '{"id":"witness"}'), step('r1', 1, '{"id":"apply"}')],
    });
    expect(await store.plan('p')).toEqual(storedPlan('p'));
    expect(await store.holds()).toEqual(change.putHolds);
    expect(await store.idempotent('token:t1', 'key-0001')).toEqual(used());
    expect(await store.idempotent('token:t2', 'key-0001')).toBeNull();
    expect(told).toBe(1);
    expect(await store.eventsAfter(0, 9)).toMatchObject([{ name: 'remediation-status', data: { runId: 'r1' } }]);
    expect(await store.timeline('n1', null, 9)).toMatchObject([
      { kind: 'repair', summary: 'asked for', actor: 'grafana:ada', reason: 'it hangs', data: { runId: 'r1' } },
    ]);
    expect((await store.auditRecords(everything)).map(({ action }) => action)).toEqual([
      'run.requested',
      'run.approved',
    ]);
    expect([await store.run('r2'), await store.plan('p2')]).toEqual([null, null]);
  });

  it('puts plans, steps and holds in the place of what was there, and drops holds', async () => {
    const { store, epoch } = await opened();
    await store.writeRemediation(
      epoch,
      transition({
        plans: [storedPlan('p')],
        runs: [storedRun('r1')],
        steps: [step('r1', 0, '"pending"')],
        putHolds: [hold('pause'), hold('pause', 'n1'), hold('quarantine', 'n1', 'drift.config', '1')],
      })
    );
    await store.writeRemediation(
      epoch,
      transition({
        plans: [storedPlan('p', { createdMs: 5, doc: '"approved"' })],
        steps: [step('r1', 0, '"running"')],
        dropHolds: [
          { kind: 'pause', targetId: '', subject: '' },
          { kind: 'cordon', targetId: 'n1', subject: '' },
        ],
        putHolds: [hold('quarantine', 'n1', 'drift.config', '2')],
      })
    );
    expect(await store.run('r1')).toMatchObject({
      plan: { id: 'p', createdMs: 1_000, doc: '"approved"' },
      steps: [{ index: 0, doc: '"running"' }],
    });
    expect(await store.holds()).toEqual([hold('pause', 'n1'), hold('quarantine', 'n1', 'drift.config', '2')]);
  });

  it('fences a change of an epoch that is over, whole', async () => {
    const { store, epoch } = await opened();
    const change = transition({ plans: [storedPlan('p')], runs: [storedRun('r1')], audit: [entry('run.requested')] });
    await store.takeEpoch();
    await expect(store.writeRemediation(epoch, change)).rejects.toThrow(FencedError);
    await expect(store.writeRemediation(epoch + 2, change)).rejects.toThrow(FencedError);
    expect(await store.run('r1')).toBeNull();
    expect(await store.auditHead()).toEqual({ seq: 0, hash: GENESIS_HASH, atMs: null });
    await store.writeRemediation(epoch + 1, change);
    expect(await store.run('r1')).not.toBeNull();
  });

  it('refuses the whole change when a run is not as it was', async () => {
    const { store, epoch } = await opened();
    let told = 0;
    store.onEvents(() => told++);
    await store.writeRemediation(epoch, transition({ plans: [storedPlan('p')], runs: [storedRun('r1')] }));
    await store.writeRemediation(epoch, transition({ runs: [storedRun('r1', { rev: 2, state: 'running' })] }));
    for (const late of [storedRun('r1'), storedRun('r1', { rev: 2 }), storedRun('r1', { rev: 4 })]) {
      const change = transition({
        plans: [storedPlan('p', { doc: '"lost"' })],
        runs: [storedRun('r2'), late],
        steps: [step('r1', 0)],
        putHolds: [hold('pause')],
        idempotency: [used()],
        events: [{ name: 'remediation-status', targetId: 'n1', atMs: 1, data: {} }],
        timeline: [{ nodeId: 'n1', atMs: 1, kind: 'repair', summary: 's', actor: null, reason: null, data: {} }],
        audit: [entry('run.cancelled')],
      });
      await expect(store.writeRemediation(epoch, change)).rejects.toThrow(StorageError);
      await expect(store.writeRemediation(epoch, change)).rejects.toThrow(/run r1 /);
    }
    expect(await store.run('r1')).toEqual({
      run: storedRun('r1', { rev: 2, state: 'running' }),
      plan: storedPlan('p'),
      steps: [],
    });
    expect((await store.runs({ limit: 9 })).total).toBe(1);
    expect([await store.holds(), await store.eventsAfter(0, 9), await store.timeline('n1', null, 9)]).toEqual([
      [],
      [],
      [],
    ]);
    expect(await store.idempotent('token:t1', 'key-0001')).toBeNull();
    expect((await store.auditHead()).seq).toBe(0);
    expect(told).toBe(0);
  });

  it('lets one of two win that were decided on the same state', async () => {
    const { store, epoch } = await opened();
    await store.writeRemediation(epoch, transition({ plans: [storedPlan('p')], runs: [storedRun('r1')] }));
    const decide = (state: string): Promise<void> =>
      store.writeRemediation(
        epoch,
        transition({ runs: [storedRun('r1', { rev: 2, state })], audit: [entry(`run.${state}`)] })
      );
    const results = await Promise.allSettled([decide('running'), decide('cancelled')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const state = (await store.run('r1'))?.run.state ?? '';
    expect((await store.auditRecords(everything)).map(({ action }) => action)).toEqual([`run.${state}`]);
  });

  it('keeps no run without its plan, and no step without its run', async () => {
    const { store, epoch } = await opened();
    await expect(store.writeRemediation(epoch, transition({ runs: [storedRun('r1')] }))).rejects.toThrow(StorageError);
    await expect(
      store.writeRemediation(epoch, transition({ plans: [storedPlan('p')], steps: [step('r1', 0)] }))
    ).rejects.toThrow(StorageError);
    expect([await store.run('r1'), await store.plan('p')]).toEqual([null, null]);
  });

  it('lets an idempotency key lead to one thing for its time', async () => {
    const { store, epoch } = await opened();
    const put = (row: IdempotencyRow): Promise<void> =>
      store.writeRemediation(epoch, transition({ idempotency: [row], audit: [entry('run.requested')] }));
    await put(used());
    await put(used({ atMs: 2_000 }));
    const end = 2_000 + IDEMPOTENCY_KEPT_MS;
    for (const row of [used({ resultId: 'r2' }), used({ bodyHash: 'c' }), used({ resultId: 'r2', atMs: end })])
      await expect(put(row)).rejects.toThrow(/key-0001/);
    expect(await store.idempotent('token:t1', 'key-0001')).toEqual(used({ atMs: 2_000 }));
    await put(used({ caller: 'token:t2', resultId: 'r3' }));
    await put(used({ resultId: 'r2', atMs: end + 1 }));
    expect(await store.idempotent('token:t1', 'key-0001')).toMatchObject({ resultId: 'r2' });
    expect((await store.auditHead()).seq).toBe(4);
  });

  it('finds runs by what they are, newest first, page by page', async () => {
    const { store, epoch } = await opened();
    const rows = [
      storedRun('a', { createdMs: 3_000, state: 'running', targetId: 'n2' }),
      storedRun('b', { createdMs: 2_000, state: 'succeeded', endedMs: 2_500, playbook: 'BridgeStuck' }),
      storedRun('c', { createdMs: 2_000, state: 'failed', endedMs: 2_900, trigger: 'automation' }),
      storedRun('d', { createdMs: 1_000, batchId: 'p' }),
    ];
    await store.writeRemediation(epoch, transition({ plans: [storedPlan('p')], runs: [...rows].reverse() }));
    const ids = async (query: Partial<Parameters<ContractStore['runs']>[0]>): Promise<[string, number]> => {
      const { rows: found, total } = await store.runs({ limit: 9, ...query });
      return [found.map(({ id }) => id).join(''), total];
    };
    expect((await store.runs({ limit: 9 })).rows).toEqual(rows);
    expect(await ids({ limit: 2 })).toEqual(['ab', 4]);
    expect(await ids({ after: { createdMs: 2_000, id: 'b' } })).toEqual(['cd', 4]);
    expect(await ids({ after: { createdMs: 2_000, id: 'c' }, limit: 1 })).toEqual(['d', 4]);
    expect(await ids({ states: ['running', 'failed'] })).toEqual(['ac', 2]);
    expect(await ids({ states: [] })).toEqual(['', 0]);
    expect(await ids({ targetId: 'n2' })).toEqual(['a', 1]);
    expect(await ids({ playbook: 'BridgeStuck' })).toEqual(['b', 1]);
    expect(await ids({ trigger: 'automation' })).toEqual(['c', 1]);
    expect(await ids({ batchId: 'p' })).toEqual(['d', 1]);
    expect(await ids({ endedFromMs: 2_500 })).toEqual(['bc', 2]);
    expect(await ids({ endedFromMs: 2_501, targetId: 'n1' })).toEqual(['c', 1]);
  });

  it('seals every record to the one before, and reads them both ways', async () => {
    const { store, epoch } = await opened();
    await store.writeRemediation(epoch, transition({ audit: [entry('a', { atMs: 1 }), entry('b', { atMs: 2 })] }));
    await store.writeRemediation(
      epoch,
      transition({
        audit: [entry('c', { atMs: 3, subject: 'r2', reason: null, actor: { name: 'system', via: 'system' } })],
      })
    );
    const records = await store.auditRecords(everything);
    let prev = GENESIS_HASH;
    records.forEach((record, index) => {
      expect(record.seq).toBe(index + 1);
      expect(record.prev).toBe(prev);
      expect(record.hash).toBe(auditHash(prev, record));
      prev = record.hash;
    });
    expect(await store.auditHead()).toEqual({ seq: 3, hash: prev, atMs: 3 });
    expect(records[0]).toMatchObject({
      atMs: 1,
      actor: 'grafana:ada',
      via: 'grafana-id-token',
      action: 'a',
      subject: 'r1',
      reason: 'it hangs',
      data: '{"digest":"d"}',
    });
    const actions = async (query: Partial<Parameters<ContractStore['auditRecords']>[0]>): Promise<string> =>
      (await store.auditRecords({ ...everything, ...query })).map(({ action }) => action).join('');
    expect(await actions({ newestFirst: true })).toBe('cba');
    expect(await actions({ newestFirst: true, limit: 1, beforeSeq: 3 })).toBe('b');
    expect(await actions({ afterSeq: 1 })).toBe('bc');
    expect(await actions({ limit: 2 })).toBe('ab');
    expect(await actions({ actor: 'system' })).toBe('c');
    expect(await actions({ action: 'b' })).toBe('b');
    expect(await actions({ subject: 'r1' })).toBe('ab');
    expect(await actions({ fromMs: 2, toMs: 3 })).toBe('b');
  });
}
