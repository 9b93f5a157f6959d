import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REDACTED, type ConfigValues } from '@openclaw-fleet/contract';
import { compactVerify } from 'jose';
import { newKeyPair } from '../identity/keys.ts';
import { openStorage, type EmbeddedStorage } from '../storage/index.ts';
import { configHash } from './hash.ts';
import { Configurations } from './service.ts';
import type { DesiredConfiguration } from './types.ts';

const SECRET = 'Zk9x2QpL7vRt4WmN8sYb3HcJ6dFg1TaE';
const change = { actor: { name: 'token:1', via: 'api-token' as const }, reason: 'a test' };
const keys = newKeyPair();

let folder: string;
let storage: EmbeddedStorage;
let nowMs: number;
let desired: Record<string, DesiredConfiguration>;
let configurations: Configurations;

const open = async (): Promise<Configurations> => {
  const created = new Configurations({
    store: storage,
    clock: () => nowMs,
    desired: (nodeId) => desired[nodeId] ?? null,
    actionsKey: () => keys,
  });
  await created.load();
  return created;
};
const revisionOf = async (values: ConfigValues, title = 'A revision'): Promise<string> => {
  const result = await configurations.create({ title, values }, change);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value.revision.id;
};
const report = (revision: string | null, values: ConfigValues) => ({
  revision,
  values,
  config_hash: configHash(values),
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-configurations-'));
  storage = await openStorage({ file: join(folder, 'fleet.db') });
  nowMs = Date.parse('2026-11-22T12:00:00Z');
  desired = {};
  configurations = await open();
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true });
});

describe('configuration revisions', () => {
  it('are known by their hash, stored once, and there after a restart', async () => {
    const values = { 'messages.ackReaction': 'ok' };
    const first = await configurations.create({ title: 'First', values }, change);
    expect(first).toMatchObject({ ok: true, value: { created: true, revision: { id: configHash(values) } } });
    const [second, third] = await Promise.all(
      ['Second', 'Third'].map((title) => configurations.create({ title, values: { ...values } }, change))
    );
    for (const again of [second, third]) {
      expect(again).toMatchObject({ ok: true, value: { created: false, revision: { title: 'First' } } });
    }
    nowMs += 1000;
    const later = await revisionOf({ 'messages.ackReaction': 'no' });
    const reopened = await open();
    expect(reopened.list().map(({ id }) => id)).toEqual([later, configHash(values)]);
    expect(reopened.get(later)).toEqual(configurations.get(later));
  });

  it('are one when the same document is stored twice at once', async () => {
    const values = { 'messages.ackReaction': 'ok' };
    const results = await Promise.all(['A', 'B', 'C'].map((title) => configurations.create({ title, values }, change)));
    const created = results.filter((result) => result.ok && result.value.created);
    expect(created).toHaveLength(1);
    const titles = results.map((result) => (result.ok ? result.value.revision.title : ''));
    expect(new Set(titles).size).toBe(1);
    expect(configurations.list()).toHaveLength(1);
  });

  it('are refused with every reason, and nothing is stored or told of a secret', async () => {
    const refused = await configurations.create(
      { title: 'Bad', values: { 'gateway.auth.token': 'short-one', 'messages.prefix': SECRET } },
      change
    );
    expect(refused).toMatchObject({
      ok: false,
      failure: { kind: 'invalid', problems: [{ rule: 'denied' }, { rule: 'secret' }, { rule: 'secret' }] },
    });
    expect(JSON.stringify(refused)).not.toMatch(new RegExp(`${SECRET}|short-one`));
    expect(await storage.revisions()).toEqual([]);
    expect(await configurations.create({ title: 'Empty', values: {} }, change)).toMatchObject({ ok: false });
  });

  it('are compared with each other', async () => {
    const [a, b] = [await revisionOf({ 'messages.ackReaction': 'ok' }), await revisionOf({ 'logging.level': 'info' })];
    expect(configurations.diff(a, b)).toEqual({
      ok: true,
      value: {
        from: a,
        to: b,
        equal: false,
        differences: [
          { path: 'logging.level', expected: '(not set)', actual: '"info"' },
          { path: 'messages.ackReaction', expected: '"ok"', actual: '(not set)' },
        ],
      },
    });
    expect(configurations.diff(a, a)).toMatchObject({ ok: true, value: { equal: true } });
    expect(configurations.diff(a, 'f'.repeat(64))).toMatchObject({ ok: false, failure: { kind: 'not-found' } });
  });

  it('give each target its own values with an overlay', async () => {
    const id = await revisionOf({ 'messages.ackReaction': 'ok', 'logging.level': 'info' });
    expect(configurations.effective(id, {})).toEqual({ values: configurations.get(id)?.values, hash: id });
    const values = { 'messages.ackReaction': 'ok', 'logging.level': 'debug' };
    expect(configurations.effective(id, { 'logging.level': 'debug', 'cron.enabled': true })).toEqual({
      values,
      hash: configHash(values),
    });
    expect(configurations.effective('f'.repeat(64), {})).toBeNull();
    expect(configurations.checkOverlay(id, { 'logging.level': 'debug' })).toEqual([]);
    expect(configurations.checkOverlay(id, { 'cron.enabled': true, 'logging.level': SECRET })).toMatchObject([
      { path: 'cron.enabled', rule: 'unmanaged' },
      { path: 'logging.level', rule: 'secret' },
    ]);
  });

  it('take no overlay that makes them too large to report', async () => {
    const id = await revisionOf({ 'messages.ackReaction': 'x'.repeat(200_000), 'messages.prefix': [] });
    expect(configurations.checkOverlay(id, { 'messages.prefix': 'y'.repeat(50_000) })).toEqual([]);
    expect(configurations.checkOverlay(id, { 'messages.ackReaction': 'y'.repeat(250_000) })).toEqual([]);
    expect(configurations.checkOverlay(id, { 'messages.prefix': 'y'.repeat(70_000) })).toMatchObject([
      { path: 'values', rule: 'shape', message: expect.stringContaining('over the values of its revision') as unknown },
    ]);
    const many = await revisionOf({ 'messages.ackReaction': Array<number>(4000).fill(1), 'messages.prefix': [] });
    expect(configurations.checkOverlay(many, { 'messages.prefix': Array<number>(2000).fill(1) })).toMatchObject([
      { message: expect.stringContaining('6002 values') as unknown },
    ]);
  });

  it('are hashed once under an overlay, whoever asks for it again', async () => {
    const id = await revisionOf({ 'messages.ackReaction': 'ok', 'logging.level': 'info' });
    const other = await revisionOf({ 'logging.level': 'warn' });
    let read = 0;
    const overlay = Object.defineProperty({}, 'logging.level', {
      enumerable: true,
      get: () => {
        read += 1;
        return 'debug';
      },
    }) as ConfigValues;
    const first = configurations.effective(id, overlay)?.hash;
    const once = read;
    expect(once).toBeGreaterThan(0);
    for (let again = 0; again < 3; again++) expect(configurations.effective(id, overlay)?.hash).toBe(first);
    expect(read).toBe(once);
    expect(configurations.effective(other, overlay)?.hash).toBe(configHash({ 'logging.level': 'debug' }));
    expect(configurations.effective(id, overlay)?.hash).toBe(first);
    expect(configurations.effective(id, { 'logging.level': 'trace' })?.hash).not.toBe(first);
    for (const level of ['a', 'b', 'c', 'd', 'e']) {
      const revision = await revisionOf({ 'logging.level': level, 'cron.enabled': level });
      expect(configurations.effective(revision, overlay)).toEqual({
        values: { 'logging.level': 'debug', 'cron.enabled': level },
        hash: configHash({ 'logging.level': 'debug', 'cron.enabled': level }),
      });
    }
    expect(configurations.effective(id, overlay)?.hash).toBe(first);
  });
});

