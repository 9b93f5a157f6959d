import type { Band, MapTarget } from '@openclaw-fleet/contract';

/** The cells of one zone; `first` is the place of its first cell among those of the whole map. */
export interface ZoneGroup {
  /** Null: the map is not divided. */
  readonly zone: string | null;
  readonly first: number;
  readonly items: readonly MapTarget[];
}

/** Items by zone, each zone where it comes first. */
export function zonesOf(items: readonly MapTarget[], groupBy: 'zone' | 'none'): ZoneGroup[] {
  if (groupBy === 'none') return items.length === 0 ? [] : [{ zone: null, first: 0, items }];
  const byZone = new Map<string, MapTarget[]>();
  for (const item of items) {
    const inZone = byZone.get(item.zone);
    if (inZone === undefined) byZone.set(item.zone, [item]);
    else inZone.push(item);
  }
  let first = 0;
  return [...byZone].map(([zone, inZone]) => {
    const group = { zone, first, items: inZone };
    first += inZone.length;
    return group;
  });
}

const BY_BADNESS: readonly Band[] = ['critical', 'degraded', 'warning', 'unknown', 'healthy'];

/** The band of whoever needs help most; null: there is nobody. */
export function worstOf(items: readonly MapTarget[]): Band | null {
  const present = new Set(items.map(({ band }) => band));
  return BY_BADNESS.find((band) => present.has(band)) ?? null;
}

/** Cells that are rendered as one: what changes in one of them leaves the others alone. */
export const CELLS_PER_CHUNK = 100;

export function chunksOf(items: readonly MapTarget[]): (readonly MapTarget[])[] {
  const chunks: (readonly MapTarget[])[] = [];
  for (let from = 0; from < items.length; from += CELLS_PER_CHUNK)
    chunks.push(items.slice(from, from + CELLS_PER_CHUNK));
  return chunks;
}

/** Whether two lists hold the very same objects. */
export function sameItems(a: readonly MapTarget[], b: readonly MapTarget[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}

/** Where an arrow, Home, End, Page Up or Page Down leads to. */
export interface Step {
  readonly groups: readonly { readonly first: number; readonly items: { readonly length: number } }[];
  readonly position: number;
  /** Cells in a row. */
  readonly columns: number;
  /** With Ctrl or Cmd, Home and End mean the whole map. */
  readonly far: boolean;
}

/** The place of the cell that a key leads to, among those of the whole map; null: the key means nothing here. */
export function stepTo(key: string, { groups, position, columns, far }: Step): number | null {
  const at = groups.findLastIndex(({ first }) => first <= position);
  const group = groups[at];
  const last = groups.at(-1);
  if (group === undefined || last === undefined) return null;
  const end = last.first + last.items.length - 1;
  const zoneEnd = group.first + group.items.length - 1;
  switch (key) {
    case 'ArrowRight':
      return Math.min(position + 1, end);
    case 'ArrowLeft':
      return Math.max(position - 1, 0);
    case 'ArrowDown':
      return below({ group, next: groups[at + 1], position, columns });
    case 'ArrowUp':
      return above({ group, previous: groups[at - 1], position, columns });
    case 'Home':
      return far ? 0 : group.first;
    case 'End':
      return far ? end : zoneEnd;
    case 'PageDown':
      return groups[at + 1]?.first ?? zoneEnd;
    case 'PageUp':
      return position > group.first ? group.first : (groups[at - 1]?.first ?? group.first);
    default:
      return null;
  }
}

type Group = Step['groups'][number];
interface Neighbours {
  readonly group: Group;
  readonly previous?: Group;
  readonly next?: Group;
  readonly position: number;
  readonly columns: number;
}

function below({ group, next, position, columns }: Neighbours): number {
  const index = position - group.first;
  const count = group.items.length;
  if (index + columns < count) return position + columns;
  // A last row that is shorter than the one above it is reached at its end.
  if (Math.floor(index / columns) < Math.floor((count - 1) / columns)) return group.first + count - 1;
  return next === undefined ? position : next.first + Math.min(index % columns, next.items.length - 1);
}

function above({ group, previous, position, columns }: Neighbours): number {
  const index = position - group.first;
  if (index >= columns) return position - columns;
  if (previous === undefined) return position;
  const lastRow = Math.floor((previous.items.length - 1) / columns) * columns;
  return previous.first + Math.min(lastRow + (index % columns), previous.items.length - 1);
}
