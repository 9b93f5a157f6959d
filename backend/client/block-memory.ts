import type { Blocks } from './snapshot.ts';

/** Knows what the collector holds, so that a block that did not change need not be sent (absent means unchanged). */
export interface BlockMemory {
  /** The blocks that the collector may not have as they are now. */
  unsent(blocks: Blocks): Blocks;
  /** The collector accepted a beat that carried these. */
  accepted(blocks: Blocks): void;
  /** The collector asks for everything, or what it took is in doubt. */
  forget(): void;
}

export function createBlockMemory(): BlockMemory {
  const known = new Map<string, string>();
  return {
    unsent: (blocks) =>
      Object.fromEntries(Object.entries(blocks).filter(([name, block]) => known.get(name) !== JSON.stringify(block))),
    accepted: (blocks) => {
      for (const [name, block] of Object.entries(blocks)) known.set(name, JSON.stringify(block));
    },
    forget: () => known.clear(),
  };
}