describe('a node’s revision', () => {
  it('is signed, with its overlay, and issued from then on, also after a restart', async () => {
    const id = await revisionOf({ 'messages.ackReaction': 'ok', 'logging.level': 'info' });
    desired['n1'] = { revision: id, overlay: { 'logging.level': 'debug' } };
    const values = { 'messages.ackReaction': 'ok', 'logging.level': 'debug' };
    const hash = configHash(values);
    expect(configurations.issued(hash)).toBe(false);
    const result = await configurations.nodeRevision('n1', id, 'nonce-1');
    if (!result.ok) throw new Error(result.failure.message);
    const { payload, protectedHeader } = await compactVerify(result.value, keys.publicKey, { algorithms: ['ES256'] });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'openclaw-revision+jws', jwk: { crv: 'P-256' } });
    expect(protectedHeader.jwk).not.toHaveProperty('d');
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({
      revision: id,
      node_id: 'n1',
      config_hash: hash,
      values,
      issued_at: '2026-11-22T12:00:00.000Z',
      nonce: 'nonce-1',
    });
    expect((await open()).issued(hash)).toBe(true);
  });

  it('is the one that is desired of it now, and no other', async () => {
    const [mine, other] = [await revisionOf({ 'cron.enabled': true }), await revisionOf({ 'cron.enabled': false })];
    desired['n1'] = { revision: mine, overlay: {} };
    desired['n2'] = { revision: other, overlay: {} };
    const absent = await configurations.nodeRevision('n1', 'f'.repeat(64), null);
    expect(await configurations.nodeRevision('n1', other, null)).toEqual(absent);
    expect(await configurations.nodeRevision('n3', mine, null)).toEqual(absent);
    expect(absent).toMatchObject({ ok: false, failure: { kind: 'not-found' } });
    expect(configurations.issued(other)).toBe(false);
  });
});

