import type { FleetSummary, Heartbeat, Timings, TimingsProfile, Verdict } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import { StorageError } from '../storage/types.ts';
import type { FleetStore, NodeRow } from '../storage/types.ts';
import { asksFullState, carryOver } from './carry.ts';
import { isFlapping } from './flapping.ts';
import { Judge } from './judge.ts';
import { phaseOf, reasonOf, stateOf } from './liveness.ts';
import type { Node } from './node.ts';
import { askedFullState, clockAhead, decide, isNewest, noteAsked } from './ordering.ts';
import type { Decision, Memory, Sighting } from './ordering.ts';
import { judgedInterval, toldSeconds } from './pace.ts';
import { Roster } from './roster.ts';
import { rowAfterBeat, rowWithMemory } from './rows.ts';
import { summarize } from './summary.ts';
import { Sweeper } from './sweeper.ts';
import { Turns } from './turns.ts';
import type { FleetIntake, FleetNode, FleetView, Liveness, Receipt } from './types.ts';

/** Every lost race means that another collector wrote; so many in a row is a fault. */
const MOST_RACES = 10;

export interface FleetLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface FleetOptions {
  readonly timings: Timings;
  /** Which profile the timings are of, shown on every view. */
  readonly profile?: TimingsProfile;
  /** Our clock; it must not jump (see steadyClock). */
  readonly clock: Clock;
  readonly store: FleetStore;
  /** The epoch under which this collector decides. */
  readonly epoch: () => number;
  readonly log?: FleetLog;
}

/** `last_heartbeat` lies too far ahead of our clock. The intake answers 422 before it comes to this. */
export class ClockAheadError extends RangeError {
  override readonly name = 'ClockAheadError';
}

/** When a beat was sent, when it came, and its body's hash. */
type Seen = Pick<Sighting, 'key' | 'receivedMs' | 'hash'>;

/** The registry: every node in memory, in front of storage, which is right when they differ. */
export class Fleet implements FleetView, FleetIntake {
  readonly #timings: Timings;
  readonly #profile: TimingsProfile;
  readonly #clock: Clock;
  readonly #store: FleetStore;
  readonly #log: FleetLog | undefined;
  readonly #turns = new Turns();
  readonly #roster: Roster;
  readonly #judge: Judge;
  readonly #sweeper: Sweeper;
  readonly #startedMs: number;
  #ticking: Promise<void> | null = null;

