/** What the wheel keeps on each item: the bucket that will look at it next. */
export interface Armed {
  /** Bucket number; -1 when it is not armed. */
  armedAt: number;
}

/**
 * A timer wheel: items wait in buckets of one resolution each. A beat does not move a node; a bucket that fires hands its
 * nodes over, and who still has time is armed again. So expiry costs what expires, not what is registered.
 */
export class Deadlines<T extends Armed> {
  readonly #resolutionMs: number;
  readonly #buckets = new Map<number, T[]>();
  /** Buckets before this one have fired, or are `#firing`. */
  #next: number;
  #firing: T[] = [];

  /** @param resolutionMs how late a deadline may be noticed, in milliseconds */
  constructor(resolutionMs: number, nowMs: number) {
    this.#resolutionMs = resolutionMs;
    this.#next = Math.floor(nowMs / resolutionMs);
  }

  /** Makes sure that `item` is looked at once `deadlineMs` has come. One that is looked at sooner stays where it is. */
  arm(item: T, deadlineMs: number): void {
    if (deadlineMs === Infinity) return;
    const bucket = Math.max(Math.ceil(deadlineMs / this.#resolutionMs), this.#next);
    if (item.armedAt !== -1 && item.armedAt <= bucket) return;
    item.armedAt = bucket;
    const items = this.#buckets.get(bucket);
    if (items === undefined) this.#buckets.set(bucket, [item]);
    else items.push(item);
  }

  /** Takes `item` off the wheel. */
  disarm(item: T): void {
    item.armedAt = -1;
  }

  /**
   * Hands over what is due, disarmed, in order of time.
   * @param most how many to look at in this call
   * @returns whether everything due was handed over
   */
  fire(nowMs: number, most: number, onDue: (item: T) => void): boolean {
    const last = Math.floor(nowMs / this.#resolutionMs);
    for (let left = most; this.#firing.length > 0 || this.#advance(last); left--) {
      if (left === 0) return false;
      const item = this.#firing.pop();
      // Armed elsewhere since: that bucket looks at it.
      if (item === undefined || item.armedAt === -1 || item.armedAt >= this.#next) continue;
      item.armedAt = -1;
      onDue(item);
    }
    return true;
  }

  /** Moves on to the next bucket up to `last` that holds something. @returns whether there is one */
  #advance(last: number): boolean {
    while (this.#next <= last) {
      const bucket = this.#nextFull(last);
      if (bucket === null) {
        this.#next = last + 1;
        return false;
      }
      this.#next = bucket + 1;
      this.#firing = this.#buckets.get(bucket) ?? [];
      this.#buckets.delete(bucket);
      if (this.#firing.length > 0) return true;
    }
    return false;
  }

  #nextFull(last: number): number | null {
    // A clock that jumped far leaves more empty buckets to step over than there are full ones.
    if (last - this.#next > this.#buckets.size) {
      let least = Infinity;
      for (const bucket of this.#buckets.keys()) if (bucket < least) least = bucket;
      return least <= last ? least : null;
    }
    for (let bucket = this.#next; bucket <= last; bucket++) if (this.#buckets.has(bucket)) return bucket;
    return null;
  }
}
