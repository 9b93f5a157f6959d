import type { Problem } from '@openclaw-fleet/contract';
import type { Response } from 'express';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** Seconds after which something that was too much may be tried again. */
const RETRY_AFTER = '5';

/** Answers with problem details (RFC 9457), and the headers their status asks for. */
export function sendProblem(response: Response, body: Problem): void {
  if (body.status === 401) response.setHeader('www-authenticate', 'Bearer realm="openclaw-fleet"');
  if (body.status === 503 || body.status === 429) response.setHeader('retry-after', RETRY_AFTER);
  const text = JSON.stringify(body);
  response.writeHead(body.status, { 'content-type': PROBLEM_CONTENT_TYPE, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
