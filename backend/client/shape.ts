/** Says which field of a host's data is wrong. */
export class ShapeError extends Error {}

/** Returns the value as it may be sent, or throws a ShapeError that names `path`. */
export type Shape<T> = (value: unknown, path: string) => T;

const shape =
  <T>(accepts: (value: unknown) => value is T, must: string): Shape<T> =>
  (value, path) => {
    if (accepts(value)) return value;
    throw new ShapeError(`${path} must be ${must}`);
  };

/** Zero or more, up to what JSON carries exactly. */
export const amount = shape(
  (value): value is number => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER,
  'a number from 0 up'
);

export const count = shape(
  (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
  'a whole number from 0 up'
);

export const flag = shape((value): value is boolean => typeof value === 'boolean', 'true or false');

export const matching = (pattern: RegExp, must: string): Shape<string> =>
  shape((value): value is string => typeof value === 'string' && pattern.test(value), must);

export const oneOf = <T extends string>(...names: readonly T[]): Shape<T> =>
  shape((value): value is T => (names as readonly unknown[]).includes(value), `one of ${names.join(', ')}`);

const CONTROL_CHARACTERS = /\p{Cc}/gu;

/** Whether a text has characters that would move the cursor of whoever prints it. */
export function isPrintable(value: string): boolean {
  return value.search(CONTROL_CHARACTERS) < 0;
}

/** Text, cut where it is too long, with a space for each control character. */
export const text =
  (max: number, min = 0): Shape<string> =>
  (value, path) => {
    if (typeof value !== 'string' || value.length < min)
      throw new ShapeError(`${path} must be a text of ${min} to ${max} characters`);
    return value.slice(0, max).replace(CONTROL_CHARACTERS, ' ');
  };

/** A list, cut where it is too long. */
export const listOf =
  <T>(item: Shape<T>, max: number): Shape<T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(`${path} must be a list`);
    return value.slice(0, max).map((one, index) => item(one, `${path}[${index}]`));
  };

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Of<F extends Fields> = { [K in keyof F]: ReturnType<F[K]> };

/** An object of these members alone; an optional one that is undefined or null is left out. */
export const objectOf =
  <R extends Fields, O extends Fields>(required: R, optional: O): Shape<Of<R> & Partial<Of<O>>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ShapeError(`${path} must be an object`);
    const members = value as Record<string, unknown>;
    const known: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(required)) known[name] = check(members[name], `${path}.${name}`);
    for (const [name, check] of Object.entries(optional)) {
      const member = members[name];
      if (member !== undefined && member !== null) known[name] = check(member, `${path}.${name}`);
    }
    return known as Of<R> & Partial<Of<O>>;
  };
