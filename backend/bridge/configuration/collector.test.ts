import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCollectorRequests, systemClock } from '@openclaw-fleet/client';
import type { CollectorRequests } from '@openclaw-fleet/client';
import type { ConfigValues, HeartbeatReply } from '@openclaw-fleet/contract';
import { Configurations } from '../../collector/configurations/service.ts';
import type { DesiredConfiguration } from '../../collector/configurations/types.ts';
import { newKeyPair, privatePem } from '../../collector/identity/keys.ts';
import { pinOfKey } from '../../collector/identity/pins.ts';
import { Trust } from '../../collector/identity/trust.ts';
import { createIntakeApp } from '../../collector/intake/app.ts';
import { AUDIENCE, Door } from '../../collector/intake/testing/door.ts';
import type { TestNode } from '../../collector/intake/testing/door.ts';
import { TokenVerifier } from '../../collector/intake/token.ts';
import { waitFor } from '../testing/wait-for.ts';
import { keptRevision } from './kept.ts';
import { createConfigSync } from './sync.ts';
import type { ConfigSync } from './sync.ts';

const keys = newKeyPair();
const desired = new Map<string, DesiredConfiguration>();
const change = { actor: { name: 'token:1', via: 'api-token' as const }, reason: 'a test' };
const logged: string[] = [];
const log = (message: string): void => void logged.push(message);

let door: Door;
let configurations: Configurations;
let node: TestNode;
let folder: string;
let sync: ConfigSync;

/** The bridge's half and the collector's, with everything between them real: TLS, tokens, signatures and storage. */
beforeAll(async () => {
  door = await Door.open({
    rest: (opened) => {
      configurations = new Configurations({
        store: opened.storage,
        clock: () => Date.now(),
        desired: (id) => desired.get(id) ?? null,
        actionsKey: () => keys,
      });
      return createIntakeApp({
        store: opened.storage,
        trust: new Trust(opened.storage),
        credentials: () => ({ tokenKey: { ...keys, kid: 'k' }, authority: null }),
        audience: AUDIENCE,
        requireEnrolment: false,
        nodeDays: 1,
        clock: () => Date.now(),
        pace: () => 0,
        revisions: {
          configurations,
          tokens: new TokenVerifier({ audience: AUDIENCE, issuers: [] }),
          trust: opened.trust,
          wallClock: () => Date.now(),
        },
        onError: (error) => opened.errors.push(error),
      });
    },
  });
  node = await door.node();
  door.mustSign.add(node.id);
  folder = mkdtempSync(join(tmpdir(), 'fleet-bridge-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const requests = createCollectorRequests(
    {
      endpoint: `https://localhost:${door.port}`,
      nodeId: node.id,
      caFile: file('ca.crt', door.authority.bundle),
      certFile: file('node.crt', node.certificate),
      keyFile: file('node.key', privatePem(node.keys.privateKey)),
      signPayload: true,
    },
    systemClock
  );
  sync = createConfigSync({
    nodeId: node.id,
    pins: [pinOfKey(keys.publicKey)],
    requests: requests as CollectorRequests,
    kept: keptRevision(folder),
    refreshMs: 1,
    clock: systemClock,
    random: Math.random,
    logger: { info: log, warn: log, error: log },
    onChange: () => undefined,
  });
});

afterAll(async () => {
  sync.stop();
  await door.close();
  rmSync(folder, { recursive: true });
});

const reply = (): HeartbeatReply => {
  const wanted = desired.get(node.id);
  return {
    status: 'accepted',
    next_heartbeat_seconds: 60,
    ...(wanted !== undefined && { desired_revision: wanted.revision }),
  };
};
const trouble = (): string => JSON.stringify([logged, door.errors, sync.facts()]);

async function stored(expected: ConfigValues): Promise<void> {
  let document = '';
  await waitFor(
    () => `${JSON.stringify(expected)}; stored is ${document}; ${trouble()}`,
    () => {
      void door.storage.configReport(node.id).then((row) => {
        document = row?.document ?? '';
      });
      return document === JSON.stringify(expected);
    }
  );
}

describe('a bridge and its collector', () => {
  it('agree on what the gateway runs, from its adoption over an edit to an overlay', async () => {
    const running = { messages: { ackReaction: 'ok' }, cron: { enabled: true }, gateway: { mode: 'local' } };
    sync.read(running);
    sync.replied(reply());
    await stored({ 'messages.ackReaction': 'ok', 'cron.enabled': true });

    const adopted = await configurations.adopt(node.id, { title: 'As it runs' }, change);
    if (!adopted.ok) throw new Error(adopted.failure.message);
    const { id } = adopted.value.revision;
    desired.set(node.id, { revision: id, overlay: {} });
    sync.replied(reply());
    await waitFor(trouble, () => sync.facts().applyStatus === 'APPLIED');
    expect(sync.facts().configHash).toBe(configurations.effective(id, {})?.hash);
    await stored({ 'messages.ackReaction': 'ok', 'cron.enabled': true });
    expect(await configurations.diffWithReport(id, {}, node.id)).toMatchObject({ value: { equal: true } });

    sync.read({ ...running, messages: { ackReaction: 'no' } });
    await stored({ 'messages.ackReaction': 'no', 'cron.enabled': true });
    // It ran it once, so this is an edit.
    expect(sync.facts().applyStatus).toBe('APPLIED');
    expect(configurations.issued(sync.facts().configHash ?? '')).toBe(false);
    expect(await configurations.diffWithReport(id, {}, node.id)).toMatchObject({
      value: { differences: [{ path: 'messages.ackReaction', expected: '"ok"', actual: '"no"' }] },
    });

    desired.set(node.id, { revision: id, overlay: { 'messages.ackReaction': 'no' } });
    sync.replied(reply());
    await waitFor(trouble, () => configurations.issued(sync.facts().configHash ?? ''));
    expect(sync.facts().applyStatus).toBe('APPLIED');
    expect([logged, door.errors]).toEqual([[], []]);
  });

  it('agree on a secret by its name', async () => {
    const values = { 'channels.x.botToken': { $secretRef: 'x-bot' }, 'channels.x.enabled': true };
    const created = await configurations.create({ title: 'With a secret', values }, change);
    if (!created.ok) throw new Error(created.failure.message);
    desired.set(node.id, { revision: created.value.revision.id, overlay: {} });
    sync.read({ channels: { x: { botToken: '__OPENCLAW_REDACTED__', enabled: true } } });
    sync.replied(reply());
    await waitFor(trouble, () => sync.facts().applyStatus === 'APPLIED');
    await stored(values);
  });
});
