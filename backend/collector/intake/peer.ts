import type { KeyObject, X509Certificate } from 'node:crypto';
import { COLLECTOR_URI_PREFIX, NODE_ID_PATTERN, NODE_URI_PREFIX } from '@openclaw-fleet/contract';

/** Who stands at the other end of a connection, by its certificate. Read once per connection. */
export interface Peer {
  /** `collector` is this collector's own canary. */
  readonly kind: 'node' | 'collector';
  /** The node's id; for the collector, the part of its URI after the prefix. */
  readonly id: string;
  /** SHA-256 over the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  /** The same as base64url, as a token's `cnf.x5t#S256` names it. */
  readonly thumbprint: string;
  readonly publicKey: KeyObject;
}

/**
 * The identity in a verified client certificate (domain-rules section 1): exactly one SAN URI of ours.
 * @returns null when the certificate names nobody of this fleet, or more than one
 */
export function peerOf(certificate: X509Certificate): Peer | null {
  const uris = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:openclaw:'))
    .map((name) => name.slice(4));
  const [uri] = uris;
  if (uri === undefined || uris.length > 1) return null;
  const kind = uri.startsWith(NODE_URI_PREFIX) ? 'node' : uri.startsWith(COLLECTOR_URI_PREFIX) ? 'collector' : null;
  if (kind === null) return null;
  const id = uri.slice(kind === 'node' ? NODE_URI_PREFIX.length : COLLECTOR_URI_PREFIX.length);
  if (!NODE_ID_PATTERN.test(id)) return null;
  const hex = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    kind,
    id,
    fingerprint: hex,
    thumbprint: Buffer.from(hex, 'hex').toString('base64url'),
    publicKey: certificate.publicKey,
  };
}
