import type { ActionRefusal, Observation, PlannedTarget, RunState } from '@openclaw-fleet/contract';
import type { Logger } from 'pino';
import { duration } from '../assessment/words.ts';
import { limitsFor, type ContextParts } from './context.ts';
import { bounded, evidence, measured } from './evidence.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import type { Ending, SoakStep, StepContext, StepOutcome, VerifyStep } from './playbooks/types.ts';
import type { PlanRecord, RunRecord, StepWork, Work } from './records.ts';
import { clearOf, verdictOf, type Expected } from './rules/witness.ts';
import type { BridgeClient, RemediationObserver } from './types.ts';

/** With three asks it is watched for more than the interval in which its next beat is due. */
const BEAT_SHARE = 0.6;

/** What the executor works with. */
export interface Hands extends ContextParts {
  readonly bridges: BridgeClient;
  readonly clock: () => number;
  readonly observer: RemediationObserver;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Where runbooks are; a playbook's anchor follows it. */
  readonly runbookUrl: string;
}

/** What is known of a run's step in this process alone. A restart begins with an empty one. */
export interface Live {
  busy: boolean;
  /** Not looked at before. Milliseconds of our clock. */
  nextMs: number;
  /** Of the books, when this was last in step with them. */
  loads: number;
  /** Its request was stored by this process and never sent. */
  fresh: boolean;
  /** Answers of the second witness; null: none came, and why. */
  answers: { readonly seen: Observation | null; readonly words: string }[];
  /** It was under way when this process began with it. */
  resumed: boolean;
}

/** How a step ended. */
export interface Done {
  readonly state: StepOutcome['state'];
  readonly summary: string;
  readonly evidence: Record<string, unknown>;
  readonly outcome?: Partial<StepOutcome>;
  readonly work?: Partial<Work>;
  /** The run ends because of it, once what it did is rolled back. */
  readonly end?: Ending;
  /** It failed, and it is known that nothing was done: a rollback may ask for it anew. */
  readonly undone?: true;
}
/** What comes of looking at a step once. `store`: it goes on, and this is stored first. */
export type Move =
  | { readonly wait: number }
  | { readonly done: Done }
  | { readonly store: Partial<StepWork>; readonly latest?: Observation; readonly clearSinceMs?: number | null };

/** A step under way, with all that is looked at. */
export interface Scene {
  readonly record: RunRecord;
  readonly plan: PlanRecord;
  readonly work: StepWork;
  readonly live: Live;
}

/** How often a bridge is asked about what is under way, and between two asks of the second witness: 2 s. */
export function gap({ timings }: Pick<Hands, 'timings'>): number {
  return timings.probe / 5;
}

export function plannedOf({ plan }: PlanRecord, targetId: string): PlannedTarget {
  const planned = plan.targets.find((target) => target.targetId === targetId);
  if (planned === undefined) throw new RangeError(`Plan ${plan.id} has no target ${targetId}`);
  return planned;
}

/** What the bridge's word is held against: what was planned. */
function expected({ fleet, timings }: Hands, { record, plan }: Scene): Expected {
  const { desiredRevision, desiredConfigHash } = plannedOf(plan, record.run.targetId);
  const intervalMs = fleet.get(record.run.targetId)?.intervalMs ?? timings.beat;
  return { desiredRevision, desiredConfigHash, intervalMs, jobs: record.work.jobs };
}

/** What a step's functions look at. @throws {RangeError} before the second witness answered */
export function stepContext(
  hands: Hands,
  { record, plan }: Pick<Scene, 'record' | 'plan'>,
  latest?: Observation
): StepContext {
  const { run, work } = record;
  const seen = latest ?? work.latest ?? work.before;
  if (work.before === null || seen === null) throw new RangeError(`Run ${run.id} has no word of the second witness`);
  return {
    target: plannedOf(plan, run.targetId),
    fault: run.fault,
    timings: hands.timings,
    before: work.before,
    latest: seen,
    face: work.face,
    jobs: work.jobs,
    item: work.places[work.cursor]?.item ?? null,
    done: work.done,
  };
}

/** What the bridge sees now, or why it did not say. */
export async function look(hands: Hands, targetId: string): Promise<{ seen: Observation | null; words: string }> {
  try {
    return { seen: await hands.bridges.observe(targetId), words: '' };
  } catch (error) {
    return { seen: null, words: bounded(error instanceof Error ? error.message : String(error)) };
  }
}

