import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ACTION_PATHS,
  ACTION_TYPE,
  MAX_ACTION_BYTES,
  observationSchema,
  receiptSchema,
} from '@openclaw-fleet/contract';
import type { ActionRequest, Instruction, Verb } from '@openclaw-fleet/contract';
import { createAuthority } from '../../client/testing/certificates.ts';
import type { Authority } from '../../client/testing/certificates.ts';
import { createVirtualClock } from '../../client/testing/clock.ts';
import type { VirtualClock } from '../../client/testing/clock.ts';
import { NODE_ID } from '../../client/testing/node.ts';
import { createCaller } from '../testing/actions.ts';
import type { TestCaller } from '../testing/actions.ts';
import { seen } from '../testing/seen.ts';
import { waitFor } from '../testing/wait-for.ts';
import { createActionsDoor } from './door.ts';
import type { ActionsDoor } from './door.ts';
import { FileReceipts } from './receipts.ts';
import type { ActionOutcome, ActionProgress, Actuator, Unsettled } from './types.ts';

const DOCTOR: Instruction = { verb: 'doctor' };
const RESTART: Instruction = { verb: 'restart', what: 'gateway' };
const done: ActionOutcome = { state: 'succeeded', refusal: null, message: 'Done.', before: {}, after: { jobs: 1 } };

let folder: string;
let authority: Authority;
let clock: VirtualClock;
let logged: string[];
let door: ActionsDoor;
let collector: TestCaller;
/** What the actuator was asked to do, in order, and how each is to go. */
let carried: ActionRequest[];
let settled: Unsettled[];
let work: (request: ActionRequest, progress: ActionProgress) => Promise<ActionOutcome>;
let look: (unsettled: Unsettled) => Promise<ActionOutcome>;
let verbs: Verb[];

const actuator: Actuator = {
  verbs: () => verbs,
  carryOut: async (request, progress) => {
    carried.push(request);
    return work(request, progress);
  },
  settle: async (unsettled, note) => {
    settled.push(unsettled);
    note('looked');
    return look(unsettled);
  },
  observe: () => Promise.resolve(seen),
};

async function open(): Promise<void> {
  const own = authority.issue({ uri: `openclaw://node/${NODE_ID}` });
  door = await createActionsDoor({
    nodeId: NODE_ID,
    listen: { host: '127.0.0.1', port: 0 },
    credentials: { certificate: own.cert, key: own.key, authority: authority.cert },
    clientPins: [collector.identity.pin],
    actionsPins: [collector.signer.pin],
    actuator,
    receipts: new FileReceipts(join(folder, 'actions')),
    limits: { gapMs: 300_000, hourMs: 3_600_000 },
    clock,
    logger: {
      info: (message) => logged.push(`info ${message}`),
      warn: (message) => logged.push(`warn ${message}`),
      error: (message) => logged.push(`error ${message}`),
    },
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-actions-'));
  authority = createAuthority();
  clock = createVirtualClock();
  [logged, carried, settled] = [[], [], []];
  verbs = ['doctor', 'restart', 'reconcile'];
  work = (_request, progress) => {
    progress.begin({ boot: 'a' });
    return Promise.resolve(done);
  };
  look = () => Promise.resolve(done);
  collector = createCaller(authority, () => door.port);
  await open();
});

afterEach(async () => {
  await door.close();
  rmSync(folder, { recursive: true, force: true });
});

const stored = (id: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'actions', `${id}.json`), 'utf8')) as Record<string, unknown>;

const files = (): string[] => readdirSync(join(folder, 'actions')).filter((name) => name.endsWith('.json'));

/** Work that waits to be told. */
function held(): { release: () => void } {
  const gate = { release: (): void => undefined };
  const released = new Promise<void>((resolve) => (gate.release = resolve));
  work = async (_request, progress) => {
    progress.begin({ boot: 'a' });
    await released;
    return done;
  };
  return gate;
}

