import { createServer } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Pair } from './certificates.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Subject alternative names of the client's certificate. */
  readonly client: string;
  /** Which connection it came on, from 1. */
  readonly connection: number;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** The body comes a byte at a time, for ever. */
  readonly drip?: boolean;
}

const DRIP_MS = 100;

/** Answers a request; null never answers. */
export type Answering = (request: Received) => Answer | null;

export interface TestCollector {
  readonly url: string;
  readonly requests: Received[];
  /** Whether each TLS connection resumed a session, in order. */
  readonly connections: boolean[];
  answer: Answering;
  /** Closes the connections that are open. */
  hangUp(): void;
  close(): Promise<void>;
}

export const accepted: Answer = { body: { status: 'accepted', next_heartbeat_seconds: 60 } };

/** A TLS server on a free port of loopback that demands a client certificate of `ca`, as the collector does. */
export async function startCollector(
  ca: string,
  own: Pair,
  answer: Answering = () => accepted
): Promise<TestCollector> {
  const sockets = new Set<TLSSocket>();
  const numbers = new WeakMap<object, number>();
  const server = createServer({
    ca,
    cert: own.cert,
    key: own.key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    keepAliveTimeout: 600_000,
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    numbers.set(socket, collector.connections.push(socket.isSessionReused()));
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received: Received = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        client: (socket instanceof TLSSocket && socket.getPeerX509Certificate()?.subjectAltName) || '',
        connection: numbers.get(socket) ?? 0,
      };
      collector.requests.push(received);
      const reply = collector.answer(received);
      if (!reply) return;
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      if (reply.drip === true) {
        const timer = setInterval(() => response.write(' '), DRIP_MS);
        socket.once('close', () => clearInterval(timer));
        return;
      }
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const collector: TestCollector = {
    url: `https://127.0.0.1:${port}`,
    requests: [],
    connections: [],
    answer,
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise<void>((resolve) => {
        collector.hangUp();
        server.close(() => resolve());
      }),
  };
  return collector;
}
