import { randomBytes } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ACTION_PATHS, actionIdSchema, MAX_ACTION_BYTES, signedActionSchema } from '@openclaw-fleet/contract';
import type { ActionRefusal, ActionRequest } from '@openclaw-fleet/contract';
import type { Clock, Logger } from '@openclaw-fleet/client';
import type { Desk } from './desk.ts';
import { AlteredRepeat } from './desk.ts';
import { isCollector } from './peer.ts';
import { NoAction } from './verify.ts';

/** PEM texts: the node's own certificate and key, and the authority of its fleet. */
export interface DoorCredentials {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface ServerOptions {
  /** `port` 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly credentials: DoorCredentials;
  /** OPENCLAW_CLIENT_PIN: pins of the collector's client key. */
  readonly clientPins: readonly string[];
  /** @throws NoAction */
  readonly verify: (jws: string) => ActionRequest;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ActionsServer {
  readonly port: number;
  /** Takes new credentials; connections that are open go on. */
  reload(credentials: DoorCredentials): void;
  close(): Promise<void>;
}

/** One collector comes here, with few connections. */
const MAX_CONNECTIONS = 32;
/** Milliseconds. */
const HANDSHAKE = 5_000;
const REQUEST = 5_000;
const IDLE = 15_000;

/**
 * The bridge's door for what it is to do: TLS with a client certificate of the fleet's authority, of the collector, whose
 * key is pinned; then a request that is signed as well.
 * @throws Error naming OPENCLAW_BRIDGE_ACTIONS_LISTEN when the address cannot be had
 */
export async function serveActions(options: ServerOptions): Promise<ActionsServer> {
  const { listen, desk, clock, logger } = options;
  const peers = new WeakMap<object, X509Certificate | undefined>();
  const server = createServer(
    {
      ...tlsOptions(options.credentials),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE,
      requestTimeout: REQUEST,
      headersTimeout: REQUEST,
      keepAliveTimeout: IDLE,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => {
      const allowed = isCollector(peers.get(request.socket), options.clientPins, clock.now());
      void (allowed ? answer(request) : Promise.resolve(STRANGER)).then(
        (reply) => send(request, response, reply),
        () => response.destroy()
      );
    }
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('secureConnection', (socket: TLSSocket) => peers.set(socket, socket.getPeerX509Certificate()));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (_error, socket) => socket.destroy());

  async function answer(request: IncomingMessage): Promise<Reply> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const { method } = request;
    if (path === ACTION_PATHS.actions) return method === 'POST' ? take(request) : wrongMethod('POST');
    if (path === ACTION_PATHS.observation) return method === 'GET' ? look() : wrongMethod('GET');
    const id = path.startsWith(`${ACTION_PATHS.actions}/`) ? path.slice(ACTION_PATHS.actions.length + 1) : null;
    if (id === null || !actionIdSchema.safeParse(id).success) return refuse(404, null, 'There is nothing here.');
    return method === 'GET' ? receiptOf(id) : wrongMethod('GET');
  }

  async function take(request: IncomingMessage): Promise<Reply> {
    const body = await bodyOf(request);
    if (body === null) return refuse(413, null, `A request has at most ${MAX_ACTION_BYTES} bytes.`);
    const signed = signedActionSchema.safeParse(json(body));
    if (!signed.success) return refuse(400, null, 'The body must be {"jws": "<compact JWS>"}.');
    try {
      const receipt = desk.take(options.verify(signed.data.jws));
      return { status: receipt.state === 'running' ? 202 : 200, body: receipt };
    } catch (error) {
      if (error instanceof AlteredRepeat) {
        return refuse(409, 'altered-repeat', `Nothing was done. ${error.message} Use a new id for another action.`);
      }
      if (error instanceof NoAction) {
        logger.warn(`an action of the collector was refused: ${error.message}`);
        return refuse(error.refusal === 'not-signed' ? 403 : 422, error.refusal, error.message);
      }
      return stuck(error);
    }
  }

  function receiptOf(id: string): Reply {
    try {
      const receipt = desk.receipt(id);
      return receipt === null ? refuse(404, null, 'No action of this id was taken.') : { status: 200, body: receipt };
    } catch (error) {
      return stuck(error);
    }
  }

  async function look(): Promise<Reply> {
    try {
      return { status: 200, body: await desk.observe() };
    } catch (error) {
      logger.error(`an observation failed: ${error instanceof Error ? error.message : 'an unknown error'}`);
      return refuse(503, null, 'The bridge could not look; its log says why.');
    }
  }

  /** The disk, most likely. */
  function stuck(error: unknown): Reply {
    const why = (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'an unknown error');
    logger.error(`OPENCLAW_BRIDGE_STATE_DIR: receipts cannot be kept or read there (${why})`);
    return refuse(503, null, 'Nothing was done: the bridge cannot keep its receipts; its log says why.');
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${listen.host}:${listen.port}`;
      reject(new Error(`OPENCLAW_BRIDGE_ACTIONS_LISTEN: ${where} cannot be used (${error.code ?? error.message})`));
    });
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    reload: (credentials) => {
      server.setSecureContext(tlsOptions(credentials));
      // Sessions made under the old trust cannot be resumed.
      server.setTicketKeys(randomBytes(48));
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly allow?: string;
}

const refuse = (status: number, refusal: ActionRefusal | null, message: string): Reply => ({
  status,
  body: { refusal, message },
});
const wrongMethod = (allow: string): Reply => ({ ...refuse(405, null, `Only ${allow}.`), allow });
const STRANGER = refuse(403, null, 'Only the collector of this fleet may ask here (OPENCLAW_CLIENT_PIN).');

function send(request: IncomingMessage, response: ServerResponse, { status, body, allow }: Reply): void {
  const text = JSON.stringify(body);
  // An unread body, or somebody who has no business here: nothing more comes over this connection.
  const last = status === 403 || !request.complete;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(allow !== undefined && { allow }),
    ...(last && { connection: 'close' }),
  });
  response.end(text);
}

/** Null: larger than an action may be. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_ACTION_BYTES) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ACTION_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tlsOptions({ certificate, key, authority }: DoorCredentials): { cert: string; key: string; ca: string } {
  return { cert: certificate, key, ca: authority };
}
