import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ListenerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Null: the bridge works. Else why it does not, in words. */
  readonly trouble: () => string | null;
  readonly metrics: () => string;
}

export interface Listener {
  readonly url: URL;
  /** The IP address and port that it really has. */
  readonly bound: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

const TEXT = 'text/plain; charset=utf-8';
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The bridge's own door: GET /healthz (of the bridge, not of its gateway) and GET /metrics.
 * @throws Error that names OPENCLAW_BRIDGE_LISTEN when the address is taken or not ours
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const server = createServer((request, response) => answer(request, response, options));
  // Neither is slow; a client that is must not hold a connection.
  server.requestTimeout = 5_000;
  server.headersTimeout = 5_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`),
    bound: { host: address, port },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether metrics are served there, as a scrape would find them. @param url of the listener */
export async function servesMetrics(url: URL): Promise<boolean> {
  try {
    const response = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(2_000), redirect: 'error' });
    const text = await response.text();
    const type = response.headers.get('content-type');
    return response.status === 200 && type === PROMETHEUS && text.includes('openclaw_bridge_');
  } catch {
    return false;
  }
}

function answer(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void {
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  const path = request.url?.split('?', 1)[0];
  if (path !== '/healthz' && path !== '/metrics') {
    send(404, TEXT, 'There is nothing here; the bridge serves /healthz and /metrics\n');
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(405, TEXT, 'Only GET and HEAD\n');
  } else if (path === '/metrics') {
    send(200, PROMETHEUS, options.metrics());
  } else {
    const trouble = options.trouble();
    send(trouble === null ? 200 : 503, 'application/json', JSON.stringify({ ok: trouble === null, trouble }));
  }
}

function explain(error: NodeJS.ErrnoException, { host, port }: ListenerOptions): Error {
  const where = `OPENCLAW_BRIDGE_LISTEN: ${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(`${where} is taken; stop what listens there, or choose another port`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(`${where} is no address of this machine; use 127.0.0.1`);
    case 'EACCES':
      return new Error(`${where} may not be used by this user; choose a port from 1024 up`);
    default:
      return new Error(`${where} cannot be used (${error.code ?? error.message})`);
  }
}
