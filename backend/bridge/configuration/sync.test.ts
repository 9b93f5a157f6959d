import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCollectorRequests, systemClock } from '@openclaw-fleet/client';
import type { CollectorRequests } from '@openclaw-fleet/client';
import { configReportSchema } from '@openclaw-fleet/contract';
import type { ConfigReport, ConfigValues, HeartbeatReply } from '@openclaw-fleet/contract';
import type { Answer, Received } from '../../client/testing/collector.ts';
import { createTestNode } from '../../client/testing/node.ts';
import type { TestNode } from '../../client/testing/node.ts';
import { createRevisionSigner, hashOf } from '../testing/revisions.ts';
import { waitFor } from '../testing/wait-for.ts';
import { keptRevision } from './kept.ts';
import { createConfigSync } from './sync.ts';
import type { ConfigSync, ConfigSyncOptions } from './sync.ts';

const MINUTE = 60_000;
const signer = createRevisionSigner();
const values: ConfigValues = { 'messages.ackReaction': 'ok', 'logging.level': 'info' };
const revision = hashOf(values);
const running = { messages: { ackReaction: 'ok' }, logging: { level: 'info' }, meta: { x: 1 } };
const edited = { ...running, messages: { ackReaction: 'no' } };

let node: TestNode;
let logged: string[];
let changes: number;
let syncs: ConfigSync[];
/** The revision as the collector hands it out; a nonce is put in. */
let handOut: (nonce: string) => Answer;
let takeReport: () => Answer;

const signed =
  (document: ConfigValues = values, more: object = {}) =>
  (nonce: string): Answer => ({
    body: { jws: signer.revision(document, { nonce, ...more }) },
  });

function create(options: Partial<ConfigSyncOptions> = {}): ConfigSync {
  const sync = createConfigSync({
    nodeId: node.settings.nodeId,
    pins: [signer.pin],
    requests: createCollectorRequests(node.settings, systemClock) as CollectorRequests,
    kept: keptRevision(join(node.folder, 'state')),
    refreshMs: 10 * MINUTE,
    clock: node.clock,
    random: () => 0.5,
    logger: {
      info: (message) => logged.push(`info ${message}`),
      warn: (message) => logged.push(`warn ${message}`),
      error: (message) => logged.push(`error ${message}`),
    },
    onChange: () => (changes += 1),
    ...options,
  });
  syncs.push(sync);
  return sync;
}

const reply = (desired?: string, more: Partial<HeartbeatReply> = {}): HeartbeatReply => ({
  status: 'accepted',
  next_heartbeat_seconds: 60,
  ...(desired !== undefined && { desired_revision: desired }),
  ...more,
});
const sentTo = (part: string): Received[] => node.collector.requests.filter(({ path }) => path.includes(part));
const fetches = (): number => sentTo('/openclaw/revisions/').length;
const reports = (): ConfigReport[] =>
  sentTo('/openclaw/config-report').map(({ body }) => configReportSchema.parse(JSON.parse(body.toString())));

beforeEach(async () => {
  node = await createTestNode();
  [logged, changes, syncs] = [[], 0, []];
  handOut = signed();
  takeReport = () => ({ status: 204, body: '' });
  node.collector.answer = ({ path }) => {
    const url = new URL(path, 'https://x');
    if (url.pathname === '/openclaw/config-report') return takeReport();
    return handOut(url.searchParams.get('nonce') ?? '');
  };
});

afterEach(async () => {
  for (const sync of syncs) sync.stop();
  await node.close();
});

