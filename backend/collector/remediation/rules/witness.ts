import type { Observation, ObservedJob, PlaybookId } from '@openclaw-fleet/contract';
import { atLeast, duration, short } from '../../assessment/words.ts';
import type { RepairFault, TargetFacts } from '../types.ts';
import { keysOfCondition } from './conditions.ts';

/** A bridge whose last accepted beat is older than this many intervals is stuck (domain-rules section 6). */
const STALE_BEATS = 2;
/** Jobs throttled at most at once. */
export const MOST_THROTTLED = 10;
/** Errors in a row that make a job a failing one; or half of at least so many results, the last of which failed. */
const ERRORS_IN_A_ROW = 3;
const LEAST_RESULTS = 4;

/** What the bridge's word is held against. */
export interface Expected {
  readonly desiredRevision: string | null;
  readonly desiredConfigHash: string | null;
  /** The pace the node is judged by. Milliseconds. */
  readonly intervalMs: number;
  /** Jobs that this run throttled. */
  readonly jobs?: readonly string[];
}

/** How BridgeStuck shows itself: the gateway hangs beside a live bridge, answers but is not well, or the bridge's beats do not arrive. */
export type Face = 'gateway-hung' | 'gateway-unwell' | 'beats-stale';

/** What the second witness says. Only `fault` goes on to a verb; `healthy` includes everything that the bridge cannot tell. */
export type WitnessVerdict =
  | { readonly kind: 'fault'; readonly face?: Face; readonly jobs?: readonly string[]; readonly message: string }
  | { readonly kind: 'healthy'; readonly message: string };

const healthy = (message: string): WitnessVerdict => ({ kind: 'healthy', message });

/** Whether the bridge itself reports the fault that a run is for (domain-rules section 6, second witness). */
export function verdictOf(
  playbook: PlaybookId,
  fault: Pick<RepairFault, 'key'>,
  observation: Observation,
  expected: Expected
): WitnessVerdict {
  switch (playbook) {
    case 'BridgeStuck':
      return stuck(fault.key, observation, expected);
    case 'ConfigDrift':
      return drifted(observation, expected);
    case 'FailureBurst':
      return failing(observation);
  }
}

function stuck(key: string, seen: Observation, { intervalMs }: Expected): WitnessVerdict {
  const beats = staleBeats(seen, intervalMs);
  // A silent bridge is started anew, whatever its gateway does: what that needs is decided once it reports again.
  if (key === 'liveness.expired') {
    if (beats !== null) return { kind: 'fault', face: 'beats-stale', message: beats };
    const accepted = seen.last_accepted_ms;
    return healthy(
      accepted === null
        ? 'The bridge answers and was started lately; no heartbeat of it was accepted yet. Look at its endpoint and credentials if that lasts.'
        : `The bridge answers, and a heartbeat of it was accepted ${duration(accepted)} ago.`
    );
  }
  const state = seen.gateway_state;
  if (state === 'hung') return { kind: 'fault', face: 'gateway-hung', message: 'The bridge sees its gateway hang.' };
  if (state === 'dead') {
    return { kind: 'fault', face: 'gateway-hung', message: 'The bridge sees that its gateway does not run.' };
  }
  if (state !== 'running') {
    return healthy(`The bridge says that its gateway is ${state}; that is left to end by itself.`);
  }
  if (seen.health_status !== 'ok' && keysOfCondition('drift.runtime').includes(key)) {
    const why = seen.health_reasons[0] ?? 'no reason given';
    return { kind: 'fault', face: 'gateway-unwell', message: `The bridge says that its gateway is not well: ${why}` };
  }
  if (keysOfCondition('drift.sync').includes(key)) {
    if (seen.sync_lag_ms > STALE_BEATS * intervalMs) {
      const message = `The bridge read the state of its gateway ${atLeast(seen.sync_lag_ms)} ago.`;
      return { kind: 'fault', face: 'gateway-unwell', message };
    }
    if (beats !== null) return { kind: 'fault', face: 'beats-stale', message: beats };
  }
  return healthy('The bridge sees its gateway run well.');
}

function staleBeats({ last_accepted_ms: age }: Observation, intervalMs: number): string | null {
  if (age === null || age <= STALE_BEATS * intervalMs) return null;
  return `The bridge answers, but no heartbeat of it was accepted for ${atLeast(age)}.`;
}

function drifted(seen: Observation, { desiredRevision, desiredConfigHash }: Expected): WitnessVerdict {
  if (desiredRevision === null || desiredConfigHash === null) {
    return healthy('No configuration revision is desired of the target, so nothing differs from it.');
  }
  if (seen.revision !== null && seen.revision !== desiredRevision) {
    const message = `The bridge runs revision ${short(seen.revision)}; ${short(desiredRevision)} is desired.`;
    return { kind: 'fault', message };
  }
  if (seen.config_hash === null) {
    if (seen.config_valid === false) {
      return { kind: 'fault', message: 'The bridge sees a saved configuration that is not valid.' };
    }
    return healthy('The bridge cannot read what its gateway runs now, so it reports no difference.');
  }
  if (seen.config_hash !== desiredConfigHash) {
    const message = `The bridge sees hash ${short(seen.config_hash)}; ${short(desiredConfigHash)} is desired.`;
    return { kind: 'fault', message };
  }
  return healthy(`The bridge sees the desired configuration, hash ${short(desiredConfigHash)}.`);
}

