import { isLoopback } from '@openclaw-fleet/client';
import { openSocket, RpcError } from './socket.ts';
import type { Hello } from './socket.ts';

/**
 * Everything the bridge can ask of a gateway while it carries out a step. operator.admin is as good as a shell on the
 * machine (`cron.add` takes a command), so nothing else is ever sent (openclaw-notes section 11).
 */
export const ADMIN_METHODS = [
  'channels.status',
  'config.apply',
  'config.get',
  'config.patch',
  'config.schema.lookup',
  'cron.list',
  'cron.run',
  'cron.runs',
  'cron.status',
  'cron.update',
  'gateway.restart.preflight',
  'gateway.restart.request',
  'health',
  'status',
] as const;
export type AdminMethod = (typeof ADMIN_METHODS)[number];
type Payload = Readonly<Record<string, unknown>>;

export interface AdminOptions {
  /** Address of the gateway; loopback alone. */
  readonly url: URL;
  /** Reads the token anew for each connection. Throws with what is wrong and the fix. */
  readonly token: () => string;
  /** The bridge's own version. */
  readonly version: string;
  /** For the handshake and for each call that names no other, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number;
}

/** A connection with full rights, open for one step. */
export interface AdminConnection {
  readonly hello: Hello;
  /** @param timeoutMs for its answer, in milliseconds. @throws RpcError */
  call(method: AdminMethod, params?: Payload, timeoutMs?: number): Promise<Payload>;
}

/** Opens a connection for one step. */
export type WithAdmin = <T>(step: (admin: AdminConnection) => Promise<T>) => Promise<T>;

/**
 * Gives a step a connection of its own with full rights, and closes it when the step is over, however it ends.
 * @returns rejects with RpcError when the gateway does not let us in (`NO_ADMIN`: the token gives no operator.admin), with
 *   the error of `token` when there is none to use, and as the step does
 */
export function createAdmin(options: AdminOptions): WithAdmin {
  return async (step) => {
    if (!isLoopback(options.url.hostname)) throw new RpcError('bridge', 'NOT_LOOPBACK');
    const socket = await openSocket(
      {
        url: `ws://${options.url.host}`,
        token: options.token(),
        version: options.version,
        ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
        onEvent: () => undefined,
        onClose: () => undefined,
      },
      ['operator.read', 'operator.admin']
    );
    try {
      if (!socket.hello.scopes.includes('operator.admin')) {
        throw new RpcError('connect', 'NO_ADMIN', 'the token gives no operator.admin');
      }
      return await step({
        hello: socket.hello,
        call: async (method, params = {}, timeoutMs) => {
          if (!ADMIN_METHODS.includes(method)) throw new RpcError('bridge', 'FORBIDDEN_METHOD');
          return socket.request(method, params, timeoutMs);
        },
      });
    } finally {
      socket.close();
    }
  };
}
