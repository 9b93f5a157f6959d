import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** The next request of a connection. */
  readonly next: (connection: number) => string;
  /** TLS options of a connection; without them it is plain. */
  readonly tls?: (connection: number) => ConnectionOptions;
}

export interface LoadResult {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** By HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds, sorted. With a rate, counted from when a request was due. */
  readonly latencies: Float64Array;
}

/** Keep-alive connections that send one request at a time each; they stay open from run to run. */
export class Load {
  readonly #next: LoadOptions['next'];
  readonly #connections: readonly Connection[];

  private constructor(next: LoadOptions['next'], connections: readonly Connection[]) {
    this.#next = next;
    this.#connections = connections;
  }

  static async open(options: LoadOptions): Promise<Load> {
    const connections: Connection[] = [];
    // A few at a time: handshakes are not what is measured.
    for (let index = 0; index < options.connections; index += 16) {
      const group = Array.from({ length: Math.min(16, options.connections - index) }, (_, more) =>
        open(options, index + more)
      );
      connections.push(...(await Promise.all(group)));
    }
    return new Load(options.next, connections);
  }

  close(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  /** Sends `count` requests, each connection as soon as it was answered. */
  count(count: number): Promise<LoadResult> {
    let left = count;
    return this.#run(() => left-- > 0, null);
  }

  /** Sends for a while. @param rate requests a second over all connections; null: as soon as a connection was answered */
  async for(seconds: number, rate: number | null): Promise<LoadResult> {
    const end = performance.now() + seconds * 1000;
    return this.#run((now) => now < end, rate);
  }

  #run(more: (now: number) => boolean, rate: number | null): Promise<LoadResult> {
    const latencies: number[] = [];
    const statuses: Record<string, number> = {};
    const free = [...this.#connections];
    const due: number[] = [];
    const started = performance.now();
    let active = 0;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        const seconds = (performance.now() - started) / 1000;
        for (const { socket } of this.#connections) socket.off('close', cut);
        resolve({
          requests: latencies.length,
          rate: latencies.length / seconds,
          statuses,
          latencies: Float64Array.from(latencies).sort(),
        });
      };
      const cut = (): void => reject(new Error('a connection of the load was cut'));
      const go = (connection: Connection, dueAt: number): void => {
        active++;
        connection.send(this.#next(connection.index), (status) => {
          active--;
          const now = performance.now();
          latencies.push(now - dueAt);
          statuses[status] = (statuses[status] ?? 0) + 1;
          const waiting = due.shift();
          if (waiting !== undefined) go(connection, waiting);
          else if (rate === null && more(now)) go(connection, now);
          else {
            free.push(connection);
            if (active === 0 && (rate === null || ended)) finish();
          }
        });
      };
      for (const { socket } of this.#connections) socket.once('close', cut);
      let ended = rate === null;
      if (rate === null) {
        for (const connection of free.splice(0)) if (more(started)) go(connection, performance.now());
        return;
      }
      const gap = 1000 / rate;
      let nextDue = started;
      const timer = setInterval(() => {
        const now = performance.now();
        for (; nextDue <= now && more(nextDue); nextDue += gap) {
          const connection = free.pop();
          if (connection) go(connection, nextDue);
          else due.push(nextDue);
        }
        if (more(nextDue)) return;
        clearInterval(timer);
        ended = true;
        if (active === 0) finish();
      }, 1);
    });
  }
}

/** @param sorted latencies as a run returns them @param share 0 to 1 */
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
    socket.on('error', reject);
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
        if (socket.destroyed) throw new Error('the server closed a connection of the load while it was idle');
        answered = callback;
        socket.write(request, 'latin1');
      },
    };
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(connection));
  });
}
