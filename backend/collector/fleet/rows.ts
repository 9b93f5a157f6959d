import type { Goodbye, Timings } from '@openclaw-fleet/contract';
import type { Report } from '../assessment/types.ts';
import type { NodeRow } from '../storage/types.ts';
import type { Node } from './node.ts';
import type { Memory } from './ordering.ts';
import { vitalOf } from './vital.ts';

/** What an accepted beat changes. */
interface Accepted {
  readonly keyMs: number;
  readonly receivedMs: number;
  /** An old first beat: it records the node as expired. */
  readonly late: boolean;
  readonly goodbye: Goodbye | undefined;
}

/**
 * The row after an accepted beat.
 * @param node null when it is new
 * @param report the beat with unchanged blocks carried over
 */
export function rowAfterBeat(
  node: Node | null,
  beat: Accepted,
  report: Report,
  memory: Memory,
  timings: Timings
): NodeRow {
  const state = stateAfterBeat(node, beat);
  const restarts = state === 'stopped' && beat.goodbye === 'restart';
  return {
    nodeId: report.node_id,
    rev: (node?.rev ?? 0) + 1,
    markMs: beat.keyMs,
    seenMs: beat.late ? null : Math.max(beat.receivedMs, node?.seenMs ?? beat.receivedMs),
    firstSeenMs: node?.firstSeenMs ?? beat.receivedMs,
    state,
    stateSinceMs: node?.state === state ? node.stateSinceMs : beat.receivedMs,
    stoppedUntilMs: restarts ? beat.receivedMs + timings.goodbyeRestart : null,
    memory,
    vital: vitalOf(report),
  };
}

function stateAfterBeat(node: Node | null, beat: Accepted): NodeRow['state'] {
  // Only a person brings a retired node back.
  if (node?.state === 'retired') return 'retired';
  if (beat.late) return 'expired';
  return beat.goodbye === undefined ? 'live' : 'stopped';
}

/** Whether a node's next row differs in nothing that is decided about it, so that it need not be written again. */
export function decidedAlike(node: Node, row: NodeRow): boolean {
  return (
    row.state === node.state &&
    row.stateSinceMs === node.stateSinceMs &&
    row.stoppedUntilMs === node.stoppedUntilMs &&
    row.firstSeenMs === node.firstSeenMs
  );
}

/** The row after a beat that changed no more than what is remembered of its order. */
export function rowWithMemory(node: Node, memory: Memory): NodeRow {
  return { ...rowOf(node), rev: node.rev + 1, memory };
}

/** The row after a decision on the node. */
export function rowDecided(node: Node, state: NodeRow['state'], nowMs: number): NodeRow {
  return { ...rowOf(node), rev: node.rev + 1, state, stateSinceMs: nowMs, stoppedUntilMs: null };
}

/** The row when nothing of it changes but its revision: something was decided about the node. */
export function rowAgain(node: Node): NodeRow {
  return { ...rowOf(node), rev: node.rev + 1 };
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
    vital: vitalOf(node.report),
  };
}
