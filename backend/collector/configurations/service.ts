import {
  redactedValues,
  type ConfigDiff,
  type ConfigReport,
  type ConfigRevision,
  type ConfigValues,
  type NodeRevision,
} from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { AuditEntry, ConfigReportRow, RevisionRow } from '../storage/types.ts';
import { differences, NOT_REPORTED, NOT_SET } from './diff.ts';
import { configHash } from './hash.ts';
import { overlaid, unmanaged } from './overlay.ts';
import { adoptable, reportedAt } from './reported.ts';
import { documentProblems, shapeProblems, sizeProblems } from './schema-check.ts';
import { signRevision, type ActionsKey } from './sign.ts';
import type {
  Adopted,
  ConfigChange,
  ConfigFailure,
  ConfigProblem,
  ConfigResult,
  ConfigurationService,
  DesiredConfiguration,
  Effective,
  NodeConfigurations,
  RevisionStore,
  Stored,
} from './types.ts';

export interface ConfigurationsOptions {
  readonly store: RevisionStore;
  readonly clock: Clock;
  /** What is desired of a node now; null: nothing. Policies know it. */
  readonly desired: (nodeId: string) => DesiredConfiguration | null;
  /** Asked for with every signature, since keys are reloaded while we run. */
  readonly actionsKey: () => ActionsKey;
}

/** Hashes remembered of one overlay, each over another revision. */
const MAX_HASHES = 4;

/**
 * Configuration revisions (domain-rules section 4): documents of managed paths, each known by the hash of its values.
 * Revisions never change, so that they are kept in memory whole.
 */
export class Configurations implements ConfigurationService, NodeConfigurations {
  readonly #options: ConfigurationsOptions;
  readonly #revisions = new Map<string, ConfigRevision>();
  readonly #issued = new Set<string>();
  /** Of a revision under an overlay. Neither ever changes: a target's new overlay is another object. */
  readonly #hashes = new WeakMap<ConfigValues, Map<string, string>>();

  constructor(options: ConfigurationsOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { store } = this.#options;
    const [rows, issued] = await Promise.all([store.revisions(), store.issuedHashes()]);
    for (const row of rows) this.#revisions.set(row.id, revisionOf(row));
    for (const hash of issued) this.#issued.add(hash);
  }

  create(document: { title: string; values: ConfigValues }, change: ConfigChange): Promise<ConfigResult<Stored>> {
    return this.#store(document.title, document.values, change, null);
  }

  list(): readonly ConfigRevision[] {
    return [...this.#revisions.values()].sort((a, b) =>
      a.createdAt === b.createdAt ? (a.id < b.id ? -1 : 1) : a.createdAt < b.createdAt ? 1 : -1
    );
  }

  get(id: string): ConfigRevision | null {
    return this.#revisions.get(id) ?? null;
  }

  issued(hash: string): boolean {
    return this.#issued.has(hash);
  }

  effective(revisionId: string, overlay: ConfigValues): Effective | null {
    const revision = this.#revisions.get(revisionId);
    if (revision === undefined) return null;
    return {
      // The hash alone is asked for with every assessment.
      get values() {
        return overlaid(revision.values, overlay);
      },
      hash: this.#hashOf(revision, overlay),
    };
  }

