import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CredentialError } from './credential-error.ts';
import { readSecret } from './files.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A new P-256 key pair (ES256). */
export function newKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** PKCS #8 PEM. */
export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const isP256 = (key: KeyObject): boolean =>
  key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';

/** @throws CredentialError when the file is missing, readable by others, or no P-256 private key */
export function loadKeyPair(path: string): KeyPair {
  const pem = readSecret(path);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    throw new CredentialError(`${path} holds no private key (PEM, not encrypted): put the right file there`);
  }
  if (!isP256(privateKey)) throw new CredentialError(`${path} holds another kind of key: it must be a P-256 one`);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/**
 * Reads a public key that somebody sent: SPKI PEM and P-256, nothing else. A private key is refused, though one could be made of it.
 * @returns null when it is not that
 */
export function parsePublicKey(pem: string): KeyObject | null {
  if (!/^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*$/.test(pem)) return null;
  try {
    const key = createPublicKey(pem);
    // Through JWK, so that the certificate carries the key in its usual form whatever form it came in.
    return isP256(key) ? createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }) : null;
  } catch {
    return null;
  }
}
