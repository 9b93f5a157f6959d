import { execFile } from 'node:child_process';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ACTION_TYPE, MAX_ANSWER_BYTES } from '@openclaw-fleet/contract';
import { pinOfKey } from '../identity/pins.ts';
import { BridgeError } from '../remediation/types.ts';
import { Door, json, Listener, PlainListener, type Handler } from './testing/door.ts';
import { action, observation, receipt, TestClient, TestFleet, type Shown } from './testing/fleet.ts';
import type { BridgeClientOptions, CallerCredentials } from './types.ts';

let fleet: TestFleet;
let caller: CallerCredentials;
let n1: Shown;
let n2: Shown;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  fleet = await TestFleet.create();
  [caller, n1, n2] = await Promise.all([fleet.caller(), fleet.node('n1'), fleet.node('n2')]);
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function doorOf(shown: Shown, handler: Handler, ca = fleet.ca): Promise<Door> {
  const door = await new Door(shown, ca).listen();
  door.handler = handler;
  open.push(door);
  return door;
}

function clientFor(port: number, changes: Partial<BridgeClientOptions> = {}): TestClient {
  const client = new TestClient(caller, { transport: 'direct_https', actions_address: `127.0.0.1:${port}` }, changes);
  open.push(client.transports);
  return client;
}

async function trouble(promise: Promise<unknown>): Promise<BridgeError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(BridgeError);
  return error as BridgeError;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a request', () => {
  it('looks, as the collector, over TLS on both sides', async () => {
    const seen = observation();
    const door = await doorOf(n1, json(200, seen));
    const client = clientFor(door.port);
    expect(await client.transports.observe('n1')).toEqual(seen);
    expect(door.asked).toEqual([
      { method: 'GET', path: '/v1/observation', body: '', from: 'URI:openclaw://collector/client' },
    ]);
    expect(client.asks).toEqual([
      { verb: 'observe', transport: 'direct_https', outcome: 'ok', seconds: expect.any(Number) as unknown as number },
    ]);
  });

  it('carries an action as a JWS of the key that nodes know by its pin', async () => {
    const door = await doorOf(n1, json(202, receipt()));
    const request = action();
    expect(await clientFor(door.port).transports.act('n1', request)).toEqual(
      receipt({ started_at: expect.any(String) as unknown as string })
    );
    const [asked] = door.asked;
    expect([asked?.method, asked?.path]).toEqual(['POST', '/v1/actions']);
    const { jws } = JSON.parse(asked?.body ?? '') as { jws: string };
    const header = decodeProtectedHeader(jws);
    expect([header.alg, header.typ]).toEqual(['ES256', ACTION_TYPE]);
    const key = createPublicKey({ key: header.jwk as JsonWebKey, format: 'jwk' });
    expect(pinOfKey(key)).toBe(pinOfKey(fleet.actionsKey.publicKey));
    const { payload } = await compactVerify(jws, key);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(request);
  });

  it('asks for a receipt, and knows when there is none', async () => {
    const done = receipt({ state: 'succeeded' });
    const door = await doorOf(n1, json(200, done));
    const { transports } = clientFor(door.port);
    expect(await transports.receipt('n1', done.action_id)).toEqual(done);
    expect(door.asked[0]?.path).toBe(`/v1/actions/${done.action_id}`);
    door.handler = json(404, { refusal: null, message: 'No action of this id was taken.' });
    expect(await transports.receipt('n1', done.action_id)).toBeNull();
    door.handler = json(404, {});
    expect((await trouble(transports.receipt('n1', done.action_id))).trouble).toBe('protocol');
  });

  it.each(['../observation', 'a/../../v1/observation', 'short', '', 'x'.repeat(65)])(
    'is not made for the receipt of %j',
    async (id) => {
      const door = await doorOf(n1, json(200, receipt()));
      const error = await trouble(clientFor(door.port).transports.receipt('n1', id));
      expect([error.trouble, door.connections]).toEqual(['refused', 0]);
    }
  );

  it('is not made for an action of another node, or one that is none', async () => {
    const door = await doorOf(n1, json(202, receipt()));
    const { transports } = clientFor(door.port);
    const other = await trouble(transports.act('n1', action({ node_id: 'n2' })));
    expect([other.trouble, other.refusal]).toEqual(['refused', 'wrong-node']);
    const extra = { ...action(), command: 'rm' };
    expect((await trouble(transports.act('n1', extra))).trouble).toBe('refused');
    expect(door.connections).toBe(0);
  });

  it('is not made where there is no bridge, and the error says what to set', async () => {
    const client = new TestClient(caller, null);
    const error = await trouble(client.transports.observe('n1'));
    expect(error.trouble).toBe('no-bridge');
    client.reported = { transport: 'direct_https', actions_address: '8.8.8.8:443' };
    expect((await trouble(client.transports.observe('n1'))).message).toContain('bridges.networks');
    expect(client.asks).toEqual([]);
  });
});

