import { describe } from '@jest/globals';
import { fleetStoreContract } from '../storage/store-contract.ts';
import { MemoryStore } from './memory-store.ts';

describe('MemoryStore', () => {
  fleetStoreContract(() => {
    const store = new MemoryStore();
    return Promise.resolve({ store, takeEpoch: () => store.takeEpoch() });
  });
});
