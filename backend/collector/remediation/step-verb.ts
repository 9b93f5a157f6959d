import type { ActionReceipt, ActionRequest } from '@openclaw-fleet/contract';
import { bounded, receiptFacts } from './evidence.ts';
import type { Ask, Ending, VerbStep } from './playbooks/types.ts';
import type { RunRecord } from './records.ts';
import { gap, look, REFUSAL_WORDS, stepContext, type Done, type Hands, type Move, type Scene } from './steps.ts';
import { BridgeError } from './types.ts';

/** A node takes a request for so much longer than it says, for clocks that differ. Milliseconds. */
const LEEWAY = 30_000;

/** What asking the bridge about an action gave. */
type Answer =
  | { readonly receipt: ActionReceipt }
  /** It refused at its door, or was never sent to: nothing was done, and nothing will be. */
  | { readonly nothing: string }
  | { readonly unknown: string };

/** The request of a step: its id follows from the run and the step, so that a restart cannot make another one. */
export function requestOf(
  hands: Hands,
  { run, work }: RunRecord,
  step: VerbStep,
  ask: Exclude<Ask, { skip: string }>
): ActionRequest {
  const now = hands.clock();
  return {
    action_id: `${run.id}.${work.cursor}`,
    node_id: run.targetId,
    run_id: run.id,
    step: step.id,
    instruction: ask.instruction,
    gateway_boot_id: ask.gatewayBootId,
    issued_at: new Date(now).toISOString(),
    expires_at: new Date(now + hands.timings.actionValidity).toISOString(),
  };
}

/** Moves a verb on: decides what to ask, sends it at most once, and waits for its outcome. */
export async function verb(hands: Hands, scene: Scene, step: VerbStep): Promise<Move> {
  const { work, live } = scene;
  if (work.request === null) return prepare(hands, scene, step);
  const { request } = work;
  const answer = live.fresh ? await first(hands, scene, request) : await again(hands, scene, request);
  const late = hands.clock() >= work.deadlineMs;
  if ('nothing' in answer) return { done: failed(request, answer.nothing, null, 'failed') };
  if ('unknown' in answer) return late ? { done: unclear(request, answer.unknown, null) } : { wait: gap(hands) };
  const { receipt } = answer;
  if (receipt.state === 'running') {
    if (!late) return { wait: gap(hands) };
    return { done: unclear(request, 'The bridge was at it still when the time for it was over.', receipt) };
  }
  const seconds = (hands.clock() - work.startedMs) / 1000;
  hands.observer.verb(step.verb, receipt.state, seconds);
  return { done: outcome(request, receipt) };
}

async function prepare(hands: Hands, scene: Scene, step: VerbStep): Promise<Move> {
  const { record, work } = scene;
  const { seen, words } = await look(hands, record.run.targetId);
  if (seen === null) {
    if (hands.clock() < work.deadlineMs) return { wait: gap(hands) };
    const reason = `The bridge did not answer, so nothing was asked of it: ${words}`;
    return { done: { state: 'failed', summary: reason, evidence: {}, end: { state: 'failed', reason }, undone: true } };
  }
  const ask = step.ask(stepContext(hands, scene, seen));
  if ('skip' in ask) {
    return { done: { state: 'skipped', summary: ask.skip, evidence: {}, work: { latest: seen } } };
  }
  return { store: { request: requestOf(hands, record, step, ask) }, latest: seen };
}

/** Nobody has sent it yet. */
async function first(hands: Hands, scene: Scene, request: ActionRequest): Promise<Answer> {
  scene.live.fresh = false;
  return send(hands, request, true);
}

/** Somebody may have sent it: the node is asked first, and the same request goes out again while it is good for that. */
async function again(hands: Hands, { record }: Scene, request: ActionRequest): Promise<Answer> {
  const { action_id: id, node_id: targetId } = request;
  let receipt: ActionReceipt | null;
  try {
    receipt = await hands.bridges.receipt(targetId, id);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { unknown: bounded(error.message) };
  }
  if (receipt !== null) return { receipt };
  const expiresMs = Date.parse(request.expires_at);
  const now = hands.clock();
  if (now < expiresMs && !record.run.cancelRequested) return send(hands, request, false);
  if (now >= expiresMs + LEEWAY)
    return { nothing: 'The request never arrived, and is not good any more. Nothing was done.' };
  return { unknown: 'The bridge has not seen the request.' };
}

async function send(hands: Hands, request: ActionRequest, isFirst: boolean): Promise<Answer> {
  try {
    return { receipt: await hands.bridges.act(request.node_id, request) };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const words = bounded(error.message);
    if (error.trouble === 'refused') return { nothing: `The bridge refused: ${words}` };
    const notSent = error.trouble === 'untrusted' || error.trouble === 'no-bridge';
    return isFirst && notSent ? { nothing: `Nothing was sent: ${words}` } : { unknown: words };
  }
}

function outcome(request: ActionRequest, receipt: ActionReceipt): Done {
  switch (receipt.state) {
    case 'succeeded':
      return {
        state: 'succeeded',
        summary: receipt.message,
        evidence: facts(request, receipt),
        outcome: { receipt: { state: receipt.state, refusal: null } },
      };
    case 'rolled_back':
      return failed(request, receipt.message, receipt, 'rolled_back');
    case 'refused': {
      const why = receipt.refusal === null ? '' : ` ${REFUSAL_WORDS[receipt.refusal]}`;
      return failed(request, `The bridge refused: ${receipt.message}${why}`, receipt, 'failed');
    }
    case 'outcome_unknown':
      return unclear(request, receipt.message, receipt);
    case 'running':
    case 'failed':
      return failed(request, receipt.message, receipt, 'failed');
  }
}

function failed(request: ActionRequest, reason: string, receipt: ActionReceipt | null, state: Ending['state']): Done {
  return {
    state: 'failed',
    summary: reason,
    evidence: facts(request, receipt),
    outcome: { receipt: receipt && { state: receipt.state, refusal: receipt.refusal } },
    end: { state, reason },
    ...((receipt === null || receipt.state === 'refused') && { undone: true }),
  };
}

/** It is not done again; what follows looks what became of it. */
function unclear(request: ActionRequest, why: string, receipt: ActionReceipt | null): Done {
  return {
    state: 'failed',
    summary: `It is not known what became of it, and it is not done again; what follows looks. ${why}`,
    evidence: facts(request, receipt),
    outcome: { receipt: { state: 'outcome_unknown', refusal: null } },
  };
}

function facts(request: ActionRequest, receipt: ActionReceipt | null): Record<string, unknown> {
  const { action_id, instruction, gateway_boot_id, issued_at, expires_at } = request;
  const asked = { action_id, instruction, gateway_boot_id, issued_at, expires_at };
  return { asked, ...(receipt !== null && { receipt: receiptFacts(receipt) }) };
}