function failing({ jobs, gateway_state: state }: Observation): WitnessVerdict {
  if (jobs === null || state !== 'running') {
    return healthy(`The bridge cannot read the jobs of its gateway (${state}), so it reports none that fails.`);
  }
  const all = jobs.filter((job) => job.enabled && isFailing(job));
  if (all.length === 0) return healthy('The bridge sees no job that is failing now.');
  const chosen = all.filter(({ throttleable }) => throttleable).sort(mostFailures);
  if (chosen.length === 0) {
    return healthy(`The bridge may throttle none of the jobs that fail; a person must look at them: ${names(all)}.`);
  }
  const most = chosen.slice(0, MOST_THROTTLED);
  return {
    kind: 'fault',
    jobs: most.map(({ id }) => id),
    message: `The bridge sees jobs that fail (${all.length}); to be throttled: ${names(most)}.`,
  };
}

const names = (jobs: readonly ObservedJob[]): string =>
  jobs.map(({ name, id }) => (name === '' ? id : name)).join(', ');

function isFailing({ consecutive_errors: errors, results_1h: results, failures_1h: failures }: ObservedJob): boolean {
  if (errors >= ERRORS_IN_A_ROW) return true;
  return errors > 0 && results >= LEAST_RESULTS && failures >= results / 2;
}

function mostFailures(a: ObservedJob, b: ObservedJob): number {
  return b.failures_1h - a.failures_1h || b.consecutive_errors - a.consecutive_errors || (a.id < b.id ? -1 : 1);
}

/** Whether the condition that a run is for is clear now. */
export interface Clear {
  readonly clear: boolean;
  readonly message: string;
}

/**
 * Whether the triggering condition is clear: by what the bridge sees, and by what the fleet holds open of the target. A burst
 * is judged by its jobs alone, since the hour that the fleet looks at still holds its failures.
 * @param facts of the same instant; the fleet's own follow with the next heartbeat
 */
export function clearOf(
  playbook: PlaybookId,
  fault: Pick<RepairFault, 'key'>,
  observation: Observation,
  expected: Expected,
  facts: Pick<TargetFacts, 'state' | 'repairable'>
): Clear {
  const not = (message: string): Clear => ({ clear: false, message });
  const problem =
    playbook === 'BridgeStuck'
      ? stillStuck(fault.key, observation, expected, facts)
      : playbook === 'ConfigDrift'
        ? stillDrifted(observation, expected)
        : stillFailing(observation, expected);
  if (problem !== null) return not(problem);
  if (playbook !== 'FailureBurst') {
    const keys = keysOfCondition(fault.key);
    const open = facts.repairable.find(({ key }) => keys.includes(key));
    if (open !== undefined) return not(`The fleet still holds it open: ${open.message}`);
  }
  return { clear: true, message: 'The bridge and the fleet see the condition clear.' };
}

function stillStuck(
  key: string,
  seen: Observation,
  { intervalMs }: Expected,
  { state }: Pick<TargetFacts, 'state'>
): string | null {
  const gateway = key === 'liveness.expired' ? null : gatewayTrouble(seen, intervalMs);
  if (gateway !== null) return gateway;
  if (!seen.metrics_ok) return "The bridge's own /metrics does not answer as it should.";
  if (seen.last_accepted_ms === null) return 'No heartbeat of the bridge was accepted since it started.';
  const beats = staleBeats(seen, intervalMs);
  if (beats !== null) return beats;
  return state === 'online' || state === 'stale' ? null : `The fleet sees the target as ${state}.`;
}

function gatewayTrouble(seen: Observation, intervalMs: number): string | null {
  if (seen.gateway_state !== 'running') return `The gateway is ${seen.gateway_state}.`;
  if (seen.health_status === 'error') return `The gateway is not well: ${seen.health_reasons[0] ?? 'no reason given'}`;
  if (seen.sync_lag_ms <= STALE_BEATS * intervalMs) return null;
  return `The last state read from the gateway is ${atLeast(seen.sync_lag_ms)} old.`;
}

function stillDrifted(seen: Observation, expected: Expected): string | null {
  const { desiredRevision: revision, desiredConfigHash: hash } = expected;
  if (revision === null || hash === null) return 'No configuration revision is desired of the target any more.';
  if (seen.revision !== revision) return `The bridge runs revision ${short(seen.revision ?? 'none')}.`;
  if (seen.config_hash !== hash) return `The bridge sees hash ${short(seen.config_hash ?? 'none')}.`;
  if (seen.config_valid === false) return 'The saved configuration is not valid.';
  return seen.config_converged === false ? 'The saved configuration is not the active one yet.' : null;
}

function stillFailing({ jobs }: Observation, { jobs: throttled = [] }: Expected): string | null {
  if (jobs === null) return 'The bridge cannot read the jobs of its gateway.';
  const held = jobs.filter(({ id, throttled: still }) => still && throttled.includes(id));
  if (held.length > 0) return `Throttled still: ${names(held)}.`;
  const bad = jobs.filter(
    (job) => job.enabled && (throttled.includes(job.id) ? job.consecutive_errors > 0 : isFailing(job))
  );
  return bad.length > 0 ? `Failing: ${names(bad)}.` : null;
}
