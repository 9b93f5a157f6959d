import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Lets a server listen on a port of its own. */
export function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What stands between, such as a network that fails: it can cut what goes through it, or let nothing more through. */
export async function network(target: number) {
  const sockets = new Set<Socket>();
  let through = true;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', (bytes) => through && other.write(bytes));
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const port = await listening(server);
  return {
    port,
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    let: (open: boolean) => (through = open),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