describe('connections', () => {
  it('are kept for the next request, and closed when nobody asks', async () => {
    const door = await doorOf(n1, json(200, observation()));
    const { transports } = clientFor(door.port, { pace: { idleMs: 300 } });
    await transports.observe('n1');
    await transports.observe('n1');
    expect(door.connections).toBe(1);
    await until(() => door.sockets.size === 0);
    await transports.observe('n1');
    expect(door.connections).toBe(2);
  });

  it('are at most four to one node, and kept to a few nodes', async () => {
    const door = await doorOf(n1, json(200, observation()));
    const second = await doorOf(n2, json(200, observation({ node_id: 'n2' })));
    const client = clientFor(door.port, {
      settings: { addresses: { n2: second.address }, networks: ['127.0.0.0/8'], tunnelHost: '127.0.0.1' },
      pace: { kept: 1 },
    });
    await Promise.all(Array.from({ length: 12 }, () => client.transports.observe('n1')));
    expect(door.connections).toBeLessThanOrEqual(4);
    await client.transports.observe('n2');
    await until(() => door.sockets.size === 0);
    expect(second.sockets.size).toBe(1);
  });

  it('resume no TLS session, so that none skips the check of who is there', async () => {
    const door = await doorOf(n1, json(200, observation(), { connection: 'close' }));
    const { transports } = clientFor(door.port);
    for (let round = 0; round < 3; round++) await transports.observe('n1');
    expect(door.resumed).toEqual([false, false, false]);
  });

  it('are made anew with new credentials', async () => {
    const door = await doorOf(n1, json(200, observation()));
    const client = clientFor(door.port);
    await client.transports.observe('n1');
    client.credentials = await fleet.caller();
    await client.transports.observe('n1');
    expect(door.connections).toBe(2);
    await until(() => door.sockets.size === 1);
  });

  it('end with the client', async () => {
    const door = await doorOf(n1, () => undefined);
    const { transports } = clientFor(door.port);
    const asking = trouble(transports.observe('n1'));
    await until(() => door.asked.length === 1);
    transports.close();
    expect((await asking).message).toContain('the collector is stopping');
    await until(() => door.sockets.size === 0);
    expect((await trouble(transports.observe('n1'))).trouble).toBe('unreachable');
    expect(door.connections).toBe(1);
  });
});

