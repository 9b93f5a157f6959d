import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiToken, Enrolment, TrustStore } from '../storage/types.ts';
import { plainFingerprint } from './peer.ts';

/** Between two readings for those who are not known. Milliseconds. */
const UNKNOWN_MS = 100;
/** Entries taken from a snapshot before the event loop gets a turn. */
const CHUNK = 5000;

/** An enrolled node. Small, as there may be 100,000. */
export interface TrustedNode {
  readonly name: string;
  readonly requireSignature: boolean;
  readonly revoked: boolean;
  /** When its newest certificate ends, seconds since the epoch. */
  readonly notAfterS: number;
  /** SHA-256 of its newest certificate, lower-case hex. */
  readonly fingerprint: string;
  /** Of the certificates that alone count, a few at most; null: each counts that is not revoked itself. */
  readonly admitted: readonly string[] | null;
}

class CompactNode implements TrustedNode {
  readonly name: string;
  readonly requireSignature: boolean;
  readonly revoked: boolean;
  readonly notAfterS: number;
  readonly admitted: readonly string[] | null;
  readonly #digest: string;

  constructor(enrolment: Enrolment) {
    this.name = enrolment.name;
    this.requireSignature = enrolment.requireSignature;
    this.revoked = enrolment.revokedMs !== null;
    this.notAfterS = Math.floor(enrolment.notAfterMs / 1000);
    this.admitted = enrolment.admitted ?? null;
    this.#digest = Buffer.from(enrolment.fingerprint, 'hex').toString('latin1');
  }

  get fingerprint(): string {
    return Buffer.from(this.#digest, 'latin1').toString('hex');
  }
}

/** Whether a node lost certificates that counted until now. */
function lostSome(was: TrustedNode | undefined, now: TrustedNode): boolean {
  if (was === undefined) return false;
  if (now.revoked) return !was.revoked;
  const { admitted } = now;
  return admitted !== null && (was.admitted?.some((one) => !admitted.includes(one)) ?? true);
}

/** Whom the doors must throw out now. */
export interface Revoked {
  /** Nodes that lost their certificates, or all that were issued before some moment: `isRevoked` tells which. */
  readonly nodeIds: readonly string[];
  /** Of certificates, lower-case hex. */
  readonly fingerprints: readonly string[];
}

/** Calls back again and again. @returns what stops it */
export type Every = (callback: () => void, intervalMs: number) => () => void;

const realTimer: Every = (callback, intervalMs) => {
  const timer = setInterval(callback, intervalMs).unref();
  return () => clearInterval(timer);
};

/**
 * Who may enter, as storage has it, indexed. Until the first `refresh` nobody may.
 * When storage cannot be read it stays as it is: whoever was trusted stays so, and `onError` of `watch` hears of it.
 */
export class Trust {
  readonly #store: TrustStore;
  #version = -1;
  #askedMs = -Infinity;
  #nodes = new Map<string, TrustedNode>();
  #revokedCertificates = new Set<string>();
  #tokens = new Map<string, ApiToken>();
  #flight: Promise<boolean> | null = null;
  readonly #listeners = new Set<(revoked: Revoked) => void>();

  constructor(store: TrustStore) {
    this.#store = store;
  }

  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** The node enrolled as `id`; undefined when none is. It may be revoked. */
  node(id: string): TrustedNode | undefined {
    return this.#nodes.get(id);
  }

  token(id: string): ApiToken | undefined {
    return this.#tokens.get(id);
  }

  /** All there are, revoked and expired ones too. */
  tokens(): Iterable<ApiToken> {
    return this.#tokens.values();
  }

  /** When the newest certificate of an enrolled node ends, in seconds since the epoch; undefined: it has none that is not revoked. */
  certificateEndS(id: string): number | undefined {
    const node = this.#nodes.get(id);
    return node === undefined || this.isRevoked(id, node.fingerprint) ? undefined : node.notAfterS;
  }

  /** Whether the node or this certificate of it is revoked. O(1). @param fingerprint SHA-256, hex, with or without colons */
  isRevoked(id: string, fingerprint: string): boolean {
    const node = this.#nodes.get(id);
    if (node?.revoked === true) return true;
    if (node !== undefined && node.admitted !== null && !node.admitted.includes(plainFingerprint(fingerprint)))
      return true;
    return this.#revokedCertificates.size > 0 && this.#revokedCertificates.has(plainFingerprint(fingerprint));
  }

  /** How a node with this certificate stands. O(1). */
  standing(id: string, fingerprint: string): 'ok' | 'not-enrolled' | 'revoked' {
    if (this.isRevoked(id, fingerprint)) return 'revoked';
    return this.#nodes.has(id) ? 'ok' : 'not-enrolled';
  }

  /** Whether the node was enrolled with `--require-signature`. */
  requiresSignature(id: string): boolean {
    return this.#nodes.get(id)?.requireSignature === true;
  }

  /** Calls back when somebody who was trusted no longer is, so that open connections can be closed. @returns the unsubscribe function */
  onRevoked(callback: (revoked: Revoked) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /**
   * Reads storage again when it changed. Calls that overlap share one reading.
   * @returns whether anything changed
   * @throws StorageError
   */
  async refresh(): Promise<boolean> {
    this.#flight ??= this.#read().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  }

  /**
   * Refreshes for somebody who is not known yet: what was made a moment ago is known at once. Asked for more often, it
   * reads once in `UNKNOWN_MS`, so that strangers cost little.
   */
  async refreshForUnknown(nowMs: number): Promise<void> {
    if (nowMs - this.#askedMs < UNKNOWN_MS) {
      await this.#flight;
      return;
    }
    this.#askedMs = nowMs;
    await this.refresh();
  }

  /** Takes over an enrolment that was just stored, without reading all others again when it was the only change. */
  async adopt(nodeId: string, enrolment: Enrolment): Promise<void> {
    await this.#flight?.catch(() => false);
    const version = await this.#store.trustVersion();
    if (version === this.#version + 1 && this.#flight === null) {
      this.#nodes.set(nodeId, new CompactNode(enrolment));
      this.#version = version;
    } else {
      await this.refresh();
    }
  }

  /** Refreshes again and again. @returns what stops it */
  watch(intervalMs: number, onError: (error: unknown) => void, every: Every = realTimer): () => void {
    return every(() => void this.refresh().catch(onError), intervalMs);
  }

  async #read(): Promise<boolean> {
    if ((await this.#store.trustVersion()) === this.#version) return false;
    const snapshot = await this.#store.trustSnapshot();
    const nodes = new Map<string, TrustedNode>();
    const nodeIds: string[] = [];
    for (const enrolment of snapshot.enrolments) {
      const node = new CompactNode(enrolment);
      nodes.set(enrolment.nodeId, node);
      if (lostSome(this.#nodes.get(enrolment.nodeId), node)) nodeIds.push(enrolment.nodeId);
      if (nodes.size % CHUNK === 0) await nextTurn();
    }
    const certificates = new Set(snapshot.revokedCertificates.map(plainFingerprint));
    const fingerprints = [...certificates].filter((one) => !this.#revokedCertificates.has(one));
    this.#nodes = nodes;
    this.#revokedCertificates = certificates;
    this.#tokens = new Map(snapshot.tokens.map((token) => [token.id, token]));
    this.#version = snapshot.version;
    if (nodeIds.length + fingerprints.length > 0) {
      for (const listener of this.#listeners) listener({ nodeIds, fingerprints });
    }
    return true;
  }
}
