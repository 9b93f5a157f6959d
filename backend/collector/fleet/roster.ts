import { zoneOf } from '@openclaw-fleet/contract';
import type { Timings } from '@openclaw-fleet/contract';
import { Deadlines } from './deadlines.ts';
import { Directory } from './directory.ts';
import { newDepartures, noteDeparture } from './flapping.ts';
import { isExpected, nextChangeMs, phaseOf } from './liveness.ts';
import { Node } from './node.ts';
import { copyMemory, leastLag, readMemory } from './ordering.ts';
import type { Memory } from './ordering.ts';
import { judgedInterval } from './pace.ts';
import { HealthTally } from './health-tally.ts';
import { UNASSESSED } from '../assessment/assess.ts';
import type { Assessment, Report } from '../assessment/types.ts';
import { refreshed, reportOf } from './vital.ts';
import type { NodeRow, StoredNode } from '../storage/types.ts';
import { Zone } from './zone.ts';

/** A deadline is noticed at most this part of a beat late. */
const RESOLUTION = 240;
/** Nodes looked at in one call of `advance`: a few milliseconds. */
const LOOKS = 10_000;

/** Every registered node, with its zone's counts and its next deadline kept true. Nothing is decided here. */
export class Roster {
  readonly nodes = new Map<string, Node>();
  readonly zones = new Map<string, Zone<Node>>();
  /** Nodes that left `online` or expired since this process began: the only ones that may flap. */
  readonly departed = new Set<Node>();
  /** Nodes silent for so long that they are to be retired. */
  readonly retirable = new Set<Node>();
  /** Nodes whose state changed, or whose time has come, since they were last assessed. */
  readonly unassessed = new Set<Node>();
  readonly health = new HealthTally();
  readonly directory = new Directory();
  bridged = 0;
  readonly #timings: Timings;
  readonly #deadlines: Deadlines<Node>;

  constructor(timings: Timings, nowMs: number) {
    this.#timings = timings;
    this.#deadlines = new Deadlines(timings.beat / RESOLUTION, nowMs);
  }

  /** Takes over what storage holds. */
  adopt(row: StoredNode, nowMs: number): Node {
    const node = this.apply(row, reportOf(row), readMemory(row.memory), null, nowMs);
    this.unassessed.add(node);
    return node;
  }

  /**
   * Takes over a row that is durable.
   * @param report and @param memory are what the row holds
   * @param assessment made with it; null: it stays
   * @param known the node, where it is at hand
   * @param same the report differs from the last in nothing but what is vital
   */
  apply(
    row: NodeRow,
    report: Report,
    memory: Memory,
    assessment: Assessment | null,
    nowMs: number,
    known = this.nodes.get(row.nodeId),
    same = false
  ): Node {
    const intervalMs = judgedInterval(report.interval_seconds, memory, this.#timings);
    let node = known;
    if (node === undefined) {
      node = new Node(row, report, memory, this.#zone(zoneOf(report.tags)), intervalMs);
      this.nodes.set(row.nodeId, node);
      node.place.enter(node);
      this.health.count(node, 1);
      this.directory.enter(node);
      if (report.reported !== undefined) this.bridged++;
    } else {
      if (same) node.report = refreshed(node.report, report);
      else this.#takeReport(node, report);
      node.rev = row.rev;
      node.markMs = row.markMs;
      node.seenMs = row.seenMs;
      node.firstSeenMs = row.firstSeenMs;
      node.state = row.state;
      node.stateSinceMs = row.stateSinceMs;
      node.stoppedUntilMs = row.stoppedUntilMs;
      copyMemory(memory, node.memory);
      node.intervalMs = intervalMs;
      this.directory.seen(node);
    }
    const lag = leastLag(memory);
    node.skewMs = Number.isNaN(lag) ? 0 : 0 - lag;
    if (assessment !== null) this.assessed(node, assessment);
    this.#refresh(node, nowMs);
    return node;
  }

  /** Takes over an assessment that is durable, or that changed nothing to be stored. */
  assessed(node: Node, after: Assessment): void {
    const before = node.assessment;
    this.unassessed.delete(node);
    if (after.band !== before.band || after.score !== before.score || after.faults !== before.faults) {
      this.health.count(node, -1);
      node.place.scores.count(node, -1);
      node.assessment = after;
      this.health.count(node, 1);
      node.place.scores.count(node, 1);
      this.directory.assess(node);
      if (after.band !== before.band) {
        node.bandSinceMs = node.recalled?.band === after.band ? node.recalled.sinceMs : after.atMs;
        node.recalled = null;
      }
    } else if (before === UNASSESSED) node.assessment = after;
    else {
      // In place, as the report is: most heartbeats change nothing but the time.
      const held = before as { -readonly [Field in keyof Assessment]: Assessment[Field] };
      held.atMs = after.atMs;
      held.points = after.points;
      held.nextMs = after.nextMs;
    }
  }

  /** Keeps the deadline of a node true after an assessment. */
  rearm(node: Node, nowMs: number): void {
    this.#refresh(node, nowMs);
  }

  /** Forgets a node that storage no longer has. */
  remove(node: Node): void {
    // A beat under way may find it gone after it was forgotten.
    if (this.nodes.get(node.id) !== node) return;
    this.#deadlines.disarm(node);
    this.departed.delete(node);
    this.retirable.delete(node);
    this.unassessed.delete(node);
    this.health.count(node, -1);
    if (node.report.reported !== undefined) this.bridged--;
    this.nodes.delete(node.id);
    this.directory.leave(node);
    node.slot = -1;
    this.#leave(node);
  }

  /**
   * Brings phases and counts up to `nowMs`, for those whose deadline has come.
   * @returns false when there are more than one call looks at: the counts are behind until the next
   */
  advance(nowMs: number): boolean {
    return this.#deadlines.fire(nowMs, LOOKS, (node) => {
      const before = node.phase;
      this.#refresh(node, nowMs);
      if (node.phase !== before || nowMs >= node.assessment.nextMs) this.unassessed.add(node);
    });
  }

