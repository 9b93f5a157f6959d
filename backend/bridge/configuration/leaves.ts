import { configPathSchema, plainSecrets, redactedValue } from '@openclaw-fleet/contract';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';

/**
 * Every setting of a whole configuration by its path, so that a person can choose what a revision is to manage. Without
 * `meta`, which is OpenClaw's own, and without whatever holds a secret. A section with a name that no path can carry is one
 * value.
 */
export function leavesOf(config: Readonly<Record<string, unknown>>): ConfigValues {
  const leaves: [string, Json][] = [];
  for (const [name, value] of Object.entries(config)) if (name !== 'meta') visit(name, value as Json);
  return Object.fromEntries(leaves);

  function visit(path: string, value: Json): void {
    if (!configPathSchema.safeParse(path).success) return;
    if (isSection(value) && Object.keys(value).length > 0 && Object.keys(value).every((name) => fits(path, name))) {
      for (const [name, inner] of Object.entries(value)) visit(`${path}.${name}`, inner);
    } else if (plainSecrets(path, redactedValue(path, value, undefined)).length === 0) {
      leaves.push([path, value]);
    }
  }
}

const isSection = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fits = (path: string, name: string): boolean =>
  !name.includes('.') && configPathSchema.safeParse(`${path}.${name}`).success;
