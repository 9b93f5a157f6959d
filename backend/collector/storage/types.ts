import type { AuditRecord, ChangeKind, EventName, FleetEvent, Role, TimelineEntry } from '@openclaw-fleet/contract';
import type { ChainPoint } from '../audit/chain.ts';

/**
 * One node as stored: what its heartbeats said, and what was decided about it. `fleet/` gives the columns their meaning.
 * Times are milliseconds of our clock, but for `markMs`, which is of the node's.
 */
export interface NodeRow {
  readonly nodeId: string;
  /** Grows by one with every write; a write names the one it was decided on. */
  readonly rev: number;
  /** Newest `last_heartbeat` accepted. */
  readonly markMs: number;
  /** When its last accepted beat came; null when only an old first one was recorded. */
  readonly seenMs: number | null;
  readonly firstSeenMs: number;
  /** What was decided. `live`: its age tells. */
  readonly state: 'live' | 'expired' | 'stopped' | 'retired';
  readonly stateSinceMs: number;
  /** When `stopped` ends by itself; null: not by itself. */
  readonly stoppedUntilMs: number | null;
  /** The ordering's memory of the last beats (fleet/ordering.ts); stored as float64s. */
  readonly memory: readonly number[];
  /** What of the last heartbeat changes with every one (fleet/vital.ts), as JSON. */
  readonly vital: string;
}

/** A node's row with the rest of its last heartbeat, which is kept apart and written when it changes. */
export interface StoredNode extends NodeRow {
  /** In wire form with unchanged blocks carried over, without what is vital, as JSON. */
  readonly report: string;
}

/** One event for the outbox, written in the transaction of the change it tells of. */
export interface NewEvent {
  readonly name: EventName;
  readonly targetId: string;
  readonly atMs: number;
  readonly data: Record<string, unknown>;
}

/** A drift record or a policy violation as stored. At most one of a node, kind and code is open (`resolvedMs` null). */
export interface FaultRow {
  readonly id: string;
  readonly nodeId: string;
  readonly kind: 'drift' | 'violation';
  /** The drift's category, or the violation's code. */
  readonly code: string;
  readonly severity: string;
  readonly expected: string | null;
  readonly actual: string | null;
  readonly message: string;
  readonly playbook: string | null;
  readonly openedMs: number;
  readonly resolvedMs: number | null;
  readonly liftedMs: number | null;
}

/** A point of a node's score history. */
export interface ScoreRow {
  readonly nodeId: string;
  readonly atMs: number;
  readonly score: number | null;
  readonly band: string;
}

/** An entry of a target's timeline, still without its id. */
export interface NewChange {
  readonly nodeId: string;
  readonly atMs: number;
  readonly kind: ChangeKind;
  readonly summary: string;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly data: Record<string, unknown>;
}

/** What was decided with a node's write, stored in its transaction, or not at all when the write is refused. */
export interface NodeChanges {
  readonly events: readonly NewEvent[];
  /** Put by id: opened, changed or resolved. Resolved ones come first, so that one may open in the place of another. */
  readonly faults: readonly FaultRow[];
  readonly scores: readonly ScoreRow[];
  readonly timeline: readonly NewChange[];
}

/** A conditional upsert: taken when the stored revision is `row.rev - 1` (no row: `row.rev` is 1), else nothing changes. */
export interface NodeWrite {
  readonly row: NodeRow;
  /** As in StoredNode; null: what is stored stays. Never null when `row.rev` is 1. */
  readonly report: string | null;
  readonly changes?: NodeChanges;
  /** `firstSeenMs` and what was decided stay as they are stored (fleet/rows.ts `decidedAlike`). Never when `row.rev` is 1. */
  readonly sameState?: boolean;
}

/** `stale`: somebody else wrote first, and `current` is what is stored now (null: there is no such node). */
export type WriteResult = { readonly ok: true } | { readonly ok: false; readonly current: StoredNode | null };

/** Writes refused as stale, by their index, with what is stored now (null: there is no such node). */
export type Refused = ReadonlyMap<number, StoredNode | null>;

