import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createCollectorRequests, systemClock } from '@openclaw-fleet/client';
import type { CollectorRequests } from '@openclaw-fleet/client';
import { noteSchema, receiptSchema } from '@openclaw-fleet/contract';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { createVirtualClock } from '../../client/testing/clock.ts';
import { createTestNode } from '../../client/testing/node.ts';
import type { TestNode } from '../../client/testing/node.ts';
import { createAdmin } from '../gateway/admin.ts';
import { FakeConfig } from '../testing/fake-config.ts';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { createRevisionSigner, hashOf } from '../testing/revisions.ts';
import { createConfigApplier } from './apply.ts';
import type { ApplyRequest, ConfigApplier } from './apply.ts';
import { readinessOf } from './gateway-config.ts';
import { createGoodCopy } from './good-copy.ts';
import { keptRevision } from './kept.ts';
import type { ApplyOutcome } from './outcome.ts';
import { createConfigSync } from './sync.ts';
import type { ConfigSync } from './sync.ts';

const signer = createRevisionSigner();
const values: ConfigValues = { 'messages.ackReaction': 'ok', 'logging.level': 'info' };
const wanted = {
  messages: { ackReaction: 'ok' },
  logging: { level: 'info' },
  gateway: { auth: { token: 'secret-1' } },
};
const edited = { ...wanted, messages: { ackReaction: 'no' } };

let node: TestNode;
let gateway: FakeGateway;
let config: FakeConfig;
let sync: ConfigSync;
let notes: string[];
let logged: string[];
let stateDir: string;
/** What the collector has for this node. */
let handedOut: ConfigValues;
let mayRestart: () => 'restart-limit' | null;
const statuses: string[] = [];

beforeEach(async () => {
  node = await createTestNode();
  gateway = new FakeGateway();
  await gateway.listen();
  config = new FakeConfig(gateway, edited);
  stateDir = join(node.folder, 'state');
  [notes, logged, handedOut, mayRestart] = [[], [], values, () => null];
  statuses.length = 0;
  node.collector.answer = ({ path }) => {
    const nonce = new URL(path, 'https://x').searchParams.get('nonce') ?? '';
    return { body: { jws: signer.revision(handedOut, { nonce }) } };
  };
  sync = createConfigSync({
    nodeId: node.settings.nodeId,
    pins: [signer.pin],
    requests: createCollectorRequests(node.settings, systemClock) as CollectorRequests,
    kept: keptRevision(stateDir),
    refreshMs: 600_000,
    clock: node.clock,
    random: () => 0.5,
    logger: { info: () => undefined, warn: (line) => logged.push(line), error: () => undefined },
    onChange: () => statuses.push(sync.facts().applyStatus),
  });
});
afterEach(async () => {
  sync.stop();
  await gateway.close();
  await node.close();
});

/** An applier whose waits pass at once; what it waits for is real. */
async function using<T>(step: (applier: ConfigApplier) => Promise<T>): Promise<T> {
  const clock = createVirtualClock();
  const applier = createConfigApplier({
    withAdmin: createAdmin({ url: gateway.url, token: () => 'gateway-token', version: '0.1.0', timeoutMs: 2_000 }),
    ready: readinessOf(gateway.url),
    sync,
    good: createGoodCopy(stateDir, (line) => logged.push(line)),
    stateDir,
    clock,
    logger: { info: () => undefined, warn: (line) => logged.push(line), error: () => undefined },
    convergenceMs: 120_000,
    mayRestart: () => mayRestart(),
  });
  let over = false;
  const result = step(applier).finally(() => (over = true));
  const isOver = (): boolean => over;
  const deadline = performance.now() + 20_000;
  while (!isOver() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const [next] = clock.pending();
    if (next !== undefined) clock.advance(next);
  }
  return result;
}

