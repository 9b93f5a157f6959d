import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json, Listener, PlainListener } from './testing/door.ts';
import { action, observation, receipt, TestClient, TestFleet } from './testing/fleet.ts';
import { Stage, trouble, until } from './testing/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());

describe('who answers', () => {
  async function listenAs(shown: { cert: string; key: string }): Promise<Listener> {
    const listener = await new Listener({ cert: shown.cert, key: shown.key }).listen();
    stage.keep(listener);
    return listener;
  }

  async function expectNothingSent(listener: Listener, says: RegExp, standing?: TestClient['standing']): Promise<void> {
    const client = stage.client(listener.port);
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
    const listener = await listenAs(stage.n2);
    await expectNothingSent(listener, /n1: what answers there is the node n2, not n1/);
  });

  it('gets the request when it is this node', async () => {
    const listener = await listenAs(stage.n1);
    const asking = trouble(stage.client(listener.port, { timeoutMs: 300 }).transports.act('n1', action()));
    await until(() => listener.received.includes('jws'));
    expect((await asking).trouble).toBe('unreachable');
  });

  it('must be a node, not a collector', async () => {
    await expectNothingSent(
      await listenAs(await stage.fleet.collector('server')),
      /is a collector, not n1|certificate/
    );
  });

  it("must be vouched for by the fleet's authority", async () => {
    const other = await TestFleet.create();
    await expectNothingSent(await listenAs(await other.node('n1')), /did not prove to be a node of this fleet/);
  });

  it('must not show a revoked certificate', async () => {
    const listener = await listenAs(stage.n1);
    await expectNothingSent(listener, /revoked/, (_id, fingerprint) =>
      fingerprint === stage.n1.fingerprint ? 'revoked' : 'ok'
    );
  });

  it.each(['revoked', 'not-enrolled'] as const)('is not even connected to when the node is %s', async (standing) => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const client = stage.client(door.port);
    client.standing = (id) => (id === 'n1' ? standing : 'ok');
    expect((await trouble(client.transports.observe('n1'))).trouble).toBe('untrusted');
    expect(door.connections).toBe(0);
  });

  it('must speak TLS', async () => {
    const listener = await new PlainListener('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}').listen();
    stage.keep(listener);
    const error = await trouble(stage.client(listener.port).transports.act('n1', action()));
    expect(error.trouble).toBe('untrusted');
    expect(listener.received).not.toContain('POST');
    expect(listener.received).not.toContain('jws');
  });

  it('must not use TLS older than 1.2', async () => {
    const listener = await new Listener({
      ...stage.n1,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    }).listen();
    stage.keep(listener);
    expect((await trouble(stage.client(listener.port).transports.observe('n1'))).trouble).toBe('untrusted');
    expect(listener.handshakes).toBe(0);
  });

  it('is judged again before a connection is used again', async () => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const client = stage.client(door.port);
    await client.transports.observe('n1');
    client.standing = (_id, fingerprint) => (fingerprint === stage.n1.fingerprint ? 'revoked' : 'ok');
    expect((await trouble(client.transports.observe('n1'))).trouble).toBe('untrusted');
    await until(() => door.sockets.size === 0);
    expect(door.asked).toHaveLength(1);
  });

  it('is judged again before its answer is believed', async () => {
    const door = await stage.door(stage.n1, json(202, receipt()));
    const client = stage.client(door.port);
    door.handler = (asked, response) => {
      client.standing = (_id, fingerprint) => (fingerprint === stage.n1.fingerprint ? 'revoked' : 'ok');
      json(202, receipt())(asked, response);
    };
    const error = await trouble(client.transports.act('n1', action()));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toMatch(/may have taken the request.*revoked/);
  });

  it('loses its connections when it is dismissed', async () => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const { transports } = stage.client(door.port);
    await transports.observe('n1');
    transports.dismiss(['n1']);
    await until(() => door.sockets.size === 0);
  });

  it('may refuse us: the error names the setting on the node', async () => {
    const other = await TestFleet.create();
    const door = await stage.door(stage.n1, json(200, observation()), other.ca);
    const error = await trouble(stage.client(door.port).transports.observe('n1'));
    expect(['unreachable', 'refused']).toContain(error.trouble);
    expect(error.message).toContain('OPENCLAW_CA_FILE');
  });
});

it('nothing in the environment makes it trust a stranger', async () => {
  const other = await TestFleet.create();
  const stranger = await stage.door(await other.node('n1'), json(200, observation()), other.ca);
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
    CALLER: JSON.stringify({ ca: stage.caller.ca, client: stage.caller.client }),
    ADDRESS: stranger.address,
  };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout.trim()).toBe('untrusted');
  expect(stranger.asked).toEqual([]);
});
