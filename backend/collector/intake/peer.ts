import type { KeyObject, X509Certificate } from 'node:crypto';
import { identityOf } from '../identity/peer.ts';

/** Who stands at the other end of a connection, by its certificate. Read once per connection. */
export interface Peer {
  /** `collector` is this collector's own canary. */
  readonly kind: 'node' | 'collector';
  /** The node's id; of the collector, `client`. */
  readonly id: string;
  /** SHA-256 over the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  /** The same as base64url, as a token's `cnf.x5t#S256` names it. */
  readonly thumbprint: string;
  /** DNS names and IP addresses the certificate carries. */
  readonly names: readonly string[];
  readonly publicKey: KeyObject;
  /** When the certificate ends, in milliseconds of the wall clock: TLS asks at the handshake alone. */
  readonly notAfterMs: number;
}

/**
 * The peer that a verified client certificate names (domain-rules section 1).
 * @returns null when it names nobody of this fleet who has business here
 */
export function peerOf(certificate: X509Certificate): Peer | null {
  const identity = identityOf(certificate);
  if (identity === null || (identity.kind === 'collector' && identity.role !== 'client')) return null;
  const { kind, fingerprint256: fingerprint, names } = identity;
  return {
    kind,
    id: kind === 'node' ? identity.nodeId : identity.role,
    fingerprint,
    thumbprint: Buffer.from(fingerprint, 'hex').toString('base64url'),
    names,
    publicKey: certificate.publicKey,
    notAfterMs: certificate.validToDate.getTime(),
  };
}
