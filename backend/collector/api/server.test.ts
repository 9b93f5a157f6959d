import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemSchema } from '@openclaw-fleet/contract';
import { configureServer } from './server.ts';
import { startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

/**
 * Writes texts to the server as they are, each further one when something came back.
 * @returns everything that comes back until it closes
 */
function raw(...texts: string[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const [first = '', ...others] = texts;
    const socket = connect(api.port, '127.0.0.1', () => socket.write(first));
    socket.on('data', (piece) => {
      answer += String(piece);
      const next = others.shift();
      if (next !== undefined) socket.write(next);
    });
    socket.on('error', () => undefined).on('close', () => resolve(answer));
  });
}

function read(answer: string): { head: string; body: unknown } {
  const [head = '', text = ''] = answer.split('\r\n\r\n');
  return { head, body: JSON.parse(text) };
}

describe('a connection', () => {
  it('is kept longer than a proxy in front keeps it, also one that was opened and not used yet', () => {
    const server = createServer();
    configureServer(server);
    const { keepAliveTimeout, headersTimeout, requestTimeout } = server;
    expect(keepAliveTimeout).toBeGreaterThan(65_000);
    expect(headersTimeout).toBeGreaterThan(keepAliveTimeout);
    expect(requestTimeout).toBeGreaterThanOrEqual(headersTimeout);
  });
});

describe('what is no request', () => {
  it('is answered with problem details when its address is too long', async () => {
    const response = await api.ask(`/fleet/targets?q=${'x'.repeat(20_000)}`);
    expect(response.status).toBe(431);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(problemSchema.parse(await response.json()).type).toMatch(/headers-too-large$/);
  });

  it('is answered with problem details when it is not HTTP, also after one that was', async () => {
    const { head, body } = read(await raw('HELLO\r\n\r\n'));
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(problemSchema.parse(body).type).toMatch(/bad-request$/);
    const both = await raw('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 'HELLO\r\n\r\n');
    expect(both).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"status":"ok"\}HTTP\/1\.1 400 Bad Request/);
  });

  it('does not get into an answer that is under way', async () => {
    const asked = `GET /fleet/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokenOf.viewer}\r\n\r\n`;
    const answer = await raw(asked, 'HELLO\r\n\r\n');
    expect(answer).toContain('text/event-stream');
    expect(answer).not.toContain('problem');
  });
});
