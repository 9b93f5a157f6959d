import { DEFAULT_PROFILE_ID } from '@openclaw-fleet/contract';
import type { PolicyState } from './state.ts';
import type { PolicyFleet } from './types.ts';

/** How long counts are remembered while neither settings nor the fleet's size change, in milliseconds. */
const REMEMBERED_MS = 1000;

interface Counted {
  readonly state: number;
  readonly size: number;
  readonly atMs: number;
  readonly targets: ReadonlyMap<string, number>;
}

/** Targets by profile. Costs by targets with settings, not by those of the fleet. */
export class TargetCounts {
  #counted: Counted | null = null;

  /** Targets by profile: those registered and not retired. A retirement shows a second later at most. */
  of(state: PolicyState, fleet: PolicyFleet | null, nowMs: number): ReadonlyMap<string, number> {
    if (fleet === null) return new Map();
    const { size } = fleet;
    const last = this.#counted;
    const isFresh = last !== null && Math.abs(nowMs - last.atMs) < REMEMBERED_MS;
    if (isFresh && last.state === state.changes && last.size === size) return last.targets;
    const targets = count(state, fleet, nowMs);
    this.#counted = { state: state.changes, size, atMs: nowMs, targets };
    return targets;
  }
}

function count(state: PolicyState, fleet: PolicyFleet, nowMs: number): Map<string, number> {
  const targets = new Map<string, number>();
  let others = 0;
  for (const { nodeId } of state.allSettings()) {
    const { id } = state.profileOf(nodeId);
    const node = id === DEFAULT_PROFILE_ID ? undefined : fleet.get(nodeId);
    if (node === undefined || node.state === 'retired') continue;
    targets.set(id, (targets.get(id) ?? 0) + 1);
    others += 1;
  }
  const { states } = fleet.summary(nowMs);
  return targets.set(DEFAULT_PROFILE_ID, Math.max(0, fleet.size - states.retired - others));
}
