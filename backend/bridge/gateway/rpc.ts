import type { Clock } from '@openclaw-fleet/client';
import type { GatewayConnection, Hello, ReadMethod } from './connection.ts';
import { openConnection, RpcError } from './connection.ts';

export interface RpcOptions {
  /** Address of the gateway, such as `http://127.0.0.1:18789`. */
  readonly url: URL;
  /** Reads the token anew for each connection, so that a rotated one is taken up. Its error becomes the trouble. */
  readonly token: () => string;
  readonly version: string;
  readonly clock: Clock;
  /** From 0 to under 1. */
  readonly random: () => number;
  readonly onConnected: (hello: Hello) => void;
  readonly onDisconnected: () => void;
  readonly onEvent: (name: string, payload: Readonly<Record<string, unknown>>) => void;
  /** First and longest wait between two attempts, in milliseconds. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  readonly timeoutMs?: number;
}

/** The one read-only connection to the gateway. It comes back by itself; no method throws but `read`. */
export interface GatewayRpc {
  start(): void;
  stop(): void;
  /** The gateway answers again: connect now, unless it refused the token. */
  nudge(): void;
  /** Closes the connection and opens another one. */
  renew(): void;
  /** @throws RpcError */
  read(method: ReadMethod, params?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  readonly connected: boolean;
  /** Why there is no connection, in words; null when there is one or the first is under way. */
  readonly trouble: string | null;
  /** Connections opened after the first. */
  readonly reconnects: number;
}

const BACKOFF = { firstMs: 1_000, maxMs: 30_000 };
const REFUSED_FOR_GOOD: ReadonlySet<string> = new Set([
  'INVALID_REQUEST',
  'NOT_PAIRED',
  'FORBIDDEN',
  'TOO_MUCH_ACCESS',
]);

export function createGatewayRpc(options: RpcOptions): GatewayRpc {
  const { clock } = options;
  const { firstMs, maxMs } = options.backoff ?? BACKOFF;
  const url = `ws://${options.url.host}`;
  let connection: GatewayConnection | null = null;
  let cancelWait: (() => void) | null = null;
  let connecting = false;
  let stopped = false;
  let refused = false;
  let attempts = 0;
  let opened = 0;
  let trouble: string | null = null;
  let renewing = false;

  const isStopped = (): boolean => stopped;

  const wait = (ms: number): void => {
    if (stopped) return;
    cancelWait = clock.after(ms, () => {
      cancelWait = null;
      void connect();
    });
  };

  const connect = async (): Promise<void> => {
    if (connecting || stopped || connection !== null) return;
    connecting = true;
    cancelWait?.();
    cancelWait = null;
    try {
      const fresh = await openConnection({
        url,
        token: options.token(),
        version: options.version,
        ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
        onEvent: options.onEvent,
        onClose: (why) => {
          connection = null;
          if (stopped) return;
          trouble = `the read connection was closed (${why})`;
          options.onDisconnected();
          wait(renewing ? 0 : firstMs * jitter(options.random));
          renewing = false;
        },
      });
      if (isStopped()) {
        fresh.close();
        return;
      }
      connection = fresh;
      [attempts, refused, trouble] = [0, false, null];
      opened += 1;
      options.onConnected(fresh.hello);
    } catch (error) {
      refused = error instanceof RpcError && REFUSED_FOR_GOOD.has(error.code);
      trouble = explain(error);
      const backoffMs = refused ? maxMs : Math.min(maxMs, firstMs * 2 ** attempts);
      attempts += 1;
      wait((error instanceof RpcError ? error.retryAfterMs : null) ?? backoffMs * jitter(options.random));
    } finally {
      connecting = false;
    }
  };

  return {
    start: () => void connect(),
    stop: () => {
      stopped = true;
      cancelWait?.();
      connection?.close();
    },
    nudge: () => {
      if (cancelWait !== null && !refused) void connect();
    },
    renew: () => {
      renewing = connection !== null;
      connection?.close();
    },
    read: async (method, params = {}) => {
      if (connection === null) throw new RpcError(method, 'CLOSED');
      return connection.read(method, params);
    },
    get connected() {
      return connection !== null;
    },
    get trouble() {
      return trouble;
    },
    get reconnects() {
      return Math.max(0, opened - 1);
    },
  };
}

const jitter = (random: () => number): number => 0.5 + random() / 2;

function explain(error: unknown): string {
  if (!(error instanceof RpcError)) return error instanceof Error ? error.message : 'the read connection failed';
  if (error.detail?.startsWith('AUTH_') === true || error.code === 'NOT_PAIRED') {
    const why = error.detail ?? error.code;
    return `the gateway refused the token (${why}); put its gateway token into OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE`;
  }
  return `no read connection: ${error.message}`;
}
