import { flattenedVerify } from 'jose';
import type { Peer } from './peer.ts';
import { TOKEN_ALGORITHMS } from './token.ts';

/** Request header of the optional payload signature: `<protected header>..<signature>` (RFC 7515 appendix F, RFC 7797). */
export const SIGNATURE_HEADER = 'x-jws-signature';

/**
 * Verifies a detached JWS over the exact bytes of the body, with the key of the certificate the body came with.
 * @returns true when it verifies
 */
export async function signatureVerifies(header: string, body: Uint8Array, peer: Peer): Promise<boolean> {
  const [encoded, empty, signature, ...rest] = header.split('.');
  if (!encoded || empty !== '' || !signature || rest.length > 0) return false;
  try {
    await flattenedVerify({ protected: encoded, payload: body, signature }, peer.publicKey, {
      algorithms: TOKEN_ALGORITHMS,
    });
    return true;
  } catch {
    return false;
  }
}
