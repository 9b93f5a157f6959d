import type { Problem } from '@openclaw-fleet/contract';
import { z } from 'zod';

export type Issue = z.core.$ZodIssue;
export type FieldError = NonNullable<Problem['errors']>[number];

const MOST_ERRORS = 32;

/** `windows[0].schedule`; the whole body is `(body)`. */
function nameOf(path: readonly PropertyKey[]): string {
  const name = path.reduce<string>(
    (at, step) => (typeof step === 'number' ? `${at}[${step}]` : at === '' ? String(step) : `${at}.${String(step)}`),
    ''
  );
  return name === '' ? '(body)' : name;
}

/** The schema without its default, optional and the like. */
function bare(schema: z.ZodType): z.ZodType {
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType === undefined ? schema : bare(innerType);
}

/** The fields an object at `path` may have; null when it is no object of the schema. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] | null {
  const at = bare(schema);
  const [step, ...rest] = path;
  if (at instanceof z.ZodObject) {
    const shape = at.shape as Record<string, z.ZodType>;
    if (step === undefined) return Object.keys(shape);
    const inner = shape[String(step)];
    return inner === undefined ? null : fieldsAt(inner, rest);
  }
  if (at instanceof z.ZodArray && step !== undefined) return fieldsAt(at.element as z.ZodType, rest);
  return null;
}

const ARTICLES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

// Zod's own words say what it found; a person needs to know what to send.
function fix(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${ARTICLES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : issue.origin === 'array'
          ? `must have at most ${issue.maximum} entries`
          : `must be at most ${issue.maximum}`;
    case 'too_small':
      if (issue.message !== '' && !issue.message.startsWith('Too small')) return issue.message;
      return issue.origin === 'string'
        ? `must have at least ${issue.minimum} characters`
        : issue.origin === 'array'
          ? `must have at least ${issue.minimum} entries`
          : `must be at least ${issue.minimum}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

/**
 * What is wrong with a body, field by field.
 * @param schema the one that found the issues, parsed with `reportInput`
 */
export function bodyErrors(schema: z.ZodType, issues: readonly Issue[]): FieldError[] {
  return issues
    .flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys') return [{ field: nameOf(issue.path), message: fix(issue) }];
      const takes = fieldsAt(schema, issue.path);
      const known = takes === null ? '' : `: ${nameOf(issue.path)} takes ${takes.join(', ')}`;
      return issue.keys.map((key) => ({ field: nameOf([...issue.path, key]), message: `is not a field here${known}` }));
    })
    .slice(0, MOST_ERRORS);
}