let count = 0;
const request = (changes: Partial<ApplyRequest> = {}): ApplyRequest => ({
  id: `action-${(count += 1)}`,
  revision: hashOf(handedOut),
  configHash: hashOf(handedOut),
  allowRestart: false,
  ...changes,
});
async function apply(changes: Partial<ApplyRequest> = {}): Promise<ApplyOutcome> {
  const outcome = await using((applier) => applier.apply(request(changes), (text) => notes.push(text)));
  for (const text of notes) noteSchema.shape.text.parse(text);
  receiptSchema.pick({ message: true, before: true, after: true }).parse(outcome);
  expect(JSON.stringify([outcome, notes])).not.toContain('secret-1');
  return outcome;
}

describe('applying a revision', () => {
  it('fetches, plans, writes and verifies it, and says each step', async () => {
    const outcome = await apply({ id: 'run-7.step-2' });
    expect(outcome).toMatchObject({
      state: 'succeeded',
      refusal: null,
      message: 'the gateway runs the revision: 1 setting changed, verified',
      before: { config_converged: true, gateway_boot_id: 'boot-1' },
      after: { config_hash: hashOf(values), config_valid: true, config_converged: true, restarted: false },
    });
    expect(outcome.before['config_hash']).not.toBe(hashOf(values));
    expect(config.document).toEqual(wanted);
    expect(config.writes('config.patch')).toEqual([
      { raw: '{"messages":{"ackReaction":"ok"}}', baseHash: 'file-1', note: 'openclaw-fleet run-7.step-2' },
    ]);
    expect(notes).toContain('messages.ackReaction: "no" -> "ok" (reloads hot)');
    expect(notes[0]).toContain('2 settings; its signature and hash are as they should be');
    const kept = join(stateDir, 'config-apply.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({
      entry: { before: { document: { messages: { ackReaction: 'no' } } } },
      outcome: { state: 'succeeded' },
    });
    expect(readFileSync(kept, 'utf8')).not.toContain('secret-1');
    expect(sync.told()?.config_hash).toBe(hashOf(values));
  });

  it('tells the heartbeat that it applies, and what came of it', async () => {
    sync.read(edited);
    await apply();
    sync.read(config.document ?? {});
    expect(statuses).toEqual(['UNSET', 'APPLYING', 'UNSET', 'APPLIED']);
    config.edit(edited);
    config.mode = 'off';
    sync.read(edited);
    await apply();
    expect(sync.facts().applyStatus).toBe('FAILED');
    // Also after the bridge was started again.
    sync.applying(null);
    await using(() => Promise.resolve());
    expect(sync.facts().applyStatus).toBe('FAILED');
  });

  it('writes nothing when the gateway runs the revision already', async () => {
    config.edit(wanted);
    expect(await apply()).toMatchObject({ state: 'succeeded', message: expect.stringContaining('already') });
    expect(config.writes('config.patch')).toEqual([]);
    expect(existsSync(join(stateDir, 'config-apply.json'))).toBe(false);
  });

  it('replaces lists whole', async () => {
    handedOut = { 'messages.words': ['b'] };
    config.edit({ messages: { words: ['a', 'b'] } });
    expect(await apply()).toMatchObject({ state: 'succeeded' });
    expect(config.document).toEqual({ messages: { words: ['b'] } });
  });

  it('plans again when somebody wrote meanwhile, once', async () => {
    let edits = 0;
    config.onWrite = (when) => {
      if (when === 'asked' && edits < 1) config.edit({ ...edited, more: (edits += 1) });
    };
    expect(await apply()).toMatchObject({ state: 'succeeded' });
    expect(config.document).toEqual({ ...wanted, more: 1 });
    config.edit(edited);
    config.onWrite = (when) => {
      if (when === 'asked') config.edit({ ...edited, more: (edits += 1) });
    };
    expect(await apply()).toMatchObject({ state: 'failed', message: expect.stringContaining('somebody else keeps') });
    expect(config.document).toMatchObject({ messages: { ackReaction: 'no' } });
  });
});