  #hashOf(revision: ConfigRevision, overlay: ConfigValues): string {
    const hashes = this.#hashes.get(overlay) ?? new Map<string, string>();
    this.#hashes.set(overlay, hashes);
    const known = hashes.get(revision.id);
    if (known !== undefined) return known;
    const values = overlaid(revision.values, overlay);
    const hash = values === revision.values ? revision.id : configHash(values);
    // What is desired and what is previewed instead; older previews are forgotten.
    const [oldest] = hashes.keys();
    if (hashes.size >= MAX_HASHES && oldest !== undefined) hashes.delete(oldest);
    hashes.set(revision.id, hash);
    return hash;
  }

  checkOverlay(revisionId: string, overlay: ConfigValues): readonly ConfigProblem[] {
    const revision = this.#revisions.get(revisionId);
    const problems = documentProblems(overlay);
    if (revision === undefined) return problems;
    const all = [...unmanaged(revision.values, overlay), ...problems];
    return all.length > 0 ? all : sizeProblems(overlaid(revision.values, overlay)).map(withRevision);
  }

  diff(fromId: string, toId: string): ConfigResult<ConfigDiff> {
    const [from, to] = [this.#revisions.get(fromId), this.#revisions.get(toId)];
    if (from === undefined || to === undefined) return noRevision();
    return done(diffOf(fromId, toId, differences(from.values, to.values)));
  }

  async diffWithReport(revisionId: string, overlay: ConfigValues, nodeId: string): Promise<ConfigResult<ConfigDiff>> {
    const effective = this.effective(revisionId, overlay);
    if (effective === null) return noRevision();
    const report = await this.#options.store.configReport(nodeId);
    if (report === null) return nothingReported();
    const { values } = effective;
    const actual = reportedAt(valuesOf(report), Object.keys(values));
    const missing = (path: string): string => (this.#covers(report, path, values) ? NOT_SET : NOT_REPORTED);
    return done(diffOf(revisionId, nodeId, differences(values, actual, missing)));
  }

  async adopt(
    nodeId: string,
    document: { title: string; paths?: readonly string[] },
    change: ConfigChange
  ): Promise<ConfigResult<Adopted>> {
    const report = await this.#options.store.configReport(nodeId);
    if (report === null) return nothingReported();
    const { values, leftOut, absent } = adoptable(valuesOf(report), document.paths ?? null);
    const problems = document.paths === undefined ? [] : [...absent, ...leftOut];
    if (problems.length > 0) return invalid('Not all of these paths can be managed.', problems);
    if (Object.keys(values).length === 0) {
      return invalid('Nothing that the gateway reported can be managed by a revision.', leftOut);
    }
    const stored = await this.#store(document.title, values, change, nodeId);
    if (!stored.ok) return stored;
    await this.#issue(stored.value.revision.id, nodeId);
    return done({ ...stored.value, leftOut });
  }

  async nodeRevision(nodeId: string, revisionId: string, nonce: string | null): Promise<ConfigResult<string>> {
    const { desired, clock, actionsKey } = this.#options;
    const wanted = desired(nodeId);
    const effective = wanted?.revision === revisionId ? this.effective(revisionId, wanted.overlay) : null;
    if (effective === null) {
      return failed({
        kind: 'not-found',
        message:
          'This revision is not what is desired of this node now. The reply to its next heartbeat names the one that is.',
      });
    }
    await this.#issue(effective.hash, nodeId);
    const revision: NodeRevision = {
      revision: revisionId,
      node_id: nodeId,
      config_hash: effective.hash,
      values: effective.values,
      issued_at: new Date(clock()).toISOString(),
      ...(nonce !== null && { nonce }),
    };
    return done(await signRevision(revision, actionsKey()));
  }

  async acceptReport(nodeId: string, report: ConfigReport): Promise<ConfigResult<'stored' | 'unchanged'>> {
    const { store, clock } = this.#options;
    const shape = shapeProblems(report.values);
    if (shape.length > 0) return invalid('The report’s values are not valid.', shape);
    if (configHash(report.values) !== report.config_hash) {
      return invalid('The report does not belong together: send the hash of the values that are in it.', [
        { path: 'config_hash', rule: 'shape', message: 'must be the SHA-256 over the RFC 8785 form of values' },
      ]);
    }
    const wanted = this.#wantedOf(nodeId, report.revision);
    if (!wanted.ok) return wanted;
    const strange = report.revision === null ? [] : unmanaged(wanted.value, report.values);
    if (strange.length > 0) return invalid('The report has paths that its revision does not manage.', strange);
    const before = await store.configReport(nodeId);
    if (before?.configHash === report.config_hash && before.revision === report.revision) return done('unchanged');
    await store.putConfigReport({
      nodeId,
      revision: report.revision,
      configHash: report.config_hash,
      document: JSON.stringify(redactedValues(report.values, wanted.value)),
      reportedMs: clock(),
    });
    return done('stored');
  }

  /** The values that a report's revision asks for; none for a whole configuration. */
  #wantedOf(nodeId: string, revisionId: string | null): ConfigResult<ConfigValues> {
    if (revisionId === null) return done({});
    const wanted = this.#options.desired(nodeId);
    const effective = wanted?.revision === revisionId ? this.effective(revisionId, wanted.overlay) : null;
    if (effective !== null) return done(effective.values);
    return failed({
      kind: 'conflict',
      message: 'The report is of a revision that is not desired of this node any more. Fetch the one that is.',
    });
  }

  /** Whether a path that a report lacks is not set on the gateway; else nobody knows. */
  #covers(report: ConfigReportRow, path: string, expected: ConfigValues): boolean {
    // A whole configuration comes without what was redacted in it.
    if (report.revision === null) return !JSON.stringify(expected[path] ?? null).includes('"$secretRef"');
    const managed = this.#revisions.get(report.revision)?.values ?? {};
    const steps = path.split('.');
    return steps.some((_, index) => Object.hasOwn(managed, steps.slice(0, index + 1).join('.')));
  }

  async #store(
    title: string,
    values: ConfigValues,
    { actor, reason }: ConfigChange,
    adoptedFrom: string | null
  ): Promise<ConfigResult<Stored>> {
    if (Object.keys(values).length === 0) {
      return invalid('A revision manages at least one path.', [
        { path: 'values', rule: 'shape', message: 'must have at least one path with its value' },
      ]);
    }
    const problems = documentProblems(values);
    if (problems.length > 0) return invalid('The document is not valid. Nothing was stored.', problems);
    const { store, clock } = this.#options;
    const id = configHash(values);
    const known = this.#revisions.get(id);
    if (known !== undefined) return done({ revision: known, created: false });
    const row: RevisionRow = {
      id,
      title,
      document: JSON.stringify(values),
      createdMs: clock(),
      createdBy: actor.name,
      reason,
      adoptedFrom,
    };
    const audit: AuditEntry = {
      actor,
      action: adoptedFrom === null ? 'configuration.created' : 'configuration.adopted',
      subject: id,
      reason,
      atMs: row.createdMs,
      data: { title, paths: Object.keys(values).length, ...(adoptedFrom !== null && { adoptedFrom }) },
    };
    const created = await store.putRevision(row, audit);
    // Somebody stored the same document a moment before.
    const winner = created ? row : ((await store.revisions()).find((one) => one.id === id) ?? row);
    const revision = this.#revisions.get(id) ?? revisionOf(winner);
    this.#revisions.set(id, revision);
    return done({ revision, created });
  }

  async #issue(hash: string, nodeId: string): Promise<void> {
    if (this.#issued.has(hash)) return;
    await this.#options.store.putIssuedHash(hash, nodeId, this.#options.clock());
    this.#issued.add(hash);
  }
}

