import type { RunStep } from '@openclaw-fleet/contract';
import { duration } from '../assessment/words.ts';
import { FencedError, StorageError } from '../storage/types.ts';
import { updateBatch } from './batches.ts';
import { SYSTEM, type Draft } from './draft.ts';
import { endRun } from './ends.ts';
import { bounded, evidence, measured } from './evidence.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import { pendingStep, stepAt, stepsOf } from './playbooks/program.ts';
import type { Ending, PlaybookStep, StepOutcome } from './playbooks/types.ts';
import type { PlanRecord, RunRecord, StepWork } from './records.ts';
import { isInFlight } from './run-machine.ts';
import { requestOf, verb } from './step-verb.ts';
import {
  clear,
  gap,
  soak,
  stepContext,
  verify,
  witness,
  type Done,
  type Hands,
  type Live,
  type Move,
  type Scene,
} from './steps.ts';

/** How long the second witness may be busy with something else. In terms of an action's validity. */
const BUSY_FOR = 2;
/** How often a step of a rollback is asked for, as long as it is known that nothing was done. */
const ROLLBACK_TRIES = 3;

/**
 * Carries runs out, each step by step, different runs side by side. Every step is stored before its effect, and what is
 * stored is enough to go on: after a restart nothing of a step is known but that, so a node is asked what it did before
 * anything is sent to it again.
 */
