import type { DryRun, PlaybookId } from '@openclaw-fleet/contract';
import { useCallback, useEffect } from 'react';
import type { FleetError } from '../../api/client.ts';
import { usePlanBatch, usePlanRepair } from '../../api/repairs.ts';

/** The API asks a reason of a dry run too; nothing keeps it. */
const LOOKING = 'Looking at the plan';

export interface DryRunState {
  readonly data: DryRun | undefined;
  readonly error: FleetError | null;
  /** Asks anew what would happen now. */
  readonly again: () => void;
}

/**
 * What a repair would do now; asked when it is first used, and whenever the playbook changes.
 * @param targetIds several need a playbook: nothing is asked before there is one
 */
export function useDryRun(targetIds: readonly string[], playbook: PlaybookId | null): DryRunState {
  const one = usePlanRepair();
  const several = usePlanBatch();
  const { mutate: planOne } = one;
  const { mutate: planSeveral } = several;
  const list = targetIds.join(' ');
  const again = useCallback(() => {
    const ids = list.split(' ');
    const [targetId = ''] = ids;
    if (ids.length === 1) planOne({ targetId, reason: LOOKING, ...(playbook && { playbook }) });
    else if (playbook !== null) planSeveral({ targetIds: ids, playbook, reason: LOOKING });
  }, [list, playbook, planOne, planSeveral]);
  useEffect(again, [again]);
  const { data, error } = targetIds.length === 1 ? one : several;
  return { data, error, again };
}
