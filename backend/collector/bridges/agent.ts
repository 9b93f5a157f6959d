import { Agent } from 'node:https';
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { requireNode, requireStanding, Untrusted } from './identity.ts';
import type { CallerCredentials, Standing } from './types.ts';

/** No connection to the node came about: nothing was sent. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

export interface NodeAgentOptions {
  readonly targetId: string;
  readonly credentials: CallerCredentials;
  readonly standing: Standing;
  readonly connectMs: number;
  readonly idleMs: number;
  /** Told when the last connection is closed. */
  readonly onEmpty: () => void;
}

/** System errors and failed look-ups of names; every other code is OpenSSL's. */
const NETWORK_CODE = /^(E[A-Z0-9]+|EAI_[A-Z]+)$/;

/**
 * Connections to one node: TLS with the fleet's authority and the collector's own certificate. A connection is handed to a
 * request only after the handshake and the check of who is there, so a wrong node learns nothing; no TLS session is resumed,
 * so none skips the check.
 */
export class NodeAgent extends Agent {
  readonly #own: NodeAgentOptions;
  readonly #sockets = new Map<TLSSocket, string | null>();

  constructor(options: NodeAgentOptions) {
    super({ keepAlive: true, maxFreeSockets: 1, maxCachedSessions: 0, timeout: options.idleMs });
    this.#own = options;
  }

  /** Whether it was made with these credentials. */
  uses(credentials: CallerCredentials): boolean {
    return this.#own.credentials === credentials;
  }

  /** Connections open or being made. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Looks again at how the node stands, and the certificates it has shown on what is open. @throws Untrusted, having closed all */
  recheck(): void {
    const { targetId, standing } = this.#own;
    try {
      for (const fingerprint of ['', ...this.#sockets.values()]) {
        if (fingerprint !== null) requireStanding(targetId, fingerprint, standing);
      }
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void
  ): undefined {
    const { credentials, connectMs, targetId, standing } = this.#own;
    const host = options.host ?? '';
    const socket = connect({
      host,
      port: Number(options.port),
      ...(isIP(host) === 0 && { servername: host }),
      ca: credentials.ca,
      cert: credentials.client.certificate,
      key: credentials.client.privateKey,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      // Said here so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
      // The name it is reached by is no part of its identity; who it is, `requireNode` judges below.
      checkServerIdentity: () => undefined,
    });
    this.#sockets.set(socket, null);
    let settled = false;
    const settle = (error: Error | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(late);
      if (error !== null) socket.destroy();
      callback?.(error, socket);
    };
    const late = setTimeout(
      () => settle(new NotConnected(`no connection within ${connectMs / 1000} s`)),
      connectMs
    ).unref();
    socket.once('secureConnect', () => {
      try {
        this.#sockets.set(socket, requireNode(socket.getPeerX509Certificate(), targetId, standing));
        settle(null);
      } catch (error) {
        settle(error as Error);
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => settle(asConnectError(error)));
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#own.onEmpty();
      settle(new NotConnected('the connection was closed during the handshake'));
    });
    return undefined;
  }

  override destroy(): void {
    super.destroy();
    // Those still in their handshake are not the parent's yet.
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}

function asConnectError(error: NodeJS.ErrnoException): Error {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED') return new NotConnected('nothing listens there (ECONNREFUSED)');
  if (NETWORK_CODE.test(code) && code !== 'EPROTO') return new NotConnected(`no connection (${code})`);
  return new Untrusted(
    `what answers there did not prove to be a node of this fleet (${code === '' ? error.message : code})`
  );
}
