import type {
  ActionReceipt,
  ActionRequest,
  Batch,
  DriftMode,
  DryRun,
  Efficacy,
  Hold,
  HoldKind,
  JobsBlock,
  LivenessState,
  MaintenanceWindow,
  Observation,
  Plan,
  PlaybookId,
  Refusal,
  RefusalReason,
  RemediationStatus,
  ReportedBlock,
  Run,
  RunDetail,
  RunState,
  Timings,
  Trigger,
  Verdict,
} from '@openclaw-fleet/contract';
import type { Actor } from '../storage/types.ts';

/** Who asks or decides. `person`: the Grafana identifier of a person; null: a service, or the collector itself. */
export interface Requester {
  readonly actor: Actor;
  readonly person: string | null;
}

/** One condition that is wrong with a target and that a playbook is for (domain-rules, words). */
export interface RepairFault {
  /** `drift.config`, `violation.runtime-error`, `liveness.expired`, `anomaly.job-failures`. */
  readonly key: string;
  readonly severity: 'minor' | 'major' | 'critical' | 'warning' | 'high';
  readonly playbook: PlaybookId;
  readonly openedMs: number;
  readonly message: string;
}

/** What remediation looks at of one target at one instant. Times are milliseconds of our clock. */
export interface TargetFacts {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly zoneVerdict: Verdict;
  /** Targets of its zone that are expected (domain-rules section 2). */
  readonly zoneExpected: number;
  readonly owner: string | null;
  readonly tags: readonly string[];
  readonly profileId: string;
  readonly state: LivenessState;
  /** When its last accepted beat came; null: never. */
  readonly seenMs: number | null;
  readonly intervalMs: number;
  readonly bridged: boolean;
  readonly capabilities: readonly string[];
  /** A critical drift that nobody lifted is open. */
  readonly isolated: boolean;
  readonly reported: ReportedBlock | null;
  readonly jobs: JobsBlock | null;
  /** Every open drift and violation, as `drift.config` or `drift.config:critical`, in order. */
  readonly openFaults: readonly string[];
  /** Those a playbook is for, the worst first. */
  readonly repairable: readonly RepairFault[];
  readonly desiredRevision: string | null;
  readonly desiredConfigHash: string | null;
  readonly driftMode: DriftMode;
  /** A profile's overrides of the limits of this room (see limits.ts). */
  readonly guardrails: Readonly<Record<string, number | boolean>>;
  /** Automation may act by its maintenance windows. */
  readonly windowOpen: boolean;
  readonly windowReason: string;
  readonly window: MaintenanceWindow | null;
}

/** What remediation looks at of the fleet as a whole. */
export interface FleetStanding {
  readonly verdict: Verdict;
  readonly zones: number;
  readonly normalZones: number;
  /** Targets that are expected. */
  readonly expected: number;
  /** Expected targets of normal zones, and how many of them became expired or critical within `blastWindow`. */
  readonly blast: { readonly of: number; readonly became: number };
  /** No new automation before this: after a start, a failover, or leaving `full` or `blind`. */
  readonly automationFromMs: number;
}

/** The fleet as remediation sees it. */
export interface FleetFacts {
  get(targetId: string): TargetFacts | null;
  standing(nowMs: number): FleetStanding;
  /** Targets that have something a playbook is for; walks the fleet in slices. */
  candidates(): AsyncIterable<TargetFacts>;
  /** Ids of the targets that match all of what is named, in order. */
  resolve(selector: {
    readonly zone?: readonly string[] | undefined;
    readonly tag?: readonly string[] | undefined;
    readonly profile?: readonly string[] | undefined;
  }): readonly string[];
}

/** What people decide about a target that the registry carries out. */
export interface FleetActs {
  /** @throws {RangeError} when it is not isolated */
  liftIsolation(targetId: string, by: { readonly actor: string; readonly reason: string }): Promise<void>;
  retire(targetId: string, by: { readonly actor: string; readonly reason: string }): Promise<void>;
  /** A retired one is managed again. @throws {RangeError} when it is not retired */
  reinstate(targetId: string, by: { readonly actor: string; readonly reason: string }): Promise<void>;
  /** Those excluded from discovery, from now on. */
  cordoned(targetIds: ReadonlySet<string>): void;
}