/** Asks the second witness once; with the last of its answers, decides. */
export async function witness(hands: Hands, scene: Scene): Promise<Move> {
  const { record, plan, live, work } = scene;
  const { run } = record;
  const answer = await look(hands, run.targetId);
  live.answers.push(answer);
  const facts = hands.fleet.get(run.targetId);
  const asks = facts === null ? hands.limits.witnessAsks : limitsFor(hands.limits, facts.guardrails).witnessAsks;
  if (live.answers.length < asks) return { wait: between(hands, scene, answer.seen) };

  const asked = live.answers.map(({ seen, words }) => (seen === null ? { no_answer: words } : measured(seen)));
  const kept = { asked: asked.slice(-10), fault: run.fault, last_heartbeat: lastBeat(hands, run.targetId) };
  const last = live.answers.findLast(({ seen }) => seen !== null)?.seen ?? null;
  const ends = (state: RunState, reason: string): Move => ({
    done: { state: 'failed', summary: reason, evidence: kept, end: { state, reason } },
  });
  if (last === null) {
    const { anchor } = PLAYBOOKS[run.playbook];
    const words = `The bridge was asked ${live.answers.length} times and did not answer (${answer.words}). Nothing was done: its own supervisor and watchdog must bring it back, or a person: ${hands.runbookUrl}#${anchor}`;
    return ends('unreachable', words);
  }
  if (last.busy !== null) {
    if (hands.clock() < work.deadlineMs) return { wait: gap(hands) };
    return ends('failed', `The bridge is busy with another action (${last.busy}). Wait for its end, then ask again.`);
  }
  const verdict = verdictOf(run.playbook, { key: run.fault }, last, expected(hands, scene));
  if (verdict.kind === 'healthy') return ends('no_fault', `${verdict.message} Nothing was done.`);
  const found = { before: last, latest: last, face: verdict.face ?? null, jobs: [...(verdict.jobs ?? [])] };
  const { desiredRevision, desiredConfigHash } = plannedOf(plan, run.targetId);
  const wanted = run.playbook === 'ConfigDrift' ? { desired: { desiredRevision, desiredConfigHash } } : {};
  return { done: { state: 'succeeded', summary: verdict.message, evidence: { ...kept, ...wanted }, work: found } };
}

/**
 * Between two asks. A bridge whose beats did not arrive may have become reachable just now, as this collector has: it gets
 * the time to send the next one.
 */
function between(hands: Hands, scene: Scene, seen: Observation | null): number {
  const { playbook, fault } = scene.record.run;
  const wanted = expected(hands, scene);
  const verdict = seen === null ? null : verdictOf(playbook, { key: fault }, seen, wanted);
  const stale = verdict?.kind === 'fault' && verdict.face === 'beats-stale';
  return stale ? Math.max(gap(hands), BEAT_SHARE * wanted.intervalMs) : gap(hands);
}

function lastBeat({ fleet, clock }: Hands, targetId: string): string {
  const seenMs = fleet.get(targetId)?.seenMs ?? null;
  return seenMs === null ? 'none' : `${duration(clock() - seenMs)} ago`;
}

/** Looks once whether it holds; the first look comes before the deadline, however late that is. */
export async function verify(hands: Hands, scene: Scene, step: VerifyStep): Promise<Move> {
  const { record, work } = scene;
  const { seen, words } = await look(hands, record.run.targetId);
  const judged =
    seen === null
      ? ({ is: 'not-yet', words: `The bridge did not answer: ${words}` } as const)
      : step.judge(stepContext(hands, scene, seen));
  const kept = { ...(seen !== null && { seen: measured(seen) }), after: duration(hands.clock() - work.startedMs) };
  const more = seen === null ? {} : { work: { latest: seen } };
  if (judged.is === 'holds') return { done: { state: 'succeeded', summary: judged.words, evidence: kept, ...more } };
  if (judged.is === 'not-yet' && hands.clock() < work.deadlineMs) return { wait: gap(hands) };
  const within =
    judged.is === 'failed' ? '' : ` This did not change within ${duration(work.deadlineMs - work.startedMs)}.`;
  const reason = `${judged.words}${within}`;
  // What a verb that answered well did not bring about is no failure of the verb.
  const unsure =
    judged.is === 'failed' || record.work.done.some(({ receipt, state }) => receipt !== null && state === 'failed');
  const end: Ending = { state: unsure ? 'failed' : 'no_effect', reason };
  return { done: { state: 'failed', summary: reason, evidence: kept, ...more, end } };
}

