import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_ANSWER_BYTES } from '@openclaw-fleet/contract';
import { json, Listener, PlainListener, type Handler } from './testing/door.ts';
import { action, observation, receipt } from './testing/fleet.ts';
import { Stage, trouble, until } from './testing/stage.ts';
import type { BridgeClientOptions } from './types.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());

describe('an answer', () => {
  async function answered(handler: Handler, changes: Partial<BridgeClientOptions> = {}) {
    const door = await stage.door(stage.n1, handler);
    const client = stage.client(door.port, changes);
    return { error: await trouble(client.transports.act('n1', action())), door, client };
  }

  it.each([301, 302, 303, 307, 308])('that redirects (%d) leads nowhere', async (status) => {
    const elsewhere = await stage.door(stage.n1, json(202, receipt()));
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
    const listener = await new Listener(stage.n1, (socket) =>
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n'))
    ).listen();
    stage.keep(listener);
    expect((await trouble(stage.client(listener.port).transports.observe('n1'))).trouble).toBe('protocol');
  });

  it('about another node is not believed when it is an observation', async () => {
    const door = await stage.door(stage.n1, json(200, observation({ node_id: 'n2' })));
    expect((await trouble(stage.client(door.port).transports.observe('n1'))).trouble).toBe('protocol');
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
    const door = await stage.door(stage.n1, (asked, response) => {
      json(door.asked.length < 3 ? status : 202, door.asked.length < 3 ? {} : receipt())(asked, response);
    });
    const client = stage.client(door.port);
    expect((await client.transports.act('n1', action())).state).toBe('running');
    expect(new Set(door.asked.map(({ body }) => body)).size).toBe(1);
    expect(client.ways).toEqual(['direct_https unreachable', 'direct_https unreachable', 'direct_https ok']);
  });

  it('is made after a connection broke, with the very same request', async () => {
    const door = await stage.door(stage.n1, (asked, response) => {
      if (door.asked.length === 1) response.destroy();
      else json(202, receipt())(asked, response);
    });
    await stage.client(door.port).transports.act('n1', action());
    expect(door.asked).toHaveLength(2);
    expect(door.asked[0]).toEqual(door.asked[1]);
  });

  it('is made in the middle of an answer that broke', async () => {
    const door = await stage.door(stage.n1, (asked, response) => {
      if (door.asked.length > 1) {
        json(200, observation())(asked, response);
        return;
      }
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{', () => response.destroy());
    });
    expect((await stage.client(door.port).transports.observe('n1')).node_id).toBe('n1');
  });

  it('is made twice at the most', async () => {
    const door = await stage.door(stage.n1, json(503, { refusal: null, message: 'Nothing was done.' }));
    const error = await trouble(stage.client(door.port).transports.observe('n1'));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('it answered 503: Nothing was done.');
    expect(door.asked).toHaveLength(3);
  });

  it('waits longer each time, by chance up to the double', async () => {
    const listener = await new PlainListener().listen();
    const { port } = listener;
    await listener.close();
    const took = async (random: number): Promise<number> => {
      const client = stage.client(port, { random: () => random, pace: { backoffMs: 200 } });
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
    const door = await stage.door(stage.n1, (asked, response) => {
      if (door.asked.length === 1) response.destroy();
      else json(422, { refusal: 'expired', message: 'It has expired.' })(asked, response);
    });
    const error = await trouble(stage.client(door.port).transports.act('n1', action()));
    expect(error.trouble).toBe('unreachable');
    expect(error.message).toContain('it may have taken the request');
  });
});