/**
 * Why a bridge was not reached, or what it said instead.
 * - `no-bridge`: the target has no bridge with a door, or its address is none that we go to
 * - `unreachable`: nothing answered, on any transport; whether it took the request is not known
 * - `untrusted`: what answered is not this node, or is revoked; nothing was sent
 * - `refused`: the bridge refused before it did anything (`refusal`)
 * - `protocol`: it answered something we do not understand
 */
export type BridgeTrouble = 'no-bridge' | 'unreachable' | 'untrusted' | 'refused' | 'protocol';
export class BridgeError extends Error {
  override readonly name = 'BridgeError';
  readonly trouble: BridgeTrouble;
  readonly refusal: string | null;
  constructor(trouble: BridgeTrouble, message: string, refusal: string | null = null) {
    super(message);
    this.trouble = trouble;
    this.refusal = refusal;
  }
}

/** One node's bridge, over whatever transport it has. Every method throws BridgeError. */
export interface BridgeClient {
  /** What it sees now. */
  observe(targetId: string): Promise<Observation>;
  /** Signs and sends; answers with the receipt as it is at once, often `running`. Sending the same id again never does it twice. */
  act(targetId: string, request: ActionRequest): Promise<ActionReceipt>;
  /** Null: the node never took an action of this id. */
  receipt(targetId: string, actionId: string): Promise<ActionReceipt | null>;
}

/** Numbers of section 6 that are not durations. */
export interface Limits {
  /** Attempts on one target and fault in `attemptWindow`. */
  readonly attempts: number;
  /** Share and bounds of targets in flight. */
  readonly inFlightShare: number;
  readonly inFlightLeast: number;
  readonly inFlightMost: number;
  /** Share of targets that may have become expired or critical before automation holds. */
  readonly blastShare: number;
  /** Targets of one plan. */
  readonly planMost: number;
  /** Critical plans of more targets than this need two approvers. */
  readonly criticalTwo: number;
  /** A breaker opens under this success rate, of at least so many. */
  readonly breakerRate: number;
  readonly breakerLeast: number;
  /** Asks of the second witness. */
  readonly witnessAsks: number;
}

/** Flags of automation. Off by default. */
export interface AutomationSettings {
  readonly enabled: boolean;
  /** Percentage of targets, stable by id. */
  readonly percent: number;
}

/** One attempt on a target's fault, within the window. */
export interface Attempt {
  readonly runId: string;
  readonly endedMs: number | null;
  readonly state: RunState;
}

/** What the guardrails look at. Pure data: the same context gives the same answer. */
export interface GuardContext {
  readonly nowMs: number;
  readonly timings: Timings;
  readonly limits: Limits;
  readonly target: TargetFacts;
  readonly fleet: FleetStanding;
  readonly playbook: PlaybookId;
  /** Null: the target has no open fault that the playbook is for. */
  readonly fault: RepairFault | null;
  readonly trigger: Trigger;
  /** The plan has the approvals it needs (or needed none); false while it is still to be decided. */
  readonly approved: boolean;
  readonly approvalsNeeded: number;
  /** Targets of the plan. */
  readonly planSize: number;
  /** Runs that are `running` or `verifying`, this one's target not counted twice. */
  readonly inFlight: number;
  /** An open run of this target, other than the one looked at. */
  readonly openRunOfTarget: string | null;
  readonly fleetPaused: Hold | null;
  readonly targetPaused: Hold | null;
  readonly cordoned: Hold | null;
  readonly quarantined: Hold | null;
  readonly breaker: Hold | null;
  /** Attempts on this target and fault within `attemptWindow`, oldest first. */
  readonly attempts: readonly Attempt[];
  /** When the next attempt may begin, by the jittered backoff; -Infinity: now. */
  readonly nextAttemptMs: number;
  readonly automation: AutomationSettings;
  /** Automatic runs begun in this target's zone, and when the last one was; null: none. */
  readonly lastAutomaticInZoneMs: number | null;
  /** The batch it belongs to was halted; retries go on. */
  readonly batchHalted: boolean;
}

/** One guardrail: null lets it pass. */
export type Guardrail = (context: GuardContext) => Refusal | null;
export function refuse(reason: RefusalReason, message: string): Refusal {
  return { reason, message };
}

/** A request was refused: `message` says what happened and what to do next. */
export type RemediationFailure =
  | { readonly kind: 'not-found' | 'invalid'; readonly message: string; readonly field?: string }
  /** The idempotency key was used with another body. */
  | { readonly kind: 'key-reused'; readonly message: string }
  /** The caller may never decide this: no person, or the requester. */
  | { readonly kind: 'not-allowed'; readonly message: string }
  /** It cannot be decided that way any more, or a guardrail holds it back. */
  | { readonly kind: 'refused'; readonly message: string; readonly refusal: Refusal | null; readonly run: Run | null };