/** Measures as it begins, and waits. */
export async function soak(hands: Hands, scene: Scene, step: SoakStep): Promise<Move> {
  const { record, work } = scene;
  const left = work.deadlineMs - hands.clock();
  if (work.baseline === null && left > 0) {
    const { seen } = await look(hands, record.run.targetId);
    return seen === null ? { wait: Math.min(left, gap(hands)) } : { store: { baseline: seen } };
  }
  if (left > 0) return { wait: left };
  const summary = `It was watched for ${duration(step.wait(hands.timings))}.`;
  const kept = work.baseline === null ? {} : { as_it_began: measured(work.baseline) };
  return { done: { state: 'succeeded', summary, evidence: kept, outcome: { baseline: work.baseline } } };
}

/**
 * Looks once whether the condition is clear, by the bridge and by the fleet. It must become clear by the deadline and then
 * stay so for `verifyClear`; a bridge that does not answer says neither, but only for so long.
 */
export async function clear(hands: Hands, scene: Scene): Promise<Move> {
  const { record, work, live } = scene;
  const { run } = record;
  const { timings } = hands;
  const now = hands.clock();
  if (live.resumed) {
    // What happened while nobody looked is not known: it begins anew.
    live.resumed = false;
    const settle = work.deadlineMs - work.startedMs;
    return { store: { startedMs: now, deadlineMs: now + settle }, clearSinceMs: null };
  }
  const { seen, words } = await look(hands, run.targetId);
  const facts = hands.fleet.get(run.targetId);
  const sinceMs = run.clearSince === null ? null : Date.parse(run.clearSince);
  const gaveUp = (why: string): Move => {
    const reason = `The condition did not stay clear: ${why}`;
    const kept = { ...(seen !== null && { seen: measured(seen) }), open_faults: facts?.openFaults ?? null };
    return { done: { state: 'failed', summary: reason, evidence: kept, end: { state: 'no_effect', reason } } };
  };
  if (seen === null) {
    if (now >= work.deadlineMs + 2 * timings.verifyClear)
      return gaveUp(`the bridge did not answer any more (${words}).`);
    return { wait: timings.probe };
  }
  const verdict =
    facts === null
      ? { clear: false, message: 'The target is not in the fleet any more.' }
      : clearOf(run.playbook, { key: run.fault }, seen, expected(hands, scene), facts);
  if (!verdict.clear) {
    if (now >= work.deadlineMs) return gaveUp(verdict.message);
    return sinceMs === null ? { wait: timings.probe } : { store: {}, latest: seen, clearSinceMs: null };
  }
  if (sinceMs === null) return { store: {}, latest: seen, clearSinceMs: now };
  if (now - sinceMs < timings.verifyClear) {
    return { wait: Math.min(timings.probe, sinceMs + timings.verifyClear - now) };
  }
  const summary = `${verdict.message} It stayed so for ${duration(now - sinceMs)}.`;
  return {
    done: { state: 'succeeded', summary, evidence: evidence({ seen: measured(seen) }), work: { latest: seen } },
  };
}

/** What each refusal of a bridge means for who reads the run (docs/repairs.md says more). */
export const REFUSAL_WORDS: Readonly<Record<ActionRefusal, string>> = {
  'not-signed': 'It does not trust the key that signs actions: compare OPENCLAW_ACTIONS_PIN of the node.',
  'wrong-node': 'The request is for another node: the address it was sent to belongs to somebody else.',
  expired: 'The request arrived too late: compare the clocks of the collector and of the node.',
  'not-declared': 'It does not offer this verb: enable it in the settings of the bridge.',
  busy: 'Another action was under way there: wait for its end.',
  'restart-limit': 'It restarted too often lately: 1 in 5 min and 3 in an hour is the most.',
  'boot-changed': 'Somebody restarted the gateway meanwhile: look whether it is well now.',
  'altered-repeat': 'It knows this action with another content: look for a second collector, and at the audit.',
  'no-supervisor': 'Nobody there could start it anew: configure a supervisor.',
  'denied-path': 'The revision sets a path that a bridge never changes: take it out of the revision.',
  'needs-restart': 'The change needs a restart of the gateway: apply it by hand when that is convenient.',
  'revision-refused': 'The revision could not be fetched or verified: look at its signature and hash.',
  'read-only-config': 'The configuration of the gateway is read-only: change it where it is managed.',
  'unknown-job': 'A job is not there any more.',
  'protected-job': 'A job is protected: the gateway or a plugin needs it.',
  'gateway-unavailable': 'The gateway did not take the request: look whether it is well.',
};
