import type { ActionReceipt, ActionRefusal } from '@openclaw-fleet/contract';

/** What became of a step; its members go into the receipt. */
export interface ApplyOutcome {
  readonly state: 'succeeded' | 'failed' | 'rolled_back' | 'refused';
  readonly refusal: ActionRefusal | null;
  readonly message: string;
  readonly before: ActionReceipt['before'];
  readonly after: ActionReceipt['after'];
}

/** Ends a step early, with what became of it. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly state: ApplyOutcome['state'];
  readonly refusal: ActionRefusal | null;

  constructor(state: ApplyOutcome['state'], message: string, refusal: ActionRefusal | null = null) {
    super(message);
    this.state = state;
    this.refusal = refusal;
  }
}

export const failed = (message: string): Ended => new Ended('failed', message);
export const refused = (refusal: ActionRefusal, message: string): Ended => new Ended('refused', message, refusal);
