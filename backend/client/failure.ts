import type { FailureReason, Verdict } from './retry.ts';

interface FailureDetails {
  /** Default `retry`. */
  readonly verdict?: Exclude<Verdict, 'delivered'>;
  /** The answer's `Retry-After`, as it came. */
  readonly retryAfter?: string | undefined;
  /** The answer's problem type. */
  readonly problemType?: string;
}

/** Why a beat was not delivered. The message is for the log: it says what to do next and holds no secret. */
export class PublishFailure extends Error {
  readonly reason: FailureReason;
  readonly verdict: Exclude<Verdict, 'delivered'>;
  readonly retryAfter: string | undefined;
  readonly problemType: string | undefined;

  constructor(reason: FailureReason, message: string, details: FailureDetails = {}) {
    super(message);
    this.name = 'PublishFailure';
    this.reason = reason;
    this.verdict = details.verdict ?? 'retry';
    this.retryAfter = details.retryAfter;
    this.problemType = details.problemType;
  }
}

/** The text of anything thrown, on one line. Never throws, whatever a host threw. */
export function messageOf(thrown: unknown): string {
  try {
    return (textMember(thrown, 'message') ?? String(thrown)).replace(/\s+/g, ' ').trim();
  } catch {
    return 'an error that cannot be shown';
  }
}

/** The code of a system or TLS error, such as ECONNREFUSED; empty when it has none. */
export function codeOf(thrown: unknown): string {
  try {
    return textMember(thrown, 'code') ?? '';
  } catch {
    return '';
  }
}

// Not `instanceof Error`: a host may throw errors of another realm.
function textMember(thrown: unknown, name: 'message' | 'code'): string | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  const value = (thrown as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : null;
}