describe('a revision that is not to be applied', () => {
  const nothingWritten = (): void => {
    expect(config.writes('config.patch')).toEqual([]);
    expect(config.writes('config.apply')).toEqual([]);
    expect(config.document).toEqual(edited);
  };
  afterEach(nothingWritten);

  it('has other values than those that were decided on', async () => {
    const outcome = await apply({ configHash: hashOf({ a: 1 }) });
    expect(outcome).toMatchObject({ state: 'refused', refusal: 'revision-refused' });
  });

  it('is signed by somebody else', async () => {
    node.collector.answer = ({ path }) => {
      const nonce = new URL(path, 'https://x').searchParams.get('nonce') ?? '';
      return { body: { jws: createRevisionSigner().revision(values, { nonce }) } };
    };
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'revision-refused' });
  });

  it('is not the answer to this request', async () => {
    const old = signer.revision(values, { nonce: 'old' });
    node.collector.answer = () => ({ body: { jws: old } });
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'revision-refused' });
  });

  it('cannot be had', async () => {
    node.collector.answer = () => ({ status: 404, body: { title: 'There is nothing at this address' } });
    expect(await apply()).toMatchObject({ state: 'failed', message: expect.stringContaining('nothing was changed') });
  });

  it.each<[string, ConfigValues]>([
    ['the gateway’s token', { 'gateway.auth.mode': 'none' }],
    ['a command', { 'agents.defaults.tools': {} }],
    ['a secret in plain', { 'channels.telegram.botToken': 'x' }],
  ])('touches %s', async (_what, denied) => {
    handedOut = { ...values, ...denied };
    expect(await apply({ allowRestart: true })).toMatchObject({ state: 'refused', refusal: 'denied-path' });
    expect(gateway.requests).toEqual([]);
  });

  it('names a secret that the gateway does not have', async () => {
    handedOut = { 'channels.telegram.botToken': { $secretRef: 'bot' } };
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'revision-refused' });
  });

  it('needs a restart that is not allowed, or not now', async () => {
    config.kinds['messages'] = 'restart';
    const outcome = await apply();
    expect(outcome).toMatchObject({ state: 'refused', refusal: 'needs-restart' });
    expect(outcome.message).toContain('messages.ackReaction');
    expect(notes).toContain('messages.ackReaction: "no" -> "ok" (restarts the gateway)');
    mayRestart = () => 'restart-limit';
    expect(await apply({ allowRestart: true })).toMatchObject({ state: 'refused', refusal: 'restart-limit' });
  });

  it('meets a gateway that does not answer', async () => {
    gateway.grantsAdmin = false;
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'gateway-unavailable' });
  });
});

describe('a gateway that refuses the write', () => {
  it.each([
    'Config is externally managed (`OPENCLAW_CONFIG_READONLY=1`)',
    'Config is managed by Nix (`OPENCLAW_NIX_MODE=1`), so OpenClaw treats openclaw.json as immutable.',
  ])('since its configuration is managed from outside: %s', async (words) => {
    config.readOnly = words;
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'read-only-config' });
    expect(config.document).toEqual(edited);
  });

  it('since it does not like the values', async () => {
    config.isBad = (document) => JSON.stringify(document).includes('"ok"');
    expect(await apply()).toMatchObject({ state: 'failed', message: expect.stringContaining('wrote nothing') });
  });

  it('since it is busy with something else', async () => {
    gateway.answers['config.patch'] = {
      fail: { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 5000, message: 'x' },
    };
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'gateway-unavailable' });
  });
});