  /** Starts the clocks of domain-rules section 2: nothing expires for `noExpiryAfterStart` from here on. */
  constructor({ timings, profile = 'production', clock, store, epoch, log }: FleetOptions) {
    this.#timings = timings;
    this.#profile = profile;
    this.#clock = clock;
    this.#store = store;
    this.#log = log;
    this.#startedMs = clock();
    this.#roster = new Roster(timings, this.#startedMs);
    this.#judge = new Judge(timings, this.#startedMs);
    const parts = { roster: this.#roster, judge: this.#judge, turns: this.#turns, store, epoch, timings };
    this.#sweeper = new Sweeper(parts);
  }

  /** Takes every stored node into memory. Call it once, before anything else. @returns how many there are */
  async load(): Promise<number> {
    return this.#store.loadNodes((rows) => {
      const nowMs = this.#clock();
      for (const row of rows) this.#roster.adopt(row, nowMs);
    });
  }

  /**
   * Takes one authenticated, validated heartbeat; resolves once what it changed is durable, and what memory shows
   * follows. When the store throws, nothing changed.
   * @param bodyHash first 48 bits of the body's SHA-256, as an integer
   * @param text the beat as JSON, when nothing was dropped from it: saves writing it out again
   * @throws {ClockAheadError} when `clockAhead` holds for it
   * @throws {StorageError} when it could not be stored
   */
  async receive(beat: Heartbeat, bodyHash: number, nowMs: number, text: string | null = null): Promise<Receipt> {
    const key = Date.parse(beat.last_heartbeat);
    if (Number.isNaN(key)) throw new RangeError('last_heartbeat is not a time: send it as ISO-8601 with a zone.');
    if (clockAhead(key, nowMs, this.#timings)) {
      throw new ClockAheadError('last_heartbeat is too far in the future: set the clock of the node.');
    }
    if (!this.#turns.take(beat.node_id)) await this.#turns.wait(beat.node_id);
    try {
      const seen = { key, receivedMs: nowMs, hash: bodyHash };
      for (let race = 0; race < MOST_RACES; race++) {
        const node = this.#roster.nodes.get(beat.node_id) ?? null;
        const decision = this.#decide(node, beat, seen);
        const { memory } = decision;
        if (memory === null) return this.#receipt(decision, repeatsAsk(node, key, decision));

        const { row, report, asks } =
          node !== null && decision.status !== 'accepted'
            ? { row: rowWithMemory(node, memory), report: node.report, asks: false }
            : this.#accepted(node, beat, text, memory, decision, seen);
        const result = await this.#store.writeBeat({ row });
        if (result.ok) {
          this.#roster.apply(row, report, memory, nowMs, node ?? undefined).missedBeats += decision.missed;
          return this.#receipt(decision, asks);
        }
        if (result.current !== null) this.#roster.adopt(result.current, nowMs);
        else if (node !== null) this.#roster.remove(node);
      }
    } finally {
      this.#turns.give(beat.node_id);
    }
    throw new StorageError('Another collector keeps writing the same node: point the node at one collector.');
  }

  #decide(node: Node | null, beat: Heartbeat, of: Seen): Decision {
    const sameBoot = beat.boot_id !== undefined && beat.boot_id === node?.report.boot_id;
    const sighting = { key: of.key, receivedMs: of.receivedMs, hash: of.hash, seq: beat.seq ?? NaN, sameBoot };
    if (node !== null) return decide(node.memory, node.markMs, sighting, node.intervalMs, this.#timings);
    return decide(null, -Infinity, sighting, judgedInterval(beat.interval_seconds, null, this.#timings), this.#timings);
  }

  #accepted(
    node: Node | null,
    beat: Heartbeat,
    text: string | null,
    memory: Memory,
    decision: Decision,
    { key, receivedMs: nowMs }: Seen
  ): { row: NodeRow; report: Heartbeat; asks: boolean } {
    const last = node?.report ?? null;
    const asks = asksFullState(beat, last, decision);
    noteAsked(memory, asks);
    const report = carryOver(beat, last);
    const accepted = {
      key,
      nowMs,
      late: decision.late,
      goodbye: beat.goodbye,
      report,
      text: report === beat ? text : null,
      memory,
    };
    return { row: rowAfterBeat(node, accepted, this.#timings), report, asks };
  }

  #receipt(decision: Decision, reportFullState: boolean): Receipt {
    return {
      status: decision.status as Receipt['status'],
      nextHeartbeatSeconds: toldSeconds(this.#timings),
      reportFullState,
      desiredRevision: null,
    };
  }

  /**
   * Brings liveness, verdicts and decisions up to `nowMs`. Call it every second (or more often); a call during one under
   * way joins that one. Errors are the store's: what was not stored is decided again by the next call.
   * @throws {FencedError} when another collector leads now
   */
  tick(nowMs: number): Promise<void> {
    this.#ticking ??= this.#tick(nowMs).finally(() => {
      this.#ticking = null;
    });
    return this.#ticking;
  }

  async #tick(nowMs: number): Promise<void> {
    const complete = this.#roster.advance(nowMs);
    // Counts that are behind would call a fleet blind or a node dead that is not.
    if (!complete) return;
    this.#judgeAll(nowMs);
    await this.#sweeper.sweep(nowMs);
  }

  #judgeAll(nowMs: number): void {
    const before = this.#judge.verdict;
    this.#judge.judge(this.#roster.zones, nowMs);
    const verdict = this.#judge.verdict;
    if (verdict === before) return;
    this.#log?.warn({ verdict, before, reason: this.#judge.reason(nowMs) }, 'the verdict on the fleet changed');
  }

  /** The collector itself was asleep: nothing expires, and nothing is judged, until the nodes had time to report. */
  awoke(nowMs: number): void {
    this.#judge.startAgain(nowMs);
    this.#log?.warn({}, 'the collector was asleep: nodes get the time to report that they get after a start');
  }

  /** Takes the result of one canary beat through the collector's own public listener; two failures running are blind. */
  canary(ok: boolean, nowMs: number): void {
    this.#judge.canary(ok);
    if (!ok) this.#judgeAll(nowMs);
  }

  /**
   * An approver says that the outage is real: expiry goes on until the fleet is no longer blind (domain-rules section 2).
   * The caller has checked who it is, and writes the audit record.
   * @throws {RangeError} when the fleet is not blind
   */
  confirmOutage(reason: string, actor: string, nowMs: number): void {
    this.#judge.confirm({ reason, actor, atMs: nowMs });
    this.#log?.warn({ actor, reason }, 'an approver confirmed that the outage is real: nodes expire again');
  }

  /** Why no node of the fleet may expire now, for a person; null when expiry goes on. */
  expiryHeld(nowMs: number): string | null {
    return this.#judge.fleetHeld(nowMs);
  }

  /** Forgets nodes retired before `beforeMs`, which storage has swept. @returns how many */
  forgetRetired(beforeMs: number): number {
    let count = 0;
    for (const node of this.#roster.nodes.values()) {
      if (node.state !== 'retired' || node.stateSinceMs >= beforeMs) continue;
      this.#roster.remove(node);
      count++;
    }
    return count;
  }

  get size(): number {
    return this.#roster.nodes.size;
  }

  get(id: string): FleetNode | undefined {
    return this.#roster.nodes.get(id);
  }

  nodes(): Iterable<FleetNode> {
    return this.#roster.nodes.values();
  }

  liveness(node: FleetNode, nowMs: number): Liveness {
    const phase = phaseOf(node, nowMs, this.#timings);
    const held = phase === 'due' ? this.#heldFor(node, nowMs) : null;
    return { state: stateOf(phase, held !== null), reason: reasonOf(node, phase, held, nowMs) };
  }

  flapping(node: FleetNode, nowMs: number): boolean {
    const departures = this.#roster.nodes.get(node.id)?.departures ?? null;
    return isFlapping(departures, nowMs, this.#timings.flapWindow);
  }

  available(node: FleetNode, nowMs: number): boolean {
    return !node.isolated && phaseOf(node, nowMs, this.#timings) === 'online';
  }

  zoneVerdict(zone: string): Verdict {
    return this.#roster.zones.get(zone)?.verdict ?? 'normal';
  }

  fleetVerdict(): Verdict {
    return this.#judge.verdict;
  }

  summary(nowMs: number): FleetSummary {
    return summarize(this.#roster, this.#judge, this.#timings, this.#profile, this.#startedMs, nowMs);
  }

  #heldFor(node: FleetNode, nowMs: number): string | null {
    const zone = this.#roster.zones.get(node.zone);
    return zone === undefined ? this.#judge.fleetHeld(nowMs) : this.#judge.zoneHeld(zone, nowMs);
  }
}

function repeatsAsk(node: Node | null, key: number, decision: Decision): boolean {
  if (node === null || decision.status !== 'duplicate') return false;
  return isNewest(node.memory, key) && askedFullState(node.memory);
}
