import { randomBytes } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { problem, type Problem } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { HeartbeatHandler, NodeTrust } from './heartbeat.ts';
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
  readonly trust: Pick<NodeTrust, 'standing'>;
  /** Everything but the hot path: token, renewal. Called with the peer that the certificate names. */
  readonly rest: (req: IncomingMessage, res: ServerResponse, peer: Peer) => void;
  /** How long an idle connection is kept: more than 2 intervals, since a new mTLS connection costs 30 requests. Milliseconds. */
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  /** A request must arrive whole within this. Milliseconds. */
  readonly requestTimeoutMs: number;
  readonly random?: () => number;
  readonly wallClock?: Clock;
}

const PATH = '/openclaw/availability';
/** The same with a slash or a query behind it. */
const PATH_LIKE = /^\/openclaw\/availability\/?(\?|$)/;
/** A node needs one; what is more is somebody trying to use up everybody's. */
const MAX_CONNECTIONS = 16;
/** Of a certificate that may not enter: enough to be told so. */
const MAX_UNWELCOME_CONNECTIONS = 1;

/** The nodes' front door: TLS with client certificates of this fleet, and nothing else. */
export class IntakeServer {
  readonly #server: Server;
  readonly #heartbeats: HeartbeatHandler;
  readonly #trust: IntakeServerOptions['trust'];
  readonly #rest: IntakeServerOptions['rest'];
  readonly #wallClock: Clock;
  /** Of a node, and of each certificate that may not enter: who holds one that was revoked takes no place of its owner's. */
  readonly #places = new Map<string, number>();
  readonly #peers = new WeakMap<object, Peer | null>();
  readonly #sockets = new Map<TLSSocket, Peer | null>();

  constructor(options: IntakeServerOptions) {
    const { random = Math.random, keepAliveMs } = options;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#heartbeats = options.heartbeats;
    this.#trust = options.trust;
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
    this.#server.on('clientError', answerClientError);
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
    const welcome = peer?.kind !== 'node' || this.#trust.standing(peer.id, peer.fingerprint) === 'ok';
    const holder = welcome ? `id:${peer?.id ?? ''}` : `certificate:${peer.fingerprint}`;
    const open = this.#places.get(holder) ?? 0;
    if (open >= (welcome ? MAX_CONNECTIONS : MAX_UNWELCOME_CONNECTIONS)) {
      socket.destroy();
      return;
    }
    this.#places.set(holder, open + 1);
    this.#peers.set(socket, peer);
    this.#sockets.set(socket, peer);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#places.get(holder) ?? 1) - 1;
      if (left === 0) this.#places.delete(holder);
      else this.#places.set(holder, left);
    });
  }

  #route(req: IncomingMessage, res: ServerResponse): void {
    const peer = this.#peers.get(req.socket) ?? null;
    if (peer && this.#wallClock() >= peer.notAfterMs) {
      refuse(res, 'The client certificate has expired. Get a new one: openclaw-fleet rotate <node>.');
    } else if (req.method === 'POST' && isHeartbeatPath(req.url)) this.#heartbeats.handle(req, res, peer);
    else if (peer) this.#rest(req, res, peer);
    else refuse(res, 'The client certificate names no node of this fleet. Enrol it: openclaw-fleet enroll <name>.');
  }
}

function isHeartbeatPath(url: string | undefined): boolean {
  return url === PATH || (url !== undefined && PATH_LIKE.test(url));
}

function refuse(res: ServerResponse, detail: string): void {
  const body = JSON.stringify(problem('certificate-required', detail));
  res.writeHead(403, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  res.end(body);
}

/** Answers what never became a request: too slow, or no HTTP. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const body = clientProblem(error.code);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? ''}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`
  );
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problem('request-timeout', 'The request did not arrive in time. Send it again.');
  if (code === 'HPE_HEADER_OVERFLOW')
    return problem('headers-too-large', 'The headers are over 16 KiB. Send fewer, or a shorter token.');
  return problem('bad-request', 'This is no valid HTTP request.');
}

function tlsOptions({ certificate, key, authority }: ServerCredentials): { cert: string; key: string; ca: string } {
  return { cert: certificate, key, ca: authority };
}
