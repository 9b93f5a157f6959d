/** What became of one attempt to deliver a beat. */
export type Verdict = 'delivered' | 'retry' | 'final';

/** 4xx that say "later", not "never" (domain-rules section 1). */
const LATER = new Set([408, 425, 429]);

/** 2xx is delivered; 408, 425, 429 and 5xx are worth another attempt; every other answer is final for that beat alone. */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered';
  return LATER.has(status) || status >= 500 ? 'retry' : 'final';
}

/** Reasons of `openclaw_publish_failure_total`: a closed list, so that no server can grow the label. */
export const FAILURE_REASONS = [
  'network',
  'timeout',
  'tls',
  'token',
  'credentials',
  'snapshot',
  'internal',
  'http_3xx',
  'http_400',
  'http_401',
  'http_403',
  'http_404',
  'http_408',
  'http_409',
  'http_413',
  'http_422',
  'http_425',
  'http_429',
  'http_4xx',
  'http_500',
  'http_502',
  'http_503',
  'http_504',
  'http_5xx',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

const isReason = (text: string): text is FailureReason => (FAILURE_REASONS as readonly string[]).includes(text);

/** The reason of an answer that is not 2xx: its own where the list has it, else its class. */
export function reasonOfStatus(status: number): FailureReason {
  const own = `http_${status}`;
  if (isReason(own)) return own;
  if (status >= 500) return 'http_5xx';
  return status >= 400 ? 'http_4xx' : 'http_3xx';
}

/**
 * The wait before the next attempt: the step of the schedule, jittered by a fifth each way.
 * @param failures attempts that failed so far, from 1
 * @param random 0 to under 1
 * @returns milliseconds; null when the schedule is used up
 */
export function backoff(schedule: readonly number[], failures: number, random: number): number | null {
  const base = schedule[failures - 1];
  return base === undefined ? null : Math.round(base * (0.8 + 0.4 * random));
}

/**
 * Reads `Retry-After` in both forms (RFC 9110 section 10.2.3), never more than `capMs`.
 * @param wallNow milliseconds since the epoch
 * @returns milliseconds; null when there is none or it cannot be read
 */
export function retryAfterMs(header: string | undefined, wallNow: number, capMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Math.min(capMs, Number(text) * 1000);
  // Every form of an HTTP date begins with the day's name; Date.parse alone would take "-5" and "1.5" too.
  const at = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : Math.min(capMs, Math.max(0, at - wallNow));
}
