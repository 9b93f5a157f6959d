import type { Assessment, Fault } from '../assessment/types.ts';
import type { FaultRow, FleetStore, NodeWrite } from '../storage/types.ts';
import type { AssessingParts } from './assessing.ts';
import type { Changes } from './changes.ts';
import type { Node } from './node.ts';
import type { Roster } from './roster.ts';
import { rowAgain } from './rows.ts';
import type { Because } from './types.ts';

/** Nodes assessed in one transaction. */
const SLICE = 250;
/** Nodes looked at in one turn of the event loop: a few milliseconds when everything about them changes. */
const NODES_PER_TURN = 32;
/** Slices in one tick; the rest waits for the next. */
const SLICES = 40;

/**
 * Assesses nodes when something else than a heartbeat changed: their state, their time, or what is expected of them. What
 * follows is stored before anything shows it.
 */
export class Reassessor {
  readonly #parts: AssessingParts;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: AssessingParts) {
    this.#parts = parts;
  }

  /** Assesses those whose state changed or whose time has come. */
  async tick(nowMs: number): Promise<void> {
    const { unassessed } = this.#parts.roster;
    for (let slice = 0; slice < SLICES && unassessed.size > 0; slice++) {
      const nodes: Node[] = [];
      for (const node of unassessed) {
        // One with a write under way is left: it is assessed with that, or by the next tick.
        if (this.#parts.turns.take(node.id)) nodes.push(node);
        if (nodes.length === SLICE) break;
      }
      if (nodes.length === 0) return;
      await this.#assess(nodes, nowMs);
      await new Promise(setImmediate);
    }
  }

  /**
   * One call after the other: two that each hold turns the other waits for would wait for ever.
   * @param nodeIds null: every node
   */
  reassess(nodeIds: readonly string[] | null, because?: Because): Promise<void> {
    const done = this.#last.then(() => this.#reassess(nodeIds, because));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #reassess(nodeIds: readonly string[] | null, because: Because | undefined): Promise<void> {
    const { roster, assessor } = this.#parts;
    const began = performance.now();
    const ids = [...new Set(nodeIds ?? roster.nodes.keys())];
    try {
      await this.#assessAll(ids, because);
    } catch (error) {
      // Those who were not assessed anew are by the next tick.
      for (const id of ids) {
        const node = roster.nodes.get(id);
        if (node !== undefined) roster.unassessed.add(node);
      }
      throw error;
    }
    assessor.reassessed((performance.now() - began) / 1000);
  }

  async #assessAll(ids: readonly string[], because: Because | undefined): Promise<void> {
    const { roster, turns, clock } = this.#parts;
    for (let from = 0; from < ids.length; from += SLICE) {
      const nodes: Node[] = [];
      for (const id of ids.slice(from, from + SLICE)) {
        if (!roster.nodes.has(id)) continue;
        if (!turns.take(id)) {
          // Nobody waits for us while we wait.
          await this.#assess(nodes.splice(0), clock(), because);
          if (!turns.take(id)) await turns.wait(id);
        }
        const node = roster.nodes.get(id);
        if (node === undefined) turns.give(id);
        else nodes.push(node);
      }
      await this.#assess(nodes, clock(), because);
      await new Promise(setImmediate);
    }
  }

  /** @param nodes whose turns are taken, and are given back */
  async #assess(nodes: readonly Node[], nowMs: number, because?: Because): Promise<void> {
    const { roster, turns, store, epoch, assessor, subject } = this.#parts;
    try {
      const writes: NodeWrite[] = [];
      const written: { node: Node; after: Assessment; changes: Changes }[] = [];
      for (const [index, node] of nodes.entries()) {
        if (index > 0 && index % NODES_PER_TURN === 0) await new Promise(setImmediate);
        // It was forgotten while the others were looked at.
        if (roster.nodes.get(node.id) !== node) continue;
        const of = subject(node, nowMs);
        const expectation = assessor.expectation(node.id);
        const after = assessor.assess(node, of, expectation, nowMs);
        const changes = assessor.record(node, of, expectation, node.zone, after, null);
        if (changes === null) {
          roster.assessed(node, after);
          roster.rearm(node, nowMs);
        } else {
          if (because !== undefined) changes.decided(because);
          writes.push({ row: rowAgain(node), report: null, changes });
          written.push({ node, after, changes });
        }
      }
      if (writes.length === 0) return;
      const results = await store.writeDecision(epoch(), writes);
      for (const [index, { node, after, changes }] of written.entries()) {
        if (index > 0 && index % NODES_PER_TURN === 0) await new Promise(setImmediate);
        const result = results[index];
        const write = writes[index];
        if (result?.ok === true && write !== undefined) {
          assessor.stored(node, changes, after);
          roster.apply(write.row, node.report, node.memory, after, nowMs, node, true);
        } else if (result?.ok === false && result.current !== null) roster.adopt(result.current, nowMs);
        else roster.remove(node);
      }
    } finally {
      for (const node of nodes) turns.give(node.id);
    }
  }
}

/** Takes what storage knows of the nodes' health into memory: open faults, and what was told last. */
export async function recall(store: FleetStore, roster: Roster): Promise<void> {
  const open = new Map<string, Fault[]>();
  await store.loadOpenFaults((rows) => {
    for (const row of rows) {
      const faults = open.get(row.nodeId);
      if (faults === undefined) open.set(row.nodeId, [faultOf(row)]);
      else faults.push(faultOf(row));
    }
  });
  for (const [id, faults] of open) {
    const node = roster.nodes.get(id);
    const atMs = Math.max(...faults.map(({ openedMs }) => openedMs));
    if (node !== undefined) roster.assessed(node, { ...node.assessment, faults, atMs });
  }
  await store.loadLastScores((rows) => {
    for (const { nodeId, score, band, atMs } of rows) {
      const node = roster.nodes.get(nodeId);
      if (node === undefined) continue;
      node.told = { score, band: band as typeof node.told.band };
      // What it was told to be is not what it is: until it is assessed it has no band.
      roster.assessed(node, { ...node.assessment, atMs: Math.max(node.assessment.atMs, atMs) });
      node.recalled = { band: node.told.band, sinceMs: atMs };
    }
  });
  // Remembered is not assessed: time and policies went on meanwhile.
  for (const node of roster.nodes.values()) roster.unassessed.add(node);
}

function faultOf({
  id,
  kind,
  code,
  severity,
  expected,
  actual,
  message,
  playbook,
  openedMs,
  liftedMs,
}: FaultRow): Fault {
  return { id, kind, code, severity, expected, actual, message, playbook, openedMs, liftedMs } as unknown as Fault;
}
