import type {
  Batch,
  DryRun,
  Efficacy,
  Hold,
  HoldKind,
  Plan,
  PlaybookId,
  RefusalReason,
  RemediationStatus,
  Run,
  RunDetail,
  Timings,
} from '@openclaw-fleet/contract';
import type { Logger } from 'pino';
import { FencedError, StorageError, type RemediationStore } from '../storage/types.ts';
import { Automation } from './automation.ts';
import { Books, efficacySubject } from './books.ts';
import { conditionOf } from './context.ts';
import { cancel, decideOn } from './decisions.ts';
import type { Draft } from './draft.ts';
import { clearOutdated } from './ends.ts';
import { notFound, refused } from './errors.ts';
import { bounded } from './evidence.ts';
import { Executor } from './executor.ts';
import { noTarget } from './guardrails/index.ts';
import { begin, end } from './holding.ts';
import type { PlanRecord } from './records.ts';
import { before, dryRun, dryRunBatch, request, requestBatch, type RequestParts } from './requests.ts';
import { retry } from './retries.ts';
import type { AskedDecision } from './rules/approvals.ts';
import { DEFAULT_LIMITS } from './rules/limits.ts';
import { isInFlight } from './run-machine.ts';
import { expire, start } from './starts.ts';
import type {
  AutomationSettings,
  BatchRequest,
  BridgeClient,
  FleetActs,
  FleetFacts,
  Limits,
  RemediationObserver,
  RemediationService,
  RepairRequest,
  Requester,
  RunQuery,
} from './types.ts';
import * as views from './views.ts';

export interface RemediationOptions {
  readonly store: RemediationStore;
  /** Of the leader: a write under one that is over is refused, and everything stops. */
  readonly epoch: () => number;
  readonly fleet: FleetFacts;
  readonly acts: FleetActs;
  readonly bridges: BridgeClient;
  readonly timings: Timings;
  readonly limits?: Limits;
  readonly automation: () => AutomationSettings;
  /** Milliseconds since the epoch, that never go back. */
  readonly clock: () => number;
  /** 0 to under 1, for ids. */
  readonly random?: () => number;
  /** The runbook's address; a playbook's anchor is put behind it. */
  readonly runbookUrl: string;
  readonly observer?: RemediationObserver;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

const NOBODY: RemediationObserver = { refused: () => undefined, ended: () => undefined, verb: () => undefined };

/**
 * Repairs under guard (domain-rules section 6). It has no timer: `tick` does what is due, and is to be called about once a
 * second; a call while another is under way does what that one does not. Requests and decisions may come at any time.
 */
export class Remediation implements RemediationService {
  readonly #options: RemediationOptions;
  readonly #books: Books;
  readonly #parts: RequestParts & { readonly store: RemediationStore };
  readonly #executor: Executor;
  readonly #automation: Automation;
  readonly #refused = new Map<RefusalReason, number>();
  #stopped = false;
  #deciding = false;
  #prunedMs = -Infinity;
  #cordonedLoads = -1;

  constructor(options: RemediationOptions) {
    this.#options = options;
    const {
      fleet,
      timings,
      limits = DEFAULT_LIMITS,
      automation,
      clock,
      random = Math.random,
      observer = NOBODY,
    } = options;
    const named = (targetId: string): { name: string; zone: string; owner: string | null } => {
      const { name, zone, owner } = fleet.get(targetId) ?? { name: targetId, zone: 'unknown', owner: null };
      return { name, zone, owner };
    };
    const { store, epoch } = options;
    const onDamaged = (words: string): void => {
      options.log.error({}, `${words} The run is left as it is; everything else goes on.`);
    };
    this.#books = new Books({ store, epoch, clock, timings, limits, observer, named, onDamaged });
    const counting: RemediationObserver = {
      ended: (run) => {
        observer.ended(run);
      },
      verb: (verb, outcome, seconds) => {
        observer.verb(verb, outcome, seconds);
      },
      refused: (reason) => {
        this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
        observer.refused(reason);
      },
    };
    this.#parts = { books: this.#books, fleet, timings, limits, automation, clock, random, observer: counting, store };
    const { bridges, log, runbookUrl } = options;
    this.#executor = new Executor({ ...this.#parts, bridges, log, runbookUrl });
    this.#automation = new Automation(this.#parts);
  }

  /** Reads what is stored; runs go on with the next tick. @throws StorageError */
  async load(): Promise<void> {
    await this.#books.load();
    this.#cordon();
  }

