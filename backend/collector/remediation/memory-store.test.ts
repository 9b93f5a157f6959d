import { describe, expect, it } from '@jest/globals';
import type { RemediationChange } from '../storage/types.ts';
import { MemoryStore } from './memory-store.ts';
import { remediationStoreContract, storedPlan, storedRun, transition } from './store-contract.ts';

describe('the store of repairs in memory', () => {
  remediationStoreContract(() => Promise.resolve(new MemoryStore()));

  const change: RemediationChange = transition({ plans: [storedPlan('p')], runs: [storedRun('r1')] });
  const crash = (): never => {
    throw new Error('killed');
  };

  it('can fail before a write is stored, and after', async () => {
    for (const [options, stored] of [
      [{ beforeWrite: crash }, false],
      [{ afterWrite: crash }, true],
    ] as const) {
      const store = new MemoryStore(options);
      await expect(store.writeRemediation(await store.takeEpoch(), change)).rejects.toThrow('killed');
      expect((await store.run('r1')) !== null).toBe(stored);
    }
  });
});
