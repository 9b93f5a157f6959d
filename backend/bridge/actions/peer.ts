import type { X509Certificate } from 'node:crypto';
import { COLLECTOR_URI_PREFIX } from '@openclaw-fleet/contract';
import { pinOf } from '../signed.ts';

/** Whom the collector is when it comes to a bridge. */
const COLLECTOR = `URI:${COLLECTOR_URI_PREFIX}client`;

/**
 * Whether a client certificate, whose chain TLS verified, is the collector's: it names it and nobody else, its key is
 * pinned, and it has not expired since the handshake.
 * @param pins OPENCLAW_CLIENT_PIN; none: nobody is
 */
export function isCollector(certificate: X509Certificate | undefined, pins: readonly string[], nowMs: number): boolean {
  if (certificate === undefined) return false;
  // Exact: the collector's client certificate has this one name, and Node quotes what could be mistaken for another.
  return (
    certificate.subjectAltName === COLLECTOR &&
    pins.includes(pinOf(certificate.publicKey)) &&
    nowMs < certificate.validToDate.getTime()
  );
}
