import type { TargetOffline, Timings } from '@openclaw-fleet/contract';
import type { FleetStore, NodeRow, NodeWrite } from '../storage/types.ts';
import { isFlapping, newDepartures, noteExpiry, tellsExpiry } from './flapping.ts';
import type { Departures } from './flapping.ts';
import { lookMs } from './assessor.ts';
import type { Assessor } from './assessor.ts';
import type { Assessment, Subject } from '../assessment/types.ts';
import type { Changes } from './changes.ts';
import type { Judge } from './judge.ts';
import { inWords, lastHeardMs } from './liveness.ts';
import type { Node } from './node.ts';
import type { Roster } from './roster.ts';
import { rowDecided } from './rows.ts';
import type { Turns } from './turns.ts';

/** Nodes decided about in one transaction. */
const BATCH = 250;
/** Nodes decided about in one turn of the event loop: a few milliseconds. */
const NODES_PER_TURN = 32;
/** Transactions in one sweep; the rest waits for the next. */
const BATCHES = 20;

interface Expiry {
  readonly node: Node;
  readonly write: NodeWrite;
  readonly departures: Departures;
  readonly assessment: Assessment;
  readonly changes: Changes;
}

/** Decides which nodes expired or are retired, and makes it durable before anything shows it. */
export class Sweeper {
  readonly #roster: Roster;
  readonly #judge: Judge;
  readonly #turns: Turns;
  readonly #store: FleetStore;
  readonly #epoch: () => number;
  readonly #assessor: Assessor;
  readonly #timings: Timings;

  constructor(parts: {
    roster: Roster;
    judge: Judge;
    turns: Turns;
    store: FleetStore;
    epoch: () => number;
    assessor: Assessor;
    timings: Timings;
  }) {
    this.#roster = parts.roster;
    this.#judge = parts.judge;
    this.#turns = parts.turns;
    this.#store = parts.store;
    this.#epoch = parts.epoch;
    this.#assessor = parts.assessor;
    this.#timings = parts.timings;
  }

  /** Expires what is due and not held back, and retires what is silent for `retireAfter`. Errors are the store's. */
  async sweep(nowMs: number): Promise<void> {
    for (let batch = 0; batch < BATCHES; batch++) {
      const expired = await this.#decide(this.#due(nowMs), nowMs, (node) => this.#expiry(node, nowMs));
      const retired = await this.#decide(this.#retirable(nowMs), nowMs, (node) => this.#retirement(node, nowMs));
      if (expired + retired === 0) return;
    }
  }

  #due(nowMs: number): Node[] {
    const nodes: Node[] = [];
    if (this.#judge.fleetHeld(nowMs) !== null) return nodes;
    for (const zone of this.#roster.zones.values()) {
      if (zone.due.size > 0 && this.#judge.zoneHeld(zone, nowMs) === null) this.#takeTurns(zone.due, nodes);
      if (nodes.length === BATCH) break;
    }
    return nodes;
  }

  #retirable(nowMs: number): Node[] {
    const nodes: Node[] = [];
    if (this.#judge.fleetHeld(nowMs) === null) this.#takeTurns(this.#roster.retirable, nodes);
    return nodes;
  }

  /** A node with a write under way is left: it is being heard of. */
  #takeTurns(from: Iterable<Node>, nodes: Node[]): void {
    for (const node of from) {
      if (nodes.length === BATCH) return;
      if (this.#turns.take(node.id)) nodes.push(node);
    }
  }

  async #decide(nodes: readonly Node[], nowMs: number, on: (node: Node) => Expiry): Promise<number> {
    if (nodes.length === 0) return 0;
    try {
      const decisions: Expiry[] = [];
      for (const [index, node] of nodes.entries()) {
        if (index > 0 && index % NODES_PER_TURN === 0) await new Promise(setImmediate);
        decisions.push(on(node));
      }
      const results = await this.#store.writeDecision(
        this.#epoch(),
        decisions.map(({ write }) => write)
      );
      for (const [index, { node, write, departures, assessment, changes }] of decisions.entries()) {
        const result = results[index];
        if (result?.ok === true) {
          node.departures = departures;
          this.#roster.departed.add(node);
          this.#assessor.stored(node, changes, assessment);
          this.#roster.apply(write.row, node.report, node.memory, assessment, nowMs, node, true);
        } else if (result?.current) this.#roster.adopt(result.current, nowMs);
        else this.#roster.remove(node);
      }
      return nodes.length;
    } finally {
      for (const node of nodes) this.#turns.give(node.id);
    }
  }

  #expiry(node: Node, nowMs: number): Expiry {
    const { departures: left, expiries, told } = node.departures ?? newDepartures();
    const departures = { departures: [...left], expiries: [...expiries], told };
    noteExpiry(departures, nowMs);
    const telling = tellsExpiry(departures, nowMs, this.#timings.flapWindow);
    departures.told = telling !== 'alone';
    const decided = this.#decided(node, 'expired', departures, nowMs);
    if (telling !== 'folded') decided.changes.tell('target-offline', offline(node, telling, nowMs));
    decided.changes.note('liveness', `offline: no report for ${inWords(nowMs - lastHeardMs(node))}`, {
      before: node.state,
      after: 'expired',
    });
    return this.#assessed(node, decided, departures, nowMs);
  }

  #retirement(node: Node, nowMs: number): Expiry {
    const departures = node.departures ?? newDepartures();
    const decided = this.#decided(node, 'retired', departures, nowMs);
    decided.changes.note('liveness', `retired: no report for ${inWords(nowMs - lastHeardMs(node))}`, {
      before: node.state,
      after: 'retired',
    });
    return this.#assessed(node, decided, departures, nowMs, true);
  }

  #decided(node: Node, state: 'expired' | 'retired', departures: Departures, nowMs: number): Decided {
    const { id, report, seenMs, intervalMs } = node;
    const flapping = isFlapping(departures, nowMs, this.#timings.flapWindow);
    const subject = { id, report, state, seenMs, intervalMs, flapping, overdue: false };
    return {
      subject,
      row: rowDecided(node, state, nowMs),
      changes: this.#assessor.changes(subject, node.zone, lookMs(node, nowMs)),
    };
  }

  /** @param ends nothing is wrong any more with one that is gone for good */
  #assessed(
    node: Node,
    { subject, row, changes }: Decided,
    departures: Departures,
    nowMs: number,
    ends = false
  ): Expiry {
    const expectation = this.#assessor.expectation(node.id);
    const judged = this.#assessor.assess(node, subject, expectation, nowMs);
    const assessment = ends && judged.faults.length > 0 ? { ...judged, faults: [] } : judged;
    this.#assessor.record(node, subject, expectation, node.zone, assessment, changes);
    return { node, departures, assessment, changes, write: { row, report: null, changes } };
  }
}

interface Decided {
  readonly subject: Subject;
  readonly row: NodeRow;
  readonly changes: Changes;
}

function offline(node: Node, telling: 'alone' | 'flapping', nowMs: number): TargetOffline {
  const silence = `no report for ${inWords(nowMs - lastHeardMs(node))}`;
  return {
    targetId: node.id,
    at: new Date(nowMs).toISOString(),
    name: node.report.hostname,
    zone: node.zone,
    lastSeenAt: node.seenMs === null ? null : new Date(node.seenMs).toISOString(),
    reason: telling === 'alone' ? silence : `${silence}; it is flapping: further expiries are not told one by one`,
  };
}
