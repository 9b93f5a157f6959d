import type { FleetEvent, TimelineEntry } from '@openclaw-fleet/contract';
import { GENESIS_HASH, sealAfter } from '../audit/chain.ts';
import {
  FencedError,
  IDEMPOTENCY_KEPT_MS,
  StorageError,
  type AuditEntry,
  type AuditQuery,
  type AuditReadStore,
  type AuditRow,
  type AuditStore,
  type EventStore,
  type HistoryStore,
  type HoldRow,
  type IdempotencyRow,
  type PlanRow,
  type RemediationChange,
  type RemediationStore,
  type RunRow,
  type StepRow,
  type StoredRunQuery,
} from '../storage/types.ts';

export interface MemoryStoreOptions {
  /** Called before a write that would be taken is stored: what it throws is thrown instead, and nothing is stored. */
  readonly beforeWrite?: (change: RemediationChange) => void;
  /** Called once it is stored: what it throws is thrown to the writer, who then cannot know. */
  readonly afterWrite?: (change: RemediationChange) => void;
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);
const newestFirst = (a: RunRow, b: RunRow): number => b.createdMs - a.createdMs || compare(a.id, b.id);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What remediation stores, in memory, as storage keeps to it (store-contract.ts); the audit chain is a real one. */
export class MemoryStore
  implements
    RemediationStore,
    AuditReadStore,
    AuditStore,
    Pick<EventStore, 'eventsAfter' | 'onEvents'>,
    Pick<HistoryStore, 'timeline'>
{
  readonly #options: MemoryStoreOptions;
  #epoch = 0;
  readonly #plans = new Map<string, PlanRow>();
  readonly #runs = new Map<string, RunRow>();
  readonly #steps = new Map<string, Map<number, StepRow>>();
  readonly #holds = new Map<string, HoldRow>();
  readonly #keys = new Map<string, IdempotencyRow>();
  readonly #events: FleetEvent[] = [];
  readonly #timeline: { readonly nodeId: string; readonly entry: TimelineEntry }[] = [];
  readonly #audit: AuditRow[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
  }

  takeEpoch(): Promise<number> {
    return Promise.resolve(++this.#epoch);
  }

  writeRemediation(epoch: number, change: RemediationChange): Promise<void> {
    return new Promise((resolve) => {
      if (epoch !== this.#epoch) throw new FencedError(`epoch ${epoch} is over`);
      const take = this.#checked(change);
      this.#options.beforeWrite?.(change);
      take();
      if (change.events.length > 0) for (const listener of this.#listeners) listener();
      this.#options.afterWrite?.(change);
      resolve();
    });
  }

  /** @returns what stores it; throws StorageError when it is refused */
  #checked(change: RemediationChange): () => void {
    const plans = new Set(change.plans.map(({ id }) => id));
    const runs = new Map<string, RunRow>();
    for (const row of change.runs) {
      if (((runs.get(row.id) ?? this.#runs.get(row.id))?.rev ?? 0) !== row.rev - 1)
        throw new StorageError(`run ${row.id} is not stored at revision ${row.rev - 1}`);
      if (!plans.has(row.planId) && !this.#plans.has(row.planId))
        throw new StorageError(`the plan ${row.planId} of run ${row.id} is not stored`);
      runs.set(row.id, row);
    }
    for (const { runId } of change.steps)
      if (!runs.has(runId) && !this.#runs.has(runId)) throw new StorageError(`run ${runId} is not stored`);
    const keys = new Map<string, IdempotencyRow>();
    for (const row of change.idempotency) {
      const id = keyOf(row.caller, row.key);
      const stored = keys.get(id) ?? this.#keys.get(id);
      const same = stored?.resultId === row.resultId && stored.bodyHash === row.bodyHash;
      if (stored && !same && stored.atMs >= row.atMs - IDEMPOTENCY_KEPT_MS)
        throw new StorageError(`the idempotency key ${row.key} was used meanwhile: ask what it led to`);
      keys.set(id, row);
    }
    return () => {
      for (const row of change.plans) {
        this.#plans.set(row.id, { ...row, createdMs: this.#plans.get(row.id)?.createdMs ?? row.createdMs });
      }
      for (const row of change.runs) this.#runs.set(row.id, row);
      for (const row of change.steps) {
        const steps = this.#steps.get(row.runId) ?? new Map<number, StepRow>();
        this.#steps.set(row.runId, steps.set(row.index, row));
      }
      for (const hold of change.dropHolds) this.#holds.delete(keyOf(hold.kind, hold.targetId, hold.subject));
      for (const hold of change.putHolds) this.#holds.set(keyOf(hold.kind, hold.targetId, hold.subject), hold);
      for (const [id, row] of keys) this.#keys.set(id, row);
      for (const { name, data } of change.events)
        this.#events.push({ id: this.#events.length + 1, name, data: copy(data) });
      for (const { nodeId, atMs, kind, summary, actor, reason, data } of change.timeline) {
        const at = new Date(atMs).toISOString();
        const id = this.#timeline.length + 1;
        this.#timeline.push({ nodeId, entry: { id, at, kind, summary, actor, reason, data: copy(data) } });
      }
      for (const entry of change.audit) this.#append(entry);
    };
  }

  #append({ actor, atMs, action, subject, reason, data }: AuditEntry): void {
    const head = this.#audit.at(-1) ?? { seq: 0, hash: GENESIS_HASH };
    const content = { atMs, actor: actor.name, via: actor.via, action, subject, reason, data: JSON.stringify(data) };
    this.#audit.push(sealAfter(head, content));
  }

  appendAudit(entry: AuditEntry): Promise<void> {
    this.#append(entry);
    return Promise.resolve();
  }

  runs(query: StoredRunQuery): Promise<{ rows: RunRow[]; total: number }> {
    const { states, targetId, playbook, trigger, batchId, endedFromMs, after, limit } = query;
    const all = [...this.#runs.values()]
      .filter(
        (row) =>
          (states?.includes(row.state) ?? true) &&
          (targetId ?? row.targetId) === row.targetId &&
          (playbook ?? row.playbook) === row.playbook &&
          (trigger ?? row.trigger) === row.trigger &&
          (batchId ?? row.batchId) === row.batchId &&
          (endedFromMs === undefined || (row.endedMs !== null && row.endedMs >= endedFromMs))
      )
      .sort(newestFirst);
    const rest = after
      ? all.filter(
          ({ createdMs, id }) => createdMs < after.createdMs || (createdMs === after.createdMs && id > after.id)
        )
      : all;
    return Promise.resolve({ rows: rest.slice(0, limit), total: all.length });
  }

  run(id: string): Promise<{ run: RunRow; plan: PlanRow; steps: StepRow[] } | null> {
    const run = this.#runs.get(id);
    const plan = run && this.#plans.get(run.planId);
    if (!run || !plan) return Promise.resolve(null);
    const steps = [...(this.#steps.get(id)?.values() ?? [])].sort((a, b) => a.index - b.index);
    return Promise.resolve({ run, plan, steps });
  }

  plan(id: string): Promise<PlanRow | null> {
    return Promise.resolve(this.#plans.get(id) ?? null);
  }

  holds(): Promise<HoldRow[]> {
    const inOrder = (a: HoldRow, b: HoldRow): number =>
      compare(a.kind, b.kind) || compare(a.targetId, b.targetId) || compare(a.subject, b.subject);
    return Promise.resolve([...this.#holds.values()].sort(inOrder));
  }

  idempotent(caller: string, key: string): Promise<IdempotencyRow | null> {
    return Promise.resolve(this.#keys.get(keyOf(caller, key)) ?? null);
  }

  auditRecords(query: AuditQuery): Promise<AuditRow[]> {
    const { actor, action, subject, fromMs = -Infinity, toMs = Infinity } = query;
    const { afterSeq = -Infinity, beforeSeq = Infinity } = query;
    const all = this.#audit.filter(
      (row) =>
        (actor ?? row.actor) === row.actor &&
        (action ?? row.action) === row.action &&
        (subject ?? row.subject) === row.subject &&
        row.atMs >= fromMs &&
        row.atMs < toMs &&
        row.seq > afterSeq &&
        row.seq < beforeSeq
    );
    return Promise.resolve((query.newestFirst ? all.reverse() : all).slice(0, query.limit));
  }

  auditHead(): ReturnType<AuditReadStore['auditHead']> {
    const last = this.#audit.at(-1);
    return Promise.resolve({ seq: last?.seq ?? 0, hash: last?.hash ?? GENESIS_HASH, atMs: last?.atMs ?? null });
  }

  eventsAfter(id: number, limit: number): Promise<FleetEvent[]> {
    return Promise.resolve(this.#events.slice(id, id + limit));
  }

  onEvents(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  timeline(nodeId: string, beforeId: number | null, limit: number): Promise<TimelineEntry[]> {
    const before = beforeId ?? Infinity;
    const all = this.#timeline.filter((one) => one.nodeId === nodeId && one.entry.id < before).reverse();
    return Promise.resolve(all.slice(0, limit).map(({ entry }) => entry));
  }
}

const copy = (data: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
