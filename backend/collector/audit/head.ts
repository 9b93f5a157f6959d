import { AUDIT_HEAD_TYPE, auditHeadSchema } from '@openclaw-fleet/contract';
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { compactVerify, EmbeddedJWK } from 'jose';
import { signForNode, type ActionsKey } from '../configurations/sign.ts';
import type { ChainPoint } from './chain.ts';

/** What is given as a signed head proves nothing. The message says why. */
export class HeadRefused extends Error {
  override readonly name = 'HeadRefused';
}

/** A head as it was signed. */
export interface SignedHead extends ChainPoint {
  /** When it was signed. Milliseconds. */
  readonly atMs: number;
}

/** A compact JWS (ES256) that says which record was the last at that time. */
export function signHead({ seq, hash }: ChainPoint, atMs: number, key: ActionsKey): Promise<string> {
  return signForNode(AUDIT_HEAD_TYPE, { seq, hash, at: new Date(atMs).toISOString() }, key);
}

/**
 * What a signed head says.
 * @param trusted whether a head signed by this key counts
 * @throws HeadRefused when it is none, its signature does not verify, or its key is not trusted
 */
export async function verifyHead(jws: string, trusted: (publicKey: KeyObject) => boolean): Promise<SignedHead> {
  const { payload, protectedHeader } = await compactVerify(jws.trim(), EmbeddedJWK, {
    algorithms: ['ES256'],
  }).catch((error: unknown) => {
    throw new HeadRefused(`it is no signed head (${error instanceof Error ? error.message : 'not readable'})`);
  });
  if (protectedHeader.typ !== AUDIT_HEAD_TYPE)
    throw new HeadRefused(`it was signed for something else: its header does not say ${AUDIT_HEAD_TYPE}`);
  const publicKey = createPublicKey({ key: protectedHeader.jwk as JsonWebKey, format: 'jwk' });
  if (!trusted(publicKey)) throw new HeadRefused('it is signed by another key than the one expected');
  const head = auditHeadSchema.safeParse(json(payload));
  if (!head.success) throw new HeadRefused('it has another form than a head has');
  return { seq: head.data.seq, hash: head.data.hash, atMs: Date.parse(head.data.at) };
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