export class Executor {
  readonly #hands: Hands;
  readonly #live = new Map<string, Live>();

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  /** Moves one run on as far as it goes now. Never throws: what goes wrong with one run ends that run, or waits for storage. */
  async advance(runId: string): Promise<void> {
    const live = this.#liveOf(runId);
    if (live.busy || this.#hands.clock() < live.nextMs) return;
    live.busy = true;
    try {
      while (!this.#hands.books.fenced && (await this.#once(runId, live)));
    } catch (error) {
      await this.#wentWrong(runId, live, error);
    } finally {
      live.busy = false;
      if (!this.#hands.books.runs.has(runId)) this.#live.delete(runId);
    }
  }

  /** Somebody wants it looked at now. */
  nudge(runId: string): void {
    const live = this.#live.get(runId);
    if (live !== undefined) live.nextMs = -Infinity;
  }

  #liveOf(runId: string): Live {
    const { loads } = this.#hands.books;
    const known = this.#live.get(runId);
    const resumed = this.#hands.books.runs.get(runId)?.work.step != null;
    if (known === undefined) {
      const live = { busy: false, nextMs: -Infinity, loads, fresh: false, answers: [], resumed };
      this.#live.set(runId, live);
      return live;
    }
    // Storage was read anew: what was known besides it may be wrong.
    if (known.loads !== loads && !known.busy) Object.assign(known, { loads, fresh: false, answers: [], resumed });
    return known;
  }

  /** @returns whether it can go on at once */
  async #once(runId: string, live: Live): Promise<boolean> {
    const { books } = this.#hands;
    const record = books.runs.get(runId);
    if (record === undefined || !isInFlight(record.run.state)) return false;
    const plan = books.planOf(record.run);
    const { work, run } = record;
    const place = work.places[work.cursor];
    if (place === undefined) return this.#write(record, (draft, now) => this.#endsNow(draft, now, plan));
    const asked = work.step?.request != null;
    if (run.cancelRequested && work.ending === null && run.state === 'running' && !asked) return this.#stop(record);
    const step = stepAt(PLAYBOOKS[run.playbook], place);
    if (work.step === null) return this.#begin(record, step, live);
    const move = await this.#look({ record, plan, work: work.step, live }, step);
    return this.#apply(record, step, move, live);
  }

  #look(scene: Scene, step: PlaybookStep): Promise<Move> {
    switch (step.does) {
      case 'witness':
        return witness(this.#hands, scene);
      case 'verb':
        return verb(this.#hands, scene, step);
      case 'verify':
        return verify(this.#hands, scene, step);
      case 'soak':
        return soak(this.#hands, scene, step);
      case 'clear':
        return clear(this.#hands, scene);
      case 'record':
        throw new RangeError('The record is written as the run ends');
    }
  }

  async #apply(record: RunRecord, step: PlaybookStep, move: Move, live: Live): Promise<boolean> {
    if ('wait' in move) {
      live.nextMs = this.#hands.clock() + move.wait;
      return false;
    }
    if ('done' in move)
      return this.#write(record, (draft, now, plan) => this.#finish(draft, now, plan, step, move.done));
    let asks = false;
    const stored = await this.#write(record, (draft, now) => {
      if (now.work.step === null) return;
      const work = { ...now.work, step: { ...now.work.step, ...move.store } };
      asks = move.store.request != null;
      if (asks) this.#told(draft, now, step, move.store);
      const clearSince =
        move.clearSinceMs === undefined
          ? now.run.clearSince
          : move.clearSinceMs === null
            ? null
            : new Date(move.clearSinceMs).toISOString();
      draft.run({
        ...now,
        run: { ...now.run, clearSince },
        work: { ...work, acted: work.acted || asks, latest: move.latest ?? work.latest },
      });
    });
    live.fresh = asks && stored;
    if (!asks) live.nextMs = this.#hands.clock() + (step.does === 'clear' ? this.#hands.timings.probe : 0);
    return stored && asks;
  }

  /**
   * Changes a run as it is stored now, unless it is elsewhere by then.
   * @returns whether it was changed
   */
  #write(seen: RunRecord, change: (draft: Draft, now: RunRecord, plan: PlanRecord) => void): Promise<boolean> {
    const { books } = this.#hands;
    return books.exclusive(async () => {
      const now = books.runs.get(seen.run.id);
      if (now === undefined || now.work.cursor !== seen.work.cursor || now.run.state !== seen.run.state) return false;
      const draft = books.draft();
      change(draft, now, books.planOf(now.run));
      await books.commit(draft);
      return true;
    });
  }

  async #begin(record: RunRecord, step: PlaybookStep, live: Live): Promise<boolean> {
    live.answers = [];
    live.resumed = false;
    let fresh = false;
    const begun = await this.#write(record, (draft, now, plan) => {
      const skip = this.#needless(now, step);
      if (skip !== null) {
        this.#finish(draft, now, plan, step, { state: 'skipped', summary: skip, evidence: {} });
        return;
      }
      if (step.does === 'record') {
        this.#close(draft, now, plan, {
          state: 'succeeded',
          reason: now.steps[now.work.cursor - 1]?.summary ?? 'The condition is clear.',
        });
        return;
      }
      const ask =
        step.does === 'verb' && !step.looks ? step.ask(stepContext(this.#hands, { record: now, plan })) : null;
      if (ask !== null && 'skip' in ask) {
        this.#finish(draft, now, plan, step, { state: 'skipped', summary: ask.skip, evidence: {} });
        return;
      }
      const request = ask !== null && step.does === 'verb' ? requestOf(this.#hands, now, step, ask) : null;
      const work: StepWork = {
        startedMs: draft.nowMs,
        deadlineMs: draft.nowMs + this.#time(step),
        request,
        baseline: null,
      };
      fresh = request !== null;
      if (fresh) this.#told(draft, now, step, work);
      const running = this.#stepOf(now, { state: 'running', startedAt: draft.at, summary: ask?.words ?? '' });
      const next = {
        ...now,
        steps: now.steps.with(now.work.cursor, running),
        work: { ...now.work, step: work, acted: now.work.acted || fresh },
      };
      if (step.does === 'clear') {
        draft.transition(next, plan, 'verifying', 'What was to be done is done; the condition must stay clear now.');
        updateBatch(draft, this.#hands.books, plan.plan.id);
      } else draft.run(next);
      draft.run(draft.runs.get(now.run.id) ?? next, [running]);
    });
    live.fresh = fresh && begun;
    return true;
  }

  /** Its verb was not needed for this job, so there is nothing to watch. */
  #needless({ work }: RunRecord, step: PlaybookStep): string | null {
    const item = work.places[work.cursor]?.item ?? null;
    if (item === null || step.does === 'verb') return null;
    const asked = work.done.find((done) => done.item === item && done.state === 'skipped' && done.id === 'resume');
    return asked === undefined ? null : 'Nothing was changed for this job.';
  }

  #time(step: PlaybookStep): number {
    const { timings } = this.#hands;
    switch (step.does) {
      case 'witness':
        return BUSY_FOR * timings.actionValidity;
      case 'verb':
      case 'verify':
        return step.timeout(timings);
      case 'soak':
        return step.wait(timings);
      case 'clear':
        return step.settle(timings);
      case 'record':
        return 0;
    }
  }

  /** Before a verb goes out: what is asked, for the audit and the target's timeline. */
  #told(draft: Draft, { run }: RunRecord, step: PlaybookStep, { request }: Partial<StepWork>): void {
    if (request == null) return;
    const { action_id, instruction } = request;
    draft.audit(SYSTEM, 'remediation.asked', run.id, null, {
      targetId: run.targetId,
      step: step.id,
      action_id,
      instruction,
    });
    draft.note(
      run.targetId,
      `${run.playbook} asks the bridge: ${instruction.verb} (${step.title.replace(' {item}', '')})`,
      SYSTEM,
      null,
      {
        runId: run.id,
        step: step.id,
        verb: instruction.verb,
      }
    );
  }

  #stepOf({ steps, work }: RunRecord, changes: Partial<RunStep>): RunStep {
    const step = steps[work.cursor];
    if (step === undefined) throw new RangeError('A run is beyond its last step');
    return { ...step, ...changes };
  }

  /** Ends a step, and goes to the next, or to what the step's failure asks for. */
  #finish(draft: Draft, now: RunRecord, plan: PlanRecord, step: PlaybookStep, done: Done): void {
    const { work } = now;
    const place = work.places[work.cursor];
    const outcome: StepOutcome = {
      id: step.id,
      item: place?.item ?? null,
      state: done.state,
      receipt: null,
      baseline: null,
      ...done.outcome,
    };
    const ended = this.#stepOf(now, {
      state: done.state,
      startedAt: now.steps[work.cursor]?.startedAt ?? draft.at,
      endedAt: draft.at,
      summary: bounded(done.summary),
      evidence: evidence(done.evidence),
    });
    if (step.does === 'verb' && work.step?.request != null) {
      const { action_id } = work.step.request;
      const facts = {
        targetId: now.run.targetId,
        step: step.id,
        action_id,
        outcome: outcome.receipt ?? 'nothing was done',
      };
      draft.audit(SYSTEM, 'remediation.answered', now.run.id, bounded(done.summary), facts);
    }
    const next: RunRecord = {
      ...now,
      steps: now.steps.with(work.cursor, ended),
      work: { ...work, ...done.work, done: [...work.done, outcome], cursor: work.cursor + 1, step: null },
    };
    draft.run(next, [ended]);
    if (step.does === 'witness' && done.state === 'succeeded') this.#expand(draft, next);
    else if (work.ending !== null) this.#alsoFailed(draft, next, step, done);
    else if (done.end !== undefined && !(step.does === 'verb' && step.optional) && !leftUndone(now, done))
      this.#turnBack(draft, next, plan, done.end);
  }

  /** The witness named the jobs: the steps for each of them are known now. */
  #expand(draft: Draft, record: RunRecord): void {
    const { run, work, steps } = record;
    const names = new Map(work.before?.jobs?.map(({ id, name }) => [id, name === '' ? id : name]));
    const { places, steps: all } = stepsOf(PLAYBOOKS[run.playbook], work.jobs, (item) =>
      bounded(names.get(item) ?? item)
    );
    const known = steps.slice(0, work.cursor);
    const merged = all.map((step, index) => known[index] ?? step);
    draft.run({ ...record, work: { ...work, places }, steps: merged }, merged.slice(work.cursor));
  }

  /** A rollback goes on when a step of it fails: what is left may still be undone, and what was not done is asked for anew. */
  #alsoFailed(draft: Draft, record: RunRecord, step: PlaybookStep, { state, summary, undone }: Done): void {
    const { work, run } = record;
    if (work.ending === null || state !== 'failed') return;
    const tries = work.done.filter(({ id, item }) => id === step.id && item === null).length;
    if (undone && tries < ROLLBACK_TRIES) {
      const at = work.places.length;
      const place = { id: step.id, item: null, rollback: true };
      const again = pendingStep(PLAYBOOKS[run.playbook], place, at, (item) => item);
      const steps = [...record.steps, again];
      draft.run({ ...record, steps, work: { ...work, places: [...work.places, place] } }, [again]);
      return;
    }
    const reason = bounded(`${work.ending.reason} And the rollback did not succeed: ${summary}`);
    draft.run({ ...record, work: { ...work, ending: { ...work.ending, reason } } });
  }

  /** Nothing more is done but the rollback; without one it ends now. */
  #turnBack(draft: Draft, record: RunRecord, plan: PlanRecord, ending: Ending): void {
    const { run, work } = record;
    const playbook = PLAYBOOKS[run.playbook];
    const rollback = work.acted ? playbook.rollback : [];
    if (rollback.length === 0) {
      this.#close(draft, record, plan, ending);
      return;
    }
    const skipped = notReached(record, draft.at);
    const places = [...work.places, ...rollback.map(({ id }) => ({ id, item: null, rollback: true }))];
    const added = rollback.map((_, index) => {
      const at = work.places.length + index;
      const place = places[at];
      if (place === undefined) throw new RangeError('A rollback has no place');
      return pendingStep(playbook, place, at, (item) => item);
    });
    const steps = [...record.steps.map((step) => skipped.find(({ index }) => index === step.index) ?? step), ...added];
    draft.run({ ...record, steps, work: { ...work, places, cursor: work.places.length, step: null, ending } }, [
      ...skipped,
      ...added,
    ]);
  }

  /** Somebody asked for its end, and nothing is under way at the node. */
  #stop(record: RunRecord): Promise<boolean> {
    return this.#write(record, (draft, now, plan) => {
      const by = now.work.stoppedBy;
      const reason = by === null ? 'Somebody asked for its end.' : `${by.actor.name} asked for its end: ${by.reason}`;
      this.#turnBack(draft, now, plan, { state: 'cancelled', reason });
    });
  }

  /** The end of a rollback. */
  #endsNow(draft: Draft, now: RunRecord, plan: PlanRecord): void {
    this.#close(draft, now, plan, now.work.ending ?? { state: 'failed', reason: 'It has no step left.' });
  }

  /** Writes the record, and ends the run. */
  #close(draft: Draft, record: RunRecord, plan: PlanRecord, ending: Ending): void {
    const { run, work } = record;
    const skipped = notReached(record, draft.at);
    const at = record.steps.findIndex(({ kind }) => kind === 'record');
    const noted = record.steps[at];
    const took = run.startedAt === null ? 0 : draft.nowMs - Date.parse(run.startedAt);
    const recorded: RunStep[] =
      noted === undefined
        ? []
        : [
            {
              ...noted,
              state: 'succeeded',
              startedAt: draft.at,
              endedAt: draft.at,
              summary: bounded(`${ending.state.replace('_', ' ')} after ${duration(took)}: ${ending.reason}`),
              evidence: evidence({
                before: work.before && measured(work.before),
                after: work.latest && measured(work.latest),
                attempt: run.attempt,
                fault: run.fault,
              }),
            },
          ];
    const changed = [...skipped.filter(({ index }) => index !== noted?.index), ...recorded];
    const steps = record.steps.map((step) => changed.find(({ index }) => index === step.index) ?? step);
    const next = draft.run({ ...record, steps, work: { ...work, step: null } }, changed);
    const actor = ending.state === 'cancelled' ? work.stoppedBy : null;
    endRun(this.#hands, draft, next, plan, {
      ...ending,
      acted: work.acted,
      ...(actor !== null && { actor: actor.actor, because: actor.reason }),
    });
  }

  async #wentWrong(runId: string, live: Live, error: unknown): Promise<void> {
    const { log, books } = this.#hands;
    live.nextMs = this.#hands.clock() + gap(this.#hands);
    if (error instanceof FencedError) return;
    log.warn({ err: error, runId }, 'a repair could not go on');
    if (error instanceof StorageError) return;
    const record = books.runs.get(runId);
    if (record === undefined) return;
    // Fails closed: nothing that surprised us is tried again.
    const reason = bounded(
      `The collector could not go on with it: ${error instanceof Error ? error.message : String(error)}`
    );
    try {
      await this.#write(record, (draft, now, plan) => {
        if (now.work.ending === null && now.run.state === 'running')
          this.#turnBack(draft, now, plan, { state: 'failed', reason });
        else this.#close(draft, now, plan, now.work.ending ?? { state: 'failed', reason });
      });
    } catch (again) {
      log.error({ err: again, runId }, 'a repair that could not go on could not be ended either');
    }
  }
}

/** Somebody asked for the end, and what was to be asked never was: it ends as cancelled, not as failed. */
function leftUndone({ run }: RunRecord, { undone }: Done): boolean {
  return run.cancelRequested && run.state === 'running' && undone === true;
}

/** The steps that a run which ends now never came to, or left. */
function notReached({ steps }: RunRecord, at: string): RunStep[] {
  return steps
    .filter(({ state }) => state === 'pending' || state === 'running')
    .map((step) => ({
      ...step,
      state: 'skipped',
      endedAt: step.startedAt === null ? null : at,
      summary: step.startedAt === null ? 'Not reached: the run ended before.' : 'Left: the run ended meanwhile.',
    }));
}
