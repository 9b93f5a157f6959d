import { OPEN_RUN_STATES, PLAYBOOK_IDS, RUN_STATES, isEnded } from '@openclaw-fleet/contract';
import type { Efficacy, Hold, HoldKind, PlaybookId, Run, RunState, Timings } from '@openclaw-fleet/contract';
import { FencedError, StorageError, type HoldRow, type RemediationStore, type RunRow } from '../storage/types.ts';
import { Draft, type Named } from './draft.ts';
import { planOf, runOf, type PlanRecord, type RunRecord } from './records.ts';
import { EFFICACY_RUNS, efficacyOf, outcomeOf } from './rules/efficacy.ts';
import { fellShort, isInFlight } from './run-machine.ts';
import type { Limits, RemediationObserver } from './types.ts';

const PAGE = 200;
/** Runs of one playbook that are read at the start for how it has done. */
const EFFICACY_READ = 1000;
const ENDED_STATES = RUN_STATES.filter((state) => isEnded(state) && state !== 'blocked');

/** What is stored of a hold. `cleared` notes when a quarantine or a breaker was last ended: what was before counts no more. */
export interface HoldDoc {
  readonly hold: Hold;
  /** The revision that was desired when a quarantine began; another one ends it. */
  readonly revision?: string | null;
}
/** What was stored before names were kept has none. */
const namedHold = (doc: HoldDoc): HoldDoc => ({ ...doc, hold: { ...doc.hold, byName: doc.hold.byName ?? null } });
const clearedKind = (kind: 'quarantine' | 'breaker'): string => `${kind}-cleared`;
const keyOf = ({ kind, targetId, subject }: Pick<HoldRow, 'kind' | 'targetId' | 'subject'>): string =>
  JSON.stringify([kind, targetId, subject]);
export const efficacySubject = (playbook: string, fault: string): string => `${playbook} ${fault}`;

interface Done {
  readonly state: RunState;
  readonly endedMs: number;
}

const endedMsOf = ({ endedAt }: Run): number => (endedAt === null ? Infinity : Date.parse(endedAt));
const oldestFirst = (a: Run, b: Run): number =>
  Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.id < b.id ? -1 : 1);

export interface BooksOptions {
  readonly store: RemediationStore;
  /** Of the leader; a write under one that is over is refused. */
  readonly epoch: () => number;
  readonly clock: () => number;
  readonly timings: Timings;
  readonly limits: Limits;
  readonly observer: Pick<RemediationObserver, 'ended'>;
  readonly named: (targetId: string) => Named;
  /** A stored run that cannot be read; it is left as it is, and nothing goes on with it. */
  readonly onDamaged: (words: string) => void;
}

/**
 * What remediation knows, in memory as it is in storage. Whatever is decided is decided in one turn after the other
 * (`exclusive`), stored, and then remembered: nobody decides on what is about to change. After a write that failed, what was
 * stored is not known: everything is read anew before the next turn.
 */