/** The decision was made under an epoch that is over: another collector leads now. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** Storage refused or failed; nothing of the call was stored. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}

/** What the fleet needs of storage. */
export interface FleetStore {
  /**
   * Hands over every stored node, in chunks.
   * @returns how many there were
   */
  loadNodes(onRows: (rows: StoredNode[]) => void): Promise<number>;
  /**
   * The writes of heartbeats that came together, at most one of a node: resolves once they are durable. What is asked for
   * while a commit is under way shares the next one. Each write stands or falls alone. Throws StorageError when nothing
   * could be stored.
   */
  writeBeats(writes: readonly NodeWrite[]): Promise<Refused>;
  /**
   * Writes of one decision (an expiry sweep), in one transaction that checks the epoch.
   * Throws FencedError (nothing stored) when `epoch` is over.
   */
  writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]>;
  /** Hands over every open fault, in chunks, for the registry's memory. */
  loadOpenFaults(onRows: (rows: FaultRow[]) => void): Promise<void>;
  /** Hands over the point of every node’s score history that was written last, in chunks. */
  loadLastScores(onRows: (rows: ScoreRow[]) => void): Promise<void>;
}

/** What `faults` selects. Absent selects all. */
export interface FaultQuery {
  readonly nodeId?: string;
  readonly kind?: 'drift' | 'violation';
  readonly codes?: readonly string[];
  readonly severities?: readonly string[];
  readonly state?: 'open' | 'resolved';
  /** Goes on after this one: newest opened first, then by id. */
  readonly after?: { readonly openedMs: number; readonly id: string };
  /** Nobody wants to know how many match, which costs by all of them. */
  readonly uncounted?: boolean;
  readonly limit: number;
}

/** What was, for pages that show it. */
export interface HistoryStore {
  /** Newest opened first. @returns the page, and how many match over all pages (null where uncounted) */
  faults(query: FaultQuery): Promise<{ rows: FaultRow[]; total: number | null }>;
  /** Oldest first, from `fromMs` on and before `toMs`; when there are more than `limit`, the newest of them. */
  scores(nodeId: string, fromMs: number, toMs: number, limit: number): Promise<ScoreRow[]>;
  /** Newest first, those before `beforeId` (null: from the newest). */
  timeline(nodeId: string, beforeId: number | null, limit: number): Promise<TimelineEntry[]>;
}

/** A policy profile as stored: `spec` is contract's PolicySpec as JSON. */
export interface ProfileRow {
  readonly id: string;
  /** Grows by one with every write, and goes on growing when a deleted id is used again. */
  readonly version: number;
  readonly spec: string;
  readonly provisioned: boolean;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly updatedBy: string;
}

/** What people decided of one target. */
export interface TargetSettingsRow {
  readonly nodeId: string;
  /** Grows by one with every write. */
  readonly rev: number;
  readonly profileId: string;
  /** Contract's DesiredStatePatch as JSON: what its own PATCH says, over its profile. */
  readonly desired: string;
  /** Contract's ConfigValues as JSON: values of its own, over its revision. */
  readonly overlay: string;
  /** Since when its revision is desired; kept over changes that leave the revision alone. */
  readonly revisionSinceMs: number;
  readonly updatedMs: number;
  readonly updatedBy: string;
}

export interface RevisionRow {
  readonly id: string;
  readonly title: string;
  /** Contract's ConfigValues as JSON. */
  readonly document: string;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly reason: string;
  readonly adoptedFrom: string | null;
}

/** The managed paths' values that a bridge reported last. */
export interface ConfigReportRow {
  readonly nodeId: string;
  readonly revision: string | null;
  readonly configHash: string;
  /** Contract's ConfigValues as JSON, redacted by the bridge. */
  readonly document: string;
  readonly reportedMs: number;
}

/** A change of a policy that waits for a second person. `doc`: contract's PolicyProposal as JSON. */
export interface ProposalRow {
  readonly id: string;
  readonly doc: string;
}

