import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';

export type Claims = Readonly<Record<string, unknown>>;

/** A key as Grafana has one for each month. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), use: 'sig', alg: 'ES256', kid } };
}

/** As Grafana 12.3 makes them of each kind of caller. */
export const CALLERS = {
  user: {
    type: 'user',
    sub: 'user:4',
    identifier: 'bg517nevytuyod',
    role: 'Admin',
    name: 'Ada Lovelace',
    username: 'ada',
    email: 'ada@example.com',
  },
  service: {
    type: 'service-account',
    sub: 'service-account:5',
    identifier: 'eg52bgfiu3e2od',
    role: 'Admin',
    name: 'sa-pipeline',
  },
  anonymous: { type: 'anonymous', sub: 'anonymous:0', identifier: '', role: 'Admin' },
} as const satisfies Record<string, Claims>;

export type StandIn = Awaited<ReturnType<typeof startKeys>>;

/** What of Grafana the collector talks to: its keys over real HTTP, its ID tokens, and the file of the shared secret. */
export async function startKeys(tls?: { readonly cert: string; readonly key: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-grafana-'));
  const secretFile = join(folder, 'secret');
  const writeSecrets = (...secrets: readonly string[]): void => {
    writeFileSync(secretFile, `${secrets.join('\n')}\n`, { mode: 0o600 });
    chmodSync(secretFile, 0o600);
  };
  const secret = randomBytes(24).toString('hex');
  writeSecrets(secret);
  const state = { keys: [await signingKey('id-2026-11-es256')], asked: 0, hang: false, status: 200 };
  const listener: Parameters<typeof createServer>[1] = (request, response) => {
    state.asked++;
    if (state.hang) return;
    const found = request.url === '/api/signing-keys/keys';
    response.writeHead(found ? state.status : 404, { 'content-type': 'application/json' });
    response.end(found ? JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) }) : '{}');
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `${tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    secret,
    secretFile,
    writeSecrets,
    state,
    /** @param claims over those that any token has */
    async token(claims: Claims, nowMs: number, key: SigningKey | undefined = state.keys[0]): Promise<string> {
      if (key === undefined) throw new Error('there is no key');
      const seconds = Math.floor(nowMs / 1000);
      return new SignJWT({ aud: 'org:1', iss: url, iat: seconds, exp: seconds + 600, namespace: 'default', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'jwt' })
        .sign(key.privateKey);
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
