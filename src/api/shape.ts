/** One thing that a schema found, as zod 4 tells it with `reportInput`. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly input?: unknown;
  readonly expected?: string;
  /** Of a union: what each of its members found. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** A schema of the contract, as far as the app needs it. */
export interface Shape<T> {
  readonly safeParse: (
    data: unknown,
    options: { readonly reportInput: true }
  ) =>
    | { readonly success: true; readonly data: T; readonly error?: never }
    | { readonly success: false; readonly data?: never; readonly error: { readonly issues: readonly Issue[] } };
}

/**
 * What an answer is that has not the shape that a page relies on, in words; null: it has. Only what is missing or of another type
 * counts: a newer collector may know words that this app does not, and say more than it.
 */
export function misfitOf(shape: Shape<unknown> | undefined, data: unknown): string | null {
  // A log-in page, or another program's start page, is told from JSON without a schema.
  if (shape === undefined) return typeof data === 'string' && data !== '' ? typeOf(data) : null;
  const { error } = shape.safeParse(data, { reportInput: true });
  const found = error?.issues.find(breaks);
  if (found === undefined) return null;
  const { path, input } = found;
  if (path.length === 0) return data === null || data === undefined || data === '' ? 'nothing' : typeOf(data);
  const field = path.map(String).join('.');
  return input === undefined
    ? `JSON without the field "${field}"`
    : `JSON in which the field "${field}" is ${typeOf(input)}`;
}

function breaks({ code, input, expected, errors = [] }: Issue): boolean {
  switch (code) {
    case 'invalid_type':
      // A number that is not whole is a number.
      return !(expected === 'int' && typeof input === 'number');
    case 'invalid_value':
      return input === null || input === undefined || typeof input === 'object';
    case 'invalid_union':
      return errors.length === 0
        ? typeof input !== 'object' || input === null
        : errors.every((each) => each.some(breaks));
    default:
      return false;
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return /^\s*</.test(value) ? 'a page of HTML' : 'a text';
    case 'object':
      return 'an object';
    default:
      return `a ${typeof value}`;
  }
}
