import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: ConfigDrift restores a revision, and none is named. */
export const noDesiredRevision: Guardrail = ({ playbook, target }) =>
  playbook !== 'ConfigDrift' || (target.desiredRevision !== null && target.desiredConfigHash !== null)
    ? null
    : refuse(
        'no-desired-revision',
        `No configuration revision is desired of ${target.name}. Name one in its profile or its desired state, or adopt what it runs.`
      );
