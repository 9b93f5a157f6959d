import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { KeyPair } from '../../backend/collector/identity/keys.ts';

/** Who a load run beats as: one key for all, since making a hundred thousand keys would be the bench. */
export interface Identities {
  readonly publicKey: KeyObject;
  readonly tokenOf: (nodeId: string) => string;
}

export const nodeName = (index: number): string => `node-${index}`;

/** Self-signed tokens as nodes make them (ES256, an hour). */
export function makeIdentities(
  audience: string,
  { publicKey, privateKey }: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
): Identities {
  const header = encode({ alg: 'ES256', typ: 'JWT' });
  const iat = Math.floor(Date.now() / 1000);
  return {
    publicKey,
    tokenOf: (nodeId) => {
      const signed = `${header}.${encode({ iss: `openclaw://node/${nodeId}`, sub: nodeId, aud: audience, iat, exp: iat + 3600 })}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    },
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
