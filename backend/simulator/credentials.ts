import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_URI_PREFIX } from '@openclaw-fleet/contract';

/** What one node needs to beat: PEM texts, and the settings that enrolment wrote beside them. */
export interface Credentials {
  readonly id: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Of its tokens; default `openclaw-fleet`. */
  readonly audience?: string;
  /** Address of the collector, where enrolment named it. */
  readonly endpoint?: string;
  /** Pins of the collector's keys: of the one it comes to a node with, and of the one it signs actions with. */
  readonly clientPins?: readonly string[];
  readonly actionsPins?: readonly string[];
}

/** A credentials folder cannot be used; the message says which and why. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

function read(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CredentialsError(
      `${join(folder, file)} cannot be read (${code ?? 'unknown'}). Enrol the node with "npx openclaw-fleet enroll", which writes the folder.`
    );
  }
}

/** The variables of a `node.env` file: NAME=value lines, the value plain or in single or double quotes. */
export function parseEnv(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^(?:export\s+)?([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) variables[name] = value.replace(/^(['"])(.*)\1$/, '$2');
  }
  return variables;
}

/** The node that a certificate names by its SAN URI, or null. @param pem the certificate */
function nodeOf(pem: string): string | null {
  const names = new X509Certificate(pem).subjectAltName?.split(', ') ?? [];
  const uri = names.find((name) => name.startsWith(`URI:${NODE_URI_PREFIX}`));
  return uri?.slice(`URI:${NODE_URI_PREFIX}`.length) ?? null;
}

/**
 * Reads the folder that enrolment wrote: node.crt, node.key, ca.crt and node.env.
 * @throws CredentialsError when a file is missing or the certificate names no node
 */
export function readCredentials(folder: string): Credentials {
  const cert = read(folder, 'node.crt');
  let id: string | null = null;
  try {
    id = nodeOf(cert);
  } catch {
    throw new CredentialsError(`${join(folder, 'node.crt')} is not a PEM certificate. Enrol the node again.`);
  }
  if (id === null)
    throw new CredentialsError(
      `${join(folder, 'node.crt')} names no node (SAN URI ${NODE_URI_PREFIX}<id>). Use a node's certificate.`
    );
  const env = parseEnv(read(folder, 'node.env'));
  const audience = env['OPENCLAW_TOKEN_AUDIENCE'];
  const endpoint = env['OPENCLAW_ENDPOINT'];
  const [clientPins, actionsPins] = ['OPENCLAW_CLIENT_PIN', 'OPENCLAW_ACTIONS_PIN'].map((name) =>
    env[name]?.split(',').map((pin) => pin.trim())
  );
  return {
    id,
    cert,
    key: read(folder, 'node.key'),
    ca: read(folder, 'ca.crt'),
    ...(audience && { audience }),
    ...(endpoint && { endpoint }),
    ...(clientPins && { clientPins }),
    ...(actionsPins && { actionsPins }),
  };
}

/**
 * Reads every node's folder inside `parent`, in order of their names.
 * @param wanted how many nodes are needed
 * @throws CredentialsError when there are fewer
 */
export function readAllCredentials(parent: string, wanted: number): Credentials[] {
  let entries: string[];
  try {
    entries = readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    throw new CredentialsError(
      `${parent} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}). Name the folder that holds one folder per enrolled node.`
    );
  }
  if (entries.length < wanted) {
    throw new CredentialsError(
      `${wanted} nodes need ${wanted} credentials, but ${parent} holds ${entries.length}. Enrol more nodes, or lower --nodes.`
    );
  }
  return entries.slice(0, wanted).map((name) => readCredentials(join(parent, name)));
}
