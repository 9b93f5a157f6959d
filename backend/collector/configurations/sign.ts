import type { KeyObject } from 'node:crypto';
import { NODE_REVISION_TYPE, type NodeRevision } from '@openclaw-fleet/contract';
import { CompactSign } from 'jose';

/** The key that signs what nodes are to do. Nodes know its pin from their enrolment (OPENCLAW_ACTIONS_PIN). */
export interface ActionsKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * A compact JWS (ES256) of what one node is to do or to have. Its header carries the public key, which the node knows by
 * its pin.
 * @param type `typ` of the header, so that nothing signed for one purpose stands for another
 */
export async function signForNode(type: string, payload: object, key: ActionsKey): Promise<string> {
  const { kty, crv, x, y } = key.publicKey.export({ format: 'jwk' });
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', typ: type, jwk: { kty, crv, x, y } as object })
    .sign(key.privateKey);
}

export function signRevision(revision: NodeRevision, key: ActionsKey): Promise<string> {
  return signForNode(NODE_REVISION_TYPE, revision, key);
}