function revisionOf(row: RevisionRow): ConfigRevision {
  return {
    id: row.id,
    title: row.title,
    values: parsed(row.document),
    createdAt: new Date(row.createdMs).toISOString(),
    createdBy: row.createdBy,
    reason: row.reason,
    adoptedFrom: row.adoptedFrom,
  };
}

const withRevision = (problem: ConfigProblem): ConfigProblem => ({
  ...problem,
  message: `over the values of its revision ${problem.message}`,
});

const valuesOf = (row: ConfigReportRow): ConfigValues => parsed(row.document);
const parsed = (document: string): ConfigValues => JSON.parse(document) as ConfigValues;

const diffOf = (from: string, to: string, found: ConfigDiff['differences']): ConfigDiff => ({
  from,
  to,
  equal: found.length === 0,
  differences: found,
});

const done = <T>(value: T): ConfigResult<T> => ({ ok: true, value });
const failed = <T>(failure: ConfigFailure): ConfigResult<T> => ({ ok: false, failure });

function invalid<T>(summary: string, problems: readonly ConfigProblem[]): ConfigResult<T> {
  const named = problems.slice(0, 16).map(({ path, message }) => `${path}: ${message}`);
  return failed({ kind: 'invalid', message: [summary, ...named].join(' '), problems });
}

const noRevision = <T>(): ConfigResult<T> =>
  failed({ kind: 'not-found', message: 'There is no such configuration revision. GET /fleet/configs lists them.' });
const nothingReported = <T>(): ConfigResult<T> =>
  failed({
    kind: 'conflict',
    message:
      'This target has not reported its configuration yet. A bridge sends it once its gateway answers; a plain sender never does.',
  });
