import { configPathSchema, deniedSetting, plainSecrets, redactedValue } from '@openclaw-fleet/contract';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';

/**
 * Every setting of a whole configuration that a revision may manage, by its path, so that a person can choose among them.
 * What else there is, secrets and people's names and numbers above all, stays on the machine. A section with a name that no
 * path can carry is one value.
 */
export function leavesOf(config: Readonly<Record<string, unknown>>): ConfigValues {
  const leaves: [string, Json][] = [];
  for (const [name, value] of Object.entries(config)) visit(name, value as Json);
  return Object.fromEntries(leaves);

  function visit(path: string, value: Json): void {
    if (!configPathSchema.safeParse(path).success) return;
    if (isSection(value) && Object.keys(value).length > 0 && Object.keys(value).every((name) => fits(path, name))) {
      for (const [name, inner] of Object.entries(value)) visit(`${path}.${name}`, inner);
    } else if (deniedSetting(path, value) === null && !holdsSecret(path, value)) {
      leaves.push([path, value]);
    }
  }
}

function holdsSecret(path: string, value: Json): boolean {
  return plainSecrets(path, redactedValue(path, value, undefined)).length > 0;
}

const isSection = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fits = (path: string, name: string): boolean =>
  !name.includes('.') && configPathSchema.safeParse(`${path}.${name}`).success;
