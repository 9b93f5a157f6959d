import type { Fault, Subject } from './types.ts';

interface Cap {
  /** The most that the score can be. */
  readonly at: number;
  holds(subject: Subject, faults: readonly Fault[]): boolean;
  /** For a person. */
  readonly reason: string;
}

/** Said of a target that flaps. */
export const FLAPPING = 'It keeps going offline and coming back (flapping)';

/** Said of a target that did not come back from its restart. */
export const OVERDUE = 'It said that it restarts, and has not come back';

/** What holds the score down, because a sum hides a dead node (domain-rules sections 2 and 3). In the order they are applied. */
export const CAPS: readonly Cap[] = [
  { at: 69, holds: ({ flapping }) => flapping, reason: FLAPPING },
  { at: 69, holds: ({ overdue }) => overdue, reason: OVERDUE },
  {
    at: 39,
    holds: ({ state }) => state === 'expired' || state === 'inactive',
    reason: 'It is offline',
  },
  { at: 69, holds: (_subject, faults) => hasCritical(faults), reason: 'A critical drift or violation is open' },
  { at: 89, holds: ({ state }) => state === 'stale', reason: 'Its last report is stale' },
];

function hasCritical(faults: readonly Fault[]): boolean {
  for (const fault of faults) if (fault.severity === 'critical') return true;
  return false;
}