describe('who answers', () => {
  async function listenAs(shown: { cert: string; key: string }): Promise<Listener> {
    const listener = await new Listener({ cert: shown.cert, key: shown.key }).listen();
    open.push(listener);
    return listener;
  }

  async function expectNothingSent(listener: Listener, says: RegExp, standing?: TestClient['standing']): Promise<void> {
    const client = clientFor(listener.port);
    if (standing) client.standing = standing;
    for (const asked of [client.transports.observe('n1'), client.transports.act('n1', action())]) {
      const error = await trouble(asked);
      expect(error.trouble).toBe('untrusted');
      expect(error.message).toMatch(says);
    }
    await until(() => listener.sockets.size === 0);
    expect(listener.connections).toBe(2);
    expect(listener.received).toBe('');
  }

  it('must be this node, not another: nothing is sent to it', async () => {
    const listener = await listenAs(n2);
    await expectNothingSent(listener, /n1: what answers there is the node n2, not n1/);
  });

  it('gets the request when it is this node', async () => {
    const listener = await listenAs(n1);
    const asking = trouble(clientFor(listener.port, { timeoutMs: 300 }).transports.act('n1', action()));
    await until(() => listener.received.includes('jws'));
    expect((await asking).trouble).toBe('unreachable');
  });

  it('must be a node, not a collector', async () => {
    await expectNothingSent(await listenAs(await fleet.collector('server')), /is a collector, not n1|certificate/);
  });

  it("must be vouched for by the fleet's authority", async () => {
    const other = await TestFleet.create();
    await expectNothingSent(await listenAs(await other.node('n1')), /did not prove to be a node of this fleet/);
  });

  it('must not show a revoked certificate', async () => {
    const listener = await listenAs(n1);
    await expectNothingSent(listener, /revoked/, (_id, fingerprint) =>
      fingerprint === n1.fingerprint ? 'revoked' : 'ok'
    );
  });

  it.each(['revoked', 'not-enrolled'] as const)('is not even connected to when the node is %s', async (standing) => {
    const door = await doorOf(n1, json(200, observation()));
    const client = clientFor(door.port);
    client.standing = (id) => (id === 'n1' ? standing : 'ok');
    expect((await trouble(client.transports.observe('n1'))).trouble).toBe('untrusted');
    expect(door.connections).toBe(0);
  });

  it('must speak TLS', async () => {
    const listener = await new PlainListener('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}').listen();
    open.push(listener);
    const error = await trouble(clientFor(listener.port).transports.act('n1', action()));
    expect(error.trouble).toBe('untrusted');
    expect(listener.received).not.toContain('POST');
    expect(listener.received).not.toContain('jws');
  });

  it('must not use TLS older than 1.2', async () => {
    const listener = await new Listener({
      ...n1,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    }).listen();
    open.push(listener);
    expect((await trouble(clientFor(listener.port).transports.observe('n1'))).trouble).toBe('untrusted');
    expect(listener.handshakes).toBe(0);
  });

  it('is judged again before a connection is used again', async () => {
    const door = await doorOf(n1, json(200, observation()));
    const client = clientFor(door.port);
    await client.transports.observe('n1');
    client.standing = (_id, fingerprint) => (fingerprint === n1.fingerprint ? 'revoked' : 'ok');
    expect((await trouble(client.transports.observe('n1'))).trouble).toBe('untrusted');
    await until(() => door.sockets.size === 0);
    expect(door.asked).toHaveLength(1);
  });

  it('is judged again before its answer is believed', async () => {
    const door = await doorOf(n1, json(202, receipt()));
    const client = clientFor(door.port);
    door.handler = (asked, response) => {
      client.standing = (_id, fingerprint) => (fingerprint === n1.fingerprint ? 'revoked' : 'ok');
      json(202, receipt())(asked, response);
    };
    const error = await trouble(client.transports.act('n1', action()));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toMatch(/may have taken the request.*revoked/);
  });

  it('loses its connections when it is dismissed', async () => {
    const door = await doorOf(n1, json(200, observation()));
    const { transports } = clientFor(door.port);
    await transports.observe('n1');
    transports.dismiss(['n1']);
    await until(() => door.sockets.size === 0);
  });

  it('may refuse us: the error names the setting on the node', async () => {
    const other = await TestFleet.create();
    const door = await doorOf(n1, json(200, observation()), other.ca);
    const error = await trouble(clientFor(door.port).transports.observe('n1'));
    expect(['unreachable', 'refused']).toContain(error.trouble);
    expect(error.message).toContain('OPENCLAW_CA_FILE');
  });
});

