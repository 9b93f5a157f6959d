import { problemSchema } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import { CommandError } from '../command.ts';
import { printable } from '../terminal/text.ts';
import { tokenHint } from './connection.ts';
import type { Connection } from './connection.ts';

/** The collector answered with a problem. */
export class ProblemAnswer extends CommandError {
  readonly problem: Problem;
  constructor(message: string, problem: Problem) {
    super(message);
    this.problem = problem;
  }
}

/** The collector answered that there is nothing at an address. */
export class NotFoundError extends ProblemAnswer {}

/** No answer came. */
export class NoAnswerError extends CommandError {
  /** What was sent may have arrived all the same. */
  readonly mayHaveArrived: boolean;
  constructor(message: string, mayHaveArrived: boolean) {
    super(message);
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** Whether what failed may go well a little later. */
export function mayPass(error: unknown): boolean {
  return (
    error instanceof NoAnswerError || (error instanceof ProblemAnswer && [429, 503].includes(error.problem.status))
  );
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to say when no answer came. @param error of Node's http, https or tls */
export function unreachable(url: URL, error: Error): NoAnswerError {
  // A DOMException, such as of an abort, has a number there.
  const { code: said } = error as { code?: unknown };
  const code = typeof said === 'string' ? said : '';
  const sent = error.name === 'TimeoutError' || ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code);
  return new NoAnswerError(`${url.origin} ${whyUnreachable(url, code, error)}`, sent);
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
    return 'ends the connection without an answer: check that the collector runs, or try --url with https';
  return `cannot be asked (${code === '' ? printable(error.message) : code}): check --url and that the collector runs`;
}

/** What to say of an answer that is not the one asked for. @param text the body */
export function refused(
  { url, need }: Pick<Connection, 'url' | 'need'>,
  status: number,
  text: string,
  location: string | undefined
): CommandError {
  if (status >= 300 && status < 400)
    return new CommandError(`${url.origin} sends on to ${printable(location ?? 'nowhere')}: give that as --url`);
  const problem = problemOf(text);
  if (problem === null)
    return new CommandError(
      `${url.origin} answered ${status}, and not as a collector does: give with --url where its API listens`
    );
  const detail = printable(problem.detail);
  if (status === 401)
    return new ProblemAnswer(
      `the collector does not take this token: ${detail} To get another, ${tokenHint(need)}`,
      problem
    );
  if (status === 403)
    return new ProblemAnswer(
      `the collector refuses this: ${detail} To get a token that does, ${tokenHint(need)}`,
      problem
    );
  return status === 404
    ? new NotFoundError(detail, problem)
    : new ProblemAnswer(`the collector answered ${status}: ${detail}`, problem);
}

function problemOf(text: string): Problem | null {
  try {
    return problemSchema.parse(JSON.parse(text));
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
