import { openSocket, RpcError } from './socket.ts';
import type { ConnectionOptions, Hello } from './socket.ts';

export { RpcError } from './socket.ts';
export type { ConnectionOptions, Hello } from './socket.ts';

/** Everything the bridge can ask of a gateway while it watches it: it reads. Nothing else can be sent (openclaw-notes section 6). */
export const READ_METHODS = [
  'config.get',
  'cron.list',
  'cron.runs',
  'diagnostics.lanes',
  'gateway.restart.preflight',
  'health',
  'system.info',
] as const;
export type ReadMethod = (typeof READ_METHODS)[number];

export interface GatewayConnection {
  readonly hello: Hello;
  /** @throws RpcError */
  read(method: ReadMethod, params: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
}

/** Connects, read-only. @throws RpcError when the gateway does not let us in */
export async function openConnection(options: ConnectionOptions): Promise<GatewayConnection> {
  const socket = await openSocket(options, ['operator.read']);
  return {
    hello: socket.hello,
    close: () => socket.close(),
    read: async (method, params) => {
      if (!READ_METHODS.includes(method)) throw new RpcError('bridge', 'FORBIDDEN_METHOD');
      return socket.request(method, params);
    },
  };
}
