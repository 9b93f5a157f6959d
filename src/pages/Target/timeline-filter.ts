import { CHANGE_KINDS } from '@openclaw-fleet/contract';
import type { ChangeKind, TimelineEntry } from '@openclaw-fleet/contract';

/** Entries of some kinds; no kind chosen shows every one. Pure. */
export function ofKinds(entries: readonly TimelineEntry[], kinds: readonly ChangeKind[]): readonly TimelineEntry[] {
  return kinds.length === 0 ? entries : entries.filter(({ kind }) => kinds.includes(kind));
}

/** The kinds after one of them was clicked, in their own order. Pure. */
export function toggled(kinds: readonly ChangeKind[], kind: ChangeKind): ChangeKind[] {
  return CHANGE_KINDS.filter((each) => (each === kind ? !kinds.includes(each) : kinds.includes(each)));
}
