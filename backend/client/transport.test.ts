import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuthority } from './testing/certificates.ts';
import type { Pair } from './testing/certificates.ts';
import { accepted } from './testing/collector.ts';
import { createTestNode } from './testing/node.ts';
import type { TestNode } from './testing/node.ts';
import { waitFor } from './testing/wait.ts';

let node: TestNode;
const servers: Server[] = [];

beforeEach(async () => {
  node = await createTestNode();
});

afterEach(async () => {
  await node.close();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A TLS server that records every byte it is sent after a handshake. */
async function listener(pair: Pair, options: TlsOptions = {}) {
  const bytes: Buffer[] = [];
  let closed = 0;
  const server = createTlsServer({ cert: pair.cert, key: pair.key, ...options }, (socket) => {
    socket.on('data', (chunk: Buffer) => bytes.push(chunk));
  });
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('close', () => closed++);
  });
  return { endpoint: await listen(server), bytes, closed: () => closed };
}

describe('the server', () => {
  const other = createAuthority('Somebody else');

  it.each([
    ['of another authority', () => other.issue({ ip: '127.0.0.1' }), 'self-signed|unable to (verify|get)'],
    [
      'for another host',
      () => node.authority.issue({ ip: '127.0.0.2', dns: 'elsewhere' }),
      "does not match certificate's altnames",
    ],
    [
      'of a node',
      () => node.authority.issue({ uri: 'openclaw://node/n2', ip: '127.0.0.1' }),
      "a node's, not a collector's",
    ],
    ['that expired', () => node.authority.issue({ ip: '127.0.0.1', notAfter: new Date(Date.now() - 1) }), 'expired'],
  ])('with a certificate %s gets not one byte', async (_what, pair, message) => {
    const server = await listener(pair());
    const publisher = node.publisher({ endpoint: server.endpoint });
    publisher.start();
    await node.failed(publisher, 'tls');
    await waitFor(() => server.closed() === 1);
    expect(Buffer.concat(server.bytes).toString()).toBe('');
    expect(node.logged[0]).toMatch(new RegExp(message));
  });

  it('with a key that is not pinned gets not one byte', async () => {
    const server = await listener(node.server);
    const publisher = node.publisher({ endpoint: server.endpoint, serverPins: [other.pin] });
    publisher.start();
    await node.failed(publisher, 'tls');
    await waitFor(() => server.closed() === 1);
    expect(Buffer.concat(server.bytes).toString()).toBe('');
    expect(node.logged[0]).toContain('OPENCLAW_SERVER_PIN');
  });

  it.each([
    ['its own key', () => node.server.pin],
    ["its authority's", () => node.authority.pin],
  ])('is trusted when a pin is of %s', async (_whose, pin) => {
    const publisher = node.publisher({ serverPins: [other.pin, pin()] });
    publisher.start();
    await node.delivered(publisher, 1);
  });

  it('must speak TLS 1.3', async () => {
    const server = await listener(node.server, { maxVersion: 'TLSv1.2' });
    const publisher = node.publisher({ endpoint: server.endpoint });
    publisher.start();
    await node.failed(publisher, 'tls');
    expect(Buffer.concat(server.bytes).toString()).toBe('');
  });

  it('may refuse the connection', async () => {
    await node.collector.close();
    const publisher = node.publisher();
    publisher.start();
    await node.failed(publisher, 'network');
    expect(node.logged[0]).toContain('is the collector running there?');
    await node.clock.advanceToTimer(1_600, 2_400);
    await node.failed(publisher, 'network', 2);
  });

  it('may refuse the node', async () => {
    const stranger = other.issue({ uri: 'openclaw://node/node-1' });
    node.write('node.crt', stranger.cert);
    node.write('node.key', stranger.key);
    const publisher = node.publisher();
    publisher.start();
    await waitFor(() => Object.keys(publisher.stats().failures).length === 1);
    expect(node.collector.requests).toHaveLength(0);
  });
});

describe('a server that hangs', () => {
  it('is given up after 10 s, and its connection with it', async () => {
    node.collector.answer = () => null;
    const publisher = node.publisher();
    publisher.start();
    await waitFor(() => node.collector.requests.length === 1);
    await node.clock.advanceToTimer(10_000, 10_000);
    await node.failed(publisher, 'timeout');
    node.collector.answer = () => accepted;
    await node.clock.advanceToTimer(1_600, 2_400);
    await node.delivered(publisher, 1);
    expect(node.collector.connections).toHaveLength(2);
  });

  it('in the handshake is given up too', async () => {
    let closed = false;
    const open = { seen: false };
    const server = createTcpServer((socket) => {
      open.seen = true;
      socket.on('error', () => undefined).resume();
      socket.once('close', () => (closed = true));
    });
    const publisher = node.publisher({ endpoint: await listen(server) });
    publisher.start();
    await waitFor(() => open.seen);
    await node.clock.advanceToTimer(10_000, 10_000);
    await node.failed(publisher, 'timeout');
    await waitFor(() => closed);
  });
});

describe('a connection', () => {
  it('is made again with the same session when the server closed it', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    node.collector.hangUp();
    await node.clock.advanceToTimer(57_000, 57_000);
    await node.delivered(publisher, 2);
    expect(node.collector.connections).toEqual([false, true]);
    expect(publisher.stats().failures).toEqual({});
  });

  it('that breaks when it is used again costs no failure, one that always breaks does', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    let breaks = 1;
    node.collector.answer = () => {
      if (breaks-- <= 0) return accepted;
      node.collector.hangUp();
      return null;
    };
    await node.clock.advanceToTimer(57_000, 57_000);
    await node.delivered(publisher, 2);
    expect(publisher.stats().failures).toEqual({});
    expect(node.collector.requests[1]?.body).toEqual(node.collector.requests[2]?.body);
    breaks = 2;
    await node.clock.advanceToTimer(57_000, 57_000);
    await node.failed(publisher, 'network');
  });

  it('is not read without end', async () => {
    node.collector.answer = () => ({ body: 'x'.repeat(100_000) });
    const publisher = node.publisher();
    publisher.start();
    await node.failed(publisher, 'network');
    expect(node.logged[0]).toContain('too long');
  });
});
