import { problem, type Problem, type ProblemName } from '@openclaw-fleet/contract';
import type { Response } from 'express';

/** Answers a request off the hot path with problem details (RFC 9457). */
export function send(response: Response, name: ProblemName, detail: string, errors?: Problem['errors']): void {
  const body = problem(name, detail, errors);
  response.status(body.status).type('application/problem+json').send(JSON.stringify(body));
}