describe('an answer', () => {
  async function answered(handler: Handler, changes: Partial<BridgeClientOptions> = {}) {
    const door = await doorOf(n1, handler);
    const client = clientFor(door.port, changes);
    return { error: await trouble(client.transports.act('n1', action())), door, client };
  }

  it.each([301, 302, 303, 307, 308])('that redirects (%d) leads nowhere', async (status) => {
    const elsewhere = await doorOf(n1, json(202, receipt()));
    const { error, door } = await answered(json(status, {}, { location: `https://${elsewhere.address}/v1/actions` }));
    expect(error.trouble).toBe('protocol');
    expect(error.message).toContain('redirect');
    expect([door.asked.length, elsewhere.connections]).toEqual([1, 0]);
  });

  it.each([
    ['announced', { 'content-length': String(512 * 1024 * 1024) }],
    ['not announced', {}],
  ])('without end is cut, its length %s', async (_, headers) => {
    let written = 0;
    const { error, door } = await answered((_asked, response) => {
      response.writeHead(200, headers);
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed && written < 512 * 1024 * 1024) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      more();
    });
    expect(error.trouble).toBe('protocol');
    expect(error.message).toContain(String(MAX_ANSWER_BYTES));
    await until(() => door.sockets.size === 0);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    expect(door.asked).toHaveLength(1);
  });

  it('that never comes ends in time, and is not repeated', async () => {
    const { error, door } = await answered(() => undefined, { timeoutMs: 150 });
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('no answer within 0.15 s');
    expect(door.asked).toHaveLength(1);
    await until(() => door.sockets.size === 0);
  });

  it('that comes a byte at a time ends in time', async () => {
    const { error } = await answered(
      (_asked, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 20);
        response.once('close', () => clearInterval(drip));
      },
      { timeoutMs: 300 }
    );
    expect(error.trouble).toBe('unreachable');
  });

  it.each<[string, Handler]>([
    ['that is no JSON', (_asked, response) => response.end('<html>')],
    ['that is empty', (_asked, response) => response.end()],
    ['of another form', json(200, { state: 'running' })],
    ['with a state that is not known', json(200, { ...receipt(), state: 'done' })],
    ['in the name of another node', json(200, receipt({ node_id: 'n2' }))],
    ['about another action', json(200, receipt({ action_id: 'action-00000002' }))],
    ['with a status that no door gives', json(206, receipt())],
    [
      'that is compressed',
      (_asked, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('\u001f\u008b'),
    ],
    ['of 404 without a word', json(404, {})],
    ['that upgrades', (_asked, response) => response.writeHead(400).end('{"error":"x"}')],
  ])('%s is not understood, and not repeated', async (_, handler) => {
    const { error, door } = await answered(handler);
    expect(error.trouble).toBe('protocol');
    expect(door.asked).toHaveLength(1);
  });

  it('that is no HTTP is not understood', async () => {
    const listener = await new Listener(n1, (socket) =>
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n'))
    ).listen();
    open.push(listener);
    expect((await trouble(clientFor(listener.port).transports.observe('n1'))).trouble).toBe('protocol');
  });

  it('about another node is not believed when it is an observation', async () => {
    const door = await doorOf(n1, json(200, observation({ node_id: 'n2' })));
    expect((await trouble(clientFor(door.port).transports.observe('n1'))).trouble).toBe('protocol');
  });

  it.each([
    [409, 'altered-repeat'],
    [403, 'not-signed'],
    [422, 'expired'],
    [400, null],
  ] as const)('that refuses (%d) says why', async (status, refusal) => {
    const { error, client } = await answered(json(status, { refusal, message: 'Nothing was done.' }));
    expect(error).toMatchObject({ trouble: 'refused', refusal });
    expect(error.message).toMatch(/^n1: .*Nothing was done\.$/);
    expect(client.ways).toEqual(['direct_https refused']);
  });

  it('of 500 leaves open what became of the request', async () => {
    const { error, door } = await answered(json(500, { refusal: null, message: 'The disk is full.' }));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('The disk is full.');
    expect(door.asked).toHaveLength(1);
  });
});