export class RemediationError extends Error {
  override readonly name = 'RemediationError';
  readonly failure: RemediationFailure;
  constructor(failure: RemediationFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export interface RepairRequest {
  readonly targetId: string;
  /** Null: the one the worst open fault suggests. */
  readonly playbook: PlaybookId | null;
  readonly reason: string;
  readonly by: Requester;
  readonly trigger: 'manual' | 'alertmanager';
  /** Of the plan that the person saw; null or left out: whatever is planned now is right. */
  readonly digest?: string | null;
  /** How many approvals that plan needed: with fewer by now it might begin where the person meant to ask. */
  readonly approvalsNeeded?: number | null;
  readonly idempotency: { readonly key: string; readonly bodyHash: string } | null;
}
export interface BatchRequest extends Omit<RepairRequest, 'targetId' | 'playbook'> {
  readonly playbook: PlaybookId;
  readonly targetIds: readonly string[] | null;
  readonly selector: Parameters<FleetFacts['resolve']>[0] | null;
}
export interface RunQuery {
  readonly states?: readonly RunState[];
  readonly targetId?: string;
  readonly playbook?: PlaybookId;
  readonly trigger?: Trigger;
  readonly batchId?: string;
  /** Goes on after this one: newest first. */
  readonly after?: { readonly createdMs: number; readonly id: string };
  readonly limit: number;
}

/**
 * Repairs under guard (domain-rules section 6). Every change is stored with its audit records, events and timeline entries in
 * one transaction before its effect, under the leader's epoch. Methods throw RemediationError when a request is refused and
 * StorageError when it could not be stored; either way nothing changed (but for a blocked run, which a refusal stores).
 */
export interface RemediationService {
  /** @returns the run, and whether it is new (false: the idempotency key was used before) */
  request(request: RepairRequest): Promise<{ readonly run: Run; readonly created: boolean }>;
  requestBatch(request: BatchRequest): Promise<{ readonly batch: Batch; readonly created: boolean }>;
  /** What would happen, with what would hold it back; stores nothing. */
  dryRun(request: RepairRequest): DryRun;
  dryRunBatch(request: BatchRequest): DryRun;
  run(runId: string): Promise<RunDetail | null>;
  runs(query: RunQuery): Promise<{ readonly runs: Run[]; readonly total: number }>;
  batch(batchId: string): Promise<Batch | null>;
  plan(planId: string): Promise<Plan | null>;
  /** Of the plan of a run, or of a batch. @returns the plan as it is now */
  approve(
    id: string,
    by: Requester,
    decision: { readonly reason: string; readonly digest: string | null; readonly breakGlass: boolean }
  ): Promise<Plan>;
  deny(id: string, by: Requester, reason: string): Promise<Plan>;
  /** A run, or every run of a batch that has not ended. */
  cancel(id: string, by: Requester, reason: string): Promise<Run[]>;
  /** @param targetId null: everything */
  pause(targetId: string | null, by: Requester, reason: string): Promise<Hold>;
  resume(targetId: string | null, by: Requester, reason: string): Promise<void>;
  cordon(targetId: string, by: Requester, reason: string): Promise<Hold>;
  uncordon(targetId: string, by: Requester, reason: string): Promise<void>;
  /** @param fault null: every one of the target */
  clearQuarantine(targetId: string, fault: string | null, by: Requester, reason: string): Promise<void>;
  closeBreaker(playbook: PlaybookId, fault: string, by: Requester, reason: string): Promise<void>;
  liftIsolation(targetId: string, by: Requester, reason: string): Promise<void>;
  retire(targetId: string, by: Requester, reason: string): Promise<void>;
  reinstate(targetId: string, by: Requester, reason: string): Promise<void>;
  /** Of one target; null: of everything and of all targets. */
  holds(targetId: string | null, kind?: HoldKind): readonly Hold[];
  efficacy(): readonly Efficacy[];
  status(): RemediationStatus;
  /** Open runs in memory, for metrics and lists. */
  open(): readonly Run[];
}

/** What has to be counted where it happens. Must not throw. */
export interface RemediationObserver {
  refused(reason: RefusalReason): void;
  ended(run: Run): void;
  verb(verb: string, outcome: string, seconds: number): void;
}