  /** Nothing is begun or gone on with any more. What is under way at a node stays so, and is asked about after a start. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Does what is due: expiries, retries, automation, starts, and a look at every run in flight. Resolves once all of that was
   * looked at; a run that waits for its bridge holds up no other tick.
   */
  async tick(): Promise<void> {
    if (this.#over()) return;
    if (!this.#deciding) {
      this.#deciding = true;
      try {
        await this.#decide();
      } finally {
        this.#deciding = false;
      }
    }
    if (this.#over()) return;
    const inFlight = [...this.#books.runs.values()].filter(({ run }) => isInFlight(run.state));
    await Promise.all(inFlight.map(({ run }) => this.#executor.advance(run.id)));
  }

  #over(): boolean {
    return this.#stopped || this.#books.fenced;
  }

  async #decide(): Promise<void> {
    const { clock, timings } = this.#parts;
    // One after the other, and each whatever becomes of the others.
    await this.#part('sweep', () => this.#sweep());
    await this.#part('expire', () => expire(this.#parts));
    await this.#part('retry', () => retry(this.#parts));
    await this.#part('automation', () => this.#automation.tick());
    await this.#part('start', () => start(this.#parts));
    if (clock() - this.#prunedMs < timings.beat) return;
    this.#prunedMs = clock();
    this.#books.prune(clock());
  }

  async #part(part: string, work: () => Promise<void>): Promise<void> {
    if (this.#over()) return;
    try {
      await work();
    } catch (error) {
      if (error instanceof FencedError) return;
      this.#options.log.warn({ err: error, part }, 'repairs could not be decided on; they are with the next tick');
    }
  }

  /** Ends quarantines that a new desired revision ended. */
  async #sweep(): Promise<void> {
    await this.#write((draft) => {
      clearOutdated(this.#parts, draft);
    });
    this.#cordon();
  }

  #cordon(): void {
    if (this.#cordonedLoads === this.#books.loads) return;
    this.#cordonedLoads = this.#books.loads;
    const ids = this.#books.holds(null, 'cordon').flatMap(({ targetId }) => targetId ?? []);
    this.#options.acts.cordoned(new Set(ids));
  }

  /** Decides in turn, stores, and gives what was decided. */
  #write<T>(change: (draft: Draft) => T | Promise<T>): Promise<T> {
    return this.#books.exclusive(async () => {
      if (this.#stopped) throw new StorageError('Repairs are stopping. Ask again in a moment.');
      const draft = this.#books.draft();
      const result = await change(draft);
      await this.#books.commit(draft);
      return result;
    });
  }

  async request(asked: RepairRequest): Promise<{ readonly run: Run; readonly created: boolean }> {
    const { id, created } = await this.#write(async (draft) => {
      const known = await before(this.#options.store, asked);
      if (known !== null) return { id: known, created: false };
      const record =
        asked.trigger === 'alertmanager' ? this.#alerted(draft, asked) : request(this.#parts, draft, asked);
      return { id: record.run.id, created: true };
    });
    const run = await views.bareRun(this.#parts, id);
    if (run === null) throw notFound(`Run ${id} is not stored any more.`);
    if (run.state === 'blocked') throw refused(run.reason, run.refusal, run);
    return { run, created };
  }

  #alerted(draft: Draft, { targetId, playbook, by, reason, idempotency }: RepairRequest): { readonly run: Run } {
    const target = this.#options.fleet.get(targetId);
    if (target === null) throw notFound(noTarget(targetId).message);
    const chosen = playbook ?? target.repairable[0]?.playbook;
    if (chosen === undefined) throw refused(`${target.name} has no open fault that a playbook is for.`);
    const record = this.#automation.ask(draft, target, chosen, by, reason);
    // An alert goes on firing: what holds it back now may not when it is sent again.
    if (idempotency !== null && record.run.state !== 'blocked') {
      draft.idempotent({ caller: by.actor.name, ...idempotency, resultId: record.run.id, atMs: draft.nowMs });
    }
    return record;
  }

