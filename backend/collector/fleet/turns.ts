/** Lets one at a time work on a key; the others wait in order. A free key costs one look-up and no promise. */
export class Turns {
  readonly #taken = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Takes the turn if it is free. @returns whether it was */
  take(key: string): boolean {
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }

  /** Waits for a turn that `take` refused; it is taken when the promise resolves. */
  wait(key: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#waiting.get(key);
      if (queue === undefined) this.#waiting.set(key, [resolve]);
      else queue.push(resolve);
    });
  }

  /** Ends a turn: the longest waiting has it next. */
  give(key: string): void {
    const queue = this.#waiting.get(key);
    const next = queue?.shift();
    if (next === undefined) {
      this.#taken.delete(key);
      return;
    }
    if (queue?.length === 0) this.#waiting.delete(key);
    next();
  }
}
