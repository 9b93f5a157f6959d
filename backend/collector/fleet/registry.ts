import { zoneOf } from '@openclaw-fleet/contract';
import type { FleetSummary, Heartbeat, Timings, TimingsProfile, Verdict } from '@openclaw-fleet/contract';
import { expectingNothing } from '../assessment/expectation.ts';
import type { Assessment, Expectation, Report, Subject } from '../assessment/types.ts';
import type { Clock } from '../clock.ts';
import { StorageError } from '../storage/types.ts';
import type { FleetStore, NodeRow, NodeWrite, StoredNode } from '../storage/types.ts';
import { Assessor } from './assessor.ts';
import { asksFullState, carryOver } from './carry.ts';
import { reportChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { Decisions } from './decisions.ts';
import { isFlapping } from './flapping.ts';
import { Judge } from './judge.ts';
import { inWords, lastHeardMs, phaseOf, reasonOf, stateOf } from './liveness.ts';
import type { Node } from './node.ts';
import { askedFullState, decide, isNewest, noteAsked } from './ordering.ts';
import type { Decision, Memory } from './ordering.ts';
import { judgedInterval, toldSeconds } from './pace.ts';
import { Reassessor, recall } from './reassessor.ts';
import { Roster } from './roster.ts';
import { decidedAlike, rowAfterBeat, rowWithMemory } from './rows.ts';
import { summarize } from './summary.ts';
import { Sweeper } from './sweeper.ts';
import { Turns } from './turns.ts';
import type {
  Arrival,
  AssessmentObserver,
  Because,
  ExpectationSource,
  FleetIntake,
  FleetNode,
  FleetReassess,
  FleetView,
  Liveness,
  PublishObserver,
  Receipt,
  Selected,
  Selection,
} from './types.ts';
import { sameSettled, settledOf } from './vital.ts';

/** How old a target's state may be where nobody says, in intervals (domain-rules section 3). */
const SYNC_LAG_INTERVALS = 2;
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
  /** What is expected of each target; when left out, no more than that its state is fresh. */
  readonly expectations?: ExpectationSource;
  /** Whether events are told at all (seed 000's flag); true when left out. */
  readonly signals?: boolean;
  readonly observer?: AssessmentObserver;
  readonly publishing?: PublishObserver;
  readonly log?: FleetLog;
}

/** `last_heartbeat` lies too far ahead of our clock. The intake answers 422 before it comes to this. */
export class ClockAheadError extends RangeError {
  override readonly name = 'ClockAheadError';
}

/** What was decided about one heartbeat, until it is durable. */
interface Plan {
  readonly arrival: Arrival;
  /** How often somebody else wrote first. */
  readonly races: number;
  /** Null: it is new. */
  readonly node: Node | null;
  readonly decision: Decision;
  readonly memory: Memory;
  readonly write: NodeWrite;
  readonly report: Report;
  /** Null: it stays as it is. */
  readonly assessment: Assessment | null;
  readonly changes: Changes | null;
  readonly asks: boolean;
  /** The revision desired of it. */
  readonly revision: string | null;
}

/** The registry: every node in memory, in front of storage, which is right when they differ. */
export class Fleet implements FleetView, FleetIntake, FleetReassess {
  readonly #timings: Timings;
  readonly #profile: TimingsProfile;
  readonly #clock: Clock;
  readonly #store: FleetStore;
  readonly #log: FleetLog | undefined;
  readonly #publishing: PublishObserver | undefined;
  readonly #turns = new Turns();
  readonly #roster: Roster;
  readonly #judge: Judge;
  readonly #sweeper: Sweeper;
  readonly #assessor: Assessor;
  readonly #reassessor: Reassessor;
  readonly #decisions: Decisions;
  #cordoned: ReadonlySet<string> = new Set();
  /** The answers that most heartbeats get. */
  readonly #plain: Readonly<Record<Receipt['status'], Receipt>>;
  readonly #startedMs: number;
  #ticking: Promise<void> | null = null;

