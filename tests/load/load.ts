import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Requests per second over all connections; without it each connection sends as soon as it was answered. */
  readonly rate?: number;
  readonly seconds: number;
  /** The next request of a connection. */
  readonly next: (connection: number) => string;
  /** TLS options of a connection; without them it is plain. */
  readonly tls?: (connection: number) => ConnectionOptions;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** By HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds, sorted. */
  readonly latencies: Float64Array;
}

/** Sends for a while over keep-alive connections, one request at a time on each. With a rate, latency counts from when a request was due. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: options.connections }, (_, index) => open(options, index)));
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const free: Connection[] = [];
  const due: number[] = [];
  const started = performance.now();
  const end = started + options.seconds * 1000;
  let active = 0;

  await new Promise<void>((resolve, reject) => {
    const go = (connection: Connection, dueAt: number): void => {
      active++;
      connection.send(options.next(connection.index), (status) => {
        active--;
        latencies.push(performance.now() - dueAt);
        statuses[status] = (statuses[status] ?? 0) + 1;
        const now = performance.now();
        const waiting = due.shift();
        if (waiting !== undefined) go(connection, waiting);
        else if (options.rate === undefined && now < end) go(connection, now);
        else {
          free.push(connection);
          if (now >= end && active === 0) resolve();
        }
      });
    };
    for (const connection of sockets) connection.socket.on('error', reject);
    if (options.rate === undefined) for (const connection of sockets) go(connection, performance.now());
    else {
      free.push(...sockets);
      const gap = 1000 / options.rate;
      let nextDue = started;
      const timer = setInterval(() => {
        const now = performance.now();
        for (; nextDue <= now && nextDue < end; nextDue += gap) {
          const connection = free.pop();
          if (connection) go(connection, nextDue);
          else due.push(nextDue);
        }
        if (nextDue >= end) {
          clearInterval(timer);
          if (active === 0) resolve();
        }
      }, 1);
    }
  });
  const seconds = (performance.now() - started) / 1000;
  for (const { socket } of sockets) socket.destroy();
  return { requests: latencies.length, seconds, statuses, latencies: Float64Array.from(latencies).sort() };
}

/** @param sorted latencies as `load` returns them @param share 0 to 1 */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

interface Connection {
  readonly index: number;
  readonly socket: Socket;
  send(request: string, answered: (status: string) => void): void;
}

function open({ port, tls }: LoadOptions, index: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = tls
      ? connectTls({ ...tls(index), host: '127.0.0.1', port })
      : connectPlain({ host: '127.0.0.1', port });
    socket.setNoDelay(true);
    socket.once('error', reject);
    let answered: ((status: string) => void) | null = null;
    let buffered = '';
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('latin1');
      const head = buffered.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(buffered)?.[1] ?? 0);
      if (buffered.length < head + 4 + length) return;
      const status = buffered.slice(9, 12);
      buffered = '';
      const callback = answered;
      answered = null;
      callback?.(status);
    });
    const connection: Connection = {
      index,
      socket,
      send: (request, callback) => {
        answered = callback;
        socket.write(request, 'latin1');
      },
    };
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(connection));
  });
}
