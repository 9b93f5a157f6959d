import { existsSync } from 'node:fs';
import type { Role } from '@openclaw-fleet/contract';
import type { Environment } from '../../config.ts';
import { readPublic, readSecret } from '../../identity/files.ts';
import { CommandError, UsageError } from '../command.ts';

/** Where the API of a collector is, and how to be let in. */
export interface Connection {
  readonly url: URL;
  readonly token: string;
  /** Authorities to trust instead of the machine's own; undefined: those. */
  readonly ca: string | undefined;
  /** What the command needs: what to say where the token does not do. */
  readonly need: Need;
}

/** The least role, and whether it must be a person's. */
export interface Need {
  readonly role: Role;
  readonly person: boolean;
}
export const TO_LOOK: Need = { role: 'viewer', person: false };

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Options of every command that asks a running collector. */
export const CONNECTION_OPTIONS = {
  url: { type: 'string' },
  'token-file': { type: 'string' },
  ca: { type: 'string' },
} as const;

export const CONNECTION_USAGE = [
  `[--url <address>]      the collector's API, ${DEFAULT_URL} without it (OPENCLAW_FLEET_URL)`,
  '[--token-file <file>]  its API token (OPENCLAW_FLEET_TOKEN_FILE, or the token itself in OPENCLAW_FLEET_TOKEN)',
  "[--ca <file>]          the authority to trust for https, instead of this machine's (OPENCLAW_FLEET_CA_FILE)",
];

/** How to come by a token that does. */
export function tokenHint({ role, person }: Need): string {
  const whose = person ? ' --kind person --person <Grafana identifier>' : '';
  return `make one with openclaw-fleet token create --name <name> --role ${role}${whose} where the collector runs, save it to a file of mode 600, and name that with --token-file or OPENCLAW_FLEET_TOKEN_FILE`;
}

/** Reads where to ask, from the options or else the environment. @throws UsageError, CommandError or CredentialError */
export function connectionOf(
  options: { readonly url?: string; readonly 'token-file'?: string; readonly ca?: string },
  env: Environment,
  need: Need = TO_LOOK
): Connection {
  const url = readUrl(options.url ?? nonEmpty(env['OPENCLAW_FLEET_URL']) ?? DEFAULT_URL);
  const caFile = options.ca ?? nonEmpty(env['OPENCLAW_FLEET_CA_FILE']);
  if (options.ca !== undefined && url.protocol !== 'https:') throw new UsageError('--ca goes with an https address');
  const ca = caFile === undefined ? undefined : readCa(caFile);
  return { url, token: readToken(options['token-file'], env, need), ca, need };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`--url must be an address such as ${DEFAULT_URL}, and not ${JSON.stringify(text)}`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError('--url must not hold a name or password: give the token with --token-file');
  if (url.search !== '' || url.hash !== '') throw new UsageError('--url must end before any ? or #');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new UsageError(
      `--url ${url.origin} would send the token over the network for all to read: use https, or a tunnel to 127.0.0.1`
    );
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function readToken(option: string | undefined, env: Environment, need: Need): string {
  const file = option ?? nonEmpty(env['OPENCLAW_FLEET_TOKEN_FILE']);
  const text = file === undefined ? nonEmpty(env['OPENCLAW_FLEET_TOKEN']) : fileText(file, 'token', readSecret);
  if (text === undefined) throw new CommandError(`an API token is needed: ${tokenHint(need)}`);
  const token = text.trim();
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) {
    const where = file === undefined ? 'OPENCLAW_FLEET_TOKEN' : file;
    throw new CommandError(`${where} does not hold a token alone: ${tokenHint(need)}`);
  }
  return token;
}

function readCa(file: string): string {
  const text = fileText(file, 'authority', readPublic);
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new CommandError(`${file} holds no certificate: name the PEM file of the authority with --ca`);
  return text;
}

function fileText(file: string, what: string, read: (file: string) => string): string {
  if (!existsSync(file)) throw new CommandError(`the ${what} file ${file} is not there: check the path`);
  return read(file);
}
