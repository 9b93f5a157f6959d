import { isEnded, type RunState } from '@openclaw-fleet/contract';

const BEFORE_START = ['denied', 'cancelled', 'expired', 'voided'] as const satisfies RunState[];

/**
 * What a run may become (domain-rules section 6). An end is for good. `blocked` is how a refused request is stored: it never
 * was anything else.
 */
export const TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  pending_approval: ['approved', ...BEFORE_START],
  approved: ['running', ...BEFORE_START],
  running: ['verifying', 'failed', 'no_effect', 'rolled_back', 'no_fault', 'unreachable', 'cancelled'],
  verifying: ['succeeded', 'failed', 'no_effect'],
  succeeded: [],
  failed: [],
  no_effect: [],
  rolled_back: [],
  no_fault: [],
  unreachable: [],
  denied: [],
  cancelled: [],
  expired: [],
  voided: [],
  blocked: [],
};

/** States that a new run may have: what needs approvals waits for them, what needs none is approved by its request. */
export const FIRST_STATES = ['pending_approval', 'approved', 'blocked'] as const satisfies RunState[];

export function mayBecome(from: RunState, to: RunState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** @throws {RangeError} for a transition that is none: a mistake of ours, which must not be stored */
export function assertTransition(from: RunState, to: RunState): void {
  if (!mayBecome(from, to)) throw new RangeError(`A run that is ${from} cannot become ${to}`);
}

/** Holds a place among those in flight. */
export function isInFlight(state: RunState): boolean {
  return state === 'running' || state === 'verifying';
}

/** It tried and did not repair: what is tried again, where it may be. */
export function fellShort(state: RunState): boolean {
  return state === 'failed' || state === 'no_effect' || state === 'rolled_back';
}

export { isEnded };
