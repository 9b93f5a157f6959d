import type { NodeChanges, NodeWrite } from './types.ts';

/**
 * Writes as they cross between threads: one flat array and one of numbers, because cloning an object for each heartbeat and
 * binding its columns by name cost three times as much as writing it.
 */
export interface Batch {
  readonly size: number;
  /**
   * CELLS per write: rev, markMs, seenMs, vital, nodeId, numbers in its memory, report, and what few heartbeats change:
   * state, stateSinceMs, stoppedUntilMs, firstSeenMs. A state of null: these four stay as they are stored.
   */
  readonly cells: readonly (string | number | null)[];
  /** Every `memory`, one after the other. */
  readonly memory: Float64Array;
  /** What was decided with the few writes that changed more than their row, each with the index of its write, ascending. */
  readonly changes: readonly (readonly [index: number, changes: NodeChanges])[];
}

export const CELLS = 11;

/** Packs writes for the database's thread. */
export function pack(writes: readonly NodeWrite[]): Batch {
  const cells: (string | number | null)[] = [];
  const decided: [number, NodeChanges][] = [];
  let numbers = 0;
  for (const { row } of writes) numbers += row.memory.length;
  const memory = new Float64Array(numbers);
  let offset = 0;
  for (let index = 0; index < writes.length; index++) {
    const { row, report, changes, sameState } = writes[index] as NodeWrite;
    cells.push(row.rev, row.markMs, row.seenMs, row.vital, row.nodeId, row.memory.length, report);
    if (sameState) cells.push(null, null, null, null);
    else cells.push(row.state, row.stateSinceMs, row.stoppedUntilMs, row.firstSeenMs);
    memory.set(row.memory, offset);
    offset += row.memory.length;
    if (changes) decided.push([index, changes]);
  }
  return { size: writes.length, cells, memory, changes: decided };
}
