import { describe, expect, it } from '@jest/globals';
import { remediationStoreContract, storedPlan, storedRun, transition } from '../remediation/store-contract.ts';
import { put, row } from './store-contract.ts';
import { audit, auditedActions, folder, storageIn } from './testing/temporary.ts';

const NOTHING = { eventsBeforeMs: 0, retiredBeforeMs: 0, historyBeforeMs: 0 };

describe('the embedded store of repairs', () => {
  remediationStoreContract(() => storageIn(folder()));

  it('is the same after it was closed and opened again', async () => {
    const path = folder();
    const first = await storageIn(path);
    const steps = [{ runId: 'r1', index: 0, doc: '{"evidence":"é"}' }];
    const written = transition({ plans: [storedPlan('p')], runs: [storedRun('r1')], steps, audit: [audit('run.x')] });
    await first.writeRemediation(await first.takeEpoch(), written);
    await first.close();
    expect(await (await storageIn(path)).run('r1')).toEqual({ run: storedRun('r1'), plan: storedPlan('p'), steps });
    expect(auditedActions(path)).toEqual(['run.x']);
  });

  it('keeps one chain when a command writes beside it', async () => {
    const path = folder();
    const [collector, command] = [await storageIn(path), await storageIn(path)];
    const epoch = await collector.takeEpoch();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2
          ? collector.writeRemediation(epoch, transition({ audit: [audit('a'), audit('b')] }))
          : command.appendAudit(audit('c'))
      )
    );
    expect(auditedActions(path)).toHaveLength(30);
  });

  it('seals what it stores: half of a character, as a node may send it, breaks no chain', async () => {
    const path = folder();
    const store = await storageIn(path);
    const said = { actor: { name: 'grafana:\ud800', via: 'grafana-id-token' as const }, subject: 'a\udc00' };
    const record = { ...audit('run.x'), ...said, reason: 'Attempt 1 on \ud83d.', data: { name: '\ud83d' } };
    await store.writeRemediation(await store.takeEpoch(), transition({ audit: [record, audit('run.y')] }));
    await store.appendAudit({ ...record, action: 'run.z' });
    expect(auditedActions(path)).toEqual(['run.x', 'run.y', 'run.z']);
  });

  it('lets a heartbeat pass between the repairs that wait', async () => {
    const store = await storageIn(folder());
    const epoch = await store.takeEpoch();
    const order: string[] = [];
    const repairs = Array.from({ length: 20 }, (_, index) =>
      store
        .writeRemediation(epoch, transition({ plans: [storedPlan(`p${index}`)] }))
        .then(() => void order.push('repair'))
    );
    const beat = put(store, { row: row('a') }).then(() => void order.push('beat'));
    await Promise.all([...repairs, beat]);
    expect(order.indexOf('beat')).toBeLessThan(3);
  });
});

describe('retention of repairs', () => {
  it('takes runs that ended with their evidence and plans, and old keys; what is open stays', async () => {
    const store = await storageIn(folder());
    const ended = (id: string, planId: string, endedMs: number) => storedRun(id, { planId, endedMs, state: 'failed' });
    const old = Array.from({ length: 30 }, (_, index) => ended(`old${index}`, 'old', 1_999));
    const key = { caller: 'c', bodyHash: 'b', resultId: 'r' };
    await store.writeRemediation(
      await store.takeEpoch(),
      transition({
        plans: ['old', 'mixed', 'kept', 'empty'].map((id) => storedPlan(id)),
        runs: [
          ...old,
          ended('m1', 'mixed', 1_999),
          storedRun('m2', { planId: 'mixed', state: 'pending_approval' }),
          ended('k', 'kept', 2_000),
        ],
        steps: old.map(({ id }) => ({ runId: id, index: 0, doc: '{}' })),
        idempotency: [
          { ...key, key: 'old', atMs: 1_999 },
          { ...key, key: 'new', atMs: 2_000 },
        ],
      })
    );
    expect(await store.sweep(NOTHING)).toMatchObject({ runs: 0, plans: 0, idempotency_keys: 0 });
    const swept = await store.sweep({ ...NOTHING, runsBeforeMs: 2_000, keysBeforeMs: 2_000 });
    expect(swept).toMatchObject({ runs: 31, plans: 2, idempotency_keys: 1 });
    expect((await store.runs({ limit: 99 })).rows.map(({ id }) => id)).toEqual(['k', 'm2']);
    expect([await store.plan('old'), await store.plan('empty'), await store.run('old0')]).toEqual([null, null, null]);
    expect(await store.run('m2')).not.toBeNull();
    expect(await store.idempotent('c', 'old')).toBeNull();
    expect(await store.idempotent('c', 'new')).not.toBeNull();
  });
});
