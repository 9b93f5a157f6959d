import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { problem } from '@openclaw-fleet/contract';
import type { HeartbeatHandler } from './heartbeat.ts';
import { peerOf, type Peer } from './peer.ts';

/** PEM texts of the listener's own identity and of the authority whose nodes it lets in. */
export interface ServerCredentials {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface IntakeServerOptions {
  readonly credentials: ServerCredentials;
  readonly heartbeats: HeartbeatHandler;
  /** Everything but the hot path: token, renewal. Called with the peer that the certificate names. */
  readonly rest: (req: IncomingMessage, res: ServerResponse, peer: Peer) => void;
  /** How long an idle connection is kept: more than 2 intervals, since a new mTLS connection costs 30 requests. Milliseconds. */
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  /** A request must arrive whole within this. Milliseconds. */
  readonly requestTimeoutMs: number;
  readonly random?: () => number;
}

const PATH = '/openclaw/availability';

/** The nodes' front door: TLS with client certificates of this fleet, and nothing else. */
export class IntakeServer {
  readonly #server: Server;
  readonly #heartbeats: HeartbeatHandler;
  readonly #rest: IntakeServerOptions['rest'];
  readonly #peers = new WeakMap<object, Peer | null>();
  readonly #sockets = new Map<TLSSocket, Peer | null>();

  constructor(options: IntakeServerOptions) {
    const { random = Math.random, keepAliveMs } = options;
    this.#heartbeats = options.heartbeats;
    this.#rest = options.rest;
    this.#server = createServer(
      {
        ...tlsOptions(options.credentials),
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        honorCipherOrder: true,
        requestTimeout: options.requestTimeoutMs,
        headersTimeout: options.requestTimeoutMs,
        handshakeTimeout: options.requestTimeoutMs,
        connectionsCheckingInterval: 2000,
        maxHeaderSize: 16 * 1024,
        noDelay: true,
      },
      (req, res) => this.#route(req, res)
    );
    this.#server.maxConnections = options.maxConnections;
    this.#server.maxRequestsPerSocket = 0;
    // Jittered, so that connections made together do not all end together.
    Object.defineProperty(this.#server, 'keepAliveTimeout', {
      get: () => Math.round(keepAliveMs * (1 + random() * 0.25)),
      set: () => undefined,
    });
    this.#server.on('secureConnection', (socket) => this.#welcome(socket));
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** @returns the port it listens on. Throws the listen error (EADDRINUSE, EACCES). */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes new credentials without a restart. Sessions made under the old trust cannot be resumed. */
  reload(credentials: ServerCredentials): void {
    this.#server.setSecureContext(tlsOptions(credentials));
    this.#server.setTicketKeys(randomBytes(48));
  }

  /** Closes connections whose node or certificate may no longer enter. */
  dismiss(unwelcome: (peer: Peer) => boolean): void {
    for (const [socket, peer] of this.#sockets) if (peer && unwelcome(peer)) socket.destroy();
  }

  /** Stops listening, lets answers under way end, and cuts what is left after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(cut);
  }

  #welcome(socket: TLSSocket): void {
    const certificate = socket.getPeerX509Certificate();
    const peer = certificate ? peerOf(certificate) : null;
    this.#peers.set(socket, peer);
    this.#sockets.set(socket, peer);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #route(req: IncomingMessage, res: ServerResponse): void {
    const peer = this.#peers.get(req.socket) ?? null;
    if (req.url === PATH && req.method === 'POST') this.#heartbeats.handle(req, res, peer);
    else if (peer) this.#rest(req, res, peer);
    else refuse(res);
  }
}

function refuse(res: ServerResponse): void {
  const body = JSON.stringify(
    problem(
      'certificate-required',
      'The client certificate names no node of this fleet. Enrol it: openclaw-fleet enroll <name>.'
    )
  );
  res.writeHead(403, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  res.end(body);
}

function tlsOptions({ certificate, key, authority }: ServerCredentials): { cert: string; key: string; ca: string } {
  return { cert: certificate, key, ca: authority };
}
