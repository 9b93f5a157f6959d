import { isolating, UNASSESSED } from '../assessment/assess.ts';
import type { Assessment, Report } from '../assessment/types.ts';
import { NEVER_TOLD } from './changes.ts';
import type { Told } from './changes.ts';
import type { Armed } from './deadlines.ts';
import type { Departures } from './flapping.ts';
import type { Phase } from './liveness.ts';
import type { Memory } from './ordering.ts';
import type { NodeRow } from '../storage/types.ts';
import type { FleetNode } from './types.ts';
import type { Zone } from './zone.ts';

/** Changes of its reports that a node may put on its timeline at once, and in an hour: one that changes something with every heartbeat would fill the disk. */
const MOST_NOTES = 60;
const NOTE_EVERY_MS = 60_000;

/** One registered node. Its fields are overwritten in place, by the roster alone. */
export class Node implements FleetNode, Armed {
  readonly id: string;
  rev: number;
  markMs: number;
  firstSeenMs: number;
  state: NodeRow['state'];
  stateSinceMs: number;
  stoppedUntilMs: number | null;
  report: Report;
  memory: Memory;
  intervalMs: number;
  skewMs = 0;
  missedBeats = 0;
  /** Brought up to date in place while nothing but its times and points changes: copy what is to be kept. */
  assessment: Assessment = UNASSESSED;
  bandSinceMs: number;
  /** The band it was in when the collector stopped, and since when; null once it was assessed. */
  recalled: { readonly band: Assessment['band']; readonly sinceMs: number } | null = null;
  /** The score and band that were last told of. */
  told: Told = NEVER_TOLD;
  seriesLabels: string | null = null;
  place: Zone<Node>;
  phase: Phase = 'retired';
  expected = false;
  departures: Departures | null = null;
  armedAt = -1;
  /** What of its reports may still be put on its timeline, and as of when. */
  notes = MOST_NOTES;
  notesAtMs = 0;
  /** Its place in the directory. */
  slot = -1;
  /** NaN for never: a field that may be null is a new object for every heartbeat, and a number is overwritten in place. */
  #seenMs: number;

  constructor(row: NodeRow, report: Report, memory: Memory, place: Zone<Node>, intervalMs: number) {
    this.id = row.nodeId;
    this.rev = row.rev;
    this.markMs = row.markMs;
    this.#seenMs = row.seenMs ?? NaN;
    this.firstSeenMs = row.firstSeenMs;
    this.bandSinceMs = row.firstSeenMs;
    this.state = row.state;
    this.stateSinceMs = row.stateSinceMs;
    this.stoppedUntilMs = row.stoppedUntilMs;
    this.report = report;
    this.memory = memory;
    this.place = place;
    this.intervalMs = intervalMs;
  }

  /** Takes one from what its reports may put on its timeline. */
  mayNote(nowMs: number): boolean {
    this.notes = Math.min(MOST_NOTES, this.notes + Math.max(0, nowMs - this.notesAtMs) / NOTE_EVERY_MS);
    this.notesAtMs = nowMs;
    if (this.notes < 1) return false;
    this.notes--;
    return true;
  }

  get seenMs(): number | null {
    return Number.isNaN(this.#seenMs) ? null : this.#seenMs;
  }

  set seenMs(ms: number | null) {
    this.#seenMs = ms ?? NaN;
  }

  get isolated(): boolean {
    return isolating(this.assessment.faults);
  }

  get zone(): string {
    return this.place.name;
  }
}
