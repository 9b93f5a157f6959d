import { problemSchema } from '@openclaw-fleet/contract';
import { CommandError } from '../command.ts';
import { printable } from '../terminal/text.ts';
import { TOKEN_HINT } from './connection.ts';

/** The collector answered that there is nothing at an address. */
export class NotFoundError extends CommandError {}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to say when no answer came. @param error of Node's http, https or tls */
export function unreachable(url: URL, error: Error): CommandError {
  const { code = '' } = error as NodeJS.ErrnoException;
  return new CommandError(`${url.origin} ${whyUnreachable(url, code, error)}`);
}

function whyUnreachable(url: URL, code: string, error: Error): string {
  const tls = url.protocol === 'https:';
  if (code === 'ECONNREFUSED')
    return 'refuses connections: start the collector (openclaw-fleet start), or give with --url where its API listens (api.host and api.port of its settings, 127.0.0.1:8080 without them)';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has a name that leads nowhere: check --url';
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || error.name === 'TimeoutError')
    return 'does not answer: check --url, that the collector runs, and what is between here and there';
  if (UNTRUSTED.has(code)) return 'has a certificate of an authority that is not trusted here: name its file with --ca';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'has a certificate for other names: give with --url a name that its certificate holds';
  if (code === 'CERT_HAS_EXPIRED') return 'has a certificate that is expired: renew the one of the collector’s API';
  if (code.includes('CERTIFICATE_REQUIRED'))
    return 'asks for the certificate of a node: that is the intake; give with --url where the API listens';
  if (tls && (code === 'EPROTO' || code.startsWith('ERR_SSL'))) return 'does not speak TLS: try --url with http';
  if (!tls && (code === 'ECONNRESET' || code.startsWith('HPE_')))
    return 'does not answer as HTTP does: try --url with https';
  return `cannot be asked (${code === '' ? printable(error.message) : code}): check --url and that the collector runs`;
}

/** What to say of an answer that is not the one asked for. @param text the body */
export function refused(url: URL, status: number, text: string, location: string | undefined): CommandError {
  if (status >= 300 && status < 400)
    return new CommandError(`${url.origin} sends on to ${printable(location ?? 'nowhere')}: give that as --url`);
  const detail = problemDetail(text);
  if (detail === null)
    return new CommandError(
      `${url.origin} answered ${status}, and not as a collector does: give with --url where its API listens`
    );
  if (status === 401)
    return new CommandError(`the collector does not take this token: ${detail} To get another, ${TOKEN_HINT}`);
  return status === 404 ? new NotFoundError(detail) : new CommandError(`the collector answered ${status}: ${detail}`);
}

function problemDetail(text: string): string | null {
  try {
    return printable(problemSchema.parse(JSON.parse(text)).detail);
  } catch {
    return null;
  }
}

/** What to say of a body that a collector of this version does not send. */
export function strange(url: URL, path: string): CommandError {
  return new CommandError(
    `${url.origin}${path} answered something else than a collector of this version does: check --url, and that this command is of the collector's version (openclaw-fleet version)`
  );
}
