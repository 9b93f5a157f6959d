import { z } from 'zod';

/** Source of a node id's form: domain-rules section 1. Stable and opaque; enrolment makes a UUID, but none is required. */
export const NODE_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const nodeIdSchema = z
  .string()
  .regex(NODE_ID_PATTERN, 'must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or a digit');

/** Prefix of the SAN URI that carries a node's id in its certificate. */
export const NODE_URI_PREFIX = 'openclaw://node/';
/** Prefix of the SAN URI that marks the collector's own certificates. */
export const COLLECTOR_URI_PREFIX = 'openclaw://collector/';

/** Name of the zone of a node without a `region:` tag. */
export const NO_ZONE = 'none';

/**
 * A target's zone: the value of its first `region:` tag (seed 004), or `none`.
 * @param tags the heartbeat's tags
 */
export function zoneOf(tags: readonly string[]): string {
  for (const tag of tags) {
    // Lone surrogates all become one character on the way out: two zones would be one series twice.
    if (tag.startsWith('region:') && tag.length > 7) return tag.slice(7).toWellFormed();
  }
  return NO_ZONE;
}
