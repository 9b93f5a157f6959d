/** When each kind of work is due, in monotonic milliseconds; null is never. */
export interface Agenda {
  /** The next new beat. */
  readonly beatAt: number;
  /** The next attempt to deliver the latest beat. */
  readonly retryAt: number | null;
  /** The next replay of a buffered one. */
  readonly replayAt: number | null;
}

export type Step = 'beat' | 'retry' | 'replay' | { readonly wait: number };

/**
 * What to do now. The newest state goes first: a due beat before the retry of an older one, which it replaces, and
 * replays only while nothing newer is undelivered (domain-rules section 1).
 */
export function nextStep(agenda: Agenda, now: number): Step {
  if (now >= agenda.beatAt) return 'beat';
  if (agenda.retryAt !== null)
    return now >= agenda.retryAt ? 'retry' : { wait: Math.min(agenda.beatAt, agenda.retryAt) - now };
  if (agenda.replayAt !== null && now >= agenda.replayAt) return 'replay';
  return { wait: Math.min(agenda.beatAt, agenda.replayAt ?? Infinity) - now };
}
