import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { createCollectorRequests, systemClock } from '@openclaw-fleet/client';
import type { CollectorRequests } from '@openclaw-fleet/client';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { createVirtualClock } from '../../client/testing/clock.ts';
import { createTestNode } from '../../client/testing/node.ts';
import type { TestNode } from '../../client/testing/node.ts';
import { createAdmin } from '../gateway/admin.ts';
import type { ChildTask } from '../testing/apply-child.ts';
import { applyAndKill } from '../testing/apply-killed.ts';
import { FakeConfig } from '../testing/fake-config.ts';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { createRevisionSigner, hashOf } from '../testing/revisions.ts';
import { createConfigApplier } from './apply.ts';
import { readinessOf } from './gateway-config.ts';
import { createGoodCopy } from './good-copy.ts';
import { keptRevision } from './kept.ts';
import type { ApplyOutcome } from './outcome.ts';
import { createConfigSync } from './sync.ts';

const signer = createRevisionSigner();
const values: ConfigValues = { 'messages.ackReaction': 'ok' };
const wanted = { messages: { ackReaction: 'ok' } };
const edited = { messages: { ackReaction: 'no' } };

let node: TestNode;
let gateway: FakeGateway;
let config: FakeConfig;
beforeEach(async () => {
  node = await createTestNode();
  gateway = new FakeGateway();
  await gateway.listen();
  config = new FakeConfig(gateway, edited);
  node.collector.answer = ({ path }) => {
    const nonce = new URL(path, 'https://x').searchParams.get('nonce') ?? '';
    return { body: { jws: signer.revision(values, { nonce }) } };
  };
});
afterEach(async () => {
  await gateway.close();
  await node.close();
});

const stateDir = (): string => join(node.folder, 'state');
const kill = (stop: ChildTask['stop'], id = 'action-1'): Promise<string> =>
  applyAndKill({
    gateway: gateway.url.href,
    token: gateway.token,
    stateDir: stateDir(),
    node: node.settings,
    pin: signer.pin,
    request: { id, revision: hashOf(values), configHash: hashOf(values), allowRestart: true },
    stop,
  });

/** What a bridge that was started again finds out. */
async function settle(id = 'action-1'): Promise<ApplyOutcome | null> {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const sync = createConfigSync({
    nodeId: node.settings.nodeId,
    pins: [signer.pin],
    requests: createCollectorRequests(node.settings, systemClock) as CollectorRequests,
    kept: keptRevision(stateDir()),
    refreshMs: 600_000,
    clock: node.clock,
    random: () => 0.5,
    logger: silent,
    onChange: () => undefined,
  });
  const clock = createVirtualClock();
  const applier = createConfigApplier({
    withAdmin: createAdmin({ url: gateway.url, token: () => gateway.token, version: '0.1.0', timeoutMs: 2_000 }),
    ready: readinessOf(gateway.url),
    sync,
    good: createGoodCopy(stateDir(), () => undefined),
    stateDir: stateDir(),
    clock,
    logger: silent,
    convergenceMs: 120_000,
  });
  let over = false;
  const outcome = applier.settle(id, () => undefined).finally(() => (over = true));
  const isOver = (): boolean => over;
  const deadline = performance.now() + 20_000;
  while (!isOver() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const [next] = clock.pending();
    if (next !== undefined) clock.advance(next);
  }
  sync.stop();
  return outcome;
}
const writes = (): number[] => [config.writes('config.patch').length, config.writes('config.apply').length];

describe('a bridge that is killed while it applies a revision', () => {
  it.each([
    ['before', 'config.get', 1],
    ['after', 'config.get', 1],
    ['before', 'config.schema.lookup', 1],
    ['after', 'config.schema.lookup', 1],
    ['before', 'config.patch', 1],
  ] as const)('%s %s %i has changed nothing, and changes nothing any more', async (when, method, call) => {
    expect(await kill({ when, method, call })).toBe('SIGKILL');
    expect(await settle()).toMatchObject({ state: 'failed' });
    expect(config.document).toEqual(edited);
    expect(writes()).toEqual([0, 0]);
  });

  it.each([
    ['sent', 'config.patch', 1],
    ['after', 'config.patch', 1],
    ['before', 'config.get', 2],
    ['after', 'config.get', 2],
  ] as const)('%s %s %i finds that the gateway runs it, and writes nothing again', async (when, method, call) => {
    config.kinds['messages'] = 'restart';
    expect(await kill({ when, method, call })).toBe('SIGKILL');
    expect(await settle()).toMatchObject({
      state: 'succeeded',
      after: { config_hash: hashOf(values), restarted: true },
    });
    expect(config.document).toEqual(wanted);
    expect(writes()).toEqual([1, 0]);
    // Settled for good: a second look does not ask the gateway.
    config.edit(edited);
    expect(await settle()).toMatchObject({ state: 'succeeded' });
    expect(writes()).toEqual([1, 0]);
  });

  it.each([
    ['after', 'config.patch', 1],
    ['after', 'config.get', 2],
    ['before', 'config.apply', 1],
  ] as const)('%s %s %i puts back what is saved and not active', async (when, method, call) => {
    config.mode = 'off';
    expect(await kill({ when, method, call })).toBe('SIGKILL');
    expect(config.document).toEqual(wanted);
    expect(await settle()).toMatchObject({ state: 'rolled_back', after: { config_converged: true } });
    expect(config.document).toEqual(edited);
    expect(writes()).toEqual([1, 1]);
  });

  it('while it puts back, finds it done', async () => {
    config.mode = 'off';
    expect(await kill({ when: 'after', method: 'config.apply', call: 1 })).toBe('SIGKILL');
    expect(await settle()).toMatchObject({ state: 'rolled_back' });
    expect(config.document).toEqual(edited);
    expect(writes()).toEqual([1, 1]);
  });

  it('leaves alone what somebody wrote meanwhile', async () => {
    expect(await kill({ when: 'after', method: 'config.patch', call: 1 })).toBe('SIGKILL');
    const persons = { messages: { ackReaction: 'mine' } };
    config.edit(persons);
    expect(await settle()).toMatchObject({ state: 'failed', message: expect.stringContaining('somebody else') });
    expect(config.document).toEqual(persons);
    expect(writes()).toEqual([1, 0]);
  });

  it('does not know while the gateway does not answer', async () => {
    expect(await kill({ when: 'after', method: 'config.patch', call: 1 })).toBe('SIGKILL');
    gateway.grantsAdmin = false;
    expect(await settle()).toBeNull();
    gateway.grantsAdmin = true;
    expect(await settle()).toMatchObject({ state: 'succeeded' });
  });

  it('takes the write of another action for none of its own', async () => {
    expect(await kill({ when: 'after', method: 'config.patch', call: 1 })).toBe('SIGKILL');
    expect(await settle('action-2')).toMatchObject({ state: 'failed', message: expect.stringContaining('before') });
  });
});
