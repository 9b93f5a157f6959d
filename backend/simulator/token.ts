import { createPrivateKey, sign } from 'node:crypto';
import { NODE_URI_PREFIX } from '@openclaw-fleet/contract';
import type { Credentials } from './credentials.ts';

const LIFETIME_S = 15 * 60;
/** A token is replaced this long before it expires. */
const MARGIN_S = 3 * 60;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Makes a source of tokens that the node signs itself with its certificate's key (ES256), renewed before they expire.
 * @returns a function of the present time (milliseconds since the epoch)
 */
export function tokenSource(credentials: Credentials): (nowMs: number) => string {
  const key = createPrivateKey(credentials.key);
  const issuer = NODE_URI_PREFIX + credentials.id;
  let token = '';
  let renewAt = -Infinity;
  return (nowMs) => {
    const now = Math.floor(nowMs / 1000);
    if (now < renewAt) return token;
    const claims = {
      iss: issuer,
      sub: credentials.id,
      aud: credentials.audience ?? 'openclaw-fleet',
      iat: now,
      exp: now + LIFETIME_S,
    };
    const input = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
    token = `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    renewAt = now + LIFETIME_S - MARGIN_S;
    return token;
  };
}
