import type { Agent } from 'node:https';
import { isIPv6 } from 'node:net';
import { doorErrorSchema, MAX_ANSWER_BYTES } from '@openclaw-fleet/contract';
import axios, { AxiosError, isAxiosError, type AxiosResponse } from 'axios';
import { NotConnected } from './agent.ts';
import { Untrusted } from './identity.ts';
import type { Route } from './types.ts';

/** What a bridge's door is sent: a path made here, and at most one body. */
export interface Request {
  readonly path: string;
  /** Posted as JSON; absent: the request is a GET. */
  readonly body?: object;
}

/** A node answered. `body`: its JSON; undefined where it is none. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** No answer, or none that counts. */
export interface Failure {
  readonly trouble: 'unreachable' | 'untrusted' | 'refused' | 'protocol';
  /** What happened, without the address. */
  readonly message: string;
  /** The node may have taken the request. */
  readonly arrived: boolean;
  /** Another attempt in a moment may go better. */
  readonly again: boolean;
}

export type Outcome = { readonly answer: Answer } | { readonly failure: Failure };

export interface Deadline {
  readonly timeoutMs: number;
  /** Ends everything under way. */
  readonly closing: AbortSignal;
}

/** Answers of something between us and the door, or of a door that cannot now. */
const NOT_NOW = [502, 503, 504];

/** Nothing of an answer leads anywhere: no redirect, no proxy, nothing to unpack, no answer without end. */
const http = axios.create({
  adapter: 'http',
  maxRedirects: 0,
  proxy: false,
  decompress: false,
  maxContentLength: MAX_ANSWER_BYTES,
  responseType: 'arraybuffer',
  validateStatus: null,
  transformRequest: [],
  transformResponse: [],
  headers: { common: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'openclaw-fleet' } },
});

/** One request over a connection of this agent. Never throws; what failed is in the outcome. */
export async function ask(
  route: Route,
  request: Request,
  agent: Agent,
  { timeoutMs, closing }: Deadline
): Promise<Outcome> {
  const late = AbortSignal.timeout(timeoutMs);
  let response: AxiosResponse<Buffer>;
  try {
    response = await http.request<Buffer>({
      method: request.body === undefined ? 'GET' : 'POST',
      url: `https://${isIPv6(route.host) ? `[${route.host}]` : route.host}:${route.port}${request.path}`,
      ...(request.body !== undefined && {
        data: Buffer.from(JSON.stringify(request.body)),
        headers: { 'content-type': 'application/json' },
      }),
      httpsAgent: agent,
      signal: AbortSignal.any([late, closing]),
    });
  } catch (error) {
    if (closing.aborted) return failed('unreachable', 'the collector is stopping', { arrived: true, again: false });
    if (late.aborted)
      return failed('unreachable', `no answer within ${timeoutMs / 1000} s`, { arrived: true, again: false });
    return { failure: failureOf(error) };
  }
  const { status } = response;
  const body = json(response.data);
  if (NOT_NOW.includes(status)) {
    const { data: said } = doorErrorSchema.safeParse(body);
    const words = said === undefined ? '' : `: ${said.message}`;
    return failed('unreachable', `it answered ${status}${words}`, { arrived: true, again: true });
  }
  return { answer: { status, body } };
}

/** @returns undefined for what is not JSON */
function json(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}

function failed(trouble: Failure['trouble'], message: string, flags: Pick<Failure, 'arrived' | 'again'>): Outcome {
  return { failure: { trouble, message, ...flags } };
}

function failureOf(error: unknown): Failure {
  const { message } = error as Error;
  const origin = originOf(error);
  if (origin instanceof Untrusted)
    return { trouble: 'untrusted', message: origin.message, arrived: false, again: false };
  if (origin instanceof NotConnected)
    return { trouble: 'unreachable', message: origin.message, arrived: false, again: true };
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (isAxiosError(error) && code === AxiosError.ERR_BAD_RESPONSE && error.response === undefined) {
    const most = `its answer is longer than ${MAX_ANSWER_BYTES} bytes`;
    return { trouble: 'protocol', message: most, arrived: true, again: false };
  }
  if (code.startsWith('HPE_'))
    return { trouble: 'protocol', message: `its answer is not HTTP (${code})`, arrived: true, again: false };
  if (/^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) {
    const refusal = `it does not take the collector's certificate (${code}): OPENCLAW_CLIENT_PIN or OPENCLAW_CA_FILE on the node is not this collector's`;
    return { trouble: 'refused', message: refusal, arrived: false, again: false };
  }
  const hint =
    code === 'ECONNRESET'
      ? '; if it always does, the authority in OPENCLAW_CA_FILE on the node is not this collector’s'
      : '';
  const broke = `the connection broke (${code === '' ? message : code})${hint}`;
  return { trouble: 'unreachable', message: broke, arrived: true, again: true };
}

/** The first error of ours that an error was made of. */
function originOf(error: unknown): unknown {
  let at: unknown = error;
  while (at instanceof Error && !(at instanceof Untrusted) && !(at instanceof NotConnected)) at = at.cause;
  return at;
}