describe('who may ask', () => {
  const other = (identity: ReturnType<Authority['issue']>): TestCaller =>
    createCaller(authority, () => door.port, identity, collector.signer);

  it('lets the collector in, and takes what it signed', async () => {
    const request = collector.request(DOCTOR);
    const answer = await collector.act(request);
    expect([200, 202]).toContain(answer.status);
    const receipt = await collector.ended(request.action_id);
    expect(receiptSchema.parse(receipt)).toMatchObject({
      action_id: request.action_id,
      node_id: NODE_ID,
      run_id: 'run-1',
      verb: 'doctor',
      state: 'succeeded',
      message: 'Done.',
      before: { boot: 'a' },
      after: { jobs: 1 },
    });
    expect(carried).toEqual([request]);
  });

  it.each([
    ['another node of the fleet', () => authority.issue({ uri: 'openclaw://node/node-2' })],
    ['the node itself', () => authority.issue({ uri: `openclaw://node/${NODE_ID}` })],
    ['another key that names the collector', () => authority.issue({ uri: 'openclaw://collector/client' })],
    ['the collector’s server face', () => authority.issue({ uri: 'openclaw://collector/server' })],
    ['nobody in particular', () => authority.issue({})],
  ])('refuses %s, before it reads what is asked', async (_who, identity) => {
    const stranger = other(identity());
    for (const answer of [
      await stranger.act(stranger.request(DOCTOR)),
      await stranger.send('GET', ACTION_PATHS.observation),
      await stranger.send('GET', `${ACTION_PATHS.actions}/12345678`),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.body['message']).toContain('OPENCLAW_CLIENT_PIN');
    }
    expect(carried).toEqual([]);
  });

  it('refuses the pinned key when its certificate also names a node, or names the collector twice', async () => {
    const { publicKey } = await import('node:crypto').then(({ createPublicKey }) => ({
      publicKey: createPublicKey(collector.identity.key),
    }));
    const both = authority.issue({ uri: 'openclaw://collector/client', dns: 'x.example', publicKey });
    const answer = await other({ ...both, key: collector.identity.key }).send('GET', ACTION_PATHS.observation);
    expect(answer.status).toBe(403);
  });

  it('hangs up on a certificate of another authority, on none, and on one that has expired', async () => {
    const elsewhere = createAuthority('Another authority').issue({ uri: 'openclaw://collector/client' });
    const past = authority.issue({ uri: 'openclaw://collector/client', notAfter: new Date(Date.now() - 1000) });
    for (const identity of [elsewhere, past, { cert: '', key: '', pin: '' }]) {
      await expect(other(identity).send('GET', ACTION_PATHS.observation)).rejects.toThrow();
    }
  });

  it('refuses a connection that outlives its certificate', async () => {
    clock.advance(91 * 86_400_000);
    expect((await collector.send('GET', ACTION_PATHS.observation)).status).toBe(403);
  });

  it('takes a resumed session for what its certificate says', async () => {
    const agent = new Agent({ maxCachedSessions: 10 });
    const resuming = createCaller(authority, () => door.port, collector.identity, collector.signer, agent);
    for (let round = 0; round < 3; round += 1) {
      expect((await resuming.send('GET', ACTION_PATHS.observation)).status).toBe(200);
    }
    agent.destroy();
  });

  it('serves with a renewed certificate once it has it', async () => {
    const renewed = authority.issue({ uri: `openclaw://node/${NODE_ID}` });
    door.reload({ certificate: renewed.cert, key: renewed.key, authority: authority.cert });
    expect((await collector.send('GET', ACTION_PATHS.observation)).status).toBe(200);
  });

  it('does not wait for who connects and says nothing', async () => {
    const silent = connect(door.port, '127.0.0.1');
    const closed = new Promise((resolve) => silent.once('close', resolve));
    silent.on('error', () => undefined);
    await closed;
  }, 15_000);
});

