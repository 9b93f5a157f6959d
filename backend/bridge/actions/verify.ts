import { createHash } from 'node:crypto';
import { ACTION_TYPE, actionRequestSchema, canonicalJson, VERBS } from '@openclaw-fleet/contract';
import type { ActionRefusal, ActionRequest } from '@openclaw-fleet/contract';
import { NotSigned, verifySigned } from '../signed.ts';

/** Two clocks may differ by this, and a request may be good for this long at most. Milliseconds. */
export const LEEWAY = 30_000;
export const LONGEST_VALIDITY = 300_000;

/** What came is no action for this node. Nothing of it is kept. */
export class NoAction extends Error {
  override readonly name = 'NoAction';
  readonly refusal: ActionRefusal | null;
  constructor(refusal: ActionRefusal | null, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

/**
 * The action in a compact JWS: signed by the collector's pinned key, as an action, for this node, and of a form that is
 * known. Whether it is still good is `untimely`'s to say.
 * @throws NoAction
 */
export function verifyAction(jws: string, expected: { nodeId: string; pins: readonly string[] }): ActionRequest {
  const payload = signedPart(jws, expected.pins);
  const request = actionRequestSchema.safeParse(payload);
  if (!request.success) {
    const verb = verbOf(payload);
    if (verb !== null && !(VERBS as readonly string[]).includes(verb)) {
      throw new NoAction('not-declared', 'This bridge does not know the verb; update the bridge.');
    }
    const where = request.error.issues[0]?.path.join('.') ?? '';
    throw new NoAction(null, `The action has another form than this bridge knows, at ${where || 'its top'}.`);
  }
  if (request.data.node_id !== expected.nodeId) throw new NoAction('wrong-node', 'The action is for another node.');
  return request.data;
}

/** Why a verified request is not good now, in words; null: it is. @param nowMs wall clock */
export function untimely(request: ActionRequest, nowMs: number): string | null {
  const [from, until] = [Date.parse(request.issued_at), Date.parse(request.expires_at)];
  if (until <= from || until - from > LONGEST_VALIDITY) {
    return `the request is good for ${(until - from) / 1000} s; a bridge takes those of up to ${LONGEST_VALIDITY / 1000} s`;
  }
  const clocks = 'compare the clocks of this machine and the collector';
  if (nowMs > until + LEEWAY) {
    return `the request expired ${Math.round((nowMs - until) / 1000)} s ago; send a new one, or ${clocks}`;
  }
  if (nowMs < from - LEEWAY) {
    return `the request is of ${Math.round((from - nowMs) / 1000)} s from now; ${clocks}`;
  }
  return null;
}

/** SHA-256 over the RFC 8785 form of a request, lower-case hex. */
export function digestOf(request: ActionRequest): string {
  return createHash('sha256').update(canonicalJson(request), 'utf8').digest('hex');
}

function signedPart(jws: string, pins: readonly string[]): Readonly<Record<string, unknown>> {
  try {
    return verifySigned(jws, ACTION_TYPE, pins);
  } catch (error) {
    if (error instanceof NotSigned) throw new NoAction('not-signed', `The action is not taken: ${error.message}.`);
    throw error;
  }
}

function verbOf(payload: Readonly<Record<string, unknown>>): string | null {
  const { instruction } = payload;
  const verb =
    typeof instruction === 'object' && instruction !== null ? (instruction as { verb?: unknown }).verb : null;
  return typeof verb === 'string' ? verb : null;
}
