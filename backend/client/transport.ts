import { Agent, request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { codeOf, messageOf, PublishFailure } from './failure.ts';
import { checkCollector } from './server-identity.ts';
import type { Clock } from './types.ts';

/** A connection idles longer than two of the longest intervals, since a new one costs 30 requests. */
const IDLE_MS = 300_000;
/** Unless the post says another. */
const MAX_REPLY_BYTES = 64 * 1024;

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
  readonly date: string | undefined;
  /** From sending to the last byte of the reply. */
  readonly seconds: number;
}

export interface Post {
  /** Default POST. Sent twice where a connection broke, so no other than those that may be. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** Empty for a GET. */
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  readonly timeoutMs: number;
  /** A longer reply is a failure. Default 64 KiB. */
  readonly maxReplyBytes?: number;
}

/** One keep-alive connection to the collector: TLS 1.3, the node's certificate, sessions resumed. One post at a time. */
export interface Transport {
  /** @throws PublishFailure `network`, `timeout` or `tls`; any status is a reply, and no redirect is followed */
  post(post: Post): Promise<Reply>;
  /** Makes a connection with these credentials and closes it: they are proven to trust the collector. */
  probe(credentials: Credentials, timeoutMs: number): Promise<void>;
  /** Closes the connection and what is under way on it. */
  close(): void;
}

type Result = { readonly reply: Reply } | { readonly error: unknown; readonly reused: boolean };

/** Hands a socket to the request only after the handshake and every check: not a byte goes to the wrong server. */
class CheckedAgent extends Agent {
  readonly #credentials: Credentials;
  readonly #pins: readonly string[];
  readonly #sockets = new Set<TLSSocket>();
  #session: Buffer | undefined;

  constructor(credentials: Credentials, pins: readonly string[]) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1, timeout: IDLE_MS });
    this.#credentials = credentials;
    this.#pins = pins;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void
  ): undefined {
    const host = options.hostname ?? options.host ?? '';
    const socket = connect({
      host,
      port: Number(options.port),
      ...(isIP(host) === 0 && { servername: host }),
      ca: this.#credentials.ca,
      cert: this.#credentials.cert,
      key: this.#credentials.key,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      // Said here so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
      // A resumed session skips this check; it was made by a handshake of this very agent, under the same pins.
      checkServerIdentity: (name, peer) => checkCollector(name, peer, this.#pins),
      ...(this.#session && { session: this.#session }),
    });
    socket.unref();
    this.#sockets.add(socket);
    let secure = false;
    socket.on('session', (session) => {
      this.#session = session;
    });
    socket.once('secureConnect', () => {
      secure = true;
      callback?.(null, socket);
    });
    socket.on('error', (error: Error) => {
      if (secure) return;
      this.#session = undefined;
      callback?.(error, socket);
    });
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (!secure) callback?.(new Error('the connection closed during the handshake'), socket);
    });
    return undefined;
  }

  override destroy(): void {
    super.destroy();
    // Those still in their handshake are not the parent's yet.
    for (const socket of this.#sockets) socket.destroy();
  }
}

export function createTransport(endpoint: URL, pins: readonly string[], clock: Clock): Transport {
  const host = endpoint.hostname.replace(/^\[|\]$/g, '');
  const port = endpoint.port === '' ? 443 : Number(endpoint.port);
  let agent: CheckedAgent | null = null;
  let agentOf: Credentials | null = null;

  function agentFor(credentials: Credentials): CheckedAgent {
    if (agent && agentOf === credentials) return agent;
    agent?.destroy();
    agent = new CheckedAgent(credentials, pins);
    agentOf = credentials;
    return agent;
  }

  function close(): void {
    agent?.destroy();
    agent = null;
  }

  async function once(post: Post, own: CheckedAgent): Promise<Result> {
    const started = clock.monotonic();
    return new Promise((resolve) => {
      const sent = request({
        host,
        port,
        path: post.path,
        method: post.method ?? 'POST',
        agent: own,
        headers: {
          host: endpoint.host,
          accept: 'application/json, application/problem+json',
          ...(post.method !== 'GET' && { 'content-type': 'application/json', 'content-length': post.body.length }),
          ...post.headers,
        },
      });
      const fail = (error: unknown): void => {
        cancel();
        sent.destroy();
        resolve({ error, reused: sent.reusedSocket });
      };
      const cancel = clock.after(post.timeoutMs, () => {
        // Whatever hangs is not worth keeping; this also ends an unfinished handshake.
        if (agent === own) close();
        fail(new PublishFailure('timeout', `${endpoint.host} did not answer within ${post.timeoutMs / 1000} s`));
      });
      // The agent holds the process for a connection it uses again.
      sent.once('socket', (socket) => socket.unref());
      sent.on('error', fail);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > (post.maxReplyBytes ?? MAX_REPLY_BYTES))
            fail(new PublishFailure('network', `the reply of ${endpoint.host} is too long`));
          else chunks.push(chunk);
        });
        response.once('error', fail);
        response.once('aborted', () => fail(new Error('the connection closed in the middle of the reply')));
        response.once('end', () => {
          cancel();
          resolve({
            reply: {
              status: response.statusCode ?? 0,
              body: Buffer.concat(chunks).toString('utf8'),
              retryAfter: response.headers['retry-after'],
              date: response.headers.date,
              seconds: (clock.monotonic() - started) / 1000,
            },
          });
        });
      });
      sent.end(post.body);
    });
  }

  return {
    post: async (post) => {
      const own = agentFor(post.credentials);
      let result = await once(post, own).catch(asResult);
      // The collector may close an idle connection just as we use it; the body is the same, so sending it again is safe.
      const stale = 'error' in result && result.reused && isReset(result.error) && agent === own;
      if (stale) result = await once(post, own).catch(asResult);
      if ('reply' in result) return result.reply;
      throw asFailure(result.error, endpoint.host);
    },
    probe: async (credentials, timeoutMs) => {
      const own = new CheckedAgent(credentials, pins);
      try {
        await new Promise<void>((resolve, reject) => {
          const cancel = clock.after(timeoutMs, () =>
            reject(new PublishFailure('timeout', `${endpoint.host} did not finish the handshake`))
          );
          own.createConnection({ host, port }, (error) => {
            cancel();
            if (error) reject(asFailure(error, endpoint.host));
            else resolve();
          });
        });
      } finally {
        own.destroy();
      }
    },
    close,
  };
}

/** Node refuses some PEM texts only when it connects. */
const asResult = (error: unknown): Result => ({ error, reused: false });

function isReset(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
}

// System errors, failed name lookups and broken HTTP; every other code is OpenSSL's or the certificate check's.
const NETWORK_CODES = /^(E[A-Z0-9]+|EAI_[A-Z]+|HPE_\w+|ERR_(STREAM|HTTP)\w*)?$/;

function asFailure(error: unknown, host: string): PublishFailure {
  if (error instanceof PublishFailure) return error;
  const code = codeOf(error);
  const message = `${host}: ${messageOf(error)}`;
  if (code === 'ECONNREFUSED') return new PublishFailure('network', `${message}; is the collector running there?`);
  return new PublishFailure(NETWORK_CODES.test(code) && code !== 'EPROTO' ? 'network' : 'tls', message);
}
