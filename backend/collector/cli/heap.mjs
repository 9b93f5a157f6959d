/**
 * Flags of Node for a collector that takes heartbeats. Each waits some milliseconds for its commit, and is copied by every
 * collection of young objects meanwhile: with a larger space there are fewer, and one thread that copies costs less than
 * several that share the work. And none is made old at once because others made at the same place lived long, as those of a
 * loaded fleet do: what it points to would live as long. Measured by `npm run bench` (docs/decisions/0004).
 */
export const HEAP_FLAGS = [
  '--min-semi-space-size=16',
  '--max-semi-space-size=64',
  '--no-parallel-scavenge',
  '--no-allocation-site-pretenuring',
];
