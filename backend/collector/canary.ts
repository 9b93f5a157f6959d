import { request } from 'node:https';
import { CANARY_ID } from './intake/heartbeat.ts';
import { MINTED_TOKEN_ISSUER } from './intake/credentials.ts';
import { SignJWT } from 'jose';
import type { CollectorCredentials } from './identity/pki.ts';
import { X509Certificate } from 'node:crypto';

export interface CanaryOptions {
  /** Where nodes reach the intake. */
  readonly host: string;
  readonly port: number;
  readonly audience: string;
  readonly credentials: Pick<CollectorCredentials, 'ca' | 'client' | 'tokenKey'>;
  readonly nowMs: number;
  /** A beat not answered within this has failed. Milliseconds. */
  readonly timeoutMs: number;
}

/**
 * One beat of the collector to itself, through the listener that nodes use and on to storage (domain-rules section 2):
 * when it fails twice running, silence of the nodes says nothing about them.
 * @returns whether it was accepted
 */
export async function canaryBeat(options: CanaryOptions): Promise<boolean> {
  const { credentials, nowMs } = options;
  const certificate = new X509Certificate(credentials.client.certificate);
  const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  const seconds = Math.floor(nowMs / 1000);
  const token = await new SignJWT({ cnf: { 'x5t#S256': thumbprint } })
    .setProtectedHeader({ alg: 'ES256', kid: credentials.tokenKey.kid })
    .setIssuer(MINTED_TOKEN_ISSUER)
    .setSubject(CANARY_ID)
    .setAudience(options.audience)
    .setExpirationTime(seconds + 60)
    .sign(credentials.tokenKey.privateKey);
  const body = JSON.stringify({
    node_id: CANARY_ID,
    hostname: 'collector',
    version: '1',
    capacity: {},
    queue_depth: {},
    last_heartbeat: new Date(nowMs).toISOString(),
    tags: [],
  });
  return new Promise((resolve) => {
    const req = request(
      {
        host: options.host,
        port: options.port,
        method: 'POST',
        path: '/openclaw/availability',
        agent: false,
        ca: credentials.ca,
        cert: credentials.client.certificate,
        key: credentials.client.privateKey,
        // The listener's names are for nodes; that it is ours is proven by the authority and its own key.
        checkServerIdentity: () => undefined,
        timeout: options.timeoutMs,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${token}`,
        },
      },
      (res) => {
        res.resume();
        res.on('end', () => resolve(res.statusCode === 200));
        res.on('error', () => resolve(false));
      }
    );
    req.on('timeout', () => req.destroy());
    req.on('error', () => resolve(false));
    req.end(body);
  });
}