describe('a change that restarts the gateway', () => {
  beforeEach(() => {
    config.kinds['messages'] = 'restart';
  });

  it('is verified by a new boot', async () => {
    const outcome = await apply({ allowRestart: true });
    expect(outcome).toMatchObject({
      state: 'succeeded',
      before: { gateway_boot_id: 'boot-1' },
      after: { gateway_boot_id: 'boot-2', restarted: true },
    });
    expect(config.restarts).toBe(1);
  });

  it('needs no new boot when the gateway says that it does without', async () => {
    config.hotAnyway = true;
    const outcome = await apply({ allowRestart: true });
    expect(outcome).toMatchObject({ state: 'succeeded', after: { gateway_boot_id: 'boot-1', restarted: false } });
  });

  it('has not succeeded while the gateway did not restart', async () => {
    gateway.answers['config.patch'] = (params) => {
      const { raw } = params as { raw: string };
      config.edit({ ...edited, ...(JSON.parse(raw) as object) });
      return { ok: true, hash: `file-${config.version}` };
    };
    expect(await apply({ allowRestart: true })).toMatchObject({ state: 'rolled_back' });
    expect(config.document).toEqual(edited);
  });
});

describe('a gateway that does not converge', () => {
  it('gets its configuration back, and runs it', async () => {
    config.mode = 'off';
    const outcome = await apply();
    expect(outcome).toMatchObject({
      state: 'rolled_back',
      after: { config_converged: true, config_valid: true, full_config_hash: outcome.before['full_config_hash'] },
    });
    expect(config.document).toEqual(edited);
    expect(config.writes('config.patch')).toHaveLength(1);
    expect(config.writes('config.apply')).toHaveLength(1);
    expect(notes).toContain('the gateway saved the change and does not run it');
  });

  it('gets it back too when it saves other values than it was given', async () => {
    config.rewrites = (document) =>
      JSON.stringify(document).includes('"ok"') ? { ...document, messages: { ackReaction: 'OK' } } : document;
    expect(await apply()).toMatchObject({ state: 'rolled_back' });
    expect(config.document).toEqual(edited);
    expect(notes.join('\n')).toContain('its values are not those of the revision');
  });

  it('gets it back too when it is not ready any more', async () => {
    const answer = gateway.answers['config.patch'] as (params: object) => Record<string, unknown>;
    gateway.answers['config.patch'] = (params) => {
      gateway.probes['/readyz'] = [503, { ready: false, failing: ['agent-database:main'] }];
      return answer(params);
    };
    config.onWrite = (_when, method) => {
      if (method === 'config.apply') gateway.probes['/readyz'] = [200, { ready: true, failing: [] }];
    };
    expect(await apply()).toMatchObject({ state: 'rolled_back' });
    expect(config.document).toEqual(edited);
  });

  it('keeps what a person wrote meanwhile', async () => {
    const persons = { ...edited, messages: { ackReaction: 'mine' } };
    config.rewrites = (document) => ({ ...document, messages: { ackReaction: 'OK' } });
    config.onWrite = (when) => {
      if (when === 'saved') setTimeout(() => config.edit(persons), 5);
    };
    expect(await apply()).toMatchObject({ state: 'failed', message: expect.stringContaining('somebody else') });
    expect(config.document).toEqual(persons);
  });

  it('is told to a person when the way back is closed too', async () => {
    config.mode = 'off';
    gateway.answers['config.apply'] = { fail: { code: 'INVALID_REQUEST', message: 'no' } };
    expect(await apply()).toMatchObject({ state: 'failed', message: expect.stringContaining('config-apply.json') });
    const kept = JSON.parse(readFileSync(join(stateDir, 'config-apply.json'), 'utf8')) as { entry: object };
    expect(kept.entry).toMatchObject({ before: { document: { messages: { ackReaction: 'no' } } } });
  });

  it('and had not before either, is tried with what is saved, which may restart it', async () => {
    config.mode = 'off';
    config.edit(wanted);
    config.active = edited;
    // What is saved may be more than the revision.
    expect(await apply()).toMatchObject({ state: 'refused', refusal: 'needs-restart' });
    expect(config.writes('config.apply')).toHaveLength(0);
    const allowed = { allowRestart: true };
    expect(await apply(allowed)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('restart the gateway'),
    });
    expect(config.writes('config.apply')).toHaveLength(1);
    config.mode = 'hybrid';
    expect(await apply(allowed)).toMatchObject({ state: 'succeeded', message: 'what was saved already is active now' });
  });
});

