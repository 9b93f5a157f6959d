import { createHash } from 'node:crypto';
import { canonicalJson, idempotencyKeySchema } from '@openclaw-fleet/contract';
import { failure } from './call.ts';
import type { Route } from './route.ts';

/**
 * Reads `Idempotency-Key`.
 * @returns null when it is absent, or the route takes none
 * @throws {ProblemError} when it is none
 */
export function readIdempotencyKey(
  { idempotent }: Pick<Route, 'idempotent'>,
  header: string | string[] | undefined
): string | null {
  if (idempotent !== true || header === undefined) return null;
  const parsed = idempotencyKeySchema.safeParse(header);
  if (parsed.success) return parsed.data;
  const message = parsed.error.issues[0]?.message ?? 'is not valid';
  throw failure('bad-request', `The header Idempotency-Key ${message}.`, [{ field: 'Idempotency-Key', message }]);
}

/**
 * The key of a request with the hash of what it asks for; null: it has no key.
 * @param header outranks the key in the body
 * @param asked all that makes it this request, the key left out
 */
export function idempotencyOf(
  header: string | null,
  inBody: string | undefined,
  asked: Readonly<Record<string, unknown>>
): { readonly key: string; readonly bodyHash: string } | null {
  const key = header ?? inBody;
  if (key === undefined) return null;
  return { key, bodyHash: createHash('sha256').update(canonicalJson(asked)).digest('hex') };
}
