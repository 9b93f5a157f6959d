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

interface RefusalAllowance {
  left: number;
  atMs: number;
}

/**
 * Token buckets: one of a node's for new heartbeats, one for replays and duplicates; and one of a certificate's for what is
 * refused or is no heartbeat, as large as that for replays. The last is looked up before all else, and kept of those alone
 * who were refused. It is the certificate's because a node may have another beside one that was revoked: who holds the
 * revoked one must not use up what the node may send.
 */
export class NodeLimits {
  readonly #limits: RateLimits;
  readonly #replayWindowMs: number;
  readonly #nodes = new Map<string, Allowance>();
  readonly #refused = new Map<string, RefusalAllowance>();

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

  /** Counts one request under a certificate that was refused, or that is no heartbeat. */
  noteRefusal(fingerprint: string, nowMs: number): void {
    let held = this.#refused.get(fingerprint);
    if (held === undefined) this.#refused.set(fingerprint, (held = { left: this.#limits.replays, atMs: nowMs }));
    else this.#refillRefusals(held, nowMs);
    held.left = Math.max(0, held.left - 1);
  }

  /** How long until a certificate whose requests were refused too often may send anything again, in milliseconds; 0 for now. */
  waitForRefusals(fingerprint: string, nowMs: number): number {
    const held = this.#refused.get(fingerprint);
    if (held === undefined) return 0;
    this.#refillRefusals(held, nowMs);
    return held.left >= 1 ? 0 : Math.ceil(((1 - held.left) * this.#replayWindowMs) / this.#limits.replays);
  }

  #refilled(nodeId: string, intervalMs: number, nowMs: number): Allowance {
    const { burst, replays, beatsPerInterval } = this.#limits;
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = { beats: burst, replays, atMs: nowMs };
      this.#nodes.set(nodeId, node);
      return node;
    }
    const elapsed = Math.max(0, nowMs - node.atMs);
    node.atMs = nowMs;
    node.beats = Math.min(burst, node.beats + (elapsed * beatsPerInterval) / intervalMs);
    node.replays = Math.min(replays, node.replays + this.#replaysIn(elapsed));
    return node;
  }

  #refillRefusals(held: RefusalAllowance, nowMs: number): void {
    const elapsed = Math.max(0, nowMs - held.atMs);
    held.atMs = nowMs;
    held.left = Math.min(this.#limits.replays, held.left + this.#replaysIn(elapsed));
  }

  #replaysIn(elapsedMs: number): number {
    return (elapsedMs * this.#limits.replays) / this.#replayWindowMs;
  }

  /** Forgets nodes whose allowances are full again. */
  sweep(nowMs: number, idleMs: number): void {
    for (const kept of [this.#nodes, this.#refused]) {
      for (const [id, { atMs }] of kept) if (nowMs - atMs > idleMs) kept.delete(id);
    }
  }
}
