import { CredentialError } from './credential-error.ts';
import type { Pins } from './pki.ts';

export interface NodeEnvironment {
  readonly nodeId: string;
  readonly name: string;
  /** Absolute paths on the node. */
  readonly files: { readonly certificate: string; readonly key: string; readonly ca: string };
  readonly endpoint: string;
  readonly audience: string;
  readonly zone: string | null;
  readonly requireSignature: boolean;
  readonly timings: 'production' | 'demo';
  readonly pins: Pins;
}

/** The text of `node.env`: what systemd's EnvironmentFile, `node --env-file` and Docker's --env-file all read alike. */
export function nodeEnv(node: NodeEnvironment): string {
  const variables: Record<string, string> = {
    OPENCLAW_ENABLED: 'true',
    OPENCLAW_ENDPOINT: node.endpoint,
    OPENCLAW_NODE_ID: node.nodeId,
    OPENCLAW_HOSTNAME: node.name,
    OPENCLAW_CA_FILE: node.files.ca,
    OPENCLAW_CERT_FILE: node.files.certificate,
    OPENCLAW_KEY_FILE: node.files.key,
    OPENCLAW_SERVER_PIN: node.pins.server,
    OPENCLAW_CLIENT_PIN: node.pins.client,
    OPENCLAW_ACTIONS_PIN: node.pins.actions,
    OPENCLAW_TOKEN_AUDIENCE: node.audience,
    OPENCLAW_SIGN_PAYLOAD: String(node.requireSignature),
    ...(node.zone === null ? {} : { OPENCLAW_TAGS: `region:${node.zone}` }),
    ...(node.timings === 'demo' ? { OPENCLAW_TIMINGS: 'demo' } : {}),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${plain(name, value)}\n`)
    .join('');
}

// Quotes mean something else to each reader, so what would need them is refused.
function plain(name: string, value: string): string {
  if (/^[A-Za-z0-9_./:@,+=~%?&[\]-]+$/.test(value)) return value;
  throw new CredentialError(
    `${name} would be ${JSON.stringify(value)}, which an environment file cannot carry safely: use a path or address without spaces, quotes, # and $`
  );
}

/** The same text with the collector's pins replaced, or added. */
export function withPins(text: string, pins: Pins): string {
  const kept = text.split('\n').filter((line) => line !== '' && !/^OPENCLAW_(SERVER|CLIENT|ACTIONS)_PIN=/.test(line));
  return [
    ...kept,
    `OPENCLAW_SERVER_PIN=${pins.server}`,
    `OPENCLAW_CLIENT_PIN=${pins.client}`,
    `OPENCLAW_ACTIONS_PIN=${pins.actions}`,
    '',
  ].join('\n');
}
