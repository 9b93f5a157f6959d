import { z } from 'zod';
import { heartbeatSchema, type Heartbeat, type Problem } from '@openclaw-fleet/contract';

// A fifth of the schema's own time. Strict: a part that cannot be compiled stops the start instead of slowing it down.
const heartbeat = z.compile(heartbeatSchema, { strict: true });

/** Unknown fields may nest at most this deep: they are dropped, but their depth says that somebody is testing us. */
const MAX_UNKNOWN_DEPTH = 8;

export type ParsedBody =
  | { readonly beat: Heartbeat; readonly dropped: number }
  | {
      readonly problem: 'malformed-json' | 'invalid-body';
      readonly detail: string;
      readonly errors?: Problem['errors'];
    };

/**
 * Parses and validates a heartbeat's body. Unknown fields are dropped and counted (domain-rules section 1).
 * @param body at most MAX_HEARTBEAT_BYTES
 */
export function parseHeartbeat(body: Buffer): ParsedBody {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return {
      problem: 'malformed-json',
      detail: 'The body is not valid JSON. Send one heartbeat as a JSON object in UTF-8.',
    };
  }
  const parsed = heartbeat.safeParse(value);
  if (!parsed.success) {
    const errors = parsed.error.issues
      .slice(0, 16)
      .map((issue) => ({ field: issue.path.join('.') || '(body)', message: issue.message }));
    const detail = `Not a valid heartbeat: ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`;
    return { problem: 'invalid-body', detail, errors };
  }
  const dropped = countDropped(value as Record<string, unknown>, parsed.data);
  if (dropped < 0)
    return {
      problem: 'invalid-body',
      detail: `Unknown fields are nested more than ${MAX_UNKNOWN_DEPTH} deep. Send the documented fields only.`,
    };
  return { beat: parsed.data, dropped };
}

/** Fields of `sent` that `kept` lacks, in every object of the schema. @returns -1 when a dropped one nests too deep */
function countDropped(sent: Record<string, unknown>, kept: Record<string, unknown>): number {
  let dropped = 0;
  for (const key in sent) {
    const value = sent[key];
    if (!Object.hasOwn(kept, key)) {
      if (deeperThan(value, MAX_UNKNOWN_DEPTH)) return -1;
      dropped++;
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const inner = countDropped(value as Record<string, unknown>, kept[key] as Record<string, unknown>);
      if (inner < 0) return -1;
      dropped += inner;
    }
  }
  return dropped;
}

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((inner) => deeperThan(inner, depth - 1));
}
