import type { TargetOffline, Timings } from '@openclaw-fleet/contract';
import type { FleetStore, NewEvent, NodeWrite } from '../storage/types.ts';
import { newDepartures, noteExpiry, tellsExpiry } from './flapping.ts';
import type { Departures } from './flapping.ts';
import type { Judge } from './judge.ts';
import { inWords, lastHeardMs } from './liveness.ts';
import type { Node } from './node.ts';
import type { Roster } from './roster.ts';
import { rowDecided } from './rows.ts';
import type { Turns } from './turns.ts';

/** Nodes decided about in one transaction: about two milliseconds of ours. */
const BATCH = 250;
/** Transactions in one sweep; the rest waits for the next. */
const BATCHES = 20;

interface Expiry {
  readonly node: Node;
  readonly write: NodeWrite;
  readonly departures: Departures;
}

/** Decides which nodes expired or are retired, and makes it durable before anything shows it. */
export class Sweeper {
  readonly #roster: Roster;
  readonly #judge: Judge;
  readonly #turns: Turns;
  readonly #store: FleetStore;
  readonly #epoch: () => number;
  readonly #timings: Timings;

  constructor(parts: {
    roster: Roster;
    judge: Judge;
    turns: Turns;
    store: FleetStore;
    epoch: () => number;
    timings: Timings;
  }) {
    this.#roster = parts.roster;
    this.#judge = parts.judge;
    this.#turns = parts.turns;
    this.#store = parts.store;
    this.#epoch = parts.epoch;
    this.#timings = parts.timings;
  }

  /** Expires what is due and not held back, and retires what is silent for `retireAfter`. Errors are the store's. */
  async sweep(nowMs: number): Promise<void> {
    for (let batch = 0; batch < BATCHES; batch++) {
      const expired = await this.#decide(this.#due(nowMs), nowMs, (node) => this.#expiry(node, nowMs));
      const retired = await this.#decide(this.#retirable(nowMs), nowMs, (node) => retirement(node, nowMs));
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
      const decisions = nodes.map(on);
      const results = await this.#store.writeDecision(
        this.#epoch(),
        decisions.map(({ write }) => write)
      );
      for (const [index, { node, write, departures }] of decisions.entries()) {
        const result = results[index];
        if (result?.ok === true) {
          node.departures = departures;
          this.#roster.departed.add(node);
          this.#roster.apply(write.row, node.report, node.memory, nowMs);
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
    const row = rowDecided(node, 'expired', nowMs);
    return {
      node,
      departures,
      write:
        telling === 'folded'
          ? { row }
          : { row, changes: { events: [offline(node, telling, nowMs)], faults: [], scores: [], timeline: [] } },
    };
  }
}

function retirement(node: Node, nowMs: number): Expiry {
  return { node, departures: node.departures ?? newDepartures(), write: { row: rowDecided(node, 'retired', nowMs) } };
}

function offline(node: Node, telling: 'alone' | 'flapping', nowMs: number): NewEvent {
  const silence = `no report for ${inWords(nowMs - lastHeardMs(node))}`;
  const data = {
    targetId: node.id,
    at: new Date(nowMs).toISOString(),
    name: node.report.hostname,
    zone: node.zone,
    lastSeenAt: node.seenMs === null ? null : new Date(node.seenMs).toISOString(),
    reason: telling === 'alone' ? silence : `${silence}; it is flapping: further expiries are not told one by one`,
  } satisfies TargetOffline;
  return { name: 'target-offline', targetId: node.id, atMs: nowMs, data };
}
