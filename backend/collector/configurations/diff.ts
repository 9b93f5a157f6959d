import {
  canonicalJson,
  isSecretReference,
  namesSecret,
  plainSecrets,
  shownPath,
  type ConfigDifference,
  type ConfigValues,
  type Json,
} from '@openclaw-fleet/contract';

/** A side has no value there. No JSON reads so. */
export const NOT_SET = '(not set)';
/** The bridge's report does not cover the path. */
export const NOT_REPORTED = '(not reported)';
const REDACTED_TEXT = '(redacted)';
const MAX_SHOWN = 200;
/** Differences named at most. */
const MAX_DIFFERENCES = 1000;

/**
 * What differs between two sets of managed values, sorted by path. Objects are compared member by member, so that a small
 * change in a large one shows. Secrets never show: a reference shows its name.
 * @param missing what stands for a path that `actual` lacks
 */
export function differences(
  expected: ConfigValues,
  actual: ConfigValues,
  missing: (path: string) => string = () => NOT_SET
): ConfigDifference[] {
  const found: ConfigDifference[] = [];
  const paths = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  for (const path of paths) compare(path, own(expected, path), own(actual, path), missing(path), found);
  return found.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path))).slice(0, MAX_DIFFERENCES);
}

function compare(
  path: string,
  expected: Json | undefined,
  actual: Json | undefined,
  missing: string,
  found: ConfigDifference[]
): void {
  if (found.length > MAX_DIFFERENCES) return;
  if (isSection(expected) && isSection(actual)) {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      compare(`${path}.${stepOf(name)}`, own(expected, name), own(actual, name), missing, found);
    }
    return;
  }
  if (same(expected, actual)) return;
  found.push({
    path: shownPath(path),
    expected: expected === undefined ? NOT_SET : shown(path, expected),
    actual: actual === undefined ? missing : shownActual(path, actual, expected),
  });
}

/** A node chooses the names, and every setting below a long one would carry it: it never shows, but for being a secret's. */
function stepOf(name: string): string {
  if (name.length <= 64) return name;
  return plainSecrets(name, 1).length === 0 ? '*' : '* secret';
}

function own(members: Readonly<Record<string, Json>>, name: string): Json | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

const isSection = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isSecretReference(value);

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

/** Where a secret is expected, what is there could be that secret, unless it is another's name or empty. */
function shownActual(path: string, actual: Json, expected: Json | undefined): string {
  const harmless = actual === null || actual === '' || typeof actual === 'boolean' || isSecretReference(actual);
  return expected !== undefined && namesSecret(expected) && !harmless ? REDACTED_TEXT : shown(path, actual);
}

/** Canonical JSON, cut to 200 characters. */
function shown(path: string, value: Json): string {
  if (plainSecrets(path, value).length > 0) return REDACTED_TEXT;
  const text = canonicalJson(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
