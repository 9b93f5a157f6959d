import type { Refusal, Run } from '@openclaw-fleet/contract';
import { RemediationError } from './types.ts';

export function notFound(what: string): RemediationError {
  return new RemediationError({ kind: 'not-found', message: what });
}

export function invalid(message: string, field?: string): RemediationError {
  return new RemediationError({ kind: 'invalid', message, ...(field !== undefined && { field }) });
}

export function refused(message: string, refusal: Refusal | null = null, run: Run | null = null): RemediationError {
  return new RemediationError({ kind: 'refused', message, refusal, run });
}

export function keyReused(): RemediationError {
  return new RemediationError({
    kind: 'key-reused',
    message: 'This idempotency key was used for another request. Use a new key for a new request.',
  });
}
