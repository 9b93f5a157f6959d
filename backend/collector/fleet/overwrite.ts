type Fields = Record<string, unknown>;

/**
 * Brings a held JSON object up to date, in place where its fields are the same ones. What is equal stays the object that
 * was held, so that next to nothing of a heartbeat outlives it: collecting what does costs more than taking it in.
 * @returns what to hold: `held`, or `next` when their fields differ
 */
export function overwrite<T extends object>(held: T, next: T): T {
  return sameFields(held as Fields, next as Fields) ? (update(held as Fields, next as Fields) as T) : next;
}

function update(held: Fields, next: Fields): Fields {
  for (const field in next) {
    const [old, value] = [held[field], next[field]];
    // Equal strings are kept as well.
    if (old === value) continue;
    if (Array.isArray(old) && Array.isArray(value)) {
      if (!sameItems(old, value)) held[field] = value;
    } else if (isFields(old) && isFields(value)) held[field] = overwrite(old, value);
    else held[field] = value;
  }
  return held;
}

function sameFields(held: Fields, next: Fields): boolean {
  let surplus = Object.keys(held).length;
  for (const field in next) {
    if (!Object.hasOwn(held, field)) return false;
    surplus--;
  }
  return surplus === 0;
}

function sameItems(held: readonly unknown[], next: readonly unknown[]): boolean {
  return held.length === next.length && held.every((item, index) => item === next[index]);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
