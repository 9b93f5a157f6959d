import type { FleetNode } from '../fleet/types.ts';
import type { Position } from './cursor.ts';

/** One page out of a fleet. */
export interface Selection {
  readonly keep: (node: FleetNode) => boolean;
  /** What it is ordered by; ties are broken by id. All keys are strings, or all are numbers. */
  readonly key: (node: FleetNode) => string | number;
  readonly descending: boolean;
  /** The page starts after this place; null: at the beginning. */
  readonly after: Position | null;
  readonly limit: number;
}

export interface Selected {
  readonly nodes: readonly FleetNode[];
  /** How many match, over all pages. */
  readonly total: number;
  /** The place of the last node; null when no more follow. */
  readonly next: Position | null;
}

interface Entry extends Position {
  readonly node: FleetNode;
}

/** The event loop is held for about this long at a time, in milliseconds. */
const SLICE_MS = 3;
const NODES_PER_CHECK = 256;

function compare(aKey: string | number, aId: string, b: Position): number {
  if (aKey !== b.key) return aKey < b.key ? -1 : 1;
  return aId < b.id ? -1 : aId > b.id ? 1 : 0;
}

/**
 * Selects a page in one pass over the fleet, keeping no more than twice a page, and lets the event loop go on between
 * slices. Nothing is cached: names, zones and states change in place.
 */
export async function selectPage(nodes: Iterable<FleetNode>, selection: Selection): Promise<Selected> {
  const { keep, key, after, limit } = selection;
  const sign = selection.descending ? -1 : 1;
  const order = (a: Entry, b: Entry): number => sign * compare(a.key, a.id, b);
  const size = limit + 1;
  const kept: Entry[] = [];
  let bound: Entry | undefined;
  let total = 0;
  const settle = (): void => {
    kept.sort(order);
    if (kept.length > size) kept.length = size;
    if (kept.length === size) bound = kept[limit];
  };

  // A snapshot: the registry's own iteration would see a node twice that left and came back between slices.
  const all = [...nodes];
  let sliceStart = performance.now();
  let seen = 0;
  for (const node of all) {
    if (++seen % NODES_PER_CHECK === 0 && performance.now() - sliceStart >= SLICE_MS) {
      await new Promise(setImmediate);
      sliceStart = performance.now();
    }
    if (!keep(node)) continue;
    total++;
    const at = key(node);
    if (after !== null && sign * compare(at, node.id, after) <= 0) continue;
    if (bound !== undefined && sign * compare(at, node.id, bound) >= 0) continue;
    kept.push({ key: at, id: node.id, node });
    if (kept.length >= 2 * size) settle();
  }
  settle();
  const page = kept.slice(0, limit);
  const last = page.at(-1);
  return {
    nodes: page.map(({ node }) => node),
    total,
    next: kept.length > limit && last !== undefined ? { key: last.key, id: last.id } : null,
  };
}