  /** Starts the clocks of domain-rules section 2: nothing expires for `noExpiryAfterStart` from here on. */
  constructor({
    timings,
    profile = 'production',
    clock,
    store,
    epoch,
    expectations,
    signals = true,
    observer,
    publishing,
    log,
  }: FleetOptions) {
    this.#timings = timings;
    this.#profile = profile;
    this.#clock = clock;
    this.#store = store;
    this.#log = log;
    this.#publishing = publishing;
    this.#startedMs = clock();
    this.#roster = new Roster(timings, this.#startedMs);
    this.#judge = new Judge(timings, this.#startedMs);
    const nothing = expectingNothing(SYNC_LAG_INTERVALS * timings.beat);
    this.#assessor = new Assessor(timings, expectations ?? { of: () => nothing }, signals, observer);
    const plain = (status: Receipt['status']): Receipt => ({
      status,
      nextHeartbeatSeconds: toldSeconds(timings),
      reportFullState: false,
      desiredRevision: null,
    });
    this.#plain = {
      accepted: plain('accepted'),
      duplicate: plain('duplicate'),
      superseded: plain('superseded'),
      conflict: plain('conflict'),
    };
    const decides = { roster: this.#roster, turns: this.#turns, store, epoch };
    this.#sweeper = new Sweeper({ ...decides, judge: this.#judge, assessor: this.#assessor, timings });
    const looks = {
      ...decides,
      assessor: this.#assessor,
      clock,
      subject: (node: Node, nowMs: number) => this.subject(node, nowMs),
    };
    this.#reassessor = new Reassessor(looks);
    this.#decisions = new Decisions(looks);
  }

