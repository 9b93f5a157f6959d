import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { canonicalJson, NODE_REVISION_TYPE } from '@openclaw-fleet/contract';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { NODE_ID } from '../../client/testing/node.ts';

/** A collector's key for what nodes are to do, and what it signs. */
export interface RevisionSigner {
  readonly pin: string;
  /** A compact JWS over exactly this. */
  sign(payload: unknown, header?: Readonly<Record<string, unknown>>): string;
  /** The revision of these values for `node-1`, as the collector hands it out. */
  revision(values: ConfigValues, changes?: Readonly<Record<string, unknown>>): string;
}

export const hashOf = (values: ConfigValues): string =>
  createHash('sha256').update(canonicalJson(values)).digest('hex');

export function createRevisionSigner(): RevisionSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signer: RevisionSigner = {
    pin: `sha256/${createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64')}`,
    sign: (payload, header) => {
      const fields = { alg: 'ES256', typ: NODE_REVISION_TYPE, jwk: publicKey.export({ format: 'jwk' }), ...header };
      const content = `${encode(fields)}.${encode(payload)}`;
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
    revision: (values, changes) =>
      signer.sign({
        revision: hashOf(values),
        node_id: NODE_ID,
        config_hash: hashOf(values),
        values,
        issued_at: '2026-11-22T12:00:00.000Z',
        ...changes,
      }),
  };
  return signer;
}
