import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@openclaw-fleet/client';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { waitFor } from '../testing/wait-for.ts';
import type { Hello, ReadMethod } from './connection.ts';
import { READ_METHODS } from './connection.ts';
import type { GatewayRpc, RpcOptions } from './rpc.ts';
import { createGatewayRpc } from './rpc.ts';

let gateway: FakeGateway;
let rpc: GatewayRpc | null = null;
let hellos: Hello[];
let events: [string, unknown][];
let closes: number;

function start(options: Partial<RpcOptions> = {}): GatewayRpc {
  rpc = createGatewayRpc({
    url: options.url ?? gateway.url,
    token: () => 'gateway-token',
    version: '0.1.0',
    clock: systemClock,
    random: () => 0.5,
    onConnected: (hello) => hellos.push(hello),
    onDisconnected: () => (closes += 1),
    onEvent: (name, payload) => events.push([name, payload]),
    backoff: { firstMs: 20, maxMs: 60 },
    timeoutMs: 500,
    ...options,
  });
  rpc.start();
  return rpc;
}

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
  [hellos, events, closes] = [[], [], 0];
});

afterEach(async () => {
  rpc?.stop();
  await gateway.close();
});

describe('the read connection', () => {
  it('asks for operator.read alone and reads the hello', async () => {
    const connection = start();
    await waitFor('a connection', () => connection.connected);
    expect(gateway.requests[0]).toEqual({
      method: 'connect',
      params: {
        minProtocol: 4,
        maxProtocol: 4,
        role: 'operator',
        scopes: ['operator.read'],
        caps: [],
        client: { id: 'gateway-client', mode: 'backend', version: '0.1.0', platform: process.platform },
        auth: { token: 'gateway-token' },
      },
    });
    expect(hellos).toEqual([
      {
        version: '2026.9.6',
        build: '2026.9.6-release-eb377ac59e6c',
        bootId: 'boot-1',
        tickIntervalMs: 30_000,
        suspensionPhase: 'accepting',
        scopes: ['operator.read'],
      },
    ]);
    expect(connection.trouble).toBeNull();
  });

  it('reads, and passes events on', async () => {
    gateway.answers['system.info'] = { pid: 7 };
    const connection = start();
    await waitFor('a connection', () => connection.connected);
    expect(await connection.read('system.info')).toEqual({ pid: 7 });
    gateway.emit('tick', { ts: 1 });
    await waitFor('an event', () => events.length === 1);
    expect(events).toEqual([['tick', { ts: 1 }]]);
  });

  it.each(['config.patch', 'gateway.restart.request', 'cron.run', 'connect', 'toString'])(
    'cannot send %s',
    async (method) => {
      const connection = start();
      await waitFor('a connection', () => connection.connected);
      const before = gateway.frames.length;
      await expect(connection.read(method as ReadMethod)).rejects.toMatchObject({ code: 'FORBIDDEN_METHOD' });
      gateway.answers['health'] = { ok: true };
      await connection.read('health');
      expect(gateway.frames.slice(before).map((text) => (JSON.parse(text) as { method: string }).method)).toEqual([
        'health',
      ]);
    }
  );

  it('has no method on its list that writes', () => {
    expect([...READ_METHODS].sort()).toEqual([
      'config.get',
      'cron.list',
      'cron.runs',
      'diagnostics.lanes',
      'gateway.restart.preflight',
      'health',
      'system.info',
    ]);
  });

  it("tells a refused request by its codes, without the gateway's text", async () => {
    gateway.answers['health'] = {
      fail: {
        code: 'UNAVAILABLE',
        message: 'private words',
        retryable: true,
        retryAfterMs: 1000,
        details: { reason: 'gateway-suspending' },
      },
    };
    const connection = start();
    await waitFor('a connection', () => connection.connected);
    await expect(connection.read('health')).rejects.toMatchObject({
      message: 'health: UNAVAILABLE (gateway-suspending)',
      code: 'UNAVAILABLE',
      detail: 'gateway-suspending',
      retryAfterMs: 1000,
    });
  });

  it('comes back after a cut, and reads the token anew', async () => {
    let reads = 0;
    const connection = start({
      token: () => {
        reads += 1;
        return 'gateway-token';
      },
    });
    await waitFor('a connection', () => connection.connected);
    gateway.drop();
    await waitFor('the cut', () => closes === 1);
    await waitFor('a second connection', () => connection.connected);
    expect(connection.reconnects).toBe(1);
    expect(reads).toBe(2);
    expect(hellos).toHaveLength(2);
  });

  it('fails what is under way when the connection is cut, and what comes after', async () => {
    const connection = start({ backoff: { firstMs: 10_000, maxMs: 10_000 } });
    await waitFor('a connection', () => connection.connected);
    gateway.silent = true;
    const under = connection.read('health');
    const outcome = expect(under).rejects.toMatchObject({ code: 'CLOSED' });
    gateway.drop();
    await outcome;
    expect(connection.trouble).toContain('the read connection was closed');
    await expect(connection.read('health')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('gives up on a request that is not answered, and keeps the connection', async () => {
    const connection = start({ timeoutMs: 100 });
    await waitFor('a connection', () => connection.connected);
    gateway.silent = true;
    await expect(connection.read('health')).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(connection.connected).toBe(true);
  });

  it('says what to do about a refused token, keeps trying, and recovers with the right one', async () => {
    let token = 'wrong-token';
    const connection = start({ token: () => token });
    await waitFor('a refusal', () => connection.trouble !== null);
    expect(connection.trouble).toBe(
      'the gateway refused the token (AUTH_TOKEN_MISMATCH); put its gateway token into OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE'
    );
    token = 'gateway-token';
    await waitFor('a connection', () => connection.connected);
    expect(connection.trouble).toBeNull();
  });

  it('shows the trouble of a token that cannot be read', async () => {
    const connection = start({
      token: () => {
        throw new Error('OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: /x does not exist');
      },
    });
    await waitFor('trouble', () => connection.trouble !== null);
    expect(connection.trouble).toBe('OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: /x does not exist');
    expect(gateway.frames).toEqual([]);
  });

  it('waits as long as a starting gateway asks for', async () => {
    const hello = gateway.hello;
    gateway.hello = {
      fail: { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 30, details: { reason: 'startup-sidecars' } },
    };
    const connection = start({ backoff: { firstMs: 60_000, maxMs: 60_000 } });
    await waitFor('a refusal', () => connection.trouble !== null);
    expect(connection.trouble).toBe('no read connection: connect: UNAVAILABLE (startup-sidecars)');
    gateway.hello = hello;
    await waitFor('a connection', () => connection.connected);
  });

  it('connects at once when nudged', async () => {
    const connection = start({ backoff: { firstMs: 60_000, maxMs: 60_000 } });
    await waitFor('a connection', () => connection.connected);
    gateway.drop();
    await waitFor('the cut', () => closes === 1);
    connection.nudge();
    await waitFor('a connection', () => connection.connected);
  });

  it('refuses a gateway that grants more than it was asked for', async () => {
    gateway.hello = { ...gateway.hello, auth: { scopes: ['operator.read', 'operator.admin'] } };
    const connection = start();
    await waitFor('trouble', () => connection.trouble !== null);
    expect(connection.trouble).toContain('granted more than operator.read');
    expect(connection.connected).toBe(false);
    await waitFor('the end of the connection', () => gateway.connections === 0);
  });

  it('cuts a connection that does not speak JSON', async () => {
    const connection = start();
    await waitFor('a connection', () => connection.connected);
    gateway.write('{nonsense');
    await waitFor('the cut', () => closes === 1);
    await waitFor('a connection', () => connection.connected);
  });

  it('stops for good', async () => {
    const connection = start();
    await waitFor('a connection', () => connection.connected);
    connection.stop();
    await waitFor('the end of the connection', () => gateway.connections === 0);
    connection.nudge();
    expect(hellos).toHaveLength(1);
  });

  it('sees no gateway, and finds it when it comes', async () => {
    const url = gateway.url;
    await gateway.close();
    const connection = start({ url });
    await waitFor('trouble', () => connection.trouble !== null);
    gateway = new FakeGateway();
    await gateway.listen(Number(url.port));
    await waitFor('a connection', () => connection.connected);
  });
});
