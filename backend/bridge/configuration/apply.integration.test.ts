import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCollectorRequests, systemClock } from '@openclaw-fleet/client';
import type { CollectorRequests } from '@openclaw-fleet/client';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { createTestNode } from '../../client/testing/node.ts';
import type { TestNode } from '../../client/testing/node.ts';
import { createAdmin } from '../gateway/admin.ts';
import { applyAndKill } from '../testing/apply-killed.ts';
import { adminCall } from '../testing/admin.ts';
import { openclawOrSkip, OPENCLAW_VERSION, startGateway } from '../testing/openclaw.ts';
import type { RealGateway } from '../testing/openclaw.ts';
import { createRevisionSigner, hashOf } from '../testing/revisions.ts';
import { waitFor } from '../testing/wait-for.ts';
import { createConfigApplier } from './apply.ts';
import type { ApplyRequest, ConfigApplier } from './apply.ts';
import { createGatewayConfig, readinessOf } from './gateway-config.ts';
import type { GatewayConfig, Look } from './gateway-config.ts';
import { createGoodCopy } from './good-copy.ts';
import { keptRevision } from './kept.ts';
import type { ApplyOutcome } from './outcome.ts';
import { createConfigSync } from './sync.ts';
import type { ConfigSync } from './sync.ts';
import { watch } from './watch.ts';

const say = (message: string): void => void process.stderr.write(`${message}\n`);
const openclaw = await openclawOrSkip('revisions on a real gateway');

const MINUTE = 60_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Hot, and without a reload: as 2026.9.6 says of itself. */
const values: ConfigValues = { 'agents.defaults.userTimezone': 'Europe/Berlin', 'messages.ackReaction': 'ok' };

