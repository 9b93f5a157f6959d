import { PublishFailure } from './failure.ts';
import { reasonOfStatus, verdictOf } from './retry.ts';
import type { Reply } from './transport.ts';

/** Characters of a server's text that go into a log line. */
const MAX_TEXT = 300;

interface ProblemLike {
  readonly title: string;
  readonly detail: string;
  readonly type: string;
}

/** The problem details in a body (RFC 9457); what is missing or no text is empty. Never throws. */
export function parseProblem(body: string): ProblemLike {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = null;
  }
  const members = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const text = (name: string): string => {
    const value = members[name];
    return typeof value === 'string' ? oneLine(value) : '';
  };
  return { title: text('title'), detail: text('detail'), type: text('type') };
}

/**
 * The failure that an answer other than 2xx stands for, in words for the log: `POST /x: 403 This node is revoked: ...`.
 * @param what the request
 */
export function failureOf(what: string, reply: Reply): PublishFailure {
  const { title, detail, type } = parseProblem(reply.body);
  const words = [title, detail].filter((part) => part !== '').join(': ');
  const verdict = verdictOf(reply.status) === 'retry' ? 'retry' : 'final';
  return new PublishFailure(reasonOfStatus(reply.status), `${what}: ${`${reply.status} ${words}`.trim()}`, {
    verdict,
    retryAfter: reply.retryAfter,
    problemType: type,
  });
}

// A server's text must not forge lines, move the cursor in somebody's terminal, or echo a token into the log.
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\b(?:Bearer\s+\S+|ey[\w-]+\.[\w-]+\.[\w-]*)/gi, '[token]')
    .slice(0, MAX_TEXT)
    .trim();
}
