import type { ActionRequest, RunStep } from '@openclaw-fleet/contract';
import { duration } from '../assessment/words.ts';
import { updateBatch } from './batches.ts';
import { guardContext } from './context.ts';
import { SYSTEM, type Draft } from './draft.ts';
import { endRun } from './ends.ts';
import { bounded, evidence, measured } from './evidence.ts';
import { refusalBeforeVerb } from './guardrails/index.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import { pendingStep, stepsOf } from './playbooks/program.ts';
import type { Ending, PlaybookStep, StepOutcome } from './playbooks/types.ts';
import type { PlanRecord, RunRecord, StepWork } from './records.ts';
import { faultFor } from './rules/faults.ts';
import { requestOf } from './step-verb.ts';
import { plannedOf, stepContext, type Done, type Hands } from './steps.ts';

/** How long the second witness may be busy with something else. In terms of an action's validity. */
const BUSY_FOR = 2;
/** How often a step of a rollback is asked for, as long as it is known that nothing was done. */
const ROLLBACK_TRIES = 3;

/**
 * Begins a step, or passes it over where it is not needed.
 * @returns whether a request was made, which nobody has sent yet
 */
export function begin(hands: Hands, draft: Draft, now: RunRecord, plan: PlanRecord, step: PlaybookStep): boolean {
  const skip = needless(now, step);
  if (skip !== null) {
    finish(hands, draft, now, plan, step, { state: 'skipped', summary: skip, evidence: {} });
    return false;
  }
  if (step.does === 'record') {
    close(hands, draft, now, plan, {
      state: 'succeeded',
      reason: now.steps[now.work.cursor - 1]?.summary ?? 'The condition is clear.',
    });
    return false;
  }
  const held = step.does === 'verb' && !now.work.acted ? heldBack(hands, draft, now, plan) : null;
  if (held !== null) {
    turnBack(hands, draft, now, plan, { state: 'cancelled', reason: `Nothing was done after all: ${held}` });
    return false;
  }
  const ask = step.does === 'verb' && !step.looks ? step.ask(stepContext(hands, { record: now, plan })) : null;
  if (ask !== null && 'skip' in ask) {
    finish(hands, draft, now, plan, step, { state: 'skipped', summary: ask.skip, evidence: {} });
    return false;
  }
  const request = ask !== null && step.does === 'verb' ? requestOf(hands, now, step, ask) : null;
  const work: StepWork = {
    startedMs: draft.nowMs,
    deadlineMs: draft.nowMs + time(hands, step),
    request,
    baseline: null,
  };
  if (request !== null) told(draft, now, step, request);
  const running = stepOf(now, { state: 'running', startedAt: draft.at, summary: ask?.words ?? '' });
  const next = {
    ...now,
    steps: now.steps.with(now.work.cursor, running),
    work: { ...now.work, step: work, acted: now.work.acted || request !== null },
  };
  if (step.does === 'clear') {
    draft.transition(next, plan, 'verifying', 'What was to be done is done; the condition must stay clear now.');
    updateBatch(draft, hands.books, plan.plan.id);
  } else draft.run(next);
  draft.run(draft.runs.get(now.run.id) ?? next, [running]);
  return request !== null;
}

/** Why nothing is to be done after all: the fleet went on while the second witness was asked. Null: nothing. */
function heldBack(hands: Hands, draft: Draft, { run }: RunRecord, record: PlanRecord): string | null {
  const { plan } = record;
  const target = hands.fleet.get(run.targetId);
  if (target === null) return null;
  const { desiredRevision, desiredConfigHash } = plannedOf(record, run.targetId);
  const wanted = target.desiredRevision === desiredRevision && target.desiredConfigHash === desiredConfigHash;
  if (run.playbook === 'ConfigDrift' && !wanted)
    return 'Another configuration is desired by now. Ask for the repair again.';
  const candidate = {
    target,
    playbook: run.playbook,
    fault: faultFor(run.playbook, target.repairable),
    trigger: run.trigger,
    approved: true,
    approvalsNeeded: plan.approvalsNeeded,
    planSize: plan.targets.length,
    batchHalted: false,
    runId: run.id,
  };
  return refusalBeforeVerb(guardContext(hands, candidate, draft.nowMs, draft))?.message ?? null;
}

/** Its verb was not needed for this job, so there is nothing to watch. */
function needless({ work }: RunRecord, step: PlaybookStep): string | null {
  const item = work.places[work.cursor]?.item ?? null;
  if (item === null || step.does === 'verb') return null;
  const asked = work.done.find((done) => done.item === item && done.state === 'skipped');
  return asked === undefined ? null : 'Nothing was changed for this job.';
}

function time({ timings }: Hands, step: PlaybookStep): number {
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
export function told(draft: Draft, { run }: RunRecord, step: PlaybookStep, request: ActionRequest): void {
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

function stepOf({ steps, work }: RunRecord, changes: Partial<RunStep>): RunStep {
  const step = steps[work.cursor];
  if (step === undefined) throw new RangeError('A run is beyond its last step');
  return { ...step, ...changes };
}

/** Ends a step, and goes to the next, or to what the step's failure asks for. */
export function finish(
  hands: Hands,
  draft: Draft,
  now: RunRecord,
  plan: PlanRecord,
  step: PlaybookStep,
  done: Done
): void {
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
  const ended = stepOf(now, {
    state: done.state,
    startedAt: now.steps[work.cursor]?.startedAt ?? draft.at,
    endedAt: draft.at,
    summary: bounded(done.summary),
    evidence: evidence(done.evidence),
  });
  if (step.does === 'verb' && work.step !== null && work.step.request !== null) {
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
  if (step.does === 'witness' && done.state === 'succeeded') expand(draft, next);
  else if (work.ending !== null) alsoFailed(draft, next, step, done);
  else if (done.end !== undefined && !(step.does === 'verb' && step.optional) && !leftUndone(now, done))
    turnBack(hands, draft, next, plan, done.end);
}

/** The witness named the jobs: the steps for each of them are known now. */
function expand(draft: Draft, record: RunRecord): void {
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
function alsoFailed(draft: Draft, record: RunRecord, step: PlaybookStep, { state, summary, undone }: Done): void {
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
export function turnBack(hands: Hands, draft: Draft, record: RunRecord, plan: PlanRecord, ending: Ending): void {
  const { run, work } = record;
  const playbook = PLAYBOOKS[run.playbook];
  const rollback = work.acted ? playbook.rollback : [];
  if (rollback.length === 0) {
    close(hands, draft, record, plan, ending);
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

/** The end of a rollback. */
export function endsNow(hands: Hands, draft: Draft, now: RunRecord, plan: PlanRecord): void {
  close(hands, draft, now, plan, now.work.ending ?? { state: 'failed', reason: 'It has no step left.' });
}

/** Writes the record, and ends the run. */
export function close(hands: Hands, draft: Draft, record: RunRecord, plan: PlanRecord, ending: Ending): void {
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
  endRun(hands, draft, next, plan, {
    ...ending,
    acted: work.acted,
    ...(actor !== null && { actor: actor.actor, because: actor.reason }),
  });
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
