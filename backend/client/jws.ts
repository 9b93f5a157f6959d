import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Whether ES256 can be made with this key. */
export function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

/** An ECDSA signature over SHA-256 in the form of RFC 7518 section 3.4 (r and s, 32 bytes each), base64url. */
export function signEs256(data: Buffer, key: KeyObject): string {
  return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** A signed JWT (RFC 7519) of `claims`, header `{"alg":"ES256","typ":"JWT"}`. */
export function signJwt(claims: Readonly<Record<string, unknown>>, key: KeyObject): string {
  const content = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
  return `${content}.${signEs256(Buffer.from(content), key)}`;
}

/** The detached signature of a body (RFC 7515 appendix F, RFC 7797 with `b64: false`): `<protected>..<signature>`. */
export function signDetached(body: Buffer, key: KeyObject): string {
  const header = encode({ alg: 'ES256', b64: false, crit: ['b64'] });
  return `${header}..${signEs256(Buffer.concat([Buffer.from(`${header}.`), body]), key)}`;
}
