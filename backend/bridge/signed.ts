import { createHash, createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** What was said to be signed by the collector is not. The message says why, with nothing of what was sent. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
}

/**
 * The payload of a compact JWS (RFC 7515): ES256, of this type and no other, by a key that is pinned and that its header
 * carries.
 * @param type `typ` of its header, so that nothing signed for one purpose stands for another
 * @param pins of the collector's key for what nodes are to do (OPENCLAW_ACTIONS_PIN); none: nothing is taken
 * @returns an object, of no particular form yet
 * @throws NotSigned
 */
export function verifySigned(jws: string, type: string, pins: readonly string[]): Readonly<Record<string, unknown>> {
  const [header = '', payload = '', signature = '', ...rest] = jws.split('.');
  if (rest.length > 0 || signature === '') throw new NotSigned('it is no compact JWS');
  const { alg, typ, jwk, crit } = object(header);
  if (alg !== 'ES256' || typ !== type || crit !== undefined) {
    throw new NotSigned(`its header is not the one expected (ES256, ${type})`);
  }
  const key = publicKey(jwk);
  if (!pins.includes(pinOf(key))) {
    throw new NotSigned(
      'it is signed by a key that OPENCLAW_ACTIONS_PIN does not name; if the collector’s key was changed on purpose, set the new pin'
    );
  }
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) {
    throw new NotSigned('its signature does not verify');
  }
  return object(payload);
}

/** The pin of a public key: `sha256/` and the base64 of the SHA-256 of its SPKI DER (RFC 7469 section 2.4). */
export function pinOf(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

function publicKey(jwk: unknown): KeyObject {
  try {
    const { kty, crv, x, y } = jwk as JsonWebKey;
    if (kty !== 'EC' || crv !== 'P-256') throw new Error();
    return createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
  } catch {
    throw new NotSigned('its header names no P-256 key');
  }
}

function object(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // As what is no object.
  }
  throw new NotSigned('it is no compact JWS');
}
