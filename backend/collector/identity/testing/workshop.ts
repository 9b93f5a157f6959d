import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { openStorage, type EmbeddedStorage } from '../../storage/index.ts';
import type { AuditEntry, Enrolment } from '../../storage/types.ts';

/** A folder and what was opened in it, cleaned away by `close`. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-identity-'));
  readonly #open: EmbeddedStorage[] = [];

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  async storage(): Promise<EmbeddedStorage> {
    const storage = await openStorage({ file: this.path('data', 'fleet.db') });
    this.#open.push(storage);
    return storage;
  }

  async close(): Promise<void> {
    for (const storage of this.#open.splice(0)) await storage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const AUDIT: AuditEntry = {
  actor: { name: 'cli:test@host', via: 'local-shell' },
  action: 'test.done',
  subject: 'test',
  reason: null,
  atMs: 0,
  data: {},
};

export function enrolment(nodeId: string, changes: Partial<Enrolment> = {}): Enrolment {
  const fingerprint = '00'.repeat(32);
  return {
    nodeId,
    name: nodeId,
    enrolledMs: 1,
    fingerprint,
    notAfterMs: 2,
    requireSignature: false,
    revokedMs: null,
    ...changes,
  };
}

export interface Handshake {
  /** Why it failed, as the client or the server said; null when it worked. */
  readonly error: string | null;
  /** Subject alternative names of the client's certificate as the server saw it. */
  readonly clientNames: string | null;
}

/** One real TLS connection on loopback with client certificates required. */
export async function handshake(server: TlsOptions, client: ConnectionOptions): Promise<Handshake> {
  let clientNames: string | null = null;
  const listener = createServer({ ...server, requestCert: true, rejectUnauthorized: true }, (socket) => {
    clientNames = socket.getPeerX509Certificate()?.subjectAltName ?? null;
    socket.end('welcome');
  });
  const serverError = new Promise<string>((resolve) =>
    listener.on('tlsClientError', (error) => resolve(error.message))
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = listener.address() as AddressInfo;
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ...client });
    const clientSide = new Promise<string | null>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', (error: Error) => resolve(error.message));
      socket.on('close', () => resolve(text === 'welcome' ? null : 'closed'));
    });
    const error = await Promise.race([clientSide, serverError]);
    socket.destroy();
    return { error, clientNames };
  } finally {
    await new Promise((resolve) => listener.close(resolve));
  }
}

/** Runs openssl. @returns its output, or null where it is not installed */
export function openssl(...args: string[]): string | null {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
