import type { EventName, FleetEvent, Role } from '@openclaw-fleet/contract';

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
  /** Last heartbeat in wire form with unchanged blocks carried over, as JSON. */
  readonly report: string;
}

/** One event for the outbox, written in the transaction of the change it tells of. */
export interface NewEvent {
  readonly name: EventName;
  readonly targetId: string;
  readonly atMs: number;
  readonly data: Record<string, unknown>;
}

/** A conditional upsert: taken when the stored revision is `row.rev - 1` (no row: `row.rev` is 1), else nothing changes. */
export interface NodeWrite {
  readonly row: NodeRow;
  readonly events?: readonly NewEvent[];
}

/** `stale`: somebody else wrote first, and `current` is what is stored now (null: there is no such node). */
export type WriteResult = { readonly ok: true } | { readonly ok: false; readonly current: NodeRow | null };

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
  loadNodes(onRows: (rows: NodeRow[]) => void): Promise<number>;
  /**
   * One heartbeat's write. Joins the group commit of its turn of the event loop: resolves once it is durable. Several
   * nodes share one transaction, each write stands or falls alone. Throws StorageError when nothing could be stored.
   */
  writeBeat(write: NodeWrite): Promise<WriteResult>;
  /**
   * Writes of one decision (an expiry sweep), in one transaction that checks the epoch.
   * Throws FencedError (nothing stored) when `epoch` is over.
   */
  writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]>;
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
  /** Adds an enrolment, or replaces the certificate of one (a renewal). A revoked id stays revoked. */
  putEnrolment(enrolment: Enrolment, audit: AuditEntry): Promise<void>;
  /** @returns false when no such node is enrolled */
  revokeNode(nodeId: string, atMs: number, audit: AuditEntry): Promise<boolean>;
  revokeCertificate(fingerprint: string, atMs: number, audit: AuditEntry): Promise<void>;
  putToken(token: ApiToken, audit: AuditEntry): Promise<void>;
  /** @returns false when there is no such token */
  revokeToken(id: string, atMs: number, audit: AuditEntry): Promise<boolean>;
}

export interface Storage extends FleetStore, EventStore, TrustStore {
  /** Takes the lead: every earlier epoch is over from here on. */
  takeEpoch(): Promise<number>;
  /** Notes a start of the collector. @returns how many there were since `sinceMs`, this one included */
  noteStart(atMs: number, sinceMs: number): Promise<number>;
  /** Deletes what is past its retention. @returns rows deleted, by table */
  sweep(limits: { readonly eventsBeforeMs: number; readonly retiredBeforeMs: number }): Promise<Record<string, number>>;
  /** Resolves when storage can write; throws StorageError with the reason when not. */
  check(): Promise<void>;
  close(): Promise<void>;
}
