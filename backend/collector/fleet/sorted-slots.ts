/**
 * Slots in the order of a text, kept true lazily: what comes and goes is taken in by the next look, in one pass. An array
 * that was handed out is never changed, so that a reader may pause.
 */
export class SortedSlots {
  readonly #compare: (a: number, b: number) => number;
  #slots: Uint32Array = new Uint32Array(0);
  readonly #coming = new Set<number>();
  readonly #leaving = new Set<number>();

  /** @param compare orders two slots by what they hold now */
  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  add(slot: number): void {
    this.#coming.add(slot);
  }

  /** Takes a slot out; call it before what it holds is changed, then `add` for its new place. */
  remove(slot: number): void {
    // One that never got a place has none to lose.
    if (!this.#coming.delete(slot)) this.#leaving.add(slot);
  }

  /** Every slot, in order. */
  get(): Uint32Array {
    if (this.#leaving.size > 0) {
      this.#slots = this.#slots.filter((slot) => !this.#leaving.has(slot));
      this.#leaving.clear();
    }
    if (this.#coming.size > 0) {
      this.#merge(Uint32Array.from(this.#coming).sort(this.#compare));
      this.#coming.clear();
    }
    return this.#slots;
  }

  #merge(coming: Uint32Array): void {
    const held = this.#slots;
    const merged = new Uint32Array(held.length + coming.length);
    let from = 0;
    let to = 0;
    for (const slot of coming) {
      const place = this.#placeOf(slot, from);
      merged.set(held.subarray(from, place), to);
      to += place - from;
      merged[to++] = slot;
      from = place;
    }
    merged.set(held.subarray(from), to);
    this.#slots = merged;
  }

  /** Where `slot` belongs among those held from `low` on. */
  #placeOf(slot: number, low: number): number {
    return firstWhere(low, this.#slots.length, (at) => this.#compare(this.#slots[at] as number, slot) > 0);
  }
}

/** The first index from `low` on at which `holds`, which stays true from there; `high` when there is none. */
export function firstWhere(low: number, high: number, holds: (index: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
