import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BridgeError } from '../remediation/types.ts';
import { Door, json } from './testing/door.ts';
import { action, observation, receipt, TestClient, TestFleet, type Shown } from './testing/fleet.ts';

const BREAKER = 30_000;
let fleet: TestFleet;
let n1: Shown;
let n2: Shown;
/** One door, reached at two ports: its own, and the end of its tunnel. */
let direct: Door;
let tunnel: Door;
let client: TestClient;
const doors: Door[] = [];

beforeAll(async () => {
  fleet = await TestFleet.create();
  [n1, n2] = await Promise.all([fleet.node('n1'), fleet.node('n2')]);
});

async function doorOf(shown: Shown, port = 0): Promise<Door> {
  const door = await new Door(shown, fleet.ca).listen(port);
  door.handler = (asked, response) =>
    asked.method === 'GET' ? json(200, observation())(asked, response) : json(202, receipt())(asked, response);
  doors.push(door);
  return door;
}

beforeEach(async () => {
  [direct, tunnel] = await Promise.all([doorOf(n1), doorOf(n1)]);
  const reported = { transport: 'hybrid', actions_address: direct.address, tunnel_port: tunnel.port } as const;
  client = new TestClient(await fleet.caller(), reported, {
    pace: { retries: 0, breakerAfter: 2, breakerMs: BREAKER },
  });
});

afterEach(async () => {
  client.transports.close();
  await Promise.all(doors.splice(0).map((door) => door.close()));
});

async function waysOf(ask: () => Promise<unknown>): Promise<string[]> {
  const before = client.asks.length;
  await ask();
  return client.ways.slice(before);
}
const look = () => waysOf(() => client.transports.observe('n1'));

async function failure(): Promise<BridgeError> {
  return client.transports.observe('n1').then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as BridgeError
  );
}

describe('hybrid', () => {
  it('goes directly while that works', async () => {
    expect(await look()).toEqual(['direct_https ok']);
    expect(tunnel.connections).toBe(0);
  });

  it('goes through the tunnel when the direct way fails', async () => {
    await direct.close();
    expect(await look()).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
  });

  it('goes through the tunnel when somebody else is at the direct address', async () => {
    const { port } = direct;
    await direct.close();
    const other = await doorOf(n2, port);
    expect(await waysOf(() => client.transports.act('n1', action()))).toEqual([
      'direct_https untrusted',
      'reverse_ssh ok',
    ]);
    expect(other.asked).toEqual([]);
  });

  it('sends the very same action through the tunnel when its direct answer was lost', async () => {
    direct.handler = (_asked, response) => response.destroy();
    expect((await client.transports.act('n1', action())).state).toBe('running');
    expect(direct.asked).toHaveLength(1);
    expect(tunnel.asked[0]?.body).toBe(direct.asked[0]?.body);
  });

  it('believes an answer of the direct way, whatever it says', async () => {
    direct.handler = json(403, { refusal: 'not-signed', message: 'Nothing was done.' });
    expect((await failure()).trouble).toBe('refused');
    direct.handler = json(200, {});
    expect((await failure()).trouble).toBe('protocol');
    expect(tunnel.connections).toBe(0);
  });

  it('says what failed on both ways', async () => {
    await Promise.all([direct.close(), tunnel.close()]);
    const error = await failure();
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('ECONNREFUSED');
    expect(client.ways).toEqual(['direct_https unreachable', 'reverse_ssh unreachable']);
  });

  it('is untrusted when a wrong node answers and nobody else', async () => {
    const { port } = direct;
    await Promise.all([direct.close(), tunnel.close()]);
    await doorOf(n2, port);
    expect((await failure()).trouble).toBe('untrusted');
  });

  it('may have been taken when a wrong node answers after an answer was lost', async () => {
    direct.handler = (_asked, response) => response.destroy();
    const { port } = tunnel;
    await tunnel.close();
    await doorOf(n2, port);
    expect((await failure()).trouble).toBe('unreachable');
  });
});

describe('the breaker', () => {
  const opened = async (): Promise<number> => {
    const { port } = direct;
    await direct.close();
    await look();
    await look();
    return port;
  };

  it('opens after two failures, and keeps off the direct way until its time is over', async () => {
    const port = await opened();
    expect(client.log.filter((line) => line.includes('its tunnel is used'))).toHaveLength(1);
    direct = await doorOf(n1, port);
    expect(await look()).toEqual(['reverse_ssh ok']);
    client.nowMs += BREAKER - 1;
    expect(await look()).toEqual(['reverse_ssh ok']);
    client.nowMs += 1;
    expect(await look()).toEqual(['direct_https ok']);
    expect(await look()).toEqual(['direct_https ok']);
    expect(client.log.at(-1)).toContain('works again');
  });

  it('opens again for as long when the one try fails', async () => {
    await opened();
    client.nowMs += BREAKER;
    expect(await look()).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
    expect(await look()).toEqual(['reverse_ssh ok']);
    client.nowMs += BREAKER - 1;
    expect(await look()).toEqual(['reverse_ssh ok']);
    client.nowMs += 1;
    expect(await look()).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
  });

  it('forgets a failure after which the direct way worked', async () => {
    const { port } = direct;
    await direct.close();
    await look();
    direct = await doorOf(n1, port);
    expect(await look()).toEqual(['direct_https ok']);
    await direct.close();
    expect(await look()).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
    expect(await look()).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
    expect(await look()).toEqual(['reverse_ssh ok']);
  });

  it('does not open because a node refuses', async () => {
    direct.handler = json(403, { refusal: null, message: 'Nothing was done.' });
    for (let round = 0; round < 4; round++) expect((await failure()).trouble).toBe('refused');
    expect(client.ways).toEqual(Array(4).fill('direct_https refused'));
  });

  it('says that the direct way was not tried when the tunnel fails too', async () => {
    await opened();
    await tunnel.close();
    expect((await failure()).message).toContain('was not tried');
  });

  it('holds nobody back who has one way', async () => {
    const port = await opened();
    client.reported = { transport: 'direct_https', actions_address: `127.0.0.1:${port}` };
    direct = await doorOf(n1, port);
    expect(await look()).toEqual(['direct_https ok']);
  });
});
