import { FencedError, StorageError } from '../storage/types.ts';
import type { Draft } from './draft.ts';
import { bounded } from './evidence.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import { stepAt } from './playbooks/program.ts';
import type { PlaybookStep } from './playbooks/types.ts';
import { begin, close, endsNow, finish, told, turnBack } from './progress.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import { isInFlight } from './run-machine.ts';
import { verb } from './step-verb.ts';
import { clear, gap, soak, verify, witness, type Hands, type Live, type Move, type Scene } from './steps.ts';

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
    const step = this.#hands.books.runs.get(runId)?.work.step ?? null;
    const resumed = step !== null;
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
    if (place === undefined) return this.#write(record, (draft, now) => endsNow(this.#hands, draft, now, plan));
    const asked = work.step !== null && work.step.request !== null;
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
      return this.#write(record, (draft, now, plan) => finish(this.#hands, draft, now, plan, step, move.done));
    const request = move.store.request ?? null;
    const asks = request !== null;
    const stored = await this.#write(record, (draft, now) => {
      if (now.work.step === null) return;
      const work = { ...now.work, step: { ...now.work.step, ...move.store } };
      if (request !== null) told(draft, now, step, request);
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
    const seen = { fresh: false };
    const begun = await this.#write(record, (draft, now, plan) => {
      seen.fresh = begin(this.#hands, draft, now, plan, step);
    });
    live.fresh = seen.fresh && begun;
    return true;
  }

  /** Somebody asked for its end, and nothing is under way at the node. */
  #stop(record: RunRecord): Promise<boolean> {
    return this.#write(record, (draft, now, plan) => {
      const by = now.work.stoppedBy;
      const reason = by === null ? 'Somebody asked for its end.' : `${by.actor.name} asked for its end: ${by.reason}`;
      turnBack(this.#hands, draft, now, plan, { state: 'cancelled', reason });
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
          turnBack(this.#hands, draft, now, plan, { state: 'failed', reason });
        else close(this.#hands, draft, now, plan, now.work.ending ?? { state: 'failed', reason });
      });
    } catch (again) {
      log.error({ err: again, runId }, 'a repair that could not go on could not be ended either');
    }
  }
}