describe('a saved configuration that is not valid', () => {
  beforeEach(() => {
    createGoodCopy(stateDir, () => undefined).offer({ ...edited, gateway: {} }, 'hash');
  });

  it('is mended with the last good copy, and then the revision is applied', async () => {
    config.edit(null);
    expect(await apply()).toMatchObject({
      state: 'succeeded',
      before: { config_valid: false },
      after: { config_valid: true },
    });
    expect(config.document).toEqual({ ...wanted, gateway: {} });
    expect(notes).toContain('the saved configuration is not valid, at gateway.port');
    expect(config.writes('config.apply')).toHaveLength(1);
  });

  it('is told to a person when there is no good copy, or it does not help', async () => {
    config.edit(null);
    createGoodCopy(stateDir, () => undefined).offer({}, 'none');
    expect(await apply()).toMatchObject({ state: 'failed', message: expect.stringContaining('openclaw doctor') });
    createGoodCopy(stateDir, () => undefined).offer({ gateway: { token: '__OPENCLAW_REDACTED__' } }, 'lacks');
    const outcome = await apply();
    expect(outcome).toMatchObject({ state: 'failed', message: expect.stringContaining('cannot be put back (ENOENT)') });
    expect(config.document).toBeNull();
  });
});

describe('reload', () => {
  const reload = (): Promise<ApplyOutcome> =>
    using((applier) => applier.reload({ id: `reload-${(count += 1)}` }, (text) => notes.push(text)));

  it('says that there is no such signal, and writes the revision’s values again', async () => {
    expect(await reload()).toMatchObject({ state: 'refused', refusal: 'revision-refused' });
    await apply();
    const before = config.writes('config.patch').length;
    const outcome = await reload();
    expect(outcome).toMatchObject({ state: 'succeeded', message: expect.stringContaining('no signal to reload by') });
    expect(config.writes('config.patch').slice(before)).toMatchObject([
      { raw: '{"messages":{"ackReaction":"ok"},"logging":{"level":"info"}}' },
    ]);
    config.edit(edited);
    expect(await reload()).toMatchObject({ state: 'succeeded', message: expect.stringContaining('1 setting changed') });
    expect(config.document).toEqual(wanted);
  });

  describe('of what is saved and not active', () => {
    beforeEach(async () => {
      await apply();
      config.active = edited;
      const answer = gateway.answers['config.apply'] as (params: object) => Record<string, unknown>;
      // It does not say whether it restarts.
      gateway.answers['config.apply'] = (params) => ({ ...answer(params), sentinel: {} });
    });

    it('makes it active, and waits for no new boot that nothing calls for', async () => {
      expect(await reload()).toMatchObject({
        state: 'succeeded',
        after: { config_converged: true, gateway_boot_id: 'boot-1', restarted: false },
      });
      expect(config.active).toEqual(wanted);
      expect(config.writes('config.apply')).toHaveLength(1);
    });

    it('leaves it the time of a restart', async () => {
      const read = gateway.answers['config.get'] as () => Record<string, unknown>;
      let looks = 0;
      // 500 ms pass from look to look.
      gateway.answers['config.get'] = () => ((looks += 1) < 100 ? { ...read(), appliedConfigHash: 'before' } : read());
      expect(await reload()).toMatchObject({ state: 'succeeded', after: { restarted: false } });
      expect(looks).toBeGreaterThanOrEqual(100);
    });

    it('does nothing where a restart is against the limits now', async () => {
      mayRestart = () => 'restart-limit';
      expect(await reload()).toMatchObject({ state: 'refused', refusal: 'restart-limit' });
      expect(config.writes('config.apply')).toEqual([]);
    });
  });
});
