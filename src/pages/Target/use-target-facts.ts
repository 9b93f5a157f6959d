import { OPEN_RUN_STATES } from '@openclaw-fleet/contract';
import type { FleetTarget, Hold, Run } from '@openclaw-fleet/contract';
import { useTargetDrift, useViolations } from '../../api/faults.ts';
import { useHolds, useRepairStatus, useRuns } from '../../api/repairs.ts';
import { missing } from '../../permissions.ts';
import { targetActions } from './target-actions.ts';
import type { TargetAction } from './target-actions.ts';
import { openFaults } from './target-faults.ts';
import type { OpenFault } from './target-faults.ts';

/** What the whole page needs to know of a target beside itself. What is undefined has not been read yet. */
export interface TargetFacts {
  readonly holds: readonly Hold[] | undefined;
  readonly openRuns: readonly Run[] | undefined;
  readonly faults: readonly OpenFault[] | undefined;
  readonly actions: readonly TargetAction[];
}

export function useTargetFacts(target: FleetTarget): TargetFacts {
  const drift = useTargetDrift(target.id, {});
  const violations = useViolations({ target: target.id });
  const own = useHolds({ target: target.id });
  const status = useRepairStatus();
  const runs = useRuns({ target: target.id, state: OPEN_RUN_STATES });
  const ofAll = status.data?.holds.filter(({ kind, targetId }) => kind === 'pause' && targetId === null);
  const holds = own.data && ofAll && [...own.data.items, ...ofAll];
  const openRuns = runs.data?.pages.flatMap(({ items }) => items);
  const faults =
    drift.data &&
    violations.data &&
    openFaults(
      drift.data.pages.flatMap(({ items }) => items),
      violations.data.pages.flatMap(({ items }) => items)
    );
  return {
    holds,
    openRuns,
    faults,
    actions: targetActions({ target, holds, runs: openRuns, faults, missing }),
  };
}