export class Books {
  /** Those that have not ended. */
  readonly runs = new Map<string, RunRecord>();
  readonly plans = new Map<string, PlanRecord>();
  /** Runs that ended within `attemptWindow`, but for blocked ones. */
  readonly #past = new Map<string, Run>();
  /** The same by target, and by plan. */
  readonly #byTarget = new Map<string, Set<Run>>();
  readonly #byPlan = new Map<string, Set<Run>>();
  /** Blocked automatic runs within that time. */
  readonly blocked = new Map<string, Run>();
  readonly #lastAutomatic = new Map<string, number>();
  readonly #holds = new Map<string, HoldDoc>();
  /** When a quarantine or breaker was last cleared, by its hold's key. */
  readonly #cleared = new Map<string, number>();
  readonly #done = new Map<string, { playbook: PlaybookId; fault: string; ends: Done[] }>();
  readonly #options: BooksOptions;
  #tail: Promise<unknown> = Promise.resolve();
  #stale = true;
  /** Another collector leads: nothing may be done here any more. */
  fenced = false;
  /** Grows with every reading of everything: what was known of a run's step before may be out of date. */
  loads = 0;

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  draft(): Draft {
    return new Draft(this.#options.clock(), this.#options.named);
  }

  /** Runs `work` when nobody else decides. Not to be called from within. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      if (this.#stale) await this.#load();
      return work();
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Stores, then remembers. Within `exclusive` alone. @throws FencedError, StorageError */
  async commit(draft: Draft): Promise<void> {
    if (draft.empty) return;
    const change = draft.change();
    try {
      await this.#options.store.writeRemediation(this.#options.epoch(), change);
    } catch (error) {
      this.#stale = true;
      if (error instanceof FencedError) this.fenced = true;
      throw error;
    }
    for (const [id, record] of draft.plans) this.plans.set(id, record);
    for (const record of draft.runs.values()) this.#remember({ ...record, rev: record.rev + 1 });
    for (const row of change.dropHolds) this.#holds.delete(keyOf(row));
    for (const row of change.putHolds) this.#hold(row);
    draft.done();
  }

  #remember(record: RunRecord): void {
    const { run } = record;
    if (!isEnded(run.state)) {
      this.runs.set(run.id, record);
      this.#began(run);
      return;
    }
    this.runs.delete(run.id);
    this.#ended(run);
    this.#options.observer.ended(run);
  }

