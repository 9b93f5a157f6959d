import type { Selection } from './types.ts';

const BEST_SCORE = 100;

/** The best key that a node can have in an order, with the sign of its direction. */
export function bestOf({ sort, descending }: Selection): number {
  if (sort === 'score') return descending ? -BEST_SCORE : -1;
  return descending || sort === 'lastSeenAt' ? -Infinity : 0;
}

/** The first of a walk that goes in the order asked for. */
export class InOrder {
  readonly #size: number;
  readonly #slots: number[] = [];
  /** Nothing that comes now can be on the page. */
  done = false;

  constructor(size: number) {
    this.#size = size;
  }

  /** @param after the place lies after the cursor */
  offer(slot: number, after: boolean): void {
    if (!after) return;
    this.#slots.push(slot);
    this.done = this.#slots.length === this.#size;
  }

  slots(): number[] {
    return this.#slots;
  }
}

/** The first by a key, of a walk that goes in the order of ties. */
export class Best {
  readonly #size: number;
  readonly #keyOf: (slot: number) => number;
  readonly #sign: 1 | -1;
  readonly #cursor: number | null;
  readonly #best: number;
  readonly #kept: { readonly key: number; readonly slot: number }[] = [];
  #bound = Infinity;
  /** Nothing that comes now can be on the page: the last on it has the best key there is. */
  done = false;

  /** @param best the least key there can be, with its sign */
  constructor(size: number, keyOf: (slot: number) => number, descending: boolean, cursor: number | null, best: number) {
    this.#best = best;
    this.#size = size;
    this.#keyOf = keyOf;
    this.#sign = descending ? -1 : 1;
    this.#cursor = cursor;
  }

  /** @param after among those with the cursor's key it comes after the cursor */
  offer(slot: number, after: boolean): void {
    const key = this.#sign * this.#keyOf(slot);
    // One with the key of the last comes after it: the walk goes in the order of ties.
    if (key >= this.#bound) return;
    if (this.#cursor !== null) {
      const cursor = this.#sign * this.#cursor;
      if (key < cursor || (key === cursor && !after)) return;
    }
    this.#kept.push({ key, slot });
    if (this.#kept.length >= 2 * this.#size) this.#settle();
    else if (this.#kept.length === this.#size && this.#bound === Infinity) this.#settle();
  }

  slots(): number[] {
    this.#settle();
    return this.#kept.map(({ slot }) => slot);
  }

  // Sorting is stable, so ties stay in the order of the walk.
  #settle(): void {
    this.#kept.sort((a, b) => a.key - b.key);
    if (this.#kept.length > this.#size) this.#kept.length = this.#size;
    if (this.#kept.length < this.#size) return;
    this.#bound = this.#kept[this.#size - 1]?.key ?? Infinity;
    this.done = this.#bound <= this.#best;
  }
}
