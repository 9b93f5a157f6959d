import { batchSchema, runDetailSchema } from '@openclaw-fleet/contract';
import type { Batch, Run, RunDetail } from '@openclaw-fleet/contract';
import { useQueries } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { call, failureOf } from './client.ts';
import type { FleetError } from './client.ts';
import { keys } from './keys.ts';
import { usePoll } from './poll.ts';
import { batchAt, runAt, useRuns } from './repairs.ts';

/** What waits for an approval: a run, or all runs of a batch. */
export type Pending =
  { readonly kind: 'runs'; readonly run: RunDetail } | { readonly kind: 'batches'; readonly batch: Batch };

const WAITING = { state: ['pending_approval'], limit: 500 } as const;
/** Plans that are shown at the most: somebody who decides reads each. */
const MOST = 25;

/** Where the plans of waiting runs are, the oldest first, since that is the next to expire. */
export function plansOf(runs: readonly Run[]): { readonly kind: Pending['kind']; readonly id: string }[] {
  const byPlan = new Map(
    [...runs]
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
      .map(({ id, planId, batchId }) => [
        planId,
        batchId === null ? ({ kind: 'runs', id } as const) : ({ kind: 'batches', id: batchId } as const),
      ])
  );
  return [...byPlan.values()];
}

export interface PendingPlans {
  /** Undefined: not read yet. */
  readonly data: readonly Pending[] | undefined;
  /** How many wait beyond those that are shown. */
  readonly more: number;
  readonly error: FleetError | null;
  readonly dataUpdatedAt: number;
  readonly refetch: () => void;
}

const combine = (results: UseQueryResult<RunDetail | Batch>[]) => {
  const failed = results.find(({ error }) => error !== null);
  return { found: results.map(({ data }) => data), error: failed === undefined ? null : failureOf(failed.error) };
};

/** Every plan that waits for an approval, as its approvers need it. */
export function usePending(): PendingPlans {
  const poll = usePoll();
  const list = useRuns(WAITING);
  const plans = plansOf(list.data?.pages.flatMap(({ items }) => items) ?? []);
  const details = useQueries({
    queries: plans.slice(0, MOST).map(({ kind, id }) => ({
      queryKey: kind === 'runs' ? keys.run(id) : keys.batch(id),
      queryFn: ({ signal }: { readonly signal: AbortSignal }): Promise<RunDetail | Batch> =>
        kind === 'runs'
          ? call<RunDetail>(runAt(id), { signal, shape: runDetailSchema })
          : call<Batch>(batchAt(id), { signal, shape: batchSchema }),
      refetchInterval: poll,
    })),
    combine,
  });
  const data = details.found.flatMap((found): Pending[] =>
    found === undefined
      ? []
      : 'progress' in found
        ? [{ kind: 'batches', batch: found }]
        : [{ kind: 'runs', run: found }]
  );
  const isRead = list.data !== undefined && (data.length > 0 || details.error !== null || plans.length === 0);
  return {
    data: isRead ? data : undefined,
    more: Math.max(0, plans.length - MOST),
    error: list.error ?? details.error,
    dataUpdatedAt: list.dataUpdatedAt,
    refetch: () => void list.refetch(),
  };
}
