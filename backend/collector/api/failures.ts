import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import type { ConfigFailure, ConfigResult } from '../configurations/types.ts';
import { PolicyError } from '../policies/types.ts';
import type { PolicyFailure } from '../policies/types.ts';
import { RemediationError } from '../remediation/types.ts';
import type { RemediationFailure } from '../remediation/types.ts';
import { FencedError, StorageError } from '../storage/types.ts';
import { ProblemError } from './call.ts';

function ofPolicies(failure: PolicyFailure): Problem {
  const { kind, message } = failure;
  switch (kind) {
    case 'not-found':
      return problem('not-found', message);
    case 'exists':
      return problem('conflict', message);
    case 'conflict':
      return problem('precondition-failed', message);
    case 'in-use':
      return problem('in-use', message);
    case 'not-allowed':
      return problem('approval-refused', message);
    case 'provisioned-read-only':
    case 'protected':
      return problem('read-only', message);
    case 'invalid':
      return problem('invalid-body', message, failure.errors.slice());
  }
}

function ofConfigurations(failure: ConfigFailure): Problem {
  const { kind, message } = failure;
  if (kind !== 'invalid') return problem(kind, message);
  const errors = failure.problems.map((each) => ({ field: `values.${each.path}`, message: each.message }));
  return problem('invalid-body', message, errors);
}

/** @param settledAlready what it is called when no guardrail refused: things are not in the state that this needs */
function ofRemediation(why: RemediationFailure, settledAlready: 'approval-refused' | 'conflict'): Problem {
  const { kind, message } = why;
  switch (kind) {
    case 'not-found':
      return problem('not-found', message);
    case 'invalid':
      return problem('invalid-body', message, [{ field: why.field ?? '(body)', message }]);
    case 'key-reused':
      return problem('conflict', message);
    case 'not-allowed':
      return problem('approval-refused', message);
    case 'refused': {
      const { refusal, run } = why;
      const known = problem(refusal === null ? settledAlready : 'repair-refused', message);
      return { ...known, ...(refusal && { refusal: { reason: refusal.reason } }), ...(run && { runId: run.id }) };
    }
  }
}

/** The outcome of a decision about a plan or run: when it is too late for it, the answer says so. */
export async function deciding<T>(decision: Promise<T>): Promise<T> {
  try {
    return await decision;
  } catch (error) {
    throw error instanceof RemediationError
      ? new ProblemError(ofRemediation(error.failure, 'approval-refused'))
      : error;
  }
}

/** The value of a result, or its failure thrown. */
export function settled<T>(result: ConfigResult<T>): T {
  if (result.ok) return result.value;
  throw new ProblemError(ofConfigurations(result.failure));
}

/** What to answer to something that was thrown; null: it is a fault of ours. */
export function problemFor(error: unknown): Problem | null {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof PolicyError) return ofPolicies(error.failure);
  if (error instanceof RemediationError) return ofRemediation(error.failure, 'conflict');
  if (error instanceof FencedError)
    return problem(
      'not-ready',
      'Another collector leads now, so this one decides nothing. Ask again; it goes to that one.'
    );
  if (error instanceof URIError)
    return problem('bad-request', 'The address has a % that is not followed by two hex digits.');
  if (error instanceof StorageError)
    return problem(
      'storage-unavailable',
      'Nothing can be read or stored now. Try again; the log of the collector says why.'
    );
  return null;
}
