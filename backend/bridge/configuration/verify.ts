import { NODE_REVISION_TYPE, nodeRevisionSchema, signedRevisionSchema } from '@openclaw-fleet/contract';
import type { NodeRevision } from '@openclaw-fleet/contract';
import { managedConfigHash } from '../gateway/config-hash.ts';
import { NotSigned, verifySigned } from '../signed.ts';

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
  const revision = nodeRevisionSchema.safeParse(signedPart(jws, pins));
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

function signedPart(jws: string, pins: readonly string[]): unknown {
  try {
    return verifySigned(jws, NODE_REVISION_TYPE, pins);
  } catch (error) {
    if (error instanceof NotSigned) throw new RevisionRefused(error.message);
    throw error;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