/** `conflict`: the version or rev stored is not the one the change was made from; `current` is what is stored, null when nothing is. */
export type PutResult<Row> = { readonly ok: true } | { readonly ok: false; readonly current: Row | null };

/** Policies, settings of targets, and configuration revisions. Each change appends to the audit chain in its own transaction. */
export interface PolicyStore {
  profiles(): Promise<ProfileRow[]>;
  /** Taken when the stored version is `row.version - 1`, or none is stored and `row.version` is one more than the deleted one's (1 when there never was one). */
  putProfile(row: ProfileRow, audit: AuditEntry): Promise<PutResult<ProfileRow>>;
  /** Taken when the stored version is `version` and no target's settings name it. */
  deleteProfile(
    id: string,
    version: number,
    audit: AuditEntry
  ): Promise<PutResult<ProfileRow> | { ok: false; usedBy: string[] }>;
  /** The version a deleted profile of this id had; 0 when there never was one. */
  lastProfileVersion(id: string): Promise<number>;
  settings(): Promise<TargetSettingsRow[]>;
  /** Taken when the stored rev is `row.rev - 1` (no row: `row.rev` is 1). Writes the timeline's entry with it. */
  putSettings(row: TargetSettingsRow, change: NewChange, audit: AuditEntry): Promise<PutResult<TargetSettingsRow>>;
  revisions(): Promise<RevisionRow[]>;
  /** @returns false when a revision of that id is stored already: nothing changes */
  putRevision(row: RevisionRow, audit: AuditEntry): Promise<boolean>;
  /** Effective hashes (a revision with an overlay) the collector ever issued. */
  issuedHashes(): Promise<string[]>;
  putIssuedHash(hash: string, nodeId: string, atMs: number): Promise<void>;
  putConfigReport(row: ConfigReportRow): Promise<void>;
  configReport(nodeId: string): Promise<ConfigReportRow | null>;
  proposals(): Promise<ProposalRow[]>;
  putProposal(row: ProposalRow, audit: AuditEntry): Promise<void>;
  /** @returns false when there is no such proposal any more: nothing changes */
  dropProposal(id: string, audit: AuditEntry): Promise<boolean>;
}

export interface EventStore {
  /** Events after `id` in commit order, at most `limit`. */
  eventsAfter(id: number, limit: number): Promise<FleetEvent[]>;
  /** The bounds of what is kept: `{ first, last }`, both 0 when there is none. */
  eventBounds(): Promise<{ first: number; last: number }>;
  /** Calls back after a commit that added events. @returns the unsubscribe function */
  onEvents(callback: () => void): () => void;
}

/** Who did something, for the audit chain. */
export interface Actor {
  /** `cli:root@host`, `token:<id>`, `grafana:<identifier>`, `system`. */
  readonly name: string;
  /** How it was authenticated. */
  readonly via: 'local-shell' | 'api-token' | 'grafana-id-token' | 'system';
  /** What a person is called (identity/person-name.ts). Nothing is decided by it, and the audit chain does not have it. */
  readonly label?: string;
}

export interface AuditEntry {
  readonly actor: Actor;
  /** A verb in past tense with its object, such as `node.enrolled`. */
  readonly action: string;
  readonly subject: string;
  readonly reason: string | null;
  readonly atMs: number;
  readonly data: Record<string, unknown>;
}

export interface Enrolment {
  readonly nodeId: string;
  readonly name: string;
  readonly enrolledMs: number;
  /** SHA-256 of its current certificate, hex. */
  readonly fingerprint: string;
  readonly notAfterMs: number;
  readonly requireSignature: boolean;
  readonly revokedMs: number | null;
  /**
   * Fingerprints (hex) of the certificates that alone count: those issued since all earlier ones were revoked. Absent: they
   * never were, and each counts that is not revoked itself.
   */
  readonly admitted?: readonly string[];
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, hex. The secret itself is shown once and kept nowhere. */
  readonly hash: string;
  readonly role: Role;
  readonly kind: 'service' | 'person';
  /** The Grafana `identifier` a person's token is bound to; null for a service. */
  readonly person: string | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
}

