import { createHash } from 'node:crypto';
import { canonicalJson } from '@openclaw-fleet/contract';

/**
 * SHA-256, in lower-case hex, over the whole configuration without OpenClaw's own `meta` (domain-rules section 4): notices
 * any change, and is equal on two gateways that run the same document.
 * @param parsed the document as `config.get` gives it, its secrets redacted; a changed secret therefore does not show
 */
export function fullConfigHash(parsed: Readonly<Record<string, unknown>>): string {
  return sha256({ ...parsed, meta: undefined });
}

/**
 * SHA-256, in lower-case hex, over the values of a revision's managed paths (domain-rules section 4). It is taken over one
 * object that maps each path to its value; a path that the configuration lacks is left out.
 * @param paths dotted, such as `messages.ackReaction`
 */
export function managedConfigHash(config: Readonly<Record<string, unknown>>, paths: readonly string[]): string {
  return sha256(Object.fromEntries(paths.map((path) => [path, valueAt(config, path)])));
}

function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string, unknown>)[key];
  }, config);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex');
}