  #ended(run: Run): void {
    if (run.state === 'blocked') {
      if (run.trigger === 'automation') this.blocked.set(run.id, run);
      return;
    }
    this.#keep(run);
    this.#outcome(run);
  }

  #keep(run: Run): void {
    this.#past.set(run.id, run);
    for (const [index, key] of [
      [this.#byTarget, run.targetId],
      [this.#byPlan, run.planId],
    ] as const) {
      const among = index.get(key) ?? new Set();
      index.set(key, among.add(run));
    }
    this.#began(run);
  }

  #forget(run: Run): void {
    this.#past.delete(run.id);
    for (const [index, key] of [
      [this.#byTarget, run.targetId],
      [this.#byPlan, run.planId],
    ] as const) {
      const among = index.get(key);
      among?.delete(run);
      if (among?.size === 0) index.delete(key);
    }
  }

  /** Notes where automation began last. */
  #began({ trigger, startedAt, targetId }: Run): void {
    if (trigger === 'manual' || startedAt === null) return;
    const { zone } = this.#options.named(targetId);
    const known = this.#lastAutomatic.get(zone) ?? -Infinity;
    this.#lastAutomatic.set(zone, Math.max(known, Date.parse(startedAt)));
  }

  /** When a run that nobody asked for last began in a zone; null: never, as far as counts. */
  lastAutomaticMs(zone: string): number | null {
    return this.#lastAutomatic.get(zone) ?? null;
  }

  #outcome({ playbook, fault, state, endedAt }: Run): void {
    if (outcomeOf(state) === null || endedAt === null) return;
    const subject = efficacySubject(playbook, fault);
    const known = this.#done.get(subject) ?? { playbook, fault, ends: [] };
    known.ends.push({ state, endedMs: Date.parse(endedAt) });
    known.ends.sort((a, b) => b.endedMs - a.endedMs);
    known.ends.length = Math.min(known.ends.length, 2 * EFFICACY_RUNS);
    this.#done.set(subject, known);
  }

  #hold(row: HoldRow): void {
    const doc = JSON.parse(row.doc) as HoldDoc & { readonly clearedMs?: number };
    if (doc.clearedMs === undefined) this.#holds.set(keyOf(row), namedHold(doc));
    else this.#cleared.set(keyOf(row), doc.clearedMs);
  }

  /** Reads everything that is open, and of what has ended what still counts. */
  load(): Promise<void> {
    this.#stale = true;
    return this.exclusive(() => Promise.resolve());
  }

  async #load(): Promise<void> {
    const { store, clock, timings } = this.#options;
    for (const map of [this.runs, this.plans, this.blocked, this.#holds, this.#cleared, this.#done]) map.clear();
    for (const map of [this.#past, this.#byTarget, this.#byPlan, this.#lastAutomatic]) map.clear();
    for (const row of await store.holds()) this.#hold(row);
    for (const row of await this.#all({ states: [...OPEN_RUN_STATES] })) {
      const stored = await store.run(row.id);
      if (stored === null) continue;
      this.#read(() => {
        const [record, plan] = [runOf(stored.run, stored.steps), planOf(stored.plan)];
        this.plans.set(row.planId, plan);
        this.#remember(record);
      });
    }
    const endedFromMs = clock() - timings.attemptWindow;
    const ended = await this.#all({ states: ENDED_STATES, endedFromMs });
    for (const row of ended) this.#read(() => this.#keep(runOf(row, []).run));
    for (const row of await this.#all({ states: ['blocked'], trigger: 'automation', endedFromMs })) {
      this.#read(() => this.blocked.set(row.id, runOf(row, []).run));
    }
    for (const playbook of PLAYBOOK_IDS) {
      const states = ENDED_STATES.filter((state) => outcomeOf(state) !== null);
      const { rows } = await store.runs({ playbook, states, limit: EFFICACY_READ });
      for (const row of rows) this.#read(() => this.#outcome(runOf(row, []).run));
    }
    for (const run of this.#past.values()) if (this.#stillMatters(run)) await this.#readPlan(run.planId);
    this.#stale = false;
    this.loads += 1;
  }

  /** One row that cannot be read must not keep all the others, and the collector, from going on. */
  #read(row: () => void): void {
    try {
      row();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#options.onDamaged(error.message);
    }
  }

  async #all(query: Omit<Parameters<RemediationStore['runs']>[0], 'limit' | 'after'>): Promise<RunRow[]> {
    const found: RunRow[] = [];
    for (let rows: RunRow[] = []; ;) {
      const last = rows.at(-1);
      const after = last && { createdMs: last.createdMs, id: last.id };
      ({ rows } = await this.#options.store.runs({ ...query, ...(after && { after }), limit: PAGE }));
      found.push(...rows);
      if (rows.length < PAGE) return found;
    }
  }

  async #readPlan(planId: string): Promise<void> {
    if (this.plans.has(planId)) return;
    const row = await this.#options.store.plan(planId);
    if (row !== null) this.plans.set(planId, planOf(row));
  }

  /** Its plan is needed: a batch is told by all of its runs, and what fell short may be tried again. */
  #stillMatters(run: Run): boolean {
    if (run.batchId !== null) return true;
    const { clock, timings } = this.#options;
    return fellShort(run.state) && Date.parse(run.createdAt) >= clock() - timings.retryWindow - timings.attemptBackoff;
  }

  /** Forgets what no longer counts. */
  prune(nowMs: number): void {
    const sinceMs = nowMs - this.#options.timings.attemptWindow;
    const old = ({ endedAt }: Run): boolean => endedAt !== null && Date.parse(endedAt) < sinceMs;
    for (const run of [...this.#past.values()].filter(old)) this.#forget(run);
    for (const run of [...this.blocked.values()].filter(old)) this.blocked.delete(run.id);
    const needed = new Set([...this.runs.values()].map(({ run }) => run.planId));
    for (const run of this.#past.values()) if (this.#stillMatters(run)) needed.add(run.planId);
    for (const id of this.plans.keys()) if (!needed.has(id)) this.plans.delete(id);
  }

  planOf(run: Run): PlanRecord {
    const plan = this.plans.get(run.planId);
    if (plan === undefined) throw new RangeError(`Run ${run.id} has no plan ${run.planId}`);
    return plan;
  }

  /** All of a batch, or the one of a plan, open and ended, oldest first. */
  runsOfPlan(planId: string, draft?: Draft): Run[] {
    const found = new Map<string, Run>();
    for (const run of this.#byPlan.get(planId) ?? []) found.set(run.id, run);
    for (const { run } of this.runs.values()) if (run.planId === planId) found.set(run.id, run);
    for (const { run } of draft?.runs.values() ?? []) if (run.planId === planId) found.set(run.id, run);
    return [...found.values()].sort(oldestFirst);
  }

  /** Runs of a target that ended within `attemptWindow`, in the order they ended. */
  pastOf(targetId: string): Run[] {
    return [...(this.#byTarget.get(targetId) ?? [])].sort((a, b) => endedMsOf(a) - endedMsOf(b));
  }

  /** Runs that are open, and those that ended at or after `sinceMs` and within `attemptWindow`, but for blocked ones. */
  recent(sinceMs: number): Run[] {
    // Both are of one form, so that they compare as text.
    const since = new Date(sinceMs).toISOString();
    const found = [...this.runs.values()].map(({ run }) => run);
    for (const run of this.#past.values()) if (run.endedAt !== null && run.endedAt >= since) found.push(run);
    return found;
  }

  /** Targets with a run in flight. */
  inFlight(draft?: Draft): Set<string> {
    const targets = new Set<string>();
    for (const { run } of this.runs.values()) {
      const now = draft?.runs.get(run.id)?.run ?? run;
      if (isInFlight(now.state)) targets.add(now.targetId);
    }
    for (const { run } of draft?.runs.values() ?? []) if (isInFlight(run.state)) targets.add(run.targetId);
    return targets;
  }

  openRunOf(targetId: string, draft?: Draft): Run | null {
    for (const { run } of [...(draft?.runs.values() ?? []), ...this.runs.values()]) {
      const now = draft?.runs.get(run.id)?.run ?? run;
      if (now.targetId === targetId && !isEnded(now.state)) return now;
    }
    return null;
  }

  holds(targetId: string | null, kind?: HoldKind): Hold[] {
    const all = [...this.#holds.values()].map(({ hold }) => hold);
    return all.filter((hold) => (targetId === null || hold.targetId === targetId) && (kind ?? hold.kind) === hold.kind);
  }

  holdDocs(): IterableIterator<HoldDoc> {
    return this.#holds.values();
  }

  hold(kind: HoldKind, targetId: string | null, subject: string | null = null): Hold | null {
    return this.#holds.get(keyOf({ kind, targetId: targetId ?? '', subject: subject ?? '' }))?.hold ?? null;
  }

  clearedMs(kind: 'quarantine' | 'breaker', targetId: string, subject: string): number {
    return this.#cleared.get(keyOf({ kind: clearedKind(kind), targetId, subject })) ?? -Infinity;
  }

  /** Begins a hold with a draft. */
  static put(draft: Draft, doc: HoldDoc): void {
    const { kind, targetId, subject } = doc.hold;
    draft.putHold({ kind, targetId: targetId ?? '', subject: subject ?? '', doc: JSON.stringify(doc) });
  }

  /** Ends one; what counted towards a quarantine or breaker before counts no more. */
  static drop(draft: Draft, { kind, targetId, subject }: Pick<Hold, 'kind' | 'targetId' | 'subject'>): void {
    const key = { targetId: targetId ?? '', subject: subject ?? '' };
    draft.dropHold({ kind, ...key });
    if (kind !== 'quarantine' && kind !== 'breaker') return;
    draft.putHold({ kind: clearedKind(kind), ...key, doc: JSON.stringify({ clearedMs: draft.nowMs }) });
  }

  /** How a playbook has done on a fault; `more` ended just now. */
  efficacyOf(playbook: PlaybookId, fault: string, more: RunState | null = null): Efficacy {
    const subject = efficacySubject(playbook, fault);
    const clearedMs = this.clearedMs('breaker', '', subject);
    const ends = (this.#done.get(subject)?.ends ?? []).filter(({ endedMs }) => endedMs > clearedMs);
    const states = [...(more === null ? [] : [more]), ...ends.map(({ state }) => state)];
    return efficacyOf(playbook, fault, states, this.#options.limits);
  }

  efficacy(): Efficacy[] {
    const all = [...this.#done.values()].map(({ playbook, fault }) => this.efficacyOf(playbook, fault));
    return all.sort((a, b) => (efficacySubject(a.playbook, a.fault) < efficacySubject(b.playbook, b.fault) ? -1 : 1));
  }
}
