import { TestEnvironment } from 'jest-environment-jsdom';

// What browsers have, jsdom lacks, and Node has as well.
const FROM_NODE = [
  'fetch',
  'Headers',
  'Request',
  'Response',
  'TextEncoder',
  'TextDecoder',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
  'BroadcastChannel',
  'structuredClone',
];

/** A browser's document with Node's fetch, for msw to stand in front of. */
export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of FROM_NODE) this.global[name] ??= globalThis[name];
    for (const name of ['fetch', 'Headers', 'Request', 'Response', 'AbortController', 'AbortSignal'])
      this.global[name] = globalThis[name];
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }
}
