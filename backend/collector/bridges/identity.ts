import type { X509Certificate } from 'node:crypto';
import { identityOf } from '../identity/peer.ts';
import type { Standing } from './types.ts';

/** What answers is not the node that was to be asked, or may not be trusted any more. Nothing was sent to it. */
export class Untrusted extends Error {
  override readonly name = 'Untrusted';
}

/**
 * Whether a certificate, whose chain TLS has verified, is this node's: exactly one SAN URI, `openclaw://node/<id>` of this
 * very target, of a node that is enrolled and not revoked. Its DNS names and addresses say nothing, as a node has many.
 * @returns its SHA-256, lower-case hex
 * @throws Untrusted
 */
export function requireNode(certificate: X509Certificate | undefined, targetId: string, standing: Standing): string {
  const identity = certificate === undefined ? null : identityOf(certificate);
  if (identity === null) throw new Untrusted('what answers there shows a certificate that names no node of this fleet');
  if (identity.kind === 'collector') throw new Untrusted(`what answers there is a collector, not ${targetId}`);
  if (identity.nodeId !== targetId) {
    throw new Untrusted(
      `what answers there is the node ${identity.nodeId}, not ${targetId}: two nodes report one address or port, or the address in bridges.addresses is another node's`
    );
  }
  requireStanding(targetId, identity.fingerprint256, standing);
  return identity.fingerprint256;
}

/** @throws Untrusted when the node, or this certificate of it, is revoked or not enrolled */
export function requireStanding(targetId: string, fingerprint: string, standing: Standing): void {
  const stands = standing(targetId, fingerprint);
  if (stands === 'revoked')
    throw new Untrusted(`${targetId} or the certificate it shows is revoked: enrol it again to ask it for anything`);
  if (stands === 'not-enrolled') throw new Untrusted(`${targetId} is not enrolled here`);
}
