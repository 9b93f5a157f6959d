import type { Refusal, RefusalReason } from '@openclaw-fleet/contract';
import { refuse } from '../types.ts';
import type { GuardContext, Guardrail } from '../types.ts';
import { afterStart } from './after-start.ts';
import { attemptsExhausted } from './attempts-exhausted.ts';
import { automationOff } from './automation-off.ts';
import { backoff } from './backoff.ts';
import { batchHalted } from './batch-halted.ts';
import { isAutomatic } from './binds.ts';
import { blastRadius } from './blast-radius.ts';
import { blind } from './blind.ts';
import { breakerOpen } from './breaker-open.ts';
import { cordoned } from './cordoned.ts';
import { driftMode } from './drift-mode.ts';
import { inFlight } from './in-flight-cap.ts';
import { isolated } from './isolated.ts';
import { maintenanceWindow } from './maintenance-window.ts';
import { noBridge } from './no-bridge.ts';
import { noDesiredRevision } from './no-desired-revision.ts';
import { noFault } from './no-fault.ts';
import { notCapable } from './not-capable.ts';
import { notInRollout } from './not-in-rollout.ts';
import { notLowRisk } from './not-low-risk.ts';
import { paused } from './paused.ts';
import { planTooLarge } from './plan-too-large.ts';
import { quarantined } from './quarantined.ts';
import { retired } from './retired.ts';
import { targetBusy } from './target-busy.ts';
import { targetPaused } from './target-paused.ts';
import { tooSoon } from './too-soon.ts';
import { unknownState } from './unknown-state.ts';
import { zoneNotNormal } from './zone-not-normal.ts';
import { zonesNotNormal } from './zones-not-normal.ts';

/** Every guardrail, by its reason, in the order in which they are asked: what cannot be helped first, what passes by itself last. */
const BY_REASON: Readonly<Record<Exclude<RefusalReason, 'no-target'>, Guardrail>> = {
  retired,
  'unknown-state': unknownState,
  'no-bridge': noBridge,
  'no-fault': noFault,
  'no-desired-revision': noDesiredRevision,
  'not-capable': notCapable,
  'plan-too-large': planTooLarge,
  paused,
  'target-paused': targetPaused,
  blind,
  'zones-not-normal': zonesNotNormal,
  'zone-not-normal': zoneNotNormal,
  'blast-radius': blastRadius,
  'after-start': afterStart,
  'maintenance-window': maintenanceWindow,
  isolated,
  quarantined,
  'attempts-exhausted': attemptsExhausted,
  'breaker-open': breakerOpen,
  'automation-off': automationOff,
  'not-in-rollout': notInRollout,
  'drift-mode': driftMode,
  'not-low-risk': notLowRisk,
  cordoned,
  'batch-halted': batchHalted,
  'too-soon': tooSoon,
  backoff,
  'target-busy': targetBusy,
  'in-flight-cap': inFlight,
};
export const GUARDRAILS: readonly Guardrail[] = Object.values(BY_REASON);
export const GUARDRAIL_ORDER = Object.keys(BY_REASON) as readonly RefusalReason[];

/** Why it may not begin now; null: nothing holds it back. */
export function firstRefusal(context: GuardContext): Refusal | null {
  for (const guardrail of GUARDRAILS) {
    const refusal = guardrail(context);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Everything that holds it back now, for a dry run. */
export function allRefusals(context: GuardContext): Refusal[] {
  return GUARDRAILS.flatMap((guardrail) => guardrail(context) ?? []);
}

/**
 * What would hold it back even with the approvals it needs: asked when a plan is made, so that nobody is asked to approve
 * what could not begin. Null: it may wait for its approvals, or begin.
 */
export function refusalDespiteApproval(context: GuardContext): Refusal | null {
  return firstRefusal({ ...context, approved: true });
}

/** What may have changed while the second witness was asked. */
const BEFORE_THE_FIRST_VERB: readonly Guardrail[] = [
  paused,
  targetPaused,
  blind,
  zonesNotNormal,
  maintenanceWindow,
  isolated,
];

/**
 * Why a run that nobody asked for must not do its first thing after all; null: nothing holds it back. What a person asked for
 * goes on: its target has just said that something is wrong with it.
 */
export function refusalBeforeVerb(context: GuardContext): Refusal | null {
  if (!isAutomatic(context)) return null;
  for (const guardrail of BEFORE_THE_FIRST_VERB) {
    const refusal = guardrail(context);
    if (refusal !== null) return refusal;
  }
  return null;
}

const PASSING: ReadonlySet<RefusalReason> = new Set(['too-soon', 'backoff', 'target-busy', 'in-flight-cap']);

/** Whether a refusal ends by itself, soon: an approved run waits for it within its expiry, others are `blocked`. */
export function passesByItself({ reason }: Pick<Refusal, 'reason'>): boolean {
  return PASSING.has(reason);
}

/** The refusal of a target that the fleet does not have. */
export function noTarget(targetId: string): Refusal {
  return refuse('no-target', `There is no target ${targetId} in the fleet. Look at the list of targets for its id.`);
}
