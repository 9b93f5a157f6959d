import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ACTION_TYPE } from '@openclaw-fleet/contract';
import { pinOfKey } from '../identity/pins.ts';
import { json, PlainListener } from './testing/door.ts';
import { action, observation, receipt, TestClient } from './testing/fleet.ts';
import { Stage, trouble, until } from './testing/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());

describe('a request', () => {
  it('looks, as the collector, over TLS on both sides', async () => {
    const seen = observation();
    const door = await stage.door(stage.n1, json(200, seen));
    const client = stage.client(door.port);
    expect(await client.transports.observe('n1')).toEqual(seen);
    expect(door.asked).toEqual([
      { method: 'GET', path: '/v1/observation', body: '', from: 'URI:openclaw://collector/client' },
    ]);
    expect(client.asks).toEqual([
      { verb: 'observe', transport: 'direct_https', outcome: 'ok', seconds: expect.any(Number) as unknown as number },
    ]);
  });

  it('carries an action as a JWS of the key that nodes know by its pin', async () => {
    const door = await stage.door(stage.n1, json(202, receipt()));
    const request = action();
    expect(await stage.client(door.port).transports.act('n1', request)).toEqual(
      receipt({ started_at: expect.any(String) as unknown as string })
    );
    const [asked] = door.asked;
    expect([asked?.method, asked?.path]).toEqual(['POST', '/v1/actions']);
    const { jws } = JSON.parse(asked?.body ?? '') as { jws: string };
    const header = decodeProtectedHeader(jws);
    expect([header.alg, header.typ]).toEqual(['ES256', ACTION_TYPE]);
    const key = createPublicKey({ key: header.jwk as JsonWebKey, format: 'jwk' });
    expect(pinOfKey(key)).toBe(pinOfKey(stage.fleet.actionsKey.publicKey));
    const { payload } = await compactVerify(jws, key);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(request);
  });

  it('asks for a receipt, and knows when there is none', async () => {
    const done = receipt({ state: 'succeeded' });
    const door = await stage.door(stage.n1, json(200, done));
    const { transports } = stage.client(door.port);
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
      const door = await stage.door(stage.n1, json(200, receipt()));
      const error = await trouble(stage.client(door.port).transports.receipt('n1', id));
      expect([error.trouble, door.connections]).toEqual(['refused', 0]);
    }
  );

  it('is not made for an action of another node, or one that is none', async () => {
    const door = await stage.door(stage.n1, json(202, receipt()));
    const { transports } = stage.client(door.port);
    const other = await trouble(transports.act('n1', action({ node_id: 'n2' })));
    expect([other.trouble, other.refusal]).toEqual(['refused', 'wrong-node']);
    const extra = { ...action(), command: 'rm' };
    expect((await trouble(transports.act('n1', extra))).trouble).toBe('refused');
    expect(door.connections).toBe(0);
  });

  it('is not made where there is no bridge, and the error says what to set', async () => {
    const client = new TestClient(stage.caller, null);
    const error = await trouble(client.transports.observe('n1'));
    expect(error.trouble).toBe('no-bridge');
    client.reported = { transport: 'direct_https', actions_address: '8.8.8.8:443' };
    expect((await trouble(client.transports.observe('n1'))).message).toContain('bridges.networks');
    expect(client.asks).toEqual([]);
  });
});

describe('connections', () => {
  it('are kept for the next request, and closed when nobody asks', async () => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const { transports } = stage.client(door.port, { pace: { idleMs: 300 } });
    await transports.observe('n1');
    await transports.observe('n1');
    expect(door.connections).toBe(1);
    await until(() => door.sockets.size === 0);
    await transports.observe('n1');
    expect(door.connections).toBe(2);
  });

  it('are at most four to one node, and kept to a few nodes', async () => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const second = await stage.door(stage.n2, json(200, observation({ node_id: 'n2' })));
    const client = stage.client(door.port, {
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
    const door = await stage.door(stage.n1, json(200, observation(), { connection: 'close' }));
    const { transports } = stage.client(door.port);
    for (let round = 0; round < 3; round++) await transports.observe('n1');
    expect(door.resumed).toEqual([false, false, false]);
  });

  it('are made anew with new credentials', async () => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const client = stage.client(door.port);
    await client.transports.observe('n1');
    client.credentials = await stage.fleet.caller();
    await client.transports.observe('n1');
    expect(door.connections).toBe(2);
    await until(() => door.sockets.size === 1);
  });

  it('end with the client', async () => {
    const door = await stage.door(stage.n1, () => undefined);
    const { transports } = stage.client(door.port);
    const asking = trouble(transports.observe('n1'));
    await until(() => door.asked.length === 1);
    transports.close();
    expect((await asking).message).toContain('the collector is stopping');
    await until(() => door.sockets.size === 0);
    expect((await trouble(transports.observe('n1'))).trouble).toBe('unreachable');
    expect(door.connections).toBe(1);
  });
});

it('nothing in the environment leads it elsewhere', async () => {
  const proxy = await new PlainListener('HTTP/1.1 200 OK\r\n\r\n').listen();
  stage.keep(proxy);
  const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'];
  const set = Object.fromEntries(names.map((name) => [name, `http://${proxy.address}`]));
  const before = Object.fromEntries(Object.keys(set).map((name) => [name, process.env[name]]));
  Object.assign(process.env, set);
  try {
    const door = await stage.door(stage.n1, json(200, observation()));
    expect((await stage.client(door.port).transports.observe('n1')).node_id).toBe('n1');
    expect(proxy.connections).toBe(0);
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
});

it('the log and the errors hold no secret', async () => {
  const door = await stage.door(stage.n1, json(503, {}));
  const client = stage.client(door.port);
  const error = await trouble(client.transports.act('n1', action()));
  const wrong = await stage.door(stage.n2, json(200, {}));
  client.reported = { transport: 'direct_https', actions_address: wrong.address };
  await trouble(client.transports.act('n1', action()));
  expect(client.log.join('\n')).toContain('a bridge was asked in vain: it answered 503');
  expect(client.log.join('\n')).toContain('a bridge is not trusted: what answers there is the node n2');
  const { jws } = JSON.parse(door.asked[0]?.body ?? '') as { jws: string };
  for (const secret of ['PRIVATE KEY', 'BEGIN CERTIFICATE', jws, jws.slice(0, 40)]) {
    expect([...client.log, error.message, error.stack, JSON.stringify(error)].join('\n')).not.toContain(secret);
  }
});
