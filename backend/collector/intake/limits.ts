/** Domain-rules section 1, pace. */
export interface RateLimits {
  /** New heartbeats a node may send in one interval. */
  readonly beatsPerInterval: number;
  readonly burst: number;
  /** Replays and duplicates a node may send in one replay window. */
  readonly replays: number;
}

interface Allowance {
  beats: number;
  replays: number;
  atMs: number;
}

/** Two token buckets per node: one for new heartbeats, one for replays and duplicates. */
export class NodeLimits {
  readonly #limits: RateLimits;
  readonly #replayWindowMs: number;
  readonly #nodes = new Map<string, Allowance>();

  constructor(limits: RateLimits, replayWindowMs: number) {
    this.#limits = limits;
    this.#replayWindowMs = replayWindowMs;
  }

  /**
   * Takes one from a node's allowance.
   * @param kind `beat` for one newer than the newest seen, else `replay`
   * @param intervalMs the node's own interval
   * @returns 0 when it may pass, else how long until it may, in milliseconds
   */
  take(nodeId: string, kind: 'beat' | 'replay', intervalMs: number, nowMs: number): number {
    const { burst, replays, beatsPerInterval } = this.#limits;
    let node = this.#nodes.get(nodeId);
    if (node === undefined) this.#nodes.set(nodeId, (node = { beats: burst, replays, atMs: nowMs }));
    const elapsed = Math.max(0, nowMs - node.atMs);
    node.atMs = nowMs;
    const beatMs = intervalMs / beatsPerInterval;
    const replayMs = this.#replayWindowMs / replays;
    node.beats = Math.min(burst, node.beats + elapsed / beatMs);
    node.replays = Math.min(replays, node.replays + elapsed / replayMs);
    if (kind === 'beat') {
      if (node.beats < 1) return Math.ceil((1 - node.beats) * beatMs);
      node.beats -= 1;
    } else {
      if (node.replays < 1) return Math.ceil((1 - node.replays) * replayMs);
      node.replays -= 1;
    }
    return 0;
  }

  /** Forgets nodes whose allowances are full again. */
  sweep(nowMs: number, idleMs: number): void {
    for (const [id, node] of this.#nodes) if (nowMs - node.atMs > idleMs) this.#nodes.delete(id);
  }
}