  async requestBatch(asked: BatchRequest): Promise<{ readonly batch: Batch; readonly created: boolean }> {
    const { id, created } = await this.#write(async (draft) => {
      const known = await before(this.#options.store, asked);
      if (known !== null) return { id: known, created: false };
      return { id: requestBatch(this.#parts, draft, asked).plan.id, created: true };
    });
    const batch = await this.batch(id);
    if (batch === null) throw notFound(`Batch ${id} is not stored any more.`);
    return { batch, created };
  }

  dryRun(asked: RepairRequest): DryRun {
    return dryRun(this.#parts, asked);
  }

  dryRunBatch(asked: BatchRequest): DryRun {
    return dryRunBatch(this.#parts, asked);
  }

  run(runId: string): Promise<RunDetail | null> {
    return views.runDetail(this.#parts, runId);
  }

  runs(query: RunQuery): Promise<{ readonly runs: Run[]; readonly total: number }> {
    return views.runList(this.#parts, query);
  }

  batch(batchId: string): Promise<Batch | null> {
    return views.batch(this.#parts, batchId);
  }

  plan(planId: string): Promise<Plan | null> {
    return views.plan(this.#parts, planId);
  }

  approve(
    id: string,
    by: Requester,
    {
      reason,
      digest,
      breakGlass,
    }: { readonly reason: string; readonly digest: string | null; readonly breakGlass: boolean }
  ): Promise<Plan> {
    return this.#decideOn(id, by, { kind: 'approve', reason, digest, breakGlass });
  }

  deny(id: string, by: Requester, reason: string): Promise<Plan> {
    return this.#decideOn(id, by, { kind: 'deny', reason, digest: null, breakGlass: false });
  }

  async #decideOn(id: string, by: Requester, asked: AskedDecision): Promise<Plan> {
    const { plan, refusal } = await this.#write(async (draft) => {
      const record = await this.#planOf(id);
      return decideOn(this.#parts, draft, record, by, asked);
    });
    // What it ended is stored; who asked is told after that.
    if (refusal !== null) throw refusal;
    return plan;
  }

  /** The plan of a run or a batch. */
  async #planOf(id: string): Promise<PlanRecord> {
    const planId = this.#books.runs.get(id)?.run.planId ?? (await this.#options.store.run(id))?.run.planId ?? id;
    const record = await views.planRecord(this.#parts, planId);
    if (record === null) throw notFound(`There is no run or batch ${id}. Look at the list of runs.`);
    return record;
  }

  async cancel(id: string, by: Requester, reason: string): Promise<Run[]> {
    const runs = await this.#write(async (draft) => {
      if (this.#books.runs.has(id) || this.#books.plans.has(id)) return cancel(this.#parts, draft, id, by, reason);
      await this.#planOf(id);
      throw refused('It has ended: nothing is left to stop.');
    });
    for (const run of runs) this.#executor.nudge(run.id);
    return runs;
  }

  pause(targetId: string | null, by: Requester, reason: string): Promise<Hold> {
    return this.#write((draft) => begin(this.#books, this.#parts.fleet, draft, 'pause', targetId, by, reason));
  }

  resume(targetId: string | null, by: Requester, reason: string): Promise<void> {
    return this.#write((draft) => {
      const hold = this.#books.hold('pause', targetId);
      end(draft, hold === null ? [] : [hold], 'pause', targetId ?? 'The fleet', by, reason);
    });
  }

  async cordon(targetId: string, by: Requester, reason: string): Promise<Hold> {
    const hold = await this.#write((draft) =>
      begin(this.#books, this.#parts.fleet, draft, 'cordon', targetId, by, reason)
    );
    this.#cordonedLoads = -1;
    this.#cordon();
    return hold;
  }

  async uncordon(targetId: string, by: Requester, reason: string): Promise<void> {
    await this.#write((draft) => {
      const hold = this.#books.hold('cordon', targetId);
      end(draft, hold === null ? [] : [hold], 'cordon', targetId, by, reason);
    });
    this.#cordonedLoads = -1;
    this.#cordon();
  }

  clearQuarantine(targetId: string, fault: string | null, by: Requester, reason: string): Promise<void> {
    return this.#write((draft) => {
      const all = this.#books.holds(targetId, 'quarantine');
      const chosen = all.filter(({ subject }) => fault === null || subject === conditionOf(fault));
      end(draft, chosen, 'quarantine', targetId, by, reason);
    });
  }

  closeBreaker(playbook: PlaybookId, fault: string, by: Requester, reason: string): Promise<void> {
    return this.#write((draft) => {
      const hold = this.#books.hold('breaker', null, efficacySubject(playbook, fault));
      end(draft, hold === null ? [] : [hold], 'breaker', `${playbook} on ${fault}`, by, reason);
    });
  }

  liftIsolation(targetId: string, by: Requester, reason: string): Promise<void> {
    return this.#act('isolation-lifted', targetId, by, reason, (who) =>
      this.#options.acts.liftIsolation(targetId, who)
    );
  }

  retire(targetId: string, by: Requester, reason: string): Promise<void> {
    return this.#act('retired', targetId, by, reason, (who) => this.#options.acts.retire(targetId, who));
  }

  reinstate(targetId: string, by: Requester, reason: string): Promise<void> {
    return this.#act('reinstated', targetId, by, reason, (who) => this.#options.acts.reinstate(targetId, who));
  }

  /** What the registry carries out: the audit first, as before every effect. */
  async #act(
    what: string,
    targetId: string,
    by: Requester,
    reason: string,
    carryOut: (who: { actor: string; reason: string }) => Promise<void>
  ): Promise<void> {
    if (this.#options.fleet.get(targetId) === null) throw notFound(noTarget(targetId).message);
    const audit = (action: string, because: string): Promise<void> =>
      this.#write((draft) => {
        draft.audit(by.actor, action, targetId, because, { targetId });
      });
    await audit(`target.${what}`, reason);
    try {
      await carryOut({ actor: by.actor.name, reason });
    } catch (error) {
      // The record before it says that it was done.
      await audit(`target.${what}-failed`, error instanceof Error ? bounded(error.message) : 'It failed.');
      if (error instanceof RangeError) throw refused(error.message);
      throw error;
    }
  }

  holds(targetId: string | null, kind?: HoldKind): readonly Hold[] {
    return this.#books.holds(targetId, kind);
  }

  efficacy(): readonly Efficacy[] {
    return this.#books.efficacy();
  }

  status(): RemediationStatus {
    return views.status(this.#parts, this.#refused);
  }

  /** As Books.recent. */
  recent(sinceMs: number): readonly Run[] {
    return this.#books.recent(sinceMs);
  }

  open(): readonly Run[] {
    return [...this.#books.runs.values()].map(({ run }) => run);
  }
}