  /** Takes every stored node into memory. Call it once, before anything else. @returns how many there are */
  async load(): Promise<number> {
    const count = await this.#store.loadNodes((rows) => {
      const nowMs = this.#clock();
      for (const row of rows) this.#roster.adopt(row, nowMs);
    });
    await recall(this.#store, this.#roster);
    this.#roster.directory.settle();
    return count;
  }

  /**
   * Takes authenticated, validated heartbeats that came together. Each is settled once what it changed is durable, and what
   * memory shows follows; when the store fails, it is failed with the store's error and nothing changed.
   */
  take(arrivals: readonly Arrival[]): void {
    const plans: Plan[] = [];
    for (const arrival of arrivals) {
      const id = arrival.beat.node_id;
      if (this.#turns.take(id)) this.#plan(arrival, plans, 0);
      else void this.#turns.wait(id).then(() => this.#takeOne(arrival, 0));
    }
    if (plans.length > 0) this.#commit(plans);
  }

  /**
   * Takes one heartbeat; resolves once what it changed is durable.
   * @param bodyHash first 48 bits of the body's SHA-256, as an integer
   * @throws {RangeError} when `last_heartbeat` is no time
   * @throws {ClockAheadError} when `clockAhead` holds for it
   * @throws {StorageError} when it could not be stored
   */
  receive(beat: Heartbeat, bodyHash: number, receivedMs: number): Promise<Receipt> {
    const keyMs = Date.parse(beat.last_heartbeat);
    return new Promise((settle, fail) => {
      if (Number.isNaN(keyMs)) throw new RangeError('last_heartbeat is not a time: send it as ISO-8601 with a zone.');
      this.take([{ beat, keyMs, bodyHash, receivedMs, settle, fail }]);
    });
  }

  /** Takes one whose turn it is. */
  #takeOne(arrival: Arrival, races: number): void {
    const plans: Plan[] = [];
    this.#plan(arrival, plans, races);
    if (plans.length > 0) this.#commit(plans);
  }

  /** Decides what becomes of a heartbeat. Settles it, and gives its turn back, when there is nothing to write. */
  #plan(arrival: Arrival, plans: Plan[], races: number): void {
    const { beat } = arrival;
    let receipt: Receipt | null = null;
    try {
      if (races === MOST_RACES) {
        throw new StorageError('Another collector keeps writing the same node: point the node at one collector.');
      }
      const known = arrival.known as Node | undefined;
      // One that was removed meanwhile is known no more.
      const node = known !== undefined && known.slot !== -1 ? known : (this.#roster.nodes.get(beat.node_id) ?? null);
      const decision = this.#decide(node, arrival);
      if (decision.status === 'refused') {
        throw new ClockAheadError('last_heartbeat is too far in the future: set the clock of the node.');
      }
      const { memory } = decision;
      if (memory === null) {
        const { revision } = this.#assessor.expectation(beat.node_id);
        receipt = this.#receipt(decision, repeatsAsk(node, arrival.keyMs, decision), revision);
      } else if (node !== null && decision.status !== 'accepted') {
        const write = { row: rowWithMemory(node, memory), report: null };
        plans.push({
          arrival,
          races,
          node,
          decision,
          memory,
          write,
          report: node.report,
          assessment: null,
          changes: null,
          asks: false,
          revision: this.#assessor.expectation(beat.node_id).revision,
        });
      } else plans.push(this.#accept(arrival, races, node, decision, memory));
    } catch (error) {
      this.#turns.give(beat.node_id);
      arrival.fail(error);
      return;
    }
    if (receipt === null) return;
    this.#turns.give(beat.node_id);
    arrival.settle(receipt);
  }

  #decide(node: Node | null, { beat, keyMs, receivedMs, bodyHash }: Arrival): Decision {
    const sameBoot = beat.boot_id !== undefined && beat.boot_id === node?.report.boot_id;
    const sighting = { key: keyMs, receivedMs, hash: bodyHash, seq: beat.seq ?? NaN, sameBoot };
    if (node !== null) return decide(node.memory, node.markMs, sighting, node.intervalMs, this.#timings);
    return decide(null, -Infinity, sighting, judgedInterval(beat.interval_seconds, null, this.#timings), this.#timings);
  }

  #accept(arrival: Arrival, races: number, node: Node | null, decision: Decision, memory: Memory): Plan {
    const { beat, keyMs, receivedMs } = arrival;
    const last = node?.report ?? null;
    const asks = asksFullState(beat, last, decision);
    noteAsked(memory, asks);
    const report = carryOver(beat, last);
    const accepted = { keyMs, receivedMs, late: decision.late, goodbye: beat.goodbye };
    const row = rowAfterBeat(node, accepted, report, memory, this.#timings);
    const same = last !== null && sameSettled(last, report);

    const subject = {
      id: row.nodeId,
      report,
      state: row.state === 'live' ? 'online' : row.state,
      seenMs: row.seenMs,
      intervalMs: judgedInterval(report.interval_seconds, memory, this.#timings),
      flapping: node !== null && isFlapping(node.departures, receivedMs, this.#timings.flapWindow),
      overdue: false,
    } as const;
    const expectation = this.#assessor.expectation(row.nodeId);
    const assessment = this.#assessor.assess(node, subject, expectation, receivedMs);
    const zone = same && node !== null ? node.zone : zoneOf(report.tags);
    let changes = null;
    if (!same || node?.state !== row.state) {
      changes = this.#assessor.changes(subject, zone, assessment.atMs);
      noteArrival(changes, node, report, row.state, receivedMs);
    }
    changes = this.#assessor.record(node, subject, expectation, zone, assessment, changes);
    const settled = same ? null : settledOf(report);
    const sameState = node !== null && decidedAlike(node, row);
    const write = changes === null ? { row, report: settled, sameState } : { row, report: settled, sameState, changes };
    const { revision } = expectation;
    return { arrival, races, node, decision, memory, write, report, assessment, changes, asks, revision };
  }

  #commit(plans: readonly Plan[]): void {
    this.#store.writeBeats(plans.map((plan) => plan.write)).then(
      (refused) => {
        for (let index = 0; index < plans.length; index++) {
          const plan = plans[index] as Plan;
          const current = refused.size === 0 ? undefined : refused.get(index);
          // One that throws must not take the others of its commit with it.
          try {
            if (current === undefined) this.#written(plan);
            else this.#lost(plan, current);
          } catch (error) {
            plan.arrival.fail(error);
          }
        }
      },
      (error: unknown) => {
        for (const { arrival } of plans) {
          this.#turns.give(arrival.beat.node_id);
          arrival.fail(error);
        }
      }
    );
  }

  #written({ arrival, node, decision, memory, write, report, assessment, changes, asks, revision }: Plan): void {
    const { receivedMs, beat } = arrival;
    try {
      const same = write.report === null;
      // Before the last report is overwritten.
      if (node !== null && decision.status === 'accepted') this.#published(node.report, beat);
      const held = this.#roster.apply(write.row, report, memory, assessment, receivedMs, node ?? undefined, same);
      held.missedBeats += decision.missed;
      if (assessment !== null) this.#assessor.stored(held, changes, assessment);
    } finally {
      this.#turns.give(beat.node_id);
    }
    arrival.settle(this.#receipt(decision, asks, revision));
  }

  /**
   * Counters that are not known yet are where counting begins, so that a node that is new here does not add what it did
   * before. Those of a stored node are known, also after a start of ours.
   */
  #published(last: Report, { publisher, boot_id }: Heartbeat): void {
    if (publisher === undefined || last.publisher === undefined) return;
    this.#publishing?.published(boot_id === last.boot_id ? last.publisher : null, publisher);
  }

  /** Somebody else wrote first: decides again on what is stored. */
  #lost({ arrival, node, races }: Plan, current: StoredNode | null): void {
    try {
      if (current !== null) this.#roster.adopt(current, arrival.receivedMs);
      else if (node !== null) this.#roster.remove(node);
    } catch (error) {
      this.#turns.give(arrival.beat.node_id);
      throw error;
    }
    this.#takeOne(arrival, races + 1);
  }

  #receipt(decision: Decision, reportFullState: boolean, revision: string | null): Receipt {
    const status = decision.status as Receipt['status'];
    if (!reportFullState && revision === null) return this.#plain[status];
    return { status, nextHeartbeatSeconds: toldSeconds(this.#timings), reportFullState, desiredRevision: revision };
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
    await this.#reassessor.tick(nowMs);
  }

  /** As FleetReassess says. Errors are the store's: what was not stored is decided again by the next tick. */
  reassess(nodeIds: readonly string[] | null, because?: Because): Promise<void> {
    return this.#reassessor.reassess(nodeIds, because);
  }

  /** As Decisions.lift. */
  liftIsolation(targetId: string, by: { readonly actor: string; readonly reason: string }): Promise<void> {
    return this.#decisions.lift(targetId, { ...by, summary: 'isolation lifted' });
  }

  /** As Decisions.retire. */
  retire(targetId: string, by: { readonly actor: string; readonly reason: string }): Promise<void> {
    return this.#decisions.retire(targetId, { ...by, summary: 'retired' });
  }

  /** As Decisions.reinstate. */
  reinstate(targetId: string, by: { readonly actor: string; readonly reason: string }): Promise<void> {
    return this.#decisions.reinstate(targetId, { ...by, summary: 'reinstated' });
  }

  /** Those excluded from discovery from now on, whatever their state. */
  cordoned(targetIds: ReadonlySet<string>): void {
    this.#cordoned = targetIds;
  }

  /** As Judge.automationFromMs. */
  automationFromMs(): number {
    return this.#judge.automationFromMs;
  }

  subject(node: FleetNode, nowMs: number): Subject {
    const shown = this.liveness(node, nowMs).state;
    // It stopped by its own word, however long ago.
    const state = shown === 'inactive' && node.state === 'stopped' ? 'stopped' : shown;
    return {
      id: node.id,
      report: node.report,
      state,
      seenMs: node.seenMs,
      intervalMs: node.intervalMs,
      flapping: this.flapping(node, nowMs),
      overdue: state === 'stale' && node.state === 'stopped',
    };
  }

  select(selection: Selection, nowMs: number): Promise<Selected> {
    return this.#roster.directory.select(selection, (zone, phase) => {
      const place = this.#roster.zones.get(zone);
      const held =
        phase === 'due' && (place ? this.#judge.zoneHeld(place, nowMs) : this.#judge.fleetHeld(nowMs)) !== null;
      return stateOf(phase, held);
    });
  }

  expectation(node: FleetNode): Expectation {
    return this.#assessor.expectation(node.id);
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
    return !node.isolated && !this.#cordoned.has(node.id) && phaseOf(node, nowMs, this.#timings) === 'online';
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

/** What a heartbeat adds to a node's timeline. */
function noteArrival(
  changes: Changes,
  node: Node | null,
  report: Report,
  state: NodeRow['state'],
  nowMs: number
): void {
  if (node === null) {
    changes.note(
      'liveness',
      state === 'expired' ? 'first heard of, by an old heartbeat' : 'reported for the first time'
    );
    return;
  }
  if (node.state !== state && node.mayNote(nowMs)) {
    const data = { before: node.state, after: state };
    if (state === 'stopped') changes.note('liveness', `said goodbye: ${report.goodbye ?? 'shutdown'}`, data);
    else if (state === 'live')
      changes.note('liveness', `reports again, after ${inWords(nowMs - lastHeardMs(node))}`, data);
  }
  const told = reportChanges(node.report, report);
  if (told.length > 0 && node.mayNote(nowMs)) {
    const words = told.map(({ field, before, after }) => `${field} ${before} → ${after}`).join('; ');
    changes.note('report', words, { changes: told });
  }
}

function repeatsAsk(node: Node | null, key: number, decision: Decision): boolean {
  if (node === null || decision.status !== 'duplicate') return false;
  return isNewest(node.memory, key) && askedFullState(node.memory);
}
