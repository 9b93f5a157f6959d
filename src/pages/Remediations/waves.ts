import { isEnded } from '@openclaw-fleet/contract';
import type { Batch, Run } from '@openclaw-fleet/contract';

/** One wave of a batch, as far as it is. */
export interface Wave {
  /** From 0: the canaries. */
  readonly index: number;
  readonly total: number;
  readonly ended: number;
  readonly failed: number;
  readonly state: 'done' | 'under-way' | 'waits';
}

const FELL_SHORT: readonly Run['state'][] = ['failed', 'no_effect', 'rolled_back'];

/** The waves of a batch. What was held back from the start is in none; of a target that was tried again the last run counts. */
export function wavesOf({ runs, progress }: Pick<Batch, 'runs' | 'progress'>): Wave[] {
  const last = new Map(runs.filter(({ state }) => state !== 'blocked').map((run) => [run.targetId, run]));
  const byWave = Map.groupBy(last.values(), ({ wave }) => wave);
  return [...byWave]
    .sort(([a], [b]) => a - b)
    .map(([index, members]) => {
      const ended = members.filter(({ state }) => isEnded(state)).length;
      const failed = members.filter(({ state }) => FELL_SHORT.includes(state)).length;
      const begun =
        index <= progress.wave && members.some(({ startedAt, state }) => startedAt !== null || isEnded(state));
      const state = ended === members.length ? 'done' : begun ? 'under-way' : 'waits';
      return { index, total: members.length, ended, failed, state } as const;
    });
}
