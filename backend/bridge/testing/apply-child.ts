import { createCollectorRequests, systemClock } from '@openclaw-fleet/client';
import type { CollectorRequests, PublisherSettings } from '@openclaw-fleet/client';
import { createConfigApplier } from '../configuration/apply.ts';
import type { ApplyRequest } from '../configuration/apply.ts';
import { readinessOf } from '../configuration/gateway-config.ts';
import { createGoodCopy } from '../configuration/good-copy.ts';
import { keptRevision } from '../configuration/kept.ts';
import { createConfigSync } from '../configuration/sync.ts';
import { createAdmin } from '../gateway/admin.ts';
import type { WithAdmin } from '../gateway/admin.ts';

/** What a process of its own applies, and where it stops for somebody to kill it. */
export interface ChildTask {
  readonly gateway: string;
  readonly token: string;
  readonly stateDir: string;
  readonly node: PublisherSettings;
  readonly pin: string;
  readonly request: ApplyRequest;
  /** `before`: nothing was sent; `sent`: nobody waits for the answer; `after`: it came. The so-manieth call, from 1. */
  readonly stop: { readonly when: 'before' | 'sent' | 'after'; readonly method: string; readonly call: number };
}

const task = JSON.parse(process.env['APPLY_TASK'] ?? '') as ChildTask;
// Requests to the collector do not hold a process.
setInterval(() => undefined, 1000);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const forEver = (): Promise<never> => {
  process.stdout.write('stopped\n');
  return new Promise(() => undefined);
};

const admin = createAdmin({ url: new URL(task.gateway), token: () => task.token, version: '0.1.0' });
let calls = 0;
const stopping: WithAdmin = (step) =>
  admin((connection) =>
    step({
      ...connection,
      call: async (method, params, timeoutMs) => {
        const here = task.stop.method === method && (calls += 1) === task.stop.call;
        if (here && task.stop.when === 'before') return forEver();
        const answer = connection.call(method, params, timeoutMs);
        if (here && task.stop.when === 'sent') {
          answer.catch(() => undefined);
          return forEver();
        }
        if (here) await answer.catch(() => undefined).then(forEver);
        return answer;
      },
    })
  );

const sync = createConfigSync({
  nodeId: task.node.nodeId,
  pins: [task.pin],
  requests: createCollectorRequests(task.node, systemClock) as CollectorRequests,
  kept: keptRevision(task.stateDir),
  refreshMs: 600_000,
  clock: systemClock,
  random: Math.random,
  logger: silent,
  onChange: () => undefined,
});
const applier = createConfigApplier({
  withAdmin: stopping,
  ready: readinessOf(new URL(task.gateway)),
  sync,
  good: createGoodCopy(task.stateDir, () => undefined),
  stateDir: task.stateDir,
  clock: systemClock,
  logger: silent,
  convergenceMs: 120_000,
});
const outcome = await applier.apply(task.request, () => undefined);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit(0);
