import type { MapTarget } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { sameItems } from './layout.ts';
import { lookOf } from './look.ts';

interface CellProps {
  readonly id: string;
  readonly item: MapTarget;
  readonly name: string;
  readonly active: boolean;
  readonly selected: boolean;
}

const Cell = memo(
  function Cell({ id, item, name, active, selected }: CellProps) {
    const { band, mark, silent } = lookOf(item);
    return (
      <div
        role="option"
        id={id}
        aria-label={name}
        aria-selected={selected}
        tabIndex={active ? 0 : -1}
        data-target={item.id}
        data-band={band}
        data-mark={mark}
        data-silent={silent || undefined}
        data-isolated={item.isolated || undefined}
      />
    );
  },
  // What it shows of its item is its name, its look and whether it is isolated.
  // Its name tells all that it shows of its item.
  (a, b) => a.id === b.id && a.name === b.name && a.active === b.active && a.selected === b.selected
);

interface ChunkProps {
  readonly items: readonly MapTarget[];
  /** Where in `items` the cell is that Tab leads to, and the one that is selected; -1: elsewhere. */
  readonly active: number;
  readonly selected: number;
  readonly idOf: (id: string) => string;
  readonly nameOf: (item: MapTarget) => string;
}

/** Some cells of a zone. It is rendered anew when one of them changed, and no other time. */
export const Chunk = memo(
  function Chunk({ items, active, selected, idOf, nameOf }: ChunkProps) {
    return items.map((item, index) => (
      <Cell
        key={item.id}
        id={idOf(item.id)}
        item={item}
        name={nameOf(item)}
        active={index === active}
        selected={index === selected}
      />
    ));
  },
  (a, b) =>
    a.active === b.active &&
    a.selected === b.selected &&
    a.idOf === b.idOf &&
    a.nameOf === b.nameOf &&
    sameItems(a.items, b.items)
);
