import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { createAuthority } from '../../client/testing/certificates.ts';
import type { Authority } from '../../client/testing/certificates.ts';
import { waitFor as waitUntil } from '../../client/testing/wait.ts';
import type { Credentials } from '../credentials.ts';

/** One request as the test's intake saw it. */
export interface Seen {
  readonly path: string;
  /** The node that the client certificate names. */
  readonly certified: string;
  readonly claims: Record<string, unknown>;
  readonly body: string;
  readonly beat: Heartbeat;
  readonly atMs: number;
  /** Tells connections apart. */
  readonly socket: TLSSocket;
}

/** What it answers: a status with JSON, or `hang`. */
export type Answer = { status: number; json?: object; headers?: Record<string, string> } | 'hang';

export interface TestIntake {
  readonly endpoint: string;
  readonly seen: Seen[];
  readonly credentials: Credentials[];
  readonly authority: Authority;
  /** Connections open now, and the most there were. */
  open(): number;
  readonly most: { connections: number; requests: number };
  of(id: string): Seen[];
  close(): Promise<void>;
}

export const accepted = (seconds: number): Answer => ({
  status: 200,
  json: { status: 'accepted', next_heartbeat_seconds: seconds },
});

function claimsOf(authorization: string | undefined, certificate: X509Certificate): Record<string, unknown> {
  const [header = '', payload = '', signature = ''] = (authorization ?? '').replace(/^Bearer /, '').split('.');
  const key = createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
  const signed = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url')
  );
  if (!signed) throw new Error('the token is not signed by the certificate of the connection');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

/** A request beside the heartbeats, such as `GET /openclaw/revisions/<id>?nonce=<nonce>`. */
export interface Beside {
  readonly method: string;
  readonly url: URL;
  /** The node that the client certificate names. */
  readonly certified: string;
  readonly body: string;
}

/** A TLS server that demands a client certificate and checks the token, with credentials for `nodes` nodes. */
export async function startIntake(
  nodes: number,
  answer: (seen: Seen, all: Seen[]) => Answer,
  port = 0,
  beside: (request: Beside) => Answer = () => ({ status: 404 })
): Promise<TestIntake> {
  const authority = createAuthority();
  const server = authority.issue({ dns: 'localhost', ip: '127.0.0.1' });
  const seen: Seen[] = [];
  const most = { connections: 0, requests: 0 };
  const sockets = new Set<TLSSocket>();
  let requests = 0;
  const listener = createServer(
    { cert: server.cert, key: server.key, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (incoming, outgoing) => {
      requests += 1;
      most.requests = Math.max(most.requests, requests);
      outgoing.on('close', () => (requests -= 1));
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const socket = incoming.socket as unknown as TLSSocket;
        const certificate = new X509Certificate(socket.getPeerCertificate().raw);
        const body = Buffer.concat(chunks).toString();
        const certified = (certificate.subjectAltName ?? '').replace('URI:openclaw://node/', '');
        const claims = claimsOf(incoming.headers.authorization, certificate);
        const give = (given: Answer): void => {
          if (given === 'hang') return;
          outgoing.writeHead(given.status, { 'content-type': 'application/json', ...given.headers });
          outgoing.end(JSON.stringify(given.json ?? {}));
        };
        const { url = '', method = '' } = incoming;
        if (!url.endsWith('/availability')) {
          give(beside({ method, url: new URL(url, 'https://localhost'), certified, body }));
          return;
        }
        const one: Seen = {
          path: url,
          certified,
          claims,
          body,
          beat: JSON.parse(body) as Heartbeat,
          atMs: Date.now(),
          socket,
        };
        seen.push(one);
        give(answer(one, seen));
      });
    }
  );
  listener.keepAliveTimeout = 120_000;
  listener.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    most.connections = Math.max(most.connections, sockets.size);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
  const credentials = Array.from({ length: nodes }, (_, index) => {
    const { cert, key } = authority.issue({ uri: `openclaw://node/node-${index}` });
    return { id: `node-${index}`, cert, key, ca: authority.cert };
  });
  return {
    endpoint: `https://localhost:${(listener.address() as AddressInfo).port}`,
    seen,
    credentials,
    authority,
    open: () => sockets.size,
    most,
    of: (id) => seen.filter(({ beat }) => beat.node_id === id),
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
}

/** Resolves once `condition` holds; rejects with `what` when it takes too long. */
export function waitFor(what: string, condition: () => boolean): Promise<void> {
  return waitUntil(condition, () => what);
}
