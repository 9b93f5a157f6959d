import { openedAt } from '../../components/FaultTable/faults.ts';
import type { Fault } from '../../components/FaultTable/faults.ts';

/** Open ones first, each newest first. Pure. */
export function openFirst<Item extends Fault>(items: readonly Item[]): Item[] {
  return items.toSorted(
    (a, b) =>
      Number(a.resolvedAt !== null) - Number(b.resolvedAt !== null) || Date.parse(openedAt(b)) - Date.parse(openedAt(a))
  );
}
