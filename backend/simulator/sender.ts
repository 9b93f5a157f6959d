import { Agent } from 'node:https';
import { heartbeatReplySchema } from '@openclaw-fleet/contract';
import type { HeartbeatReply } from '@openclaw-fleet/contract';
import type { Credentials } from './credentials.ts';
import { exchange } from './exchange.ts';
import { tokenSource } from './token.ts';

/** What became of one sent beat: an answer, or the reason there is none (such as `econnrefused`). */
export type SendResult =
  | { readonly status: number; readonly reply: HeartbeatReply | null; readonly retryAfterMs: number | null }
  | { readonly error: string };

export interface Sender {
  send(body: string): Promise<SendResult>;
  /** Drops the connection; the next beat opens another. */
  close(): void;
  /** Drops the connection for good: what still waits its turn is not sent. */
  end(): void;
}

/** The error of a beat that was not sent because its line had ended. */
export const ENDED = 'ended';

/** At most `limit` tasks at once; the others wait in order. */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>;

export function gateOf(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

function replyOf(text: string): HeartbeatReply | null {
  try {
    return heartbeatReplySchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Where heartbeats go. @param endpoint https URL; `/openclaw/availability` is appended when it has no path */
export function intakeUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/openclaw/availability';
  return url;
}

/**
 * One node's line to the intake: its own certificate, one connection at most, a token it signs itself.
 * @param keepAlive keep the connection between beats
 */
export function createSender(options: {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly keepAlive: boolean;
  readonly gate: Gate;
  readonly now: () => number;
}): Sender {
  const { endpoint, credentials, keepAlive, gate, now } = options;
  const url = intakeUrl(endpoint);
  const token = tokenSource(credentials);
  const { cert, key, ca } = credentials;
  const makeAgent = (): Agent => new Agent({ keepAlive, maxSockets: 1, cert, key, ca, minVersion: 'TLSv1.3' });
  let agent = makeAgent();
  let ended = false;

  const post = async (body: string): Promise<SendResult> => {
    try {
      const answer = await exchange(url, { method: 'POST', agent, token: token(now()), body });
      const seconds = Number(answer.headers['retry-after']);
      return {
        status: answer.status,
        reply: answer.status === 200 ? replyOf(answer.body) : null,
        retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
      };
    } catch (error) {
      return { error: reasonOf(error as Error) };
    }
  };

  return {
    send: (body) => gate(() => (ended ? Promise.resolve({ error: ENDED }) : post(body))),
    close: () => {
      agent.destroy();
      agent = makeAgent();
    },
    end: () => {
      ended = true;
      agent.destroy();
    },
  };
}

/** A short label of a network error, fit for a counter. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code ?? 'network')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .slice(0, 32);
}