(openclaw === null ? describe.skip : describe)(`a revision on a real OpenClaw ${OPENCLAW_VERSION}`, () => {
  const signer = createRevisionSigner();
  let node: TestNode;
  let gateway: RealGateway;
  let sync: ConfigSync;
  let applier: ConfigApplier;
  let config: GatewayConfig;
  let handedOut: ConfigValues = values;
  let notes: string[] = [];
  let count = 0;

  const saved = (): Record<string, unknown> =>
    JSON.parse(readFileSync(gateway.configFile, 'utf8')) as Record<string, unknown>;
  const save = (text: string): void => {
    writeFileSync(`${gateway.configFile}.new`, text, { mode: 0o600 });
    renameSync(`${gateway.configFile}.new`, gateway.configFile);
  };
  const request = (changes: Partial<ApplyRequest> = {}): ApplyRequest => ({
    id: `action-${(count += 1)}`,
    revision: hashOf(handedOut),
    configHash: hashOf(handedOut),
    allowRestart: false,
    ...changes,
  });
  async function apply(changes: Partial<ApplyRequest> = {}): Promise<ApplyOutcome> {
    notes = [];
    const outcome = await applier.apply(request(changes), (text) => notes.push(text));
    say(
      [...notes, `${outcome.state}: ${outcome.message}`, JSON.stringify([outcome.before, outcome.after])].join('\n  ')
    );
    return outcome;
  }
  /** Until the gateway has read what was saved. */
  const seen = async (what: string, holds: (document: Record<string, unknown> | null) => boolean): Promise<void> => {
    const { held } = await watch(config, systemClock, 20_000, (look) => holds(look.document));
    if (!held) throw new Error(`the gateway did not see ${what}`);
  };
  const logged = (pattern: RegExp): number => readFileSync(gateway.logFile, 'utf8').match(pattern)?.length ?? 0;

  beforeAll(async () => {
    node = await createTestNode();
    node.collector.answer = ({ path }) => {
      const nonce = new URL(path, 'https://x').searchParams.get('nonce') ?? '';
      return { body: { jws: signer.revision(handedOut, { nonce }) } };
    };
    gateway = await startGateway({ openclaw: openclaw ?? '', parent: node.folder });
    await gateway.ready();
    const stateDir = join(node.folder, 'state');
    const withAdmin = createAdmin({ url: gateway.url, token: () => gateway.token, version: '0.1.0' });
    config = createGatewayConfig(withAdmin, readinessOf(gateway.url));
    sync = createConfigSync({
      nodeId: node.settings.nodeId,
      pins: [signer.pin],
      requests: createCollectorRequests(node.settings, systemClock) as CollectorRequests,
      kept: keptRevision(stateDir),
      refreshMs: MINUTE,
      clock: systemClock,
      random: Math.random,
      logger: silent,
      onChange: () => undefined,
    });
    applier = createConfigApplier({
      withAdmin,
      ready: readinessOf(gateway.url),
      sync,
      good: createGoodCopy(stateDir, say),
      stateDir,
      clock: systemClock,
      logger: silent,
      convergenceMs: TIMINGS.production.convergence,
    });
  }, 4 * MINUTE);
  afterAll(async () => {
    sync.stop();
    await gateway.stop();
    await node.close();
  }, MINUTE);

  it(
    'is applied hot, once, and is there already the second time',
    async () => {
      expect(await apply()).toMatchObject({
        state: 'succeeded',
        after: { config_hash: hashOf(values), restarted: false },
      });
      expect(notes.join('\n')).toContain('agents.defaults.userTimezone: (not set) -> "Europe/Berlin" (reloads hot)');
      expect(saved()).toMatchObject({ messages: { ackReaction: 'ok' }, agents: { defaults: { skipBootstrap: true } } });
      expect(await apply()).toMatchObject({ state: 'succeeded', message: expect.stringContaining('already') });
      expect(await applier.reload({ id: 'action-reload' }, say)).toMatchObject({ state: 'succeeded' });
    },
    2 * MINUTE
  );

  it(
    'comes back after an edit on the machine',
    async () => {
      save(JSON.stringify({ ...saved(), messages: { ackReaction: 'edited' } }));
      await seen('the edit', (document) => JSON.stringify(document).includes('"edited"'));
      expect(await apply()).toMatchObject({ state: 'succeeded' });
      expect(notes).toContain('messages.ackReaction: "edited" -> "ok" (needs no reload)');
      expect(saved()).toMatchObject({ messages: { ackReaction: 'ok' } });
    },
    2 * MINUTE
  );

  it(
    'is refused where the gateway might restart for it',
    async () => {
      // 2026.9.6 reloads all that a revision may manage; what its schema says nothing of counts as a restart.
      handedOut = { ...values, 'diagnostics.cacheTrace': {} };
      expect(await apply()).toMatchObject({ state: 'refused', refusal: 'needs-restart' });
      expect(saved()).not.toHaveProperty('diagnostics');
      handedOut = values;
    },
    MINUTE
  );

  it(
    'takes no denied path to the gateway',
    async () => {
      handedOut = { ...values, 'gateway.bind': 'lan' };
      expect(await apply({ allowRestart: true })).toMatchObject({ state: 'refused', refusal: 'denied-path' });
      expect(saved()['gateway']).toMatchObject({ bind: 'loopback' });
      handedOut = values;
    },
    MINUTE
  );

  it.each([
    ['is no JSON', '{ "gateway": '],
    ['has a value that OpenClaw refuses', '{ "gateway": { "port": "many" } }'],
  ])(
    'mends a saved file that %s, and is there again',
    async (_what, text) => {
      const { document, fullHash } = await config.look();
      createGoodCopy(join(node.folder, 'state'), say).offer(document ?? {}, fullHash ?? '');
      save(text);
      await watch(config, systemClock, 20_000, (look) => !look.valid);
      expect(await apply()).toMatchObject({
        state: 'succeeded',
        before: { config_valid: false },
        after: { config_valid: true },
      });
      expect(saved()).toMatchObject({ messages: { ackReaction: 'ok' }, gateway: { bind: 'loopback' } });
    },
    2 * MINUTE
  );

  it(
    'mends a file that has lost its secrets with OpenClaw’s own last good copy',
    async () => {
      const before = saved();
      save(JSON.stringify({ ...before, gateway: { ...(before['gateway'] as object), remote: { token: 'secret-2' } } }));
      await seen('the secret', (document) => JSON.stringify(document).includes('__OPENCLAW_REDACTED__'));
      // OpenClaw renews its own last good copy with a write of its own, or with a start.
      await adminCall(gateway, 'config.get', {}).then((got) =>
        adminCall(gateway, 'config.patch', { raw: '{"messages":{"ackReaction":"x"}}', baseHash: got['hash'] })
      );
      const lastGood = (): string => readFileSync(`${gateway.configFile}.last-good`, 'utf8');
      await waitFor('the last good copy', () => lastGood().includes('secret-2'), 20_000);
      const { document, fullHash } = await config.look();
      createGoodCopy(join(node.folder, 'state'), say).offer(document ?? {}, fullHash ?? '');
      save('{ "gateway": ');
      await watch(config, systemClock, 20_000, (look) => !look.valid);
      const outcome = await apply();
      expect(outcome).toMatchObject({ state: 'succeeded' });
      expect(saved()).toMatchObject({ messages: { ackReaction: 'ok' }, gateway: { remote: { token: 'secret-2' } } });
      expect(JSON.stringify([outcome, notes])).not.toContain('secret-2');
    },
    2 * MINUTE
  );

  it(
    'is written once when the bridge is killed in the middle, and settled by looking',
    async () => {
      handedOut = { ...values, 'messages.ackReaction': 'killed' };
      const written = logged(/config\.patch write/g);
      const task = request();
      const killed = await applyAndKill({
        gateway: gateway.url.href,
        token: gateway.token,
        stateDir: join(node.folder, 'state'),
        node: node.settings,
        pin: signer.pin,
        request: task,
        stop: { when: 'sent', method: 'config.patch', call: 1 },
      });
      expect(killed).toBe('SIGKILL');
      const outcome = await applier.settle(task.id, say);
      const { document } = await config.look();
      const taken = JSON.stringify(document).includes('"killed"');
      expect(outcome?.state).toBe(taken ? 'succeeded' : 'failed');
      expect(logged(/config\.patch write/g) - written).toBe(taken ? 1 : 0);
      handedOut = values;
    },
    2 * MINUTE
  );

  it(
    'is taken back by itself when the gateway does not converge',
    async () => {
      expect(await apply()).toMatchObject({ state: 'succeeded' });
      save(JSON.stringify({ ...saved(), gateway: { ...(saved()['gateway'] as object), reload: { mode: 'off' } } }));
      // Only a start takes this one up.
      await adminCall(gateway, 'gateway.restart.request', { reason: 'test' });
      const isOff = (look: Look): boolean =>
        look.converged && look.ready && JSON.stringify(look.document).includes('"off"');
      const { held } = await watch(config, systemClock, 2 * MINUTE, isOff);
      expect(held).toBe(true);
      handedOut = { ...values, 'messages.ackReaction': 'never' };
      const outcome = await apply();
      expect(outcome).toMatchObject({
        state: 'rolled_back',
        after: { config_converged: true, config_valid: true, full_config_hash: outcome.before['full_config_hash'] },
      });
      expect(saved()).toMatchObject({ messages: { ackReaction: 'ok' } });
    },
    4 * MINUTE
  );
});
