import { LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { LivenessState } from '@openclaw-fleet/contract';
import { PHASES } from './liveness.ts';
import type { Phase } from './liveness.ts';
import type { Node } from './node.ts';
import { Best, bestOf, InOrder } from './page.ts';
import { BAND_INDEX, BRIDGED, DRIFTED, ISOLATED, PHASE_INDEX, SlotFilter, TAKEN, VIOLATING } from './slot-filter.ts';
import { firstWhere, SortedSlots } from './sorted-slots.ts';
import type { FleetNode, Selected, Selection } from './types.ts';

const NO_SCORE = 255;

/** The event loop is held for about this long at a time by tests that look at nodes, in milliseconds. */
const SLICE_MS = 3;
const NODES_PER_CHECK = 256;

/**
 * What lists filter and sort by, in flat columns: a page out of 100,000 nodes must not visit 100,000 objects. The roster
 * keeps it true.
 */
export class Directory {
  readonly #nodes: (Node | null)[] = [];
  readonly #free: number[] = [];
  readonly #zoneIndex = new Map<string, number>();
  /** By index; one that nobody is in is free for another zone, since a node may name a new one with every heartbeat. */
  readonly #zoneNames: string[] = [];
  readonly #zoneSizes: number[] = [];
  readonly #freeZones: number[] = [];
  #zones = new Uint32Array(64);
  #bands = new Uint8Array(64);
  #scores = new Uint8Array(64);
  #phases = new Uint8Array(64);
  #flags = new Uint8Array(64);
  /** Milliseconds of our clock; -1 for one that was never seen. */
  #seen = new Float64Array(64);
  readonly #byId = new SortedSlots((a, b) => compareText(this.#at(a).id, this.#at(b).id));
  readonly #byName = new SortedSlots((a, b) => {
    const [one, other] = [this.#at(a), this.#at(b)];
    return compareText(one.report.hostname, other.report.hostname) || compareText(one.id, other.id);
  });

  enter(node: Node): void {
    const slot = this.#free.pop() ?? this.#nodes.length;
    if (slot === this.#scores.length) this.#grow();
    node.slot = slot;
    this.#nodes[slot] = node;
    this.#flags[slot] = TAKEN;
    this.#byId.add(slot);
    this.#byName.add(slot);
    this.#zones[slot] = this.#enterZone(node.zone);
    this.place(node);
    this.assess(node);
    this.seen(node);
  }

  leave(node: Node): void {
    const { slot } = node;
    this.#byId.remove(slot);
    this.#byName.remove(slot);
    this.#leaveZone(this.#zones[slot] as number);
    this.#nodes[slot] = null;
    this.#flags[slot] = 0;
    this.#free.push(slot);
  }

  /** Takes over its zone and phase, and whether it has a bridge. */
  place(node: Node): void {
    const { slot } = node;
    const zone = this.#zones[slot] as number;
    if (this.#zoneNames[zone] !== node.zone) {
      this.#leaveZone(zone);
      this.#zones[slot] = this.#enterZone(node.zone);
    }
    this.#phases[slot] = PHASE_INDEX[node.phase];
    this.#flag(slot, BRIDGED, node.report.reported !== undefined);
  }

  /** Takes over what its assessment says. */
  assess(node: Node): void {
    const { slot, assessment } = node;
    this.#bands[slot] = BAND_INDEX[assessment.band];
    this.#scores[slot] = assessment.score ?? NO_SCORE;
    const { faults } = assessment;
    this.#flag(slot, ISOLATED, faults.length > 0 && node.isolated);
    this.#flag(slot, DRIFTED, faults.length > 0 && faults.some(({ kind }) => kind === 'drift'));
    this.#flag(slot, VIOLATING, faults.length > 0 && faults.some(({ kind }) => kind === 'violation'));
  }

  /** Takes over when it was seen. Called for every heartbeat. */
  seen({ slot, seenMs }: Node): void {
    this.#seen[slot] = seenMs ?? -1;
  }

  /** Gives it its place by name anew. @param rename sets the name */
  rename(node: Node, rename: () => void): void {
    this.#byName.remove(node.slot);
    rename();
    this.#byName.add(node.slot);
  }

  /** Sorts what came since the last look, so that the first who asks does not wait for it. */
  settle(): void {
    this.#byId.get();
    this.#byName.get();
  }

  /**
   * One page of the nodes that match, and how many match over all pages.
   * @param stateOf what is shown of a phase in a zone
   */
  async select(selection: Selection, stateOf: (zone: string, phase: Phase) => LivenessState): Promise<Selected> {
    const filter = new SlotFilter(selection, this.#zoneNames, stateOf, {
      flags: this.#flags,
      bands: this.#bands,
      zones: this.#zones,
      phases: this.#phases,
    });
    const { keep, limit, descending, after } = selection;
    const byName = selection.sort === 'name';
    const order = byName ? this.#byName.get() : this.#byId.get();
    const best = byName
      ? new InOrder(limit + 1)
      : new Best(
          limit + 1,
          this.#keyOf(selection, stateOf),
          descending,
          after && this.#keyOfCursor(selection),
          bestOf(selection)
        );
    // Where the cursor stands among equal keys, or among names.
    const start = after === null ? -1 : this.#placeAfter(order, byName, after, descending);
    const { length } = order;
    // Counted in order of slots, which is several times as fast as in any other; the walk then ends with the page.
    let total = keep === null ? filter.count(this.#nodes.length) : 0;
    let sliceStart = performance.now();
    for (let step = 0; step < length; step++) {
      const slot = order[descending ? length - 1 - step : step] as number;
      if (!filter.matches(slot)) continue;
      if (keep !== null) {
        if (step % NODES_PER_CHECK === 0 && performance.now() - sliceStart >= SLICE_MS) {
          await new Promise(setImmediate);
          sliceStart = performance.now();
        }
        const node = this.#nodes[slot];
        if (!node || !keep(node)) continue;
      }
      if (keep !== null) total++;
      if (!best.done) best.offer(slot, step >= start);
      else if (keep === null) break;
    }
    const page = best
      .slots()
      .map((slot) => this.#nodes[slot])
      .filter((node): node is Node => node !== null && node !== undefined);
    return { nodes: page.slice(0, limit), total, more: page.length > limit };
  }

  /** A number to sort by, for each slot. */
  #keyOf({ sort }: Selection, stateOf: (zone: string, phase: Phase) => LivenessState): (slot: number) => number {
    switch (sort) {
      case 'score':
        return (slot) => {
          const score = this.#scores[slot] as number;
          return score === NO_SCORE ? -1 : score;
        };
      case 'zone': {
        const ranks = this.#zoneRanks();
        return (slot) => ranks[this.#zones[slot] as number] as number;
      }
      case 'state': {
        const shown = this.#zoneNames.map((zone) =>
          PHASES.map((phase) => LIVENESS_STATES.indexOf(stateOf(zone, phase)))
        );
        return (slot) => shown[this.#zones[slot] as number]?.[this.#phases[slot] as number] ?? 0;
      }
      case 'lastSeenAt':
        return (slot) => this.#seen[slot] as number;
      case 'name':
        return () => 0;
    }
  }

  #keyOfCursor({ sort, after }: Selection): number {
    const key = after?.key ?? 0;
    if (typeof key === 'number') return key;
    if (sort !== 'zone') return 0;
    const names = [...this.#zoneNames].sort(compareText);
    const place = firstWhere(0, names.length, (at) => compareText(names[at] ?? '', key) >= 0);
    return names[place] === key ? place : place - 0.5;
  }

  #zoneRanks(): Uint32Array {
    const sorted = [...this.#zoneNames.keys()].sort((a, b) =>
      compareText(this.#zoneNames[a] ?? '', this.#zoneNames[b] ?? '')
    );
    const ranks = new Uint32Array(sorted.length);
    for (const [rank, zone] of sorted.entries()) ranks[zone] = rank;
    return ranks;
  }

  /** The first step of a walk over `order` that lies after the cursor. */
  #placeAfter(
    order: Uint32Array,
    byName: boolean,
    after: NonNullable<Selection['after']>,
    descending: boolean
  ): number {
    const compare = (slot: number): number => {
      const node = this.#nodes[slot];
      if (!node) return 0;
      const name = byName ? compareText(node.report.hostname, String(after.key)) : 0;
      return name || compareText(node.id, after.id);
    };
    if (!descending) return firstWhere(0, order.length, (at) => compare(order[at] as number) > 0);
    return order.length - firstWhere(0, order.length, (at) => compare(order[at] as number) >= 0);
  }

  #at(slot: number): FleetNode {
    return this.#nodes[slot] as FleetNode;
  }

  #enterZone(name: string): number {
    let index = this.#zoneIndex.get(name);
    if (index === undefined) {
      index = this.#freeZones.pop() ?? this.#zoneNames.length;
      this.#zoneNames[index] = name;
      this.#zoneSizes[index] = 0;
      this.#zoneIndex.set(name, index);
    }
    this.#zoneSizes[index] = (this.#zoneSizes[index] ?? 0) + 1;
    return index;
  }

  #leaveZone(index: number): void {
    const left = (this.#zoneSizes[index] ?? 1) - 1;
    this.#zoneSizes[index] = left;
    if (left > 0) return;
    this.#zoneIndex.delete(this.#zoneNames[index] ?? '');
    // Or the name would have two ranks once it comes back at another index.
    this.#zoneNames[index] = '';
    this.#freeZones.push(index);
  }

  #flag(slot: number, flag: number, on: boolean): void {
    const flags = this.#flags[slot] as number;
    this.#flags[slot] = on ? flags | flag : flags & ~flag;
  }

  #grow(): void {
    const size = this.#scores.length * 2;
    const grown = <A extends Uint8Array | Uint32Array | Float64Array>(to: A, from: A): A => {
      to.set(from);
      return to;
    };
    this.#zones = grown(new Uint32Array(size), this.#zones);
    this.#bands = grown(new Uint8Array(size), this.#bands);
    this.#scores = grown(new Uint8Array(size), this.#scores);
    this.#phases = grown(new Uint8Array(size), this.#phases);
    this.#flags = grown(new Uint8Array(size), this.#flags);
    this.#seen = grown(new Float64Array(size), this.#seen);
  }
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
