import { FencedError } from '../storage/types.ts';
import type {
  FaultRow,
  FleetStore,
  NewChange,
  NewEvent,
  NodeChanges,
  NodeWrite,
  Refused,
  ScoreRow,
  StoredNode,
  WriteResult,
} from '../storage/types.ts';

/** A FleetStore in memory, for tests and simulations: durable as long as the process, and bound by the same contract. */
export class MemoryStore implements FleetStore {
  readonly rows = new Map<string, StoredNode>();
  readonly events: NewEvent[] = [];
  /** By id, open and resolved. */
  readonly faults = new Map<string, FaultRow>();
  /** In the order they were written. */
  readonly scores: ScoreRow[] = [];
  readonly timeline: NewChange[] = [];
  #epoch = 0;

  /** Takes the lead: every earlier epoch is over from here on. */
  takeEpoch(): Promise<number> {
    this.#epoch++;
    return Promise.resolve(this.#epoch);
  }

  loadNodes(onRows: (rows: StoredNode[]) => void): Promise<number> {
    onRows([...this.rows.values()]);
    return Promise.resolve(this.rows.size);
  }

  writeBeats(writes: readonly NodeWrite[]): Promise<Refused> {
    const refused = new Map<number, StoredNode | null>();
    for (const [index, write] of writes.entries()) {
      const result = this.#write(write);
      if (!result.ok) refused.set(index, result.current);
    }
    return Promise.resolve(refused);
  }

  writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]> {
    if (epoch !== this.#epoch) return Promise.reject(new FencedError(`epoch ${epoch} is over; ${this.#epoch} leads`));
    return Promise.resolve(writes.map((write) => this.#write(write)));
  }

  loadOpenFaults(onRows: (rows: FaultRow[]) => void): Promise<void> {
    onRows([...this.faults.values()].filter((fault) => fault.resolvedMs === null));
    return Promise.resolve();
  }

  loadLastScores(onRows: (rows: ScoreRow[]) => void): Promise<void> {
    const last = new Map<string, ScoreRow>();
    for (const score of this.scores) last.set(score.nodeId, score);
    onRows([...last.values()].filter(({ nodeId }) => this.rows.has(nodeId)));
    return Promise.resolve();
  }

  #write({ row, report, changes, sameState }: NodeWrite): WriteResult {
    const current = this.rows.get(row.nodeId);
    if ((current?.rev ?? 0) !== row.rev - 1) return { ok: false, current: current ?? null };
    // A caller that kept writing to its numbers would otherwise change what is stored.
    const { state, stateSinceMs, stoppedUntilMs, firstSeenMs } = sameState && current ? current : row;
    const decided = { state, stateSinceMs, stoppedUntilMs, firstSeenMs };
    const memory = row.memory.slice();
    this.rows.set(row.nodeId, { ...row, ...decided, memory, report: report ?? current?.report ?? '' });
    if (changes) this.#writeChanges(changes);
    return { ok: true };
  }

  #writeChanges({ events, faults, scores, timeline }: NodeChanges): void {
    this.events.push(...events);
    for (const fault of faults) {
      if (fault.resolvedMs === null) this.#makeRoom(fault);
      this.faults.set(fault.id, fault);
    }
    this.scores.push(...scores);
    this.timeline.push(...timeline);
  }

  #makeRoom({ id, nodeId, kind, code, openedMs }: FaultRow): void {
    for (const old of this.faults.values()) {
      if (old.resolvedMs !== null || old.id === id) continue;
      if (old.nodeId === nodeId && old.kind === kind && old.code === code)
        this.faults.set(old.id, { ...old, resolvedMs: Math.max(old.openedMs, openedMs) });
    }
  }
}
