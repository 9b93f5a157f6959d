import { createHash, X509Certificate } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { PublishFailure } from './failure.ts';

/** Carried by a node's certificate, which is good for a server too (contract/node-id.ts). */
const NODE_URI = 'URI:openclaw://node/';

/** The pin of a public key: `sha256/` and the base64 of the SHA-256 of its SPKI DER (RFC 7469 section 2.4). */
export function pinOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/** The leaf and each certificate that really signed the one before it. */
function chainOf(peer: PeerCertificate | DetailedPeerCertificate): X509Certificate[] {
  const chain = [new X509Certificate(peer.raw)];
  let at = peer;
  while ('issuerCertificate' in at && (at.issuerCertificate as unknown) !== undefined && at.issuerCertificate !== at) {
    at = at.issuerCertificate;
    const issuer = new X509Certificate(at.raw);
    if (!chain.at(-1)?.verify(issuer.publicKey)) break;
    chain.push(issuer);
  }
  return chain;
}

/**
 * Judges the collector's certificate, whose chain has been verified already: its name must be the host's, it must not be
 * a node's, and one key of its chain must be pinned when there are pins.
 * @returns what is wrong, or undefined
 */
export function checkCollector(
  host: string,
  peer: PeerCertificate | DetailedPeerCertificate,
  pins: readonly string[]
): Error | undefined {
  const wrongName = checkServerIdentity(host, peer);
  if (wrongName) return wrongName;
  const chain = chainOf(peer);
  if (chain[0]?.subjectAltName?.includes(NODE_URI)) {
    return new PublishFailure(
      'tls',
      `the certificate of ${host} is a node's, not a collector's; check OPENCLAW_ENDPOINT`
    );
  }
  if (pins.length === 0 || chain.some((one) => pins.includes(pinOf(one)))) return undefined;
  return new PublishFailure(
    'tls',
    `no key of the certificate of ${host} is one of OPENCLAW_SERVER_PIN; if the collector's key was changed on purpose, set the new pin`
  );
}
