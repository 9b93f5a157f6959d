import type { Run } from '@openclaw-fleet/contract';

/** Runs that are shown together: those of one batch, or one alone. */
export interface RunGroup {
  /** Null: a run by itself. */
  readonly batchId: string | null;
  readonly runs: readonly Run[];
}

/** Runs with those of one batch together, each group where its first run was. */
export function groupRuns(runs: readonly Run[]): RunGroup[] {
  const groups: { batchId: string | null; runs: Run[] }[] = [];
  const batches = new Map<string, Run[]>();
  for (const run of runs) {
    const known = run.batchId === null ? undefined : batches.get(run.batchId);
    if (known !== undefined) {
      known.push(run);
      continue;
    }
    const group = { batchId: run.batchId, runs: [run] };
    groups.push(group);
    if (run.batchId !== null) batches.set(run.batchId, group.runs);
  }
  return groups;
}
