import type { ConfigDiff, ConfigReport, ConfigRevision, ConfigValues } from '@openclaw-fleet/contract';
import type { Actor, PolicyStore } from '../storage/types.ts';

/** One thing about a document that is not taken. `message` says why and what to do, and never holds a value. */
export interface ConfigProblem {
  /** The managed path, and below it the place inside the value. */
  readonly path: string;
  readonly rule: 'shape' | 'denied' | 'secret' | 'unmanaged' | 'not-reported';
  readonly message: string;
}

/**
 * Why something was refused; `message` is a whole sentence for a person.
 * `invalid` is 422 with a field per problem, `too-large` 413, `not-found` 404, `conflict` 409.
 */
export type ConfigFailure =
  | { readonly kind: 'invalid'; readonly message: string; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: 'too-large' | 'not-found' | 'conflict'; readonly message: string };

export type ConfigResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: ConfigFailure };

/** Who does it and why, for the audit chain. */
export interface ConfigChange {
  readonly actor: Actor;
  readonly reason: string;
}

/** A revision's values with a target's over them, and their SHA-256 over RFC 8785 (what `config_hash` is to become). */
export interface Effective {
  readonly values: ConfigValues;
  readonly hash: string;
}

export interface Stored {
  readonly revision: ConfigRevision;
  /** False: the same document was stored already, and that revision is the answer. */
  readonly created: boolean;
}
export interface Adopted extends Stored {
  /** What the gateway reported and no revision may manage, with why. */
  readonly leftOut: readonly ConfigProblem[];
}

/** What is desired of one node's configuration now. Policies say it. */
export interface DesiredConfiguration {
  readonly revision: string;
  readonly overlay: ConfigValues;
}

/** What policies need: memory alone, a look-up each. */
export interface RevisionLookup {
  /**
   * @param overlay the target's own values; paths that the revision does not manage are passed over (`checkOverlay` names
   *   them when a person sets them; a profile's later revision may have fewer)
   * @returns null when there is no such revision
   */
  effective(revisionId: string, overlay: ConfigValues): Effective | null;
  /** Whether the collector ever issued this effective hash to a node, or took it over from one. */
  issued(hash: string): boolean;
  get(id: string): ConfigRevision | null;
  /** Everything wrong with an overlay over a revision; empty when it may be set. */
  checkOverlay(revisionId: string, overlay: ConfigValues): readonly ConfigProblem[];
}

/** What the API needs. Methods that write throw StorageError when nothing could be stored. */
export interface ConfigurationService extends RevisionLookup {
  /** Reads every revision into memory. Once, before anything else. */
  load(): Promise<void>;
  /** Stores a document under its hash. The same document again is the same revision: nothing changes. */
  create(document: { title: string; values: ConfigValues }, change: ConfigChange): Promise<ConfigResult<Stored>>;
  /** Newest first. */
  list(): readonly ConfigRevision[];
  /** What differs between two revisions. */
  diff(fromId: string, toId: string): ConfigResult<ConfigDiff>;
  /**
   * What differs between a revision, with a target's overlay, and what that target reported last. `conflict` while it
   * reported nothing. A path the report does not cover shows as `(not reported)`.
   */
  diffWithReport(revisionId: string, overlay: ConfigValues, nodeId: string): Promise<ConfigResult<ConfigDiff>>;
  /**
   * Stores what a gateway runs as a revision. `conflict` while it reported nothing.
   * @param document.paths those to manage, or whole sections (`messages`); absent: everything reported that a revision may manage
   */
  adopt(
    nodeId: string,
    document: { title: string; paths?: readonly string[] },
    change: ConfigChange
  ): Promise<ConfigResult<Adopted>>;
}

/** What the nodes' front door needs. */
export interface NodeConfigurations {
  /**
   * The revision as this node is to have it: a compact JWS (contract's NodeRevision). Durable as issued before it returns.
   * `not-found` when it is not what is desired of this node now, whether it exists or not.
   * @param nonce the node's own, to tell an answer from a replay
   */
  nodeRevision(nodeId: string, revisionId: string, nonce: string | null): Promise<ConfigResult<string>>;
  /** Takes a node's report of its managed values; stored only when it says something new. */
  acceptReport(nodeId: string, report: ConfigReport): Promise<ConfigResult<'stored' | 'unchanged'>>;
}

export type RevisionStore = Pick<
  PolicyStore,
  'revisions' | 'putRevision' | 'issuedHashes' | 'putIssuedHash' | 'putConfigReport' | 'configReport'
>;
