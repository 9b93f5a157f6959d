/**
 * RFC 8785 (JSON Canonicalization Scheme): the one text of a JSON value that everybody hashes alike. Object members are
 * sorted by the UTF-16 code units of their names; numbers and strings are written as ECMAScript does.
 * @param value a JSON value; members that are `undefined` are left out
 * @throws TypeError for what JSON cannot say (NaN, a function) or I-JSON forbids (a lone surrogate)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (typeof value === 'string') return canonicalString(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value as Record<string, unknown>);
  throw new TypeError(`A ${typeof value} has no canonical JSON`);
}

function canonicalObject(value: Record<string, unknown>): string {
  // The default order of sort() is by UTF-16 code units, as section 3.2.3 asks.
  const names = Object.keys(value).sort();
  const members = names
    .filter((name) => value[name] !== undefined)
    .map((name) => `${canonicalString(name)}:${canonicalJson(value[name])}`);
  return `{${members.join(',')}}`;
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${String(value)} has no canonical JSON`);
  return JSON.stringify(value);
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('A string with a lone surrogate has no canonical JSON');
  return JSON.stringify(value);
}
