import { executionAsyncResource } from 'node:async_hooks';

/**
 * One of Node's own objects of `process.nextTick`, of which every request takes about six. A major collection at which none
 * lives forgets their shape, and when that comes before the code is hot, as while a large fleet is loaded, each costs five
 * times as much from then on: 4 µs of a heartbeat.
 */
export const heldTick: { object: object | null } = { object: null };

process.nextTick(() => {
  heldTick.object = executionAsyncResource();
});