describe('a bridge that is told a revision', () => {
  it('fetches it once, and says whether the gateway has it', async () => {
    const sync = create();
    sync.read(running);
    expect(sync.facts()).toEqual({ revision: null, configHash: null, applyStatus: 'UNSET' });
    sync.replied(reply(revision));
    await waitFor('the report', () => reports().length === 1);
    expect(sync.facts()).toEqual({ revision, configHash: revision, applyStatus: 'APPLIED' });
    expect(reports()[0]).toEqual({ revision, config_hash: revision, values });
    expect(sentTo('revisions')[0]?.client).toContain('openclaw://node/node-1');
    expect(sentTo('revisions')[0]?.headers.authorization).toMatch(/^Bearer eyJ/);
    sync.replied(reply(revision));
    sync.read(running);
    sync.read(edited);
    await waitFor('the second report', () => reports().length === 2);
    expect(fetches()).toBe(1);
    // It had it once: what differs now is an edit.
    expect(sync.facts()).toMatchObject({ revision, applyStatus: 'APPLIED' });
    expect(reports()[1]?.values).toEqual({ ...values, 'messages.ackReaction': 'no' });
    expect(reports()[1]?.config_hash).toBe(sync.facts().configHash);
    expect(changes).toBe(2);
  });

  it('asks again every ten minutes, since an overlay may have changed', async () => {
    const sync = create();
    sync.read(running);
    sync.replied(reply(revision));
    await waitFor('the report', () => reports().length === 1);
    const overlaid = { ...values, 'logging.level': 'debug' };
    handOut = signed(overlaid, { revision });
    node.clock.advance(10 * MINUTE);
    sync.replied(reply(revision));
    await waitFor('the change', () => sync.facts().applyStatus === 'UNSET');
    expect(sync.facts()).toEqual({ revision, configHash: revision, applyStatus: 'UNSET' });
    sync.read({ ...running, logging: { level: 'debug' } });
    expect(sync.facts()).toMatchObject({ revision, configHash: hashOf(overlaid), applyStatus: 'APPLIED' });
  });

  it('knows it after a restart, before the collector says anything', async () => {
    const first = create();
    first.read(running);
    first.replied(reply(revision));
    await waitFor('the report', () => reports().length === 1);
    const file = join(node.folder, 'state/revision.jws');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    first.stop();
    const second = create();
    second.read(edited);
    expect(second.facts()).toMatchObject({ revision, applyStatus: 'APPLIED' });
    expect(reports()).toHaveLength(1);
    second.replied(reply(revision));
    await waitFor('the report of the edit', () => reports().length === 2);
    second.replied(reply());
    expect(second.facts()).toEqual({ revision: null, configHash: null, applyStatus: 'UNSET' });
    expect(existsSync(file)).toBe(false);
  });

  it('does not believe a kept one that was altered', () => {
    mkdirSync(join(node.folder, 'state'));
    const file = join(node.folder, 'state/revision.jws');
    writeFileSync(file, signer.revision(values).replace('.', '.x'));
    expect(create().facts().revision).toBeNull();
    writeFileSync(file, createRevisionSigner().revision(values));
    expect(create().facts().revision).toBeNull();
    expect(logged).toHaveLength(2);
    expect(logged[1]).toContain('warn the kept configuration revision is not used: it is signed by a key');
  });

  it('drops one that is not desired any more, and takes the next', async () => {
    const sync = create();
    sync.read(running);
    sync.replied(reply(revision));
    await waitFor('the report', () => reports().length === 1);
    const next = { 'messages.ackReaction': 'yes' };
    handOut = signed(next);
    sync.replied(reply(hashOf(next)));
    await waitFor('the next report', () => reports().length === 2);
    expect(sync.facts()).toMatchObject({ revision: hashOf(next), applyStatus: 'UNSET' });
    // A beat that was late says nothing of now.
    sync.replied(reply(undefined, { status: 'superseded' }));
    expect(sync.facts().revision).toBe(hashOf(next));
    expect(readFileSync(join(node.folder, 'state/revision.jws'), 'utf8')).toContain('.');
  });

  it.each([
    ['a replay', () => signer.revision(values, { nonce: 'of-another-request' }), 'an earlier request'],
    ['one without its nonce', () => signer.revision(values), 'an earlier request'],
    ['another revision', (nonce: string) => signer.revision({ a: 1 }, { nonce }), 'another revision'],
    ['another node’s', (nonce: string) => signer.revision(values, { nonce, node_id: 'node-2' }), 'another node'],
    [
      'one of another key',
      (nonce: string) => createRevisionSigner().revision(values, { nonce }),
      'OPENCLAW_ACTIONS_PIN',
    ],
    ['one with other values', (nonce: string) => signer.revision(values, { nonce, values: { a: 'hidden' } }), 'hash'],
    ['no JWS', () => 'x', 'no compact JWS'],
  ])('refuses %s, and says so once', async (_what, jws, why) => {
    handOut = (nonce) => ({ body: { jws: jws(nonce) } });
    const sync = create();
    sync.read(running);
    for (let round = 1; round <= 2; round += 1) {
      sync.replied(reply(revision));
      await waitFor('a request', () => fetches() === round);
      await waitFor('the refusal', () => logged.length > 0);
      await node.clock.advanceToTimer(1, 6 * MINUTE);
    }
    expect(sync.facts().revision).toBeNull();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(why);
    expect(logged[0]).not.toContain('hidden');
    expect(reports()).toEqual([]);
    expect(existsSync(join(node.folder, 'state'))).toBe(false);
  });

  it('takes none without a pin, and says what to do', async () => {
    const sync = create({ pins: [] });
    sync.read(running);
    sync.replied(reply(revision));
    await waitFor('the warning', () => logged.length === 1);
    expect(logged[0]).toContain('without OPENCLAW_ACTIONS_PIN');
    sync.replied(reply(revision));
    expect([fetches(), logged.length]).toEqual([0, 1]);
  });

  it('goes nowhere with an id that is none', async () => {
    const sync = create();
    sync.replied(reply('../token?x='));
    await waitFor('the warning', () => logged.length === 1);
    expect(node.collector.requests).toEqual([]);
  });

  it('goes on reporting while the revision cannot be fetched anew', async () => {
    const sync = create();
    sync.read(running);
    sync.replied(reply(revision));
    await waitFor('the report', () => reports().length === 1);
    handOut = () => ({ body: { jws: 'x' } });
    node.clock.advance(10 * MINUTE);
    sync.read(edited);
    await waitFor('the report of the edit', () => reports().length === 2);
    await waitFor('the refusal', () => logged.length === 1);
    expect(sync.facts().revision).toBe(revision);
  });
});

