import type { Route } from './route.ts';
import { failure } from './call.ts';

// A proxy that compresses answers marks their tags as weak; ours name versions, so the mark says nothing.
const TAG = /^(?:W\/)?"(\d{1,15})"$/;
/** What a request may send, for the documentation. */
export const IF_MATCH_PATTERN = '^"[0-9]{1,15}"$';

/**
 * Reads `If-Match` (RFC 9110 section 13.1.1): one ETag as the API gave it.
 * @returns the version it names; null when the header is absent and need not be there
 * @throws {ProblemError} when it is absent and required, or no ETag of this API
 */
export function readIfMatch(route: Pick<Route, 'ifMatch'>, header: string | undefined): number | null {
  if (route.ifMatch === undefined) return null;
  if (header === undefined) {
    if (route.ifMatch === 'optional') return null;
    throw failure(
      'precondition-required',
      'Say which version you change: read it, decide, and send its ETag as If-Match.'
    );
  }
  const version = TAG.exec(header.trim())?.[1];
  if (version !== undefined) return Number(version);
  const message = 'must be the ETag of what you read, such as "3"';
  throw failure('bad-request', `The header If-Match ${message}.`, [{ field: 'If-Match', message }]);
}
