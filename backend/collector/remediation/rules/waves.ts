import { isEnded } from '@openclaw-fleet/contract';
import type { RunState } from '@openclaw-fleet/contract';

/** Up to this many targets one canary is enough. */
const SMALL_BATCH = 20;
const CANARIES = 5;
const SECOND_SHARE = 0.1;
const LATER_SHARE = 0.2;
const HALT_SHARE = 0.1;
const HALT_LEAST = 5;

/**
 * Sizes of a batch's waves: canary 1 (up to 20 targets) or 5, then 10 %, then 20 % until all are done (domain-rules
 * section 6). Shares are rounded down, and at least 1.
 */
export function waveSizes(total: number): number[] {
  const sizes: number[] = [];
  let left = total;
  while (left > 0) {
    const share = sizes.length === 1 ? SECOND_SHARE : LATER_SHARE;
    const wanted = sizes.length === 0 ? canaries(total) : Math.max(1, Math.floor(share * total + 1e-9));
    const size = Math.min(left, wanted);
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

const canaries = (total: number): number => (total <= SMALL_BATCH ? 1 : CANARIES);

/** The wave of a target by its place in the plan's list. @param index from 0 */
export function waveOf(index: number, total: number): number {
  let before = 0;
  return waveSizes(total).findIndex((size) => {
    before += size;
    return index < before;
  });
}

/** Whether the end of a run counts as a failure of its batch. One that did nothing (`no_fault`, `unreachable`, `blocked`, cancelled) does not. */
export function isBatchFailure(state: RunState): boolean {
  return state === 'failed' || state === 'no_effect' || state === 'rolled_back';
}

/** A run of a batch, as its waves see it. */
export interface WaveRun {
  /** From 0: the canaries. */
  readonly wave: number;
  /** `approved` has not begun. */
  readonly state: RunState;
}

export interface WaveGate {
  /** The wave whose runs may begin. */
  readonly wave: number;
  readonly waves: number;
  /** How many of its runs may begin now. */
  readonly room: number;
  readonly done: number;
  readonly failed: number;
  /** Why no new target may begin, in words; null: it is not halted. */
  readonly halt: string | null;
}

/**
 * How far a batch may go on (domain-rules section 6). A wave opens when every run of those before has ended. Any canary that
 * fails halts it, later more than 10 % of at least 5 that acted. As long as no run of it has succeeded, no more are under way
 * than there are canaries: one that was unreachable or saw no fault has shown nothing. A halt stops new targets, not retries.
 * @param runs one for each target of the batch; a canary that failed stands for its target whatever was tried after it
 */
export function waveGate(runs: readonly WaveRun[]): WaveGate {
  const total = runs.length;
  const waves = waveSizes(total).length;
  const acted = runs.filter(({ state }) => state === 'succeeded' || isBatchFailure(state));
  const failed = acted.filter(({ state }) => isBatchFailure(state));
  const left = runs.filter(({ state }) => !isEnded(state));
  const wave = left.reduce((least, run) => Math.min(least, run.wave), waves);
  const waiting = left.filter((run) => run.wave === wave && run.state === 'approved').length;
  const underWay = left.filter(({ state }) => state === 'running' || state === 'verifying').length;
  const proven = acted.length > failed.length;
  const halt = haltOf(failed, acted.length);
  const room = halt !== null ? 0 : proven ? waiting : Math.max(0, Math.min(waiting, canaries(total) - underWay));
  return {
    wave: Math.min(wave, Math.max(0, waves - 1)),
    waves,
    room,
    done: total - left.length,
    failed: failed.length,
    halt,
  };
}

function haltOf(failed: readonly WaveRun[], acted: number): string | null {
  if (failed.some(({ wave }) => wave === 0)) {
    return 'A canary failed: look at its evidence, and plan the rest anew once the cause is known.';
  }
  if (acted >= HALT_LEAST && failed.length > HALT_SHARE * acted) {
    return `${failed.length} of ${acted} failed, which is more than 10 %: look at their evidence, and plan the rest anew.`;
  }
  return null;
}
