import type { Goodbye, Heartbeat, Timings } from '@openclaw-fleet/contract';
import type { NodeRow } from '../storage/types.ts';
import type { Node } from './node.ts';
import type { Memory } from './ordering.ts';

/** What an accepted beat changes. */
interface Accepted {
  readonly key: number;
  readonly nowMs: number;
  /** An old first beat: it records the node as expired. */
  readonly late: boolean;
  readonly goodbye: Goodbye | undefined;
  /** The beat with unchanged blocks carried over. */
  readonly report: Heartbeat;
  /** `report` as JSON, where it is at hand. */
  readonly text: string | null;
  readonly memory: Memory;
}

/** The row after an accepted beat. @param node null when it is new */
export function rowAfterBeat(node: Node | null, beat: Accepted, timings: Timings): NodeRow {
  const state = stateAfterBeat(node, beat);
  const restarts = state === 'stopped' && beat.goodbye === 'restart';
  return {
    nodeId: beat.report.node_id,
    rev: (node?.rev ?? 0) + 1,
    markMs: beat.key,
    seenMs: beat.late ? null : Math.max(beat.nowMs, node?.seenMs ?? beat.nowMs),
    firstSeenMs: node?.firstSeenMs ?? beat.nowMs,
    state,
    stateSinceMs: node?.state === state ? node.stateSinceMs : beat.nowMs,
    stoppedUntilMs: restarts ? beat.nowMs + timings.goodbyeRestart : null,
    memory: beat.memory,
    report: beat.text ?? JSON.stringify(beat.report),
  };
}

function stateAfterBeat(node: Node | null, beat: Accepted): NodeRow['state'] {
  // Only a person brings a retired node back.
  if (node?.state === 'retired') return 'retired';
  if (beat.late) return 'expired';
  return beat.goodbye === undefined ? 'live' : 'stopped';
}

/** The row after a beat that changed no more than what is remembered of its order. */
export function rowWithMemory(node: Node, memory: Memory): NodeRow {
  return { ...rowOf(node), rev: node.rev + 1, memory };
}

/** The row after a decision on the node. */
export function rowDecided(node: Node, state: NodeRow['state'], nowMs: number): NodeRow {
  return { ...rowOf(node), rev: node.rev + 1, state, stateSinceMs: nowMs, stoppedUntilMs: null };
}

function rowOf(node: Node): NodeRow {
  return {
    nodeId: node.id,
    rev: node.rev,
    markMs: node.markMs,
    seenMs: node.seenMs,
    firstSeenMs: node.firstSeenMs,
    state: node.state,
    stateSinceMs: node.stateSinceMs,
    stoppedUntilMs: node.stoppedUntilMs,
    memory: node.memory,
    report: JSON.stringify(node.report),
  };
}
