import { FencedError } from '../storage/types.ts';
import type { FleetStore, NewEvent, NodeRow, NodeWrite, WriteResult } from '../storage/types.ts';

/** A FleetStore in memory, for tests and simulations: durable as long as the process, and bound by the same contract. */
export class MemoryStore implements FleetStore {
  readonly rows = new Map<string, NodeRow>();
  readonly events: NewEvent[] = [];
  #epoch = 0;

  /** Takes the lead: every earlier epoch is over from here on. */
  takeEpoch(): Promise<number> {
    this.#epoch++;
    return Promise.resolve(this.#epoch);
  }

  loadNodes(onRows: (rows: NodeRow[]) => void): Promise<number> {
    onRows([...this.rows.values()]);
    return Promise.resolve(this.rows.size);
  }

  writeBeat(write: NodeWrite): Promise<WriteResult> {
    return Promise.resolve(this.#write(write));
  }

  writeDecision(epoch: number, writes: readonly NodeWrite[]): Promise<WriteResult[]> {
    if (epoch !== this.#epoch) return Promise.reject(new FencedError(`epoch ${epoch} is over; ${this.#epoch} leads`));
    return Promise.resolve(writes.map((write) => this.#write(write)));
  }

  #write({ row, events = [] }: NodeWrite): WriteResult {
    const current = this.rows.get(row.nodeId);
    if ((current?.rev ?? 0) !== row.rev - 1) return { ok: false, current: current ?? null };
    // A caller that kept writing to its numbers would otherwise change what is stored.
    this.rows.set(row.nodeId, { ...row, memory: row.memory.slice() });
    this.events.push(...events);
    return { ok: true };
  }
}
