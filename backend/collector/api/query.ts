import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import type { FieldError, Issue } from './issues.ts';

// Zod's own words say what it found; a person needs to know what to send.
function fix(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : issue.origin === 'array'
          ? `must be given at most ${issue.maximum} times`
          : `must be at most ${issue.maximum}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'invalid_type':
      return issue.expected === 'string' ? 'must be given once' : 'must be one whole number';
    default:
      return issue.message;
  }
}

function fieldErrors(issue: Issue, known: readonly string[]): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    const takes = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
    return issue.keys.map((field) => ({ field, message: `is not a parameter of this address: ${takes}` }));
  }
  return [{ field: String(issue.path[0] ?? 'query'), message: fix(issue) }];
}

/** Parameters that mean something when empty. */
const MAY_BE_EMPTY = new Set(['q']);

/**
 * Reads a query string by its schema.
 * @param raw as Express parses it: a repeated parameter is an array
 * @returns the values, or a problem that names each bad parameter and what it must be
 */
export function parseQuery<S extends z.ZodObject>(
  schema: S,
  raw: Readonly<Record<string, unknown>>
): { readonly ok: true; readonly query: z.infer<S> } | { readonly ok: false; readonly problem: Problem } {
  const empty = Object.keys(raw).filter((name) => [raw[name]].flat().includes('') && !MAY_BE_EMPTY.has(name));
  const parsed = schema.safeParse(raw);
  const known = Object.keys(schema.shape);
  const errors = [
    ...empty
      .filter((name) => known.includes(name))
      .map((field) => ({ field, message: 'is empty: give a value, or leave it out' })),
    ...(parsed.error?.issues ?? [])
      .flatMap((issue) => fieldErrors(issue, known))
      .filter(({ field }) => !empty.includes(field) || !known.includes(field)),
  ];
  if (parsed.success && errors.length === 0) return { ok: true, query: parsed.data };
  const first = errors[0];
  const detail = `The query is not valid: ${first ? `${first.field} ${first.message}` : 'see errors'}.`;
  return { ok: false, problem: problem('bad-request', detail, errors) };
}
