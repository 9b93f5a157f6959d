import type {
  Band,
  DesiredState,
  DriftCategory,
  DriftMode,
  DriftSeverity,
  Heartbeat,
  Limits,
  LivenessState,
  PlaybookId,
  ViolationCode,
  ViolationSeverity,
} from '@openclaw-fleet/contract';

/** What is expected of one target: its profile, its own PATCH, its overlay and the flags, resolved. Shared by those that expect the same. */
export interface Expectation {
  readonly profileId: string;
  readonly profileVersion: number;
  /** The team label its alerts carry; null when nobody owns it. */
  readonly owner: string | null;
  /** `configHash` is the effective hash, with the target's overlay. Null expects nothing. */
  readonly desired: DesiredState;
  /** The revision that `desired.configHash` comes from; null when none is desired. */
  readonly revision: string | null;
  /** Since when that revision is desired of it, in milliseconds of our clock. */
  readonly revisionSinceMs: number;
  /** Below it is a critical version drift; null: no minimum. */
  readonly minimumBridgeVersion: string | null;
  readonly limits: Limits;
  readonly requiredTags: readonly string[];
  readonly driftMode: DriftMode;
  /** Severity of a configuration that the collector never issued (an edit on the node). */
  readonly unknownConfigSeverity: 'major' | 'critical';
  readonly requireSignature: boolean;
  /** Violations not counted, until when. */
  readonly waivers: readonly { readonly code: ViolationCode; readonly untilMs: number }[];
  /** Whether the collector ever issued this effective hash. */
  issued(hash: string): boolean;
}

/** The last heartbeat as it is held: its time is the node's mark, since a string that is held anew for each has to be collected. */
export type Report = Omit<Heartbeat, 'last_heartbeat'>;

/** What is assessed: one node as it is at one instant. Times are milliseconds of our clock. */
export interface Subject {
  readonly id: string;
  /** Last heartbeat, with unchanged blocks carried over. */
  readonly report: Report;
  readonly state: LivenessState;
  /** When its last accepted beat came; null when only an old first one was recorded. */
  readonly seenMs: number | null;
  /** The pace it is judged by, in milliseconds. */
  readonly intervalMs: number;
  readonly flapping: boolean;
  /** It said that it restarts, the time for that is over, and it has not come back. */
  readonly overdue: boolean;
}

interface FaultBase {
  /** `<target>.<kind>.<code>.<openedMs>`: the same inputs give the same id. */
  readonly id: string;
  /** When it opened; escalating keeps it. */
  readonly openedMs: number;
  /** In words: names the value and the limit. */
  readonly message: string;
  readonly playbook: PlaybookId | null;
  /** An approver lifted the isolation that it caused (the work on repairs); null: nobody did. */
  readonly liftedMs: number | null;
}
export interface DriftFault extends FaultBase {
  readonly kind: 'drift';
  readonly code: DriftCategory;
  readonly severity: DriftSeverity;
  readonly expected: string;
  readonly actual: string;
}
export interface ViolationFault extends FaultBase {
  readonly kind: 'violation';
  readonly code: ViolationCode;
  readonly severity: ViolationSeverity;
  readonly expected: null;
  readonly actual: null;
}
/** One condition that is wrong with a target, while it is open. */
export type Fault = DriftFault | ViolationFault;

/** What is wrong with one node at one instant. Small and immutable; the words of the components are made when asked for. */
export interface Assessment {
  readonly atMs: number;
  /** 0 to 100, a whole number; null when the band is `unknown`. */
  readonly score: number | null;
  readonly band: Band;
  /** Points of connectivity, sync, policy, runtime, jobs (contract's COMPONENTS); NaN for a component that is null. */
  readonly points: readonly [number, number, number, number, number];
  /** Open faults. The very array passed in when nothing about them changed. */
  readonly faults: readonly Fault[];
  /** When time alone would next change it, in milliseconds of our clock; Infinity: only news does. */
  readonly nextMs: number;
}

export type FaultChangeKind = 'opened' | 'escalated' | 'eased' | 'resolved';
/** What became of one fault between two assessments. `fault` is as it is now, or as it was when it resolved. */
export interface FaultTransition {
  readonly change: FaultChangeKind;
  readonly fault: Fault;
}