describe('a bridge that is told no revision', () => {
  it('reports what there is to adopt, when it changes', async () => {
    const sync = create();
    sync.read({ ...running, gateway: { auth: { token: '__OPENCLAW_REDACTED__' } } });
    expect(node.collector.requests).toEqual([]);
    sync.replied(reply());
    await waitFor('the report', () => reports().length === 1);
    expect(reports()[0]).toEqual({ revision: null, config_hash: revision, values });
    sync.read(running);
    sync.replied(reply());
    sync.read(edited);
    await waitFor('the second report', () => reports().length === 2);
    expect(sync.facts()).toEqual({ revision: null, configHash: null, applyStatus: 'UNSET' });
    sync.replied(reply(undefined, { report_full_state: true }));
    await waitFor('the same again, to a collector that lost it', () => reports().length === 3);
    expect(reports()[2]).toEqual(reports()[1]);
  });

  it('reports again when the collector says, while a report is on its way, that it lost all', async () => {
    const sync = create();
    sync.read(running);
    takeReport = () => {
      // The report has arrived; its answer has not.
      if (reports().length === 1) sync.replied(reply(undefined, { report_full_state: true }));
      return { status: 204, body: '' };
    };
    sync.replied(reply());
    await waitFor('the same again', () => reports().length === 2);
    expect(reports()[1]).toEqual(reports()[0]);
  });

  it('reports again when the collector asks in its answer to a heartbeat that it had already', async () => {
    const sync = create();
    sync.read(running);
    sync.replied(reply());
    await waitFor('the report', () => reports().length === 1);
    sync.replied(reply(undefined, { status: 'duplicate', report_full_state: true }));
    await waitFor('the same again', () => reports().length === 2);
    expect(reports()[1]).toEqual(reports()[0]);
  });

  it('reports an edit that was made while the collector was down, once it is back', async () => {
    const sync = create();
    sync.read(running);
    sync.replied(reply());
    await waitFor('the report', () => reports().length === 1);
    const answers = takeReport;
    takeReport = () => {
      node.collector.hangUp();
      return { status: 204, body: '' };
    };
    sync.read(edited);
    await waitFor('the trouble', () => logged.length === 1);
    expect(logged[0]).toContain('warn the collector was not reached about the configuration: ');
    const tried = reports().length;
    await node.clock.advanceToTimer(2_000, 2_000);
    await waitFor('another try', () => reports().length > tried);
    await waitFor('the next wait', () => node.clock.pending().length > 0);
    takeReport = answers;
    const before = reports().length;
    // An answered heartbeat says that it is back, long before the next try would be due.
    sync.replied(reply());
    await waitFor('the report', () => logged.length === 2);
    expect(reports().length).toBe(before + 1);
    expect(reports().at(-1)?.values['messages.ackReaction']).toBe('no');
    expect(logged[1]).toBe('info the configuration is in step with the collector again');
  });

  it('waits as long as it is told', async () => {
    takeReport = () => ({ status: 429, headers: { 'retry-after': '30' } });
    const sync = create();
    sync.read(running);
    sync.replied(reply());
    await node.clock.advanceToTimer(30_000, 30_000);
    await waitFor('the second try', () => reports().length === 2);
  });

  it('leaves a collector alone that knows no reports, after one line', async () => {
    takeReport = () => ({ status: 404, body: { title: 'There is nothing at this address' } });
    const sync = create();
    sync.read(running);
    sync.replied(reply());
    await waitFor('the line', () => logged.length === 1);
    for (let beat = 0; beat < 50; beat += 1) {
      node.clock.advance(MINUTE);
      sync.read({ ...edited, beat });
      sync.replied(reply());
    }
    expect([reports().length, logged.length]).toEqual([1, 1]);
    await node.clock.advanceToTimer(1, 10 * MINUTE);
    await waitFor('the next try', () => reports().length === 2);
    expect(logged).toHaveLength(1);
  });

  it('does not repeat a report that was refused', async () => {
    takeReport = () => ({ status: 422, body: { title: 'A field is missing or not valid', detail: 'a: no' } });
    const sync = create();
    sync.read(running);
    sync.replied(reply());
    await waitFor('the line', () => logged.length === 1);
    expect(logged[0]).toContain('422 A field is missing or not valid: a: no');
    node.clock.advance(10 * MINUTE);
    sync.read(running);
    sync.replied(reply());
    expect(reports()).toHaveLength(1);
    takeReport = () => ({ status: 204, body: '' });
    sync.read(edited);
    await waitFor('the report of the next change', () => reports().length === 2);
  });

  it('reports no more values than the collector takes, and says so', async () => {
    const sync = create();
    sync.read({ messages: { list: Array<number>(5000).fill(1) } });
    sync.replied(reply());
    await waitFor('the line', () => logged.length === 1);
    expect(logged[0]).toContain('too large to report (1 settings, 5001 values');
    expect(reports()).toEqual([]);
  });

  it('reports nothing that is too large, and says so', async () => {
    const sync = create();
    sync.read({ messages: Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`a${index}`, 1])) });
    sync.replied(reply());
    await waitFor('the line', () => logged.length === 1);
    expect(logged[0]).toContain('too large to report (1001 settings');
    expect(reports()).toEqual([]);
  });
});