describe('what may be asked', () => {
  const refusedAs = async (request: ActionRequest, refusal: string): Promise<Record<string, unknown>> => {
    const { body } = await collector.act(request);
    expect(body).toMatchObject({ refusal });
    expect(carried).toEqual([]);
    return body;
  };
  const at = (ms: number): string => new Date(clock.now() + ms).toISOString();

  it.each([
    ['an expired request', () => ({ issued_at: at(-120_000), expires_at: at(-31_000) }), /expired 31 s ago/],
    ['one of the future', () => ({ issued_at: at(31_000), expires_at: at(60_000) }), /31 s from now/],
    ['one that is good for ever', () => ({ issued_at: at(0), expires_at: at(301_000) }), /good for 301 s/],
    ['one that ends before it begins', () => ({ issued_at: at(0), expires_at: at(-1000) }), /good for -1 s/],
  ])('refuses %s, and keeps a receipt of that', async (_what, times, message) => {
    const request = collector.request(DOCTOR, times());
    const receipt = await refusedAs(request, 'expired');
    expect(receipt['message']).toMatch(message);
    expect(receipt['state']).toBe('refused');
    expect(stored(request.action_id)).toMatchObject({ begunAt: null, receipt: { refusal: 'expired' } });
  });

  it('allows half a minute between two clocks', async () => {
    clock.advance(100_000);
    for (const times of [
      { issued_at: at(-80_000), expires_at: at(-29_000) },
      { issued_at: at(29_000), expires_at: at(60_000) },
    ]) {
      const request = collector.request(DOCTOR, times);
      await collector.act(request);
      expect(await collector.ended(request.action_id)).toMatchObject({ state: 'succeeded' });
    }
  });

  it('refuses what is for another node, and keeps nothing of it', async () => {
    const request = collector.request(DOCTOR, { node_id: 'node-2' });
    expect((await collector.act(request)).status).toBe(422);
    await refusedAs(request, 'wrong-node');
    expect(files()).toEqual([]);
  });

  it.each([
    [
      'by another key',
      (request: ActionRequest) => createCaller(authority, () => 0).signer.sign(request, { typ: ACTION_TYPE }),
    ],
    ['as a revision', (request: ActionRequest) => collector.signer.sign(request)],
    ['and altered after it', (request: ActionRequest) => altered(collector.signer.sign(request, { typ: ACTION_TYPE }))],
    ['by nobody', () => 'a.b.c'],
  ])('refuses what is signed %s, and keeps nothing of it', async (_how, sign) => {
    const jws = sign(collector.request(DOCTOR));
    const answer = await collector.send('POST', ACTION_PATHS.actions, JSON.stringify({ jws }));
    expect(answer).toMatchObject({ status: 403, body: { refusal: 'not-signed' } });
    expect(carried).toEqual([]);
    expect(files()).toEqual([]);
  });

  it('refuses a verb it does not know, one it did not declare, and a parameter that rides along', async () => {
    const strange = { ...collector.request(DOCTOR), instruction: { verb: 'exec', command: 'id' } } as never;
    expect(await collector.act(strange)).toMatchObject({ status: 422, body: { refusal: 'not-declared' } });
    const more = collector.request({ ...RESTART, argv: ['sh'] } as never);
    expect(await collector.act(more)).toMatchObject({ status: 422, body: { refusal: null } });
    await refusedAs(collector.request({ verb: 'reload' }), 'not-declared');
  });

  it('refuses ids that would name another file', async () => {
    for (const id of ['../../etc/passwd', '..%2f..%2fx', 'short', 'a'.repeat(65), '.hidden-file', 'a/b/c/d/e']) {
      expect((await collector.send('GET', `${ACTION_PATHS.actions}/${id}`)).status).toBe(404);
      expect((await collector.act(collector.request(DOCTOR, { action_id: id }))).status).toBe(422);
    }
    expect(carried).toEqual([]);
  });

  it('refuses a body that is too large, announced or not, and goes on serving', async () => {
    const large = JSON.stringify({ jws: 'x'.repeat(MAX_ACTION_BYTES) });
    await expect(collector.send('POST', ACTION_PATHS.actions, large)).resolves.toMatchObject({ status: 413 });
    expect((await collector.send('GET', ACTION_PATHS.observation)).status).toBe(200);
  });

  it.each([
    ['POST', ACTION_PATHS.actions, 'no json', 400],
    ['POST', ACTION_PATHS.actions, '{"jws":1}', 400],
    ['POST', ACTION_PATHS.actions, '{"jws":"a.b.c","more":1}', 400],
    ['GET', ACTION_PATHS.actions, undefined, 405],
    ['POST', ACTION_PATHS.observation, '', 405],
    ['DELETE', `${ACTION_PATHS.actions}/12345678`, undefined, 405],
    ['GET', `${ACTION_PATHS.actions}/12345678`, undefined, 404],
    ['GET', '/', undefined, 404],
    ['GET', '/metrics', undefined, 404],
  ])('answers %s %s (%s) with %i', async (method, path, body, status) => {
    expect((await collector.send(method, path, body)).status).toBe(status);
  });

  it('tells what it sees', async () => {
    const { body } = await collector.send('GET', ACTION_PATHS.observation);
    expect(observationSchema.parse(body)).toMatchObject({ node_id: NODE_ID, busy: null, restart_allowed_at: null });
  });
});

