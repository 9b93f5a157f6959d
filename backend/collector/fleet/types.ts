import type { Assessment, Expectation, Fault, FaultChangeKind, Report, Subject } from '../assessment/types.ts';
import type {
  Band,
  FleetSummary,
  Heartbeat,
  HeartbeatStatus,
  LivenessState,
  PublisherBlock,
  Verdict,
} from '@openclaw-fleet/contract';

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
  readonly report: Report;
  readonly zone: string;
  /** The pace it is judged by, in milliseconds. */
  readonly intervalMs: number;
  /** How far its clock is ahead of ours, in milliseconds, from its least lag. */
  readonly skewMs: number;
  /** Beats missed by sequence number since it registered in this process. */
  readonly missedBeats: number;
  readonly isolated: boolean;
  /** How it was doing when last assessed: with its last heartbeat, or a later change of its state or policy. */
  readonly assessment: Assessment;
  /** Since when its band is what it is. */
  readonly bandSinceMs: number;
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

/** Which targets a list shows, and in which order. Null asks for all. */
export interface Selection {
  readonly zones: readonly string[] | null;
  readonly bands: readonly Band[] | null;
  readonly states: readonly LivenessState[] | null;
  readonly bridged: boolean | null;
  readonly isolated: boolean | null;
  /** Only those with an open drift, or violation. */
  readonly drifted: boolean;
  readonly violating: boolean;
  /** What else must hold: it is asked of each node that matches so far. */
  readonly keep: ((node: FleetNode) => boolean) | null;
  /** Ties are ordered by id, and by name so is everything of one name. */
  readonly sort: 'name' | 'zone' | 'state' | 'lastSeenAt' | 'score';
  readonly descending: boolean;
  /** The page starts after this place; null: at the beginning. A key is a name, a zone, or a number: the state's index, milliseconds, or the score (-1 without one). */
  readonly after: { readonly key: string | number; readonly id: string } | null;
  readonly limit: number;
}

export interface Selected {
  readonly nodes: readonly FleetNode[];
  /** How many match, over all pages. */
  readonly total: number;
  /** Whether more follow. */
  readonly more: boolean;
}

/** Read side of the registry, for api/ and metrics/. Every method is O(1) but those that list. */
export interface FleetView {
  readonly size: number;
  get(id: string): FleetNode | undefined;
  /** Every node, in order of registration. */
  nodes(): Iterable<FleetNode>;
  liveness(node: FleetNode, nowMs: number): Liveness;
  flapping(node: FleetNode, nowMs: number): boolean;
  /** Listed by `GET /openclaw/availability`: online, not isolated and not cordoned. */
  available(node: FleetNode, nowMs: number): boolean;
  zoneVerdict(zone: string): Verdict;
  fleetVerdict(): Verdict;
  summary(nowMs: number): FleetSummary;
  /** One page of targets. Costs little by nodes, but for what `keep` costs. */
  select(selection: Selection, nowMs: number): Promise<Selected>;
  /** What an assessment looks at. */
  subject(node: FleetNode, nowMs: number): Subject;
  /** What is expected of it. */
  expectation(node: FleetNode): Expectation;
}

/** One authenticated, validated heartbeat, and who waits for what becomes of it. */
export interface Arrival {
  readonly beat: Heartbeat;
  /** Its `last_heartbeat`, in milliseconds. */
  readonly keyMs: number;
  /** First 48 bits of the body's SHA-256, as an integer. */
  readonly bodyHash: number;
  /** When it came, in milliseconds of our clock. */
  readonly receivedMs: number;
  /** The node, as the registry gave it, where it was asked for: saves a look-up. */
  readonly known?: FleetNode | undefined;
  /** Called once what it changed is durable. Must not throw. */
  settle(receipt: Receipt): void;
  /** Called instead when it was not taken: nothing changed. Must not throw. */
  fail(error: unknown): void;
}

/** The registry as intake sees it. */
export interface FleetIntake {
  /** Takes heartbeats that came together; each is settled or failed. */
  take(arrivals: readonly Arrival[]): void;
}

/** Counts what assessing does. Called for every heartbeat: must not allocate. */
export interface AssessmentObserver {
  assessed(): void;
  /** A health change was stored, of a target that is in this band since. */
  announced(band: Band): void;
  /** A change of a fault was stored. */
  fault(fault: Pick<Fault, 'kind' | 'code'>, change: FaultChangeKind): void;
  /** Every target concerned by a change of policy was assessed anew. */
  reassessed(seconds: number): void;
}

/** Counts what publishers say of their own deliveries. Called for every heartbeat that says it: must not allocate. */
export interface PublishObserver {
  /**
   * A heartbeat with its publisher's counters was accepted, of a node whose last counters are known. Neither is to be kept:
   * both are overwritten in place.
   * @param last null: of another start of the publisher, so that what it says now is all new
   */
  readonly published: (last: PublisherBlock | null, now: PublisherBlock) => void;
}

/** Says what is expected of each target. Asked for every heartbeat: a look-up, no more. */
export interface ExpectationSource {
  of(nodeId: string): Expectation;
}

/** A decision of people that changes what is expected. */
export interface Because {
  /** In words, for a person. */
  readonly summary: string;
  readonly actor: string;
  readonly reason: string;
}

/** The registry as policies see it. */
export interface FleetReassess {
  /**
   * Assesses nodes anew because what is expected of them changed; resolves once what follows is durable. Other work goes
   * on in between.
   * @param nodeIds null: every node
   * @param because what goes on the timeline of those it changes anything for; absent where their timeline tells it already
   */
  reassess(nodeIds: readonly string[] | null, because?: Because): Promise<void>;
}
