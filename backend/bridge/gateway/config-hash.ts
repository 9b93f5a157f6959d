import { createHash } from 'node:crypto';
import { canonicalJson, redactedValue } from '@openclaw-fleet/contract';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';

/**
 * SHA-256, in lower-case hex, over the whole configuration without OpenClaw's own `meta` (domain-rules section 4): notices
 * any change, and is equal on two gateways that run the same document.
 * @param parsed the document as `config.get` gives it, its secrets redacted; a changed secret therefore does not show
 */
export function fullConfigHash(parsed: Readonly<Record<string, unknown>>): string {
  return sha256({ ...parsed, meta: undefined });
}

/**
 * The values of a revision's managed paths on this gateway; a path that the configuration lacks is left out. No secret is
 * among them: where the revision names one and the gateway has one, the name stands for it.
 * @param wanted the revision's values by path, such as `messages.ackReaction`
 */
export function managedValues(config: Readonly<Record<string, unknown>>, wanted: ConfigValues): ConfigValues {
  const found = Object.entries(wanted).map(([path, wish]): [string, Json | undefined] => {
    const value = valueAt(config, path);
    return [path, value === undefined ? undefined : redactedValue(path, value, wish)];
  });
  return Object.fromEntries(found.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/**
 * SHA-256, in lower-case hex, over managed values (domain-rules section 4): over one object that maps each path to its
 * value, as the collector takes it for a revision.
 */
export function managedConfigHash(values: ConfigValues): string {
  return sha256(values);
}

function valueAt(config: unknown, path: string): Json | undefined {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) {
      return undefined;
    }
    return (value as Record<string, unknown>)[key];
  }, config) as Json | undefined;
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex');
}