describe('at most once', () => {
  it('answers a repeat with the first receipt, under way, ended, and after a restart of the bridge', async () => {
    const gate = held();
    const request = collector.request(DOCTOR);
    expect(await collector.act(request)).toMatchObject({ status: 202, body: { state: 'running' } });
    expect(await collector.act(request)).toMatchObject({ status: 202, body: { state: 'running' } });
    gate.release();
    const receipt = await collector.ended(request.action_id);
    clock.advance(600_000);
    expect(await collector.act(request)).toEqual({ status: 200, body: receipt });
    await door.close();
    await open();
    expect(await collector.act(request)).toEqual({ status: 200, body: receipt });
    expect(carried).toHaveLength(1);
    expect(settled).toEqual([]);
  });

  it('refuses a known id with another content, and leaves the first as it was', async () => {
    const request = collector.request(DOCTOR);
    await collector.act(request);
    const first = await collector.ended(request.action_id);
    const answer = await collector.act({ ...request, instruction: RESTART });
    expect(answer).toMatchObject({ status: 409, body: { refusal: 'altered-repeat' } });
    expect(await collector.ended(request.action_id)).toEqual(first);
    expect(carried).toHaveLength(1);
  });

  it('does one thing at a time, and says what is under way', async () => {
    const gate = held();
    const first = collector.request(DOCTOR);
    await collector.act(first);
    const second = collector.request(DOCTOR);
    expect(await collector.act(second)).toMatchObject({ status: 200, body: { state: 'refused', refusal: 'busy' } });
    expect((await collector.send('GET', ACTION_PATHS.observation)).body['busy']).toBe(first.action_id);
    gate.release();
    await collector.ended(first.action_id);
    // A refusal is the answer for good.
    expect((await collector.act(second)).body['refusal']).toBe('busy');
    expect(carried).toHaveLength(1);
  });

  it('does nothing when the intent cannot be stored', async () => {
    rmSync(join(folder, 'actions'), { recursive: true });
    writeFileSync(join(folder, 'actions'), '');
    expect((await collector.act(collector.request(DOCTOR))).status).toBe(503);
    expect(carried).toEqual([]);
    expect(logged.join()).toContain('OPENCLAW_BRIDGE_STATE_DIR');
  });

  it('keeps the intent before the effect, readable by its owner alone', async () => {
    const gate = held();
    const request = collector.request(DOCTOR);
    await collector.act(request);
    await waitFor('the intent', () => stored(request.action_id)['begunAt'] !== null);
    expect(stored(request.action_id)).toMatchObject({ request, receipt: { state: 'running', before: { boot: 'a' } } });
    const file = join(folder, 'actions', `${request.action_id}.json`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'actions')).mode & 0o777).toBe(0o700);
    gate.release();
    await collector.ended(request.action_id);
  });

  it('never takes an id again whose file is damaged', async () => {
    const request = collector.request(DOCTOR);
    writeFileSync(join(folder, 'actions', `${request.action_id}.json`), '{"half');
    expect((await collector.act(request)).status).toBe(503);
    expect(carried).toEqual([]);
  });

  it('says what failed inside, and that it may have had an effect', async () => {
    work = (_request, progress) => {
      progress.begin({ boot: 'a' });
      return Promise.reject(new Error('a bug'));
    };
    const begun = collector.request(DOCTOR);
    await collector.act(begun);
    expect(await collector.ended(begun.action_id)).toMatchObject({ state: 'outcome_unknown' });
    work = () => Promise.reject(new Error('a bug'));
    const not = collector.request(DOCTOR);
    await collector.act(not);
    expect(await collector.ended(not.action_id)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('Nothing was done') as unknown,
    });
  });

  it('forgets receipts after seven days, and none that is younger', async () => {
    const [old, young] = [collector.request(DOCTOR), collector.request(DOCTOR)];
    await collector.act(old);
    await collector.ended(old.action_id);
    clock.advance(4 * 86_400_000);
    await collector.act(young);
    clock.advance(4 * 86_400_000);
    await door.close();
    await open();
    expect(files()).toEqual([`${young.action_id}.json`]);
  });
});

describe('receipts of a bridge that runs for long', () => {
  it('are forgotten as well', async () => {
    const [old, young, next] = [collector.request(DOCTOR), collector.request(DOCTOR), collector.request(DOCTOR)];
    await collector.act(old);
    await collector.ended(old.action_id);
    clock.advance(4 * 86_400_000);
    await collector.act(young);
    await collector.ended(young.action_id);
    clock.advance(4 * 86_400_000);
    await collector.act(next);
    await collector.ended(next.action_id);
    expect(files().sort()).toEqual([`${young.action_id}.json`, `${next.action_id}.json`].sort());
  });
});

