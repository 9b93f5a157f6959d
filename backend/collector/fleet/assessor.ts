import type { Timings } from '@openclaw-fleet/contract';
import { assess, UNASSESSED } from '../assessment/assess.ts';
import { explain } from '../assessment/explain.ts';
import type { Assessment, Expectation, Subject } from '../assessment/types.ts';
import { Changes, isNotable, NEVER_TOLD } from './changes.ts';
import type { Node } from './node.ts';
import type { AssessmentObserver, ExpectationSource } from './types.ts';

/** Assesses nodes, and writes down what that changes. */
export class Assessor {
  readonly #timings: Timings;
  readonly #expectations: ExpectationSource;
  /** Whether events are told at all (seed 000's flag). */
  readonly #signals: boolean;
  readonly #observer: AssessmentObserver | undefined;

  constructor(
    timings: Timings,
    expectations: ExpectationSource,
    signals: boolean,
    observer: AssessmentObserver | undefined
  ) {
    this.#observer = observer;
    this.#timings = timings;
    this.#expectations = expectations;
    this.#signals = signals;
  }

  expectation(nodeId: string): Expectation {
    return this.#expectations.of(nodeId);
  }

  /** @param node whose open faults go on; null when it is new */
  assess(node: Node | null, subject: Subject, expectation: Expectation, nowMs: number): Assessment {
    this.#observer?.assessed();
    const { faults } = node?.assessment ?? UNASSESSED;
    return assess(subject, expectation, faults, lookMs(node, nowMs), this.#timings);
  }

  /** What goes with a write about a node. */
  changes(subject: Subject, zone: string, nowMs: number): Changes {
    return new Changes({ id: subject.id, name: subject.report.hostname, zone }, nowMs, this.#signals);
  }

  /**
   * Writes down what an assessment changed.
   * @param changes what else was decided; null when nothing was
   * @returns null when nothing at all changed
   */
  record(
    node: Node | null,
    subject: Subject,
    expectation: Expectation,
    zone: string,
    after: Assessment,
    changes: Changes | null
  ): Changes | null {
    const { faults } = node?.assessment ?? UNASSESSED;
    const told = node?.told ?? NEVER_TOLD;
    const notable = isNotable(told, after);
    if (!notable && faults === after.faults) return changes;
    const all = changes ?? this.changes(subject, zone, after.atMs);
    if (faults !== after.faults) all.faultsChanged(faults, after.faults);
    if (notable) {
      const { reasons } = explain(subject, expectation, after, after.atMs, this.#timings);
      all.healthChanged(told, after, reasons);
    }
    return all;
  }

  /** A write that carried these changes is durable. */
  stored(node: Node, changes: Changes | null, assessment: Assessment): void {
    if (changes === null) return;
    if (changes.scores.length > 0) {
      node.told = { score: assessment.score, band: assessment.band };
      this.#observer?.announced(assessment.band);
    }
    for (const { fault, change } of changes.transitions) this.#observer?.fault(fault, change);
  }

  reassessed(seconds: number): void {
    this.#observer?.reassessed(seconds);
  }
}

/**
 * The instant of a look at a node, in milliseconds of our clock. A heartbeat waits for its commit, so one may be judged after a
 * later look was stored; and history never runs backwards.
 */
export function lookMs(node: Node | null, nowMs: number): number {
  const { atMs } = node?.assessment ?? UNASSESSED;
  return nowMs < atMs ? atMs + 1 : nowMs;
}
