import type { Json } from '@openclaw-fleet/contract';

export type JsonObject = Readonly<Record<string, Json>>;

/** The document after a JSON merge patch (RFC 7396): null removes, an array replaces the whole of what was there. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const members = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), change));
  }
  return Object.fromEntries(members);
}

export const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