  #takeReport(node: Node, report: Report): void {
    const last = node.report;
    if (last.reported === undefined) {
      if (report.reported !== undefined) this.bridged++;
    } else if (report.reported === undefined) this.bridged--;
    if (!sameLabels(last, report)) node.seriesLabels = null;
    const zone = zoneOf(report.tags);
    if (zone !== node.place.name) {
      this.#leave(node);
      node.place = this.#zone(zone);
      node.place.enter(node);
      node.seriesLabels = null;
    }
    const rename = (): void => {
      node.report = report;
    };
    if (last.hostname === report.hostname) rename();
    else this.directory.rename(node, rename);
    this.directory.place(node);
  }

  #refresh(node: Node, nowMs: number): void {
    const phase = phaseOf(node, nowMs, this.#timings);
    const expected = isExpected(node, phase, nowMs, this.#timings);
    if (phase !== node.phase || expected !== node.expected) {
      if (node.phase === 'online' && phase !== 'online') this.#depart(node, nowMs);
      if (phase === 'retirable') this.retirable.add(node);
      else this.retirable.delete(node);
      node.place.change(node, phase, expected);
      this.directory.place(node);
    }
    const nextMs = nextChangeMs(node, phase, expected, this.#timings);
    // One that is already due waits in `unassessed`, and is armed when it was assessed.
    const changesMs = node.assessment.nextMs > nowMs ? node.assessment.nextMs : Infinity;
    this.#deadlines.arm(node, Math.min(nextMs, changesMs));
  }

  #depart(node: Node, nowMs: number): void {
    node.departures ??= newDepartures();
    noteDeparture(node.departures, nowMs);
    this.departed.add(node);
  }

  #zone(name: string): Zone<Node> {
    let zone = this.zones.get(name);
    if (zone === undefined) {
      zone = new Zone<Node>(name);
      this.zones.set(name, zone);
    }
    return zone;
  }

  #leave(node: Node): void {
    node.place.leave(node);
    if (node.place.total === 0) this.zones.delete(node.place.name);
  }
}

function sameLabels(a: Report, b: Report): boolean {
  return (
    a.hostname === b.hostname &&
    a.version === b.version &&
    a.reported?.bridge_version === b.reported?.bridge_version &&
    a.reported?.openclaw_version === b.reported?.openclaw_version &&
    a.reported?.environment === b.reported?.environment &&
    a.reported?.transport === b.reported?.transport
  );
}
