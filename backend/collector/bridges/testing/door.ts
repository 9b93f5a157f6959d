import { createServer, type Server as WebServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import type { Shown } from './fleet.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Subject alternative names of who asked. */
  readonly from: string | undefined;
}

export type Handler = (asked: Asked, response: ServerResponse) => void;

/** Answers with JSON. */
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_asked, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

abstract class Listening {
  readonly sockets = new Set<Socket>();
  connections = 0;
  protected readonly server: Server;

  constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => this.sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** A door of a bridge that answers as it is told, over real mutual TLS. */
export class Door extends Listening {
  readonly asked: Asked[] = [];
  /** Of each TLS connection: whether its session was resumed. */
  readonly resumed: boolean[] = [];
  handler: Handler = json(500, {});

  constructor(shown: Shown, ca: string, options: TlsOptions = {}) {
    const server: WebServer = createServer({
      cert: shown.cert,
      key: shown.key,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      ...options,
    });
    super(server);
    server.on('secureConnection', (socket: TLSSocket) => this.resumed.push(socket.isSessionReused()));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const from = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.subjectAltName : undefined;
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const asked = { method: request.method ?? '', path: request.url ?? '', body, from };
    this.asked.push(asked);
    this.handler(asked, response);
  }
}

/** Takes TLS connections and keeps every byte that comes inside of them; it asks for no certificate. */
export class Listener extends Listening {
  handshakes = 0;
  received = '';

  constructor(options: TlsOptions, onSecure: (socket: TLSSocket) => void = () => undefined) {
    super(
      createTlsServer(options, (socket) => {
        this.handshakes++;
        socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
        socket.on('error', () => undefined);
        onSecure(socket);
      })
    );
  }
}

/** Takes TCP connections, keeps every byte, and says one thing. */
export class PlainListener extends Listening {
  received = '';

  constructor(says = '') {
    super(
      createTcpServer((socket) => {
        socket.on('data', (chunk: Buffer) => {
          this.received += chunk.toString('latin1');
          if (says !== '') socket.end(says);
        });
      })
    );
  }
}
