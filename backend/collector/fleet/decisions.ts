import type { Assessment, Fault, Subject } from '../assessment/types.ts';
import { isolating, NO_FAULTS } from '../assessment/faults.ts';
import type { NodeRow } from '../storage/types.ts';
import type { AssessingParts } from './assessing.ts';
import { lookMs } from './assessor.ts';
import type { Changes } from './changes.ts';
import type { Node } from './node.ts';
import { rowAgain, rowDecided } from './rows.ts';
import type { Because } from './types.ts';

/** Every lost race means that a heartbeat or another collector wrote first. */
const MOST_RACES = 10;

interface Decided {
  readonly row: NodeRow;
  readonly assessment: Assessment;
  readonly changes: Changes;
}

/** Carries out what people decide about one node; stored before anything shows it. Errors are the store's. */
export class Decisions {
  readonly #parts: AssessingParts;

  constructor(parts: AssessingParts) {
    this.#parts = parts;
  }

  /**
   * Its critical drifts isolate it no more, until they change (domain-rules section 4).
   * @throws {RangeError} when there is no such node, or it is not isolated
   */
  lift(nodeId: string, because: Because): Promise<void> {
    return this.#decide(nodeId, (node, nowMs) => {
      const { faults } = node.assessment;
      if (!isolating(faults)) throw new RangeError('This target is not isolated, so there is nothing to lift.');
      const lifted = faults.map((fault): Fault => (isolating([fault]) ? { ...fault, liftedMs: nowMs } : fault));
      return this.#decided(node, rowAgain(node), { ...node.assessment, faults: lifted }, because, nowMs);
    });
  }

  /**
   * It is managed no more: nothing of it is assessed, and its heartbeats do not bring it back.
   * @throws {RangeError} when there is no such node, or it is retired already
   */
  retire(nodeId: string, because: Because): Promise<void> {
    return this.#decide(nodeId, (node, nowMs) => {
      if (node.state === 'retired') throw new RangeError('This target is retired already.');
      const row = rowDecided(node, 'retired', nowMs);
      return this.#decided(node, row, this.#withoutFaults(node, { state: 'retired' }, nowMs), because, nowMs);
    });
  }

  /**
   * A retired one is managed again: what it last reported is judged as it stands.
   * @throws {RangeError} when there is no such node, or it is not retired
   */
  reinstate(nodeId: string, because: Because): Promise<void> {
    return this.#decide(nodeId, (node, nowMs) => {
      if (node.state !== 'retired') throw new RangeError('This target is not retired.');
      const row = rowDecided(node, 'live', nowMs);
      return this.#decided(node, row, this.#withoutFaults(node, {}, nowMs), because, nowMs);
    });
  }

  #withoutFaults(node: Node, change: Partial<Subject>, nowMs: number): Assessment {
    const { assessor, subject } = this.#parts;
    const of = { ...subject(node, nowMs), ...change };
    return { ...assessor.assess(node, of, assessor.expectation(node.id), nowMs), faults: NO_FAULTS };
  }

  #decided(node: Node, row: NodeRow, after: Assessment, because: Because, nowMs: number): Decided {
    const { assessor, subject } = this.#parts;
    const of = subject(node, nowMs);
    const assessment = { ...after, atMs: lookMs(node, nowMs) };
    const changes = assessor.changes(of, node.zone, assessment.atMs);
    assessor.record(node, of, assessor.expectation(node.id), node.zone, assessment, changes);
    changes.decided(because);
    return { row, assessment, changes };
  }

  async #decide(nodeId: string, on: (node: Node, nowMs: number) => Decided): Promise<void> {
    const { roster, turns, store, epoch, assessor, clock } = this.#parts;
    if (!turns.take(nodeId)) await turns.wait(nodeId);
    try {
      for (let race = 0; race < MOST_RACES; race++) {
        const node = roster.nodes.get(nodeId);
        if (node === undefined) throw new RangeError('No target has this id.');
        const nowMs = clock();
        const { row, assessment, changes } = on(node, nowMs);
        const [result] = await store.writeDecision(epoch(), [{ row, report: null, changes }]);
        if (result?.ok === true) {
          assessor.stored(node, changes, assessment);
          roster.apply(row, node.report, node.memory, assessment, nowMs, node, true);
          return;
        }
        if (result?.current) roster.adopt(result.current, nowMs);
        else roster.remove(node);
      }
      throw new RangeError('This target is written by somebody else all the time: try again.');
    } finally {
      turns.give(nodeId);
    }
  }
}
