import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '@openclaw-fleet/contract';
import type { Actor, ApiToken } from '../storage/types.ts';
import { labelOf } from './person-name.ts';

/** `ocf_<id>_<secret>`: the prefix lets scanners of leaked secrets find it, the id lets us look it up without its secret. */
const FORM = /^ocf_([0-9a-f]{12})_([0-9a-f]{64})$/;

export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  readonly kind: 'service' | 'person';
  /** The Grafana `identifier`; a person's token must have one, a service's none. */
  readonly person: string | null;
  readonly expiresMs: number | null;
}

/**
 * Makes an API token.
 * @returns `text`, to be shown once and kept nowhere, and `token`, to be stored
 */
export function newApiToken(
  request: TokenRequest,
  nowMs: number,
  random: (size: number) => Buffer = randomBytes
): { text: string; token: ApiToken } {
  const id = random(6).toString('hex');
  const secret = random(32).toString('hex');
  return {
    text: `ocf_${id}_${secret}`,
    token: { ...request, id, hash: hashOf(secret).toString('hex'), createdMs: nowMs, revokedMs: null },
  };
}

// One round suffices: the secret is 256 random bits, which nobody can guess from its hash.
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export type TokenVerdict =
  | {
      readonly ok: true;
      readonly role: Role;
      readonly kind: 'service' | 'person';
      readonly person: string | null;
      readonly actor: Actor;
    }
  | { readonly ok: false; readonly problem: 'unauthenticated' | 'invalid-token'; readonly reason: string };

const refused = (problem: 'unauthenticated' | 'invalid-token', reason: string): TokenVerdict => ({
  ok: false,
  problem,
  reason,
});

/**
 * Decides whether an `Authorization` header lets its sender in, and as whom.
 * @returns `reason`, in words that tell the sender what to do and nobody else anything: only who has the secret learns that it is revoked or expired
 */
export function verifyApiToken(
  header: string | undefined,
  trust: { token(id: string): ApiToken | undefined },
  nowMs: number
): TokenVerdict {
  if (header === undefined || header === '')
    return refused(
      'unauthenticated',
      'send an API token as "Authorization: Bearer ocf_..."; openclaw-fleet token create makes one'
    );
  const [, scheme = '', text = ''] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  const [, id = '', secret = ''] = scheme.toLowerCase() === 'bearer' ? (FORM.exec(text) ?? []) : [];
  const token = trust.token(id);
  const hash = hashOf(secret);
  const known = token !== undefined && timingSafeEqual(hash, storedHash(token));
  if (!known)
    return refused(
      'invalid-token',
      'this is not an API token of this collector; openclaw-fleet token create makes one'
    );
  if (token.revokedMs !== null)
    return refused('invalid-token', `the token ${token.id} is revoked; openclaw-fleet token create makes a new one`);
  if (token.expiresMs !== null && nowMs >= token.expiresMs) {
    return refused(
      'invalid-token',
      `the token ${token.id} expired on ${new Date(token.expiresMs).toISOString()}; openclaw-fleet token create makes a new one`
    );
  }
  return {
    ok: true,
    role: token.role,
    kind: token.kind,
    person: token.person,
    actor: { name: `token:${token.id}`, via: 'api-token', ...(token.kind === 'person' && labelOf(token.name)) },
  };
}

function storedHash(token: ApiToken): Buffer {
  const hash = Buffer.from(token.hash, 'hex');
  // A hash that storage garbled fits nothing.
  return hash.length === 32 ? hash : randomBytes(32);
}
