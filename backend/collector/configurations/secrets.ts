import { plainSecrets, type ConfigValues, type SecretSign } from '@openclaw-fleet/contract';
import type { ConfigProblem } from './types.ts';

const FIX = 'write {"$secretRef": "<name>"} in its place and keep the secret on the gateway’s machine under that name';
const WHY: Record<SecretSign, string> = {
  name: `is a secret by its name: ${FIX}`,
  shape: `looks like a secret: ${FIX}`,
  redacted: `was redacted, so that its value is not known: leave the path out, or ${FIX}`,
};

/** Every secret that stands in plain in a document, by its path. Never with any of a value. */
export function secretProblems(values: ConfigValues): ConfigProblem[] {
  return Object.entries(values)
    .flatMap(([path, value]) => plainSecrets(path, value))
    .map(({ path, sign }) => ({ path, rule: 'secret', message: WHY[sign] }));
}
