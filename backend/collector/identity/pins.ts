import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Pin of a public key: `sha256/<base64 of SHA-256 of its SPKI DER>` (RFC 7469). A private key's is that of its public half. */
export function pinOfKey(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/** Pin of a certificate's key. @param certificate PEM */
export function pinOfCertificate(certificate: string): string {
  return pinOfKey(new X509Certificate(certificate).publicKey);
}
