import { isEnded, PLAYBOOK_IDS, RUN_STATES, TRIGGERS } from '@openclaw-fleet/contract';
import type { PlaybookId, RunState, Trigger } from '@openclaw-fleet/contract';
import type { Query } from '../../api/client.ts';
import { useUrlState } from '../../hooks/use-url-state.ts';

export const ENDS: readonly RunState[] = RUN_STATES.filter(isEnded);

export interface HistoryFilters {
  readonly states: readonly RunState[];
  readonly playbook: PlaybookId | null;
  readonly trigger: Trigger | null;
  readonly target: string | null;
  /** Whether it filters anything. */
  readonly any: boolean;
  readonly query: Query;
  readonly set: (values: Record<string, string | readonly string[] | null>) => void;
  readonly clear: () => void;
}

/** Which ended runs are shown, as the address has it. */
export function useHistoryFilters(): HistoryFilters {
  const url = useUrlState();
  const states = url.list('state', ENDS);
  const playbook = PLAYBOOK_IDS.find((each) => each === url.get('playbook')) ?? null;
  const trigger = TRIGGERS.find((each) => each === url.get('trigger')) ?? null;
  const target = url.get('target');
  return {
    states,
    playbook,
    trigger,
    target,
    any: states.length > 0 || playbook !== null || trigger !== null || target !== null,
    query: { state: states.length > 0 ? states : ENDS, playbook, trigger, target },
    set: url.set,
    clear: () => url.set({ state: null, playbook: null, trigger: null, target: null }),
  };
}
