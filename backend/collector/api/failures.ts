import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import type { ConfigFailure, ConfigResult } from '../configurations/types.ts';
import { PolicyError } from '../policies/types.ts';
import type { PolicyFailure } from '../policies/types.ts';
import { StorageError } from '../storage/types.ts';
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

/** The value of a result, or its failure thrown. */
export function settled<T>(result: ConfigResult<T>): T {
  if (result.ok) return result.value;
  throw new ProblemError(ofConfigurations(result.failure));
}

/** What to answer to something that was thrown; null: it is a fault of ours. */
export function problemFor(error: unknown): Problem | null {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof PolicyError) return ofPolicies(error.failure);
  if (error instanceof URIError)
    return problem('bad-request', 'The address has a % that is not followed by two hex digits.');
  if (error instanceof StorageError)
    return problem(
      'storage-unavailable',
      'Nothing can be read or stored now. Try again; the log of the collector says why.'
    );
  return null;
}
