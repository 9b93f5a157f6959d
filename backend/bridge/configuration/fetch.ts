import { randomBytes } from 'node:crypto';
import type { CollectorReply, CollectorRequests } from '@openclaw-fleet/client';
import { revisionIdSchema } from '@openclaw-fleet/contract';
import type { NodeRevision } from '@openclaw-fleet/contract';
import { jwsOf, RevisionRefused, verifyRevision } from './verify.ts';
import type { Expected } from './verify.ts';

/** A collector that knows nothing of configurations is asked again after this long, in milliseconds. */
export const UNKNOWN_WAIT = 3_600_000;
/** base64 of MAX_CONFIG_BYTES, and the rest of the JWS. */
const MAX_JWS_BYTES = 512 * 1024;

/** One attempt failed, in words for the log. */
export class Failed extends Error {
  override readonly name = 'Failed';
  /** Before the next attempt, in milliseconds; null: as usual. */
  readonly waitMs: number | null;
  constructor(message: string, waitMs: number | null = null) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** A revision that was fetched now, and the JWS it came in. */
export interface Fetched {
  readonly revision: NodeRevision;
  readonly jws: string;
}

/**
 * Fetches a revision with the node's own identity, and checks that it is this one, for this node, signed, and the answer
 * to this request (its nonce).
 * @throws RevisionRefused when what came is not to be taken; Failed when the collector gave none, or there is nothing to
 *   check it with; PublishFailure when the collector was not reached
 */
export async function fetchRevision(requests: CollectorRequests, expected: Expected, id: string): Promise<Fetched> {
  if (expected.pins.length === 0) {
    throw new Failed(
      'a configuration revision is desired, and without OPENCLAW_ACTIONS_PIN nobody can tell who signed it; add the line of that name from a new node.env (openclaw-fleet rotate <node>)',
      UNKNOWN_WAIT
    );
  }
  if (!revisionIdSchema.safeParse(id).success) {
    throw new Failed('the collector desires a configuration revision that is no revision’s id', UNKNOWN_WAIT);
  }
  const nonce = randomBytes(24).toString('base64url');
  const path = `revisions/${id}?nonce=${nonce}`;
  const reply = await requests.send({ method: 'GET', path, maxReplyBytes: MAX_JWS_BYTES });
  if (reply.status !== 200) throw refusal('the configuration revision was not handed out', reply);
  const jws = jwsOf(reply.body);
  const revision = verifyRevision(jws, expected);
  if (revision.revision !== id) throw new RevisionRefused('it is another revision than the one asked for');
  if (revision.nonce !== nonce) throw new RevisionRefused('it is the answer to an earlier request');
  return { revision, jws };
}

export function refusal(what: string, reply: CollectorReply): Failed {
  return new Failed(`${what}: ${`${reply.status} ${reply.detail}`.trim()}`, reply.retryAfterMs);
}