describe('receipts that are gone', () => {
  const lose = (): void => files().forEach((name) => rmSync(join(folder, 'actions', name)));

  it('are remembered as long as their requests are good, so that a replay does nothing', async () => {
    const request = collector.request(DOCTOR);
    await collector.act(request);
    const receipt = await collector.ended(request.action_id);
    const refused = collector.request({ verb: 'reload' });
    await collector.act(refused);
    lose();
    expect(await collector.act(request)).toEqual({ status: 200, body: receipt });
    expect(await collector.act(refused)).toMatchObject({ status: 200, body: { refusal: 'not-declared' } });
    expect(await collector.act({ ...request, step: 'other' })).toMatchObject({ status: 409 });
    expect(files()).toEqual([]);
    clock.advance(100_000);
    await collector.act(collector.request(DOCTOR, { expires_at: new Date(clock.now() + 60_000).toISOString() }));
    expect(await collector.act(request)).toMatchObject({ body: { state: 'refused', refusal: 'expired' } });
    expect(carried).toHaveLength(2);
  });

  it('make everything unknown that was asked before they went, also after a restart of the bridge', async () => {
    const request = collector.request(DOCTOR);
    await collector.act(request);
    await collector.ended(request.action_id);
    await door.close();
    rmSync(join(folder, 'actions'), { recursive: true });
    clock.advance(30_000);
    await open();
    const { body } = await collector.act(request);
    expect(receiptSchema.parse(body)).toMatchObject({
      state: 'outcome_unknown',
      message: expect.stringMatching(/^Nothing was done now.*OPENCLAW_BRIDGE_STATE_DIR/) as unknown,
    });
    expect(await collector.act(request)).toEqual({ status: 200, body });
    await door.close();
    await open();
    expect(await collector.act(request)).toEqual({ status: 200, body });
    expect(carried).toHaveLength(1);
    const next = collector.request(DOCTOR, { issued_at: new Date(clock.now()).toISOString() });
    await collector.act(next);
    expect(await collector.ended(next.action_id)).toMatchObject({ state: 'succeeded' });
  });

  it('make nothing unknown while they are there, however often the bridge starts', async () => {
    await door.close();
    clock.advance(20_000);
    await open();
    const request = collector.request(DOCTOR);
    await collector.act(request);
    expect(await collector.ended(request.action_id)).toMatchObject({ state: 'succeeded' });
  });

  it('leave the limits of restarts as they are', async () => {
    work = (_request, progress) => {
      progress.begin({}, true);
      return Promise.resolve(done);
    };
    const first = collector.request(RESTART);
    await collector.act(first);
    await collector.ended(first.action_id);
    lose();
    expect(await collector.act(collector.request(RESTART))).toMatchObject({ body: { refusal: 'restart-limit' } });
  });
});

describe('the limits of restarts', () => {
  const restart = async (): Promise<Record<string, unknown>> => {
    const request = collector.request(RESTART, {
      issued_at: new Date(clock.now()).toISOString(),
      expires_at: new Date(clock.now() + 60_000).toISOString(),
    });
    await collector.act(request);
    return { ...(await collector.ended(request.action_id)) };
  };
  beforeEach(() => {
    work = (_request, progress) => {
      progress.begin({}, true);
      return Promise.resolve(done);
    };
  });

  it('allow one in five minutes and three in an hour, also over restarts of the bridge', async () => {
    expect(await restart()).toMatchObject({ state: 'succeeded' });
    expect(await restart()).toMatchObject({ state: 'refused', refusal: 'restart-limit' });
    await door.close();
    await open();
    clock.advance(299_000);
    expect(await restart()).toMatchObject({ refusal: 'restart-limit' });
    const { body } = await collector.send('GET', ACTION_PATHS.observation);
    expect(body['restart_allowed_at']).toBe(new Date(clock.now() + 1_000).toISOString());
    clock.advance(1_000);
    expect(await restart()).toMatchObject({ state: 'succeeded' });
    clock.advance(300_000);
    expect(await restart()).toMatchObject({ state: 'succeeded' });
    clock.advance(300_000);
    expect(await restart()).toMatchObject({ refusal: 'restart-limit' });
    expect(carried).toHaveLength(3);
    clock.advance(3_600_000 - 900_000);
    expect(await restart()).toMatchObject({ state: 'succeeded' });
  });

  it('do not count what was refused before it began', async () => {
    work = () => Promise.resolve({ ...done, state: 'refused', refusal: 'no-supervisor' });
    await restart();
    expect(await restart()).toMatchObject({ refusal: 'no-supervisor' });
  });

  it('are not outwitted by a clock that is set back', async () => {
    await restart();
    clock.setBack(3_600_000);
    expect(await restart()).toMatchObject({ refusal: 'restart-limit' });
  });
});

function altered(jws: string): string {
  const [header, payload = '', signature] = jws.split('.');
  const text = Buffer.from(payload, 'base64url').toString().replace('"doctor"', '"reload"');
  return [header, Buffer.from(text).toString('base64url'), signature].join('.');
}
