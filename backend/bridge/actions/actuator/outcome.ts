import type { ActionRefusal } from '@openclaw-fleet/contract';
import type { ActionOutcome, Measurements } from '../types.ts';

/** Nothing was done, and why: thrown before an action begins. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: ActionRefusal;
  constructor(refusal: ActionRefusal, message: string) {
    super(`Nothing was done: ${message}`);
    this.refusal = refusal;
  }
}

export function ended(
  state: ActionOutcome['state'],
  message: string,
  before: Measurements = {},
  after: Measurements = {}
): ActionOutcome {
  return { state, refusal: null, message, before, after };
}