/** Everything the doors need to decide who may enter. */
export interface TrustSnapshot {
  /** Grows with every change to enrolments, revocations or tokens. */
  readonly version: number;
  readonly enrolments: readonly Enrolment[];
  /** SHA-256 fingerprints (hex) of certificates revoked one by one. */
  readonly revokedCertificates: readonly string[];
  readonly tokens: readonly ApiToken[];
}

/** Enrolments, revocations and API tokens. Each change appends to the audit chain in its own transaction. */
export interface TrustStore {
  trustVersion(): Promise<number>;
  trustSnapshot(): Promise<TrustSnapshot>;
  /** Adds an enrolment, or replaces the certificate of one: it counts from then on. A revoked id stays revoked. */
  putEnrolment(enrolment: Enrolment, audit: AuditEntry): Promise<void>;
  /**
   * The same for a renewal, when the node and the certificate it came with are not revoked at that moment.
   * @param from SHA-256 (hex) of that certificate
   * @returns the enrolment as it is from then on; null, and nothing stored, when one of them is revoked
   */
  renewEnrolment(enrolment: Enrolment, from: string, audit: AuditEntry): Promise<Enrolment | null>;
  /** @returns false when no such node is enrolled */
  revokeNode(nodeId: string, atMs: number, audit: AuditEntry): Promise<boolean>;
  revokeCertificate(fingerprint: string, atMs: number, audit: AuditEntry): Promise<void>;
  /**
   * Revokes every certificate that was issued to a node so far, also those that nobody knows of any more.
   * @param fingerprint of the newest
   * @returns false when no such node is enrolled
   */
  revokeIssued(nodeId: string, fingerprint: string, atMs: number, audit: AuditEntry): Promise<boolean>;
  putToken(token: ApiToken, audit: AuditEntry): Promise<void>;
  /** @returns false when there is no such token */
  revokeToken(id: string, atMs: number, audit: AuditEntry): Promise<boolean>;
}

/** The audit chain, for what no other part appends with a change of its own. */
export interface AuditStore {
  appendAudit(entry: AuditEntry): Promise<void>;
}

export type { ChainPoint };

/** What makes the audit chain shorter. */
export interface AuditCutStore {
  /**
   * Deletes the records up to and with `through`, and appends `entry`, whose data must name it, in one transaction.
   * Throws StorageError (nothing changed) when the record of that number has another hash.
   * @returns how many were deleted
   */
  cutAudit(through: ChainPoint, entry: AuditEntry): Promise<number>;
}

