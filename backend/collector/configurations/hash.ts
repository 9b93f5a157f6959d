import { hash } from 'node:crypto';
import { canonicalJson, type ConfigValues } from '@openclaw-fleet/contract';

/** SHA-256, in lower-case hex, over the RFC 8785 form of managed values: a revision's id, and `config_hash` of a heartbeat. */
export function configHash(values: ConfigValues): string {
  return hash('sha256', canonicalJson(values));
}
