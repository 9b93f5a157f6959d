import { createHash, createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { NODE_REVISION_TYPE, nodeRevisionSchema, signedRevisionSchema } from '@openclaw-fleet/contract';
import type { NodeRevision } from '@openclaw-fleet/contract';
import { managedConfigHash } from '../gateway/config-hash.ts';

/** What the collector sent is not taken. The message says why, with nothing of what was sent. */
export class RevisionRefused extends Error {
  override readonly name = 'RevisionRefused';
}

export interface Expected {
  readonly nodeId: string;
  /** Pins of the collector's key for what nodes are to do (OPENCLAW_ACTIONS_PIN). */
  readonly pins: readonly string[];
}

/**
 * The revision in a compact JWS: signed (ES256) by a key that is pinned, of the type of revisions, for this node, and with
 * values that have the hash it names.
 * @throws RevisionRefused
 */
export function verifyRevision(jws: string, { nodeId, pins }: Expected): NodeRevision {
  const [header = '', payload = '', signature = '', ...rest] = jws.split('.');
  if (rest.length > 0 || signature === '') throw new RevisionRefused('it is no compact JWS');
  const { alg, typ, jwk, crit } = object(header);
  if (alg !== 'ES256' || typ !== NODE_REVISION_TYPE || crit !== undefined) {
    throw new RevisionRefused(`its header is not that of a revision (ES256, ${NODE_REVISION_TYPE})`);
  }
  const key = publicKey(jwk);
  if (!pins.includes(pinOf(key))) {
    throw new RevisionRefused(
      'it is signed by a key that OPENCLAW_ACTIONS_PIN does not name; if the collector’s key was changed on purpose, set the new pin'
    );
  }
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) {
    throw new RevisionRefused('its signature does not verify');
  }
  const revision = nodeRevisionSchema.safeParse(object(payload));
  if (!revision.success) throw new RevisionRefused('it has another form than this bridge knows; update the bridge');
  if (revision.data.node_id !== nodeId) throw new RevisionRefused('it is for another node');
  if (managedConfigHash(revision.data.values) !== revision.data.config_hash) {
    throw new RevisionRefused('its values do not have the hash that it names');
  }
  return revision.data;
}

/** The JWS in the collector's answer. @throws RevisionRefused */
export function jwsOf(body: string): string {
  const reply = signedRevisionSchema.safeParse(json(body));
  if (!reply.success) throw new RevisionRefused('the answer holds no signed revision');
  return reply.data.jws;
}

function publicKey(jwk: unknown): KeyObject {
  try {
    const { kty, crv, x, y } = jwk as JsonWebKey;
    if (kty !== 'EC' || crv !== 'P-256') throw new Error();
    return createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
  } catch {
    throw new RevisionRefused('its header names no P-256 key');
  }
}

/** The pin of a public key: `sha256/` and the base64 of the SHA-256 of its SPKI DER (RFC 7469 section 2.4). */
function pinOf(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

function object(part: string): Readonly<Record<string, unknown>> {
  const value = json(Buffer.from(part, 'base64url').toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new RevisionRefused('it is no compact JWS');
  return value as Readonly<Record<string, unknown>>;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
