import type { FleetSummary, Heartbeat, HeartbeatStatus, LivenessState, Verdict } from '@openclaw-fleet/contract';

/** One registered node in memory. Everyone outside `fleet/` reads only. Times as in NodeRow. */
export interface FleetNode {
  readonly id: string;
  readonly rev: number;
  readonly markMs: number;
  readonly seenMs: number | null;
  readonly firstSeenMs: number;
  readonly state: 'live' | 'expired' | 'stopped' | 'retired';
  readonly stateSinceMs: number;
  /** When `stopped` ends by itself; null: not by itself. */
  readonly stoppedUntilMs: number | null;
  /** Last heartbeat, merged with unchanged blocks. */
  readonly report: Heartbeat;
  readonly zone: string;
  /** The pace it is judged by, in milliseconds. */
  readonly intervalMs: number;
  /** How far its clock is ahead of ours, in milliseconds, from its least lag. */
  readonly skewMs: number;
  /** Beats missed by sequence number since it registered in this process. */
  readonly missedBeats: number;
  readonly isolated: boolean;
  /** A place for the metrics renderer's precomputed labels; `metrics/` alone writes it, `fleet/` sets it null when labels change. */
  seriesLabels: string | null;
}

export interface Liveness {
  readonly state: LivenessState;
  /** In words, for a person. */
  readonly reason: string;
}

/** What became of a heartbeat. */
export interface Receipt {
  readonly status: HeartbeatStatus | 'conflict';
  readonly nextHeartbeatSeconds: number;
  readonly reportFullState: boolean;
  readonly desiredRevision: string | null;
}

/** Read side of the registry, for api/ and metrics/. Every method is O(1) but those that list. */
export interface FleetView {
  readonly size: number;
  get(id: string): FleetNode | undefined;
  /** Every node, in order of registration. */
  nodes(): Iterable<FleetNode>;
  liveness(node: FleetNode, nowMs: number): Liveness;
  flapping(node: FleetNode, nowMs: number): boolean;
  /** Listed by `GET /openclaw/availability`: online and not isolated. */
  available(node: FleetNode, nowMs: number): boolean;
  zoneVerdict(zone: string): Verdict;
  fleetVerdict(): Verdict;
  summary(nowMs: number): FleetSummary;
}

/** The registry as intake sees it. */
export interface FleetIntake {
  /**
   * Takes one authenticated, validated heartbeat; resolves once what it changed is durable.
   * @param bodyHash first 48 bits of the body's SHA-256, as an integer
   * @param text the beat as JSON, when nothing was dropped from it: saves writing it out again
   */
  receive(beat: Heartbeat, bodyHash: number, nowMs: number, text?: string | null): Promise<Receipt>;
}