describe('another attempt', () => {
  it.each([502, 503, 504])('is made after %d, with the very same request', async (status) => {
    const door = await doorOf(n1, (asked, response) => {
      json(door.asked.length < 3 ? status : 202, door.asked.length < 3 ? {} : receipt())(asked, response);
    });
    const client = clientFor(door.port);
    expect((await client.transports.act('n1', action())).state).toBe('running');
    expect(new Set(door.asked.map(({ body }) => body)).size).toBe(1);
    expect(client.ways).toEqual(['direct_https unreachable', 'direct_https unreachable', 'direct_https ok']);
  });

  it('is made after a connection broke, with the very same request', async () => {
    const door = await doorOf(n1, (asked, response) => {
      if (door.asked.length === 1) response.destroy();
      else json(202, receipt())(asked, response);
    });
    await clientFor(door.port).transports.act('n1', action());
    expect(door.asked).toHaveLength(2);
    expect(door.asked[0]).toEqual(door.asked[1]);
  });

  it('is made in the middle of an answer that broke', async () => {
    const door = await doorOf(n1, (asked, response) => {
      if (door.asked.length > 1) {
        json(200, observation())(asked, response);
        return;
      }
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{', () => response.destroy());
    });
    expect((await clientFor(door.port).transports.observe('n1')).node_id).toBe('n1');
  });

  it('is made twice at the most', async () => {
    const door = await doorOf(n1, json(503, { refusal: null, message: 'Nothing was done.' }));
    const error = await trouble(clientFor(door.port).transports.observe('n1'));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('it answered 503: Nothing was done.');
    expect(door.asked).toHaveLength(3);
  });

  it('waits longer each time, by chance up to the double', async () => {
    const listener = await new PlainListener().listen();
    const { port } = listener;
    await listener.close();
    const took = async (random: number): Promise<number> => {
      const client = clientFor(port, { random: () => random, pace: { backoffMs: 200 } });
      const started = performance.now();
      expect((await trouble(client.transports.observe('n1'))).message).toContain('ECONNREFUSED');
      expect(client.asks).toHaveLength(3);
      return performance.now() - started;
    };
    const [least, most] = await Promise.all([took(0), took(1)]);
    expect(least).toBeGreaterThanOrEqual(295);
    expect(most).toBeGreaterThanOrEqual(595);
  });

  it('that is refused does not hide that an earlier one may have been taken', async () => {
    const door = await doorOf(n1, (asked, response) => {
      if (door.asked.length === 1) response.destroy();
      else json(422, { refusal: 'expired', message: 'It has expired.' })(asked, response);
    });
    const error = await trouble(clientFor(door.port).transports.act('n1', action()));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('it may have taken the request');
  });
});

it('nothing in the environment leads it elsewhere', async () => {
  const proxy = await new PlainListener('HTTP/1.1 200 OK\r\n\r\n').listen();
  open.push(proxy);
  const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'];
  const set = Object.fromEntries(names.map((name) => [name, `http://${proxy.address}`]));
  const before = Object.fromEntries(Object.keys(set).map((name) => [name, process.env[name]]));
  Object.assign(process.env, set);
  try {
    const door = await doorOf(n1, json(200, observation()));
    expect((await clientFor(door.port).transports.observe('n1')).node_id).toBe('n1');
    expect(proxy.connections).toBe(0);
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
});

it('nothing in the environment makes it trust a stranger', async () => {
  const other = await TestFleet.create();
  const stranger = await doorOf(await other.node('n1'), json(200, observation()), other.ca);
  // Node reads the variable where Jest's own environment does not reach.
  const script = `
    import { TestClient } from ${JSON.stringify(import.meta.resolve('./testing/fleet.ts'))};
    const { ca, client } = JSON.parse(process.env.CALLER);
    const reported = { actions_address: process.env.ADDRESS };
    const { transports } = new TestClient({ ca, client }, reported);
    console.log(await transports.observe('n1').then(() => 'believed', ({ trouble }) => trouble));`;
  const env = {
    ...process.env,
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    CALLER: JSON.stringify({ ca: caller.ca, client: caller.client }),
    ADDRESS: stranger.address,
  };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout.trim()).toBe('untrusted');
  expect(stranger.asked).toEqual([]);
});

it('the log and the errors hold no secret', async () => {
  const door = await doorOf(n1, json(503, {}));
  const client = clientFor(door.port);
  const error = await trouble(client.transports.act('n1', action()));
  const wrong = await doorOf(n2, json(200, {}));
  client.reported = { transport: 'direct_https', actions_address: wrong.address };
  await trouble(client.transports.act('n1', action()));
  expect(client.log.join('\n')).toContain('a bridge was asked in vain: it answered 503');
  expect(client.log.join('\n')).toContain('a bridge is not trusted: what answers there is the node n2');
  const { jws } = JSON.parse(door.asked[0]?.body ?? '') as { jws: string };
  for (const secret of ['PRIVATE KEY', 'BEGIN CERTIFICATE', jws, jws.slice(0, 40)]) {
    expect([...client.log, error.message, error.stack, JSON.stringify(error)].join('\n')).not.toContain(secret);
  }
});
