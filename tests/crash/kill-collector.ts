// Preloaded by repair-crash.test.ts: moments before and after whatever a collector stores of a run, and asks of a bridge.
import { isMainThread } from 'node:worker_threads';
import type { BridgeClient } from '../../backend/collector/remediation/types.ts';
import type { RemediationChange } from '../../backend/collector/storage/types.ts';
import { HEAP_FLAGS } from '../../backend/collector/cli/heap.mjs';
import { moment, standAlone } from './moment.ts';

type Method = (...args: unknown[]) => Promise<unknown>;
/** What was stored last of a run. */
let place = 'nothing';

/** Wraps a method of a class that is not there yet in any object. */
function around(prototype: object, name: string, words: (...args: unknown[]) => string | null): void {
  const method = Reflect.get(prototype, name) as Method;
  const wrapped: Method = async function (this: unknown, ...args) {
    const what = words(...args);
    if (what === null) return method.apply(this, args);
    moment(`before ${what}`);
    try {
      return await method.apply(this, args);
    } finally {
      moment(`after ${what}`);
    }
  };
  Object.defineProperty(prototype, name, { value: wrapped });
}

/** Such as `running: witness succeeded`; null: it is not about a run. */
function wordsOf(change: RemediationChange): string | null {
  const [run] = change.runs;
  if (run === undefined) return null;
  const steps = change.steps.map(({ doc }) => JSON.parse(doc) as { id: string; state: string });
  const changed = steps.filter(({ state }) => state !== 'pending').map(({ id, state }) => `${id} ${state}`);
  return [run.state, ...(changed.length > 0 ? [changed.join(', ')] : [])].join(': ');
}

// The command line becomes itself again, with these flags; the one before that is no collector.
if (isMainThread && process.argv.includes('start') && HEAP_FLAGS.every((flag) => process.execArgv.includes(flag))) {
  standAlone();
  const { EmbeddedStorage } = await import('../../backend/collector/storage/index.ts');
  const { createBridgeClient } = await import('../../backend/collector/bridges/client.ts');
  around(EmbeddedStorage.prototype, 'writeRemediation', (_epoch, change) => {
    const words = wordsOf(change as RemediationChange);
    if (words !== null) place = words;
    return words === null ? null : `storing "${words}"`;
  });
  const settings = { addresses: {}, networks: [], tunnelHost: '127.0.0.1' };
  const client = createBridgeClient({ settings } as unknown as Parameters<typeof createBridgeClient>[0]);
  const calls: (keyof BridgeClient)[] = ['observe', 'act', 'receipt'];
  for (const name of calls) around(Object.getPrototypeOf(client) as object, name, () => `${name} in "${place}"`);
}
