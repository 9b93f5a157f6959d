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
  refusals: number;
  intervalMs: number;
  atMs: number;
}

/**
 * Token buckets per node: one for new heartbeats, one for replays and duplicates, and one for what is refused or is no
 * heartbeat, as large as that for replays.
 */
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
    const node = this.#refilled(nodeId, intervalMs, nowMs);
    const beatMs = intervalMs / this.#limits.beatsPerInterval;
    const replayMs = this.#replayWindowMs / this.#limits.replays;
    if (kind === 'beat') {
      if (node.beats < 1) return Math.ceil((1 - node.beats) * beatMs);
      node.beats -= 1;
    } else {
      if (node.replays < 1) return Math.ceil((1 - node.replays) * replayMs);
      node.replays -= 1;
    }
    return 0;
  }

  /** Counts one request of a node that was refused, or that is no heartbeat. */
  noteRefusal(nodeId: string, nowMs: number): void {
    const node = this.#refilled(nodeId, null, nowMs);
    node.refusals = Math.max(0, node.refusals - 1);
  }

  /** How long until a node whose requests were refused too often may send anything again, in milliseconds; 0 for now. */
  waitForRefusals(nodeId: string, nowMs: number): number {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return 0;
    this.#refill(node, nowMs);
    const { refusals } = node;
    return refusals >= 1 ? 0 : Math.ceil(((1 - refusals) * this.#replayWindowMs) / this.#limits.replays);
  }

  /** @param intervalMs null: as it was told last */
  #refilled(nodeId: string, intervalMs: number | null, nowMs: number): Allowance {
    const { burst, replays } = this.#limits;
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = { beats: burst, replays, refusals: replays, intervalMs: intervalMs ?? Infinity, atMs: nowMs };
      this.#nodes.set(nodeId, node);
    }
    if (intervalMs !== null) node.intervalMs = intervalMs;
    this.#refill(node, nowMs);
    return node;
  }

  #refill(node: Allowance, nowMs: number): void {
    const { burst, replays, beatsPerInterval } = this.#limits;
    const elapsed = Math.max(0, nowMs - node.atMs);
    node.atMs = nowMs;
    const refill = (elapsed * replays) / this.#replayWindowMs;
    node.beats = Math.min(burst, node.beats + (elapsed * beatsPerInterval) / node.intervalMs);
    node.replays = Math.min(replays, node.replays + refill);
    node.refusals = Math.min(replays, node.refusals + refill);
  }

  /** Forgets nodes whose allowances are full again. */
  sweep(nowMs: number, idleMs: number): void {
    for (const [id, node] of this.#nodes) if (nowMs - node.atMs > idleMs) this.#nodes.delete(id);
  }
}