export interface Storage
  extends
    FleetStore,
    EventStore,
    TrustStore,
    HistoryStore,
    PolicyStore,
    AuditStore,
    AuditCutStore,
    RemediationStore,
    AuditReadStore {
  /** Takes the lead: every earlier epoch is over from here on. */
  takeEpoch(): Promise<number>;
  /** Notes a start of the collector. @returns how many there were since `sinceMs`, this one included */
  noteStart(atMs: number, sinceMs: number): Promise<number>;
  /** Deletes what is past its retention. @returns rows deleted, by table; of `enrolments`, names forgotten */
  sweep(limits: {
    readonly eventsBeforeMs: number;
    /** Nodes that were retired before this, and names of enrolments that ended before it and have no node. */
    readonly retiredBeforeMs: number;
    readonly historyBeforeMs: number;
    /** Runs that ended before this go with their steps, plans with the last of their runs. Absent: none does. */
    readonly runsBeforeMs?: number;
    /** Idempotency keys used before this. Absent: none goes. */
    readonly keysBeforeMs?: number;
  }): Promise<Record<string, number>>;
  /** Resolves when storage can write; throws StorageError with the reason when not. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A plan as stored. `doc`: remediation's own JSON of it. */
export interface PlanRow {
  readonly id: string;
  readonly createdMs: number;
  /** Runs of it that have not ended are loaded at the start. */
  readonly doc: string;
}

/** One run as stored. `doc`: remediation's own JSON of it, the columns beside it for finding it. */
export interface RunRow {
  readonly id: string;
  readonly planId: string;
  readonly batchId: string | null;
  readonly targetId: string;
  readonly playbook: string;
  readonly fault: string;
  readonly trigger: string;
  readonly state: string;
  /** Grows by one with every write. */
  readonly rev: number;
  readonly createdMs: number;
  readonly endedMs: number | null;
  readonly doc: string;
}

export interface StepRow {
  readonly runId: string;
  readonly index: number;
  readonly doc: string;
}

/** A pause, cordon, quarantine or breaker; one of each kind, target and subject. `targetId` and `subject` are `''` where there is none. */
export interface HoldRow {
  readonly kind: string;
  readonly targetId: string;
  readonly subject: string;
  readonly doc: string;
}

/** How long an idempotency key stands for what it led to; after that it is as good as new. Milliseconds. */
export const IDEMPOTENCY_KEPT_MS = 86_400_000;

/** An idempotency key of one caller, with what it led to. */
export interface IdempotencyRow {
  readonly caller: string;
  readonly key: string;
  readonly bodyHash: string;
  readonly resultId: string;
  readonly atMs: number;
}

/** Everything of one transition, stored together or not at all. */
export interface RemediationChange {
  /** Put by id. */
  readonly plans: readonly PlanRow[];
  /** Each taken when the stored rev is `row.rev - 1` (no row: 1), else the whole change is refused. */
  readonly runs: readonly RunRow[];
  /** Put by run and index. */
  readonly steps: readonly StepRow[];
  readonly putHolds: readonly HoldRow[];
  readonly dropHolds: readonly Pick<HoldRow, 'kind' | 'targetId' | 'subject'>[];
  /** Each is put, unless its key led to something else within IDEMPOTENCY_KEPT_MS: then the whole change is refused. */
  readonly idempotency: readonly IdempotencyRow[];
  readonly events: readonly NewEvent[];
  readonly timeline: readonly NewChange[];
  readonly audit: readonly AuditEntry[];
}

/** What `runs` selects. Absent selects all. */
export interface StoredRunQuery {
  readonly states?: readonly string[];
  readonly targetId?: string;
  readonly playbook?: string;
  readonly trigger?: string;
  readonly batchId?: string;
  /** Ended at or after this. */
  readonly endedFromMs?: number;
  /** Goes on after this one: newest first, then by id. */
  readonly after?: { readonly createdMs: number; readonly id: string };
  readonly limit: number;
}

/** Runs, their plans and evidence, and what holds them back. */
export interface RemediationStore {
  /**
   * One transaction, synced when it resolves.
   * Throws FencedError when `epoch` is over, StorageError when a run is not as it was, when its plan or a step's run is not
   * stored, or when an idempotency key was used meanwhile; nothing is stored then.
   */
  writeRemediation(epoch: number, change: RemediationChange): Promise<void>;
  /** Newest first. @returns the page, and how many match over all pages */
  runs(query: StoredRunQuery): Promise<{ rows: RunRow[]; total: number }>;
  /** With its plan and its steps in order. */
  run(id: string): Promise<{ run: RunRow; plan: PlanRow; steps: StepRow[] } | null>;
  plan(id: string): Promise<PlanRow | null>;
  holds(): Promise<HoldRow[]>;
  idempotent(caller: string, key: string): Promise<IdempotencyRow | null>;
}

/** One record of the audit chain as stored. */
export type AuditRow = Readonly<AuditRecord>;

/** What of the audit chain is read. Absent selects all. */
export interface AuditQuery {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  /** At or after the first, before the second. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Records after this one, and before that one. */
  readonly afterSeq?: number;
  readonly beforeSeq?: number;
  readonly newestFirst: boolean;
  readonly limit: number;
}

/** The audit chain, read. */
export interface AuditReadStore {
  auditRecords(query: AuditQuery): Promise<AuditRow[]>;
  /** Of the newest record; seq 0 when there never was one. `atMs`: when it was written; null: it is not there. */
  auditHead(): Promise<ChainPoint & { readonly atMs: number | null }>;
}