describe('a report', () => {
  it('is stored when it says something new', async () => {
    const id = await revisionOf({ 'messages.ackReaction': 'ok' });
    desired['n1'] = { revision: id, overlay: {} };
    const first = report(id, { 'messages.ackReaction': 'no' });
    expect(await configurations.acceptReport('n1', first)).toEqual({ ok: true, value: 'stored' });
    nowMs += 60_000;
    expect(await configurations.acceptReport('n1', first)).toEqual({ ok: true, value: 'unchanged' });
    expect((await storage.configReport('n1'))?.reportedMs).toBe(nowMs - 60_000);
    expect(await configurations.diffWithReport(id, {}, 'n1')).toEqual({
      ok: true,
      value: {
        from: id,
        to: 'n1',
        equal: false,
        differences: [{ path: 'messages.ackReaction', expected: '"ok"', actual: '"no"' }],
      },
    });
    expect(await configurations.acceptReport('n1', report(id, {}))).toEqual({ ok: true, value: 'stored' });
    expect(await configurations.diffWithReport(id, {}, 'n1')).toMatchObject({
      value: { differences: [{ actual: '(not set)' }] },
    });
  });

  it('is refused when its hash, its revision or its paths are not its own', async () => {
    const id = await revisionOf({ 'messages.ackReaction': 'ok' });
    desired['n1'] = { revision: id, overlay: {} };
    const good = report(id, { 'messages.ackReaction': 'no' });
    expect(await configurations.acceptReport('n1', { ...good, config_hash: id })).toMatchObject({
      ok: false,
      failure: { kind: 'invalid', problems: [{ path: 'config_hash' }] },
    });
    expect(await configurations.acceptReport('n2', good)).toMatchObject({ ok: false, failure: { kind: 'conflict' } });
    const more = report(id, { 'messages.ackReaction': 'no', 'logging.level': 'x' });
    expect(await configurations.acceptReport('n1', more)).toMatchObject({
      ok: false,
      failure: { kind: 'invalid', problems: [{ path: 'logging.level' }] },
    });
    expect(await storage.configReport('n1')).toBeNull();
  });

  it('is stored without the secrets that a bridge let pass', async () => {
    await configurations.acceptReport(
      'n1',
      report(null, { 'messages.prefix': SECRET, 'channels.x.token': 'short-one' })
    );
    const stored = await storage.configReport('n1');
    expect(JSON.parse(stored?.document ?? '')).toEqual({ 'messages.prefix': REDACTED, 'channels.x.token': REDACTED });
  });

  it('of another revision leaves open what it does not cover', async () => {
    const [told, asked] = [
      await revisionOf({ messages: { ackReaction: 'ok' } }),
      await revisionOf({ 'messages.ackReaction': 'ok', 'logging.level': 'info' }),
    ];
    desired['n1'] = { revision: told, overlay: {} };
    await configurations.acceptReport('n1', report(told, { messages: { ackReaction: 'no' } }));
    expect(await configurations.diffWithReport(asked, {}, 'n1')).toMatchObject({
      value: {
        differences: [
          { path: 'logging.level', actual: '(not reported)' },
          { path: 'messages.ackReaction', expected: '"ok"', actual: '"no"' },
        ],
      },
    });
    expect(await configurations.diffWithReport(asked, {}, 'n2')).toMatchObject({ failure: { kind: 'conflict' } });
  });
});

describe('adoption', () => {
  it('makes a revision of what a gateway runs, which is then known as issued', async () => {
    await configurations.acceptReport(
      'n1',
      report(null, { 'messages.ackReaction': 'ok', 'logging.level': 'info', 'gateway.mode': 'local' })
    );
    const adopted = await configurations.adopt('n1', { title: 'As it runs' }, change);
    expect(adopted).toMatchObject({
      ok: true,
      value: {
        created: true,
        revision: { values: { 'messages.ackReaction': 'ok', 'logging.level': 'info' }, adoptedFrom: 'n1' },
        leftOut: [{ path: 'gateway.mode', rule: 'denied' }],
      },
    });
    const id = adopted.ok ? adopted.value.revision.id : '';
    expect((await open()).issued(id)).toBe(true);
    expect(await configurations.diffWithReport(id, {}, 'n1')).toMatchObject({ value: { equal: true } });
  });

  it('takes the paths it is told, all of them or none', async () => {
    await configurations.acceptReport('n1', report(null, { 'messages.ackReaction': 'ok', 'gateway.mode': 'local' }));
    expect(await configurations.adopt('n1', { title: 'Part', paths: ['messages'] }, change)).toMatchObject({
      value: { revision: { values: { 'messages.ackReaction': 'ok' } } },
    });
    expect(
      await configurations.adopt('n1', { title: 'Part', paths: ['messages', 'gateway', 'nothing'] }, change)
    ).toMatchObject({
      failure: { kind: 'invalid', problems: [{ path: 'nothing' }, { path: 'gateway.mode' }] },
    });
    expect(await configurations.adopt('n2', { title: 'None' }, change)).toMatchObject({
      failure: { kind: 'conflict' },
    });
  });
});
