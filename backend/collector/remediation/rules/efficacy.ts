import type { Efficacy, PlaybookId, RunState } from '@openclaw-fleet/contract';
import type { Limits } from '../types.ts';

/** Runs of one playbook and fault that acted and are looked at: the last ones. */
export const EFFICACY_RUNS = 20;

/** What a run counts as; null: it says nothing about the playbook. */
export function outcomeOf(state: RunState): 'succeeded' | 'noEffect' | 'failed' | 'falseAlarm' | null {
  switch (state) {
    case 'succeeded':
      return 'succeeded';
    case 'no_effect':
      return 'noEffect';
    case 'failed':
    case 'rolled_back':
      return 'failed';
    case 'no_fault':
      return 'falseAlarm';
    default:
      return null;
  }
}

/**
 * How a playbook has done on a fault (domain-rules section 6). Its success rate is over the runs that acted, and the breaker
 * opens under 50 % of at least 5; runs whose second witness saw no fault did nothing, and are counted apart.
 * @param states of its runs, the newest first; only those since the breaker was last closed
 */
export function efficacyOf(playbook: PlaybookId, fault: string, states: Iterable<RunState>, limits: Limits): Efficacy {
  const counts = { succeeded: 0, noEffect: 0, failed: 0, falseAlarm: 0 };
  let acted = 0;
  for (const state of states) {
    const outcome = outcomeOf(state);
    if (outcome === null) continue;
    counts[outcome] += 1;
    // False alarms do not push runs that acted out of what is looked at.
    if (outcome !== 'falseAlarm') acted += 1;
    if (acted === EFFICACY_RUNS) break;
  }
  const successRate = acted === 0 ? null : counts.succeeded / acted;
  return {
    playbook,
    fault,
    runs: acted + counts.falseAlarm,
    succeeded: counts.succeeded,
    noEffect: counts.noEffect,
    failed: counts.failed,
    falseAlarms: counts.falseAlarm,
    successRate,
    breakerOpen: successRate !== null && acted >= limits.breakerLeast && successRate < limits.breakerRate,
  };
}
