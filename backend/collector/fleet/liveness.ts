import type { LivenessState, Timings } from '@openclaw-fleet/contract';
import type { FleetNode } from './types.ts';

/** A node is expired after this many intervals without a beat (seed 004, domain-rules section 2). */
const EXPIRE_INTERVALS = 2;

/** What liveness is told from. */
export type LivenessFacts = Pick<
  FleetNode,
  'state' | 'seenMs' | 'firstSeenMs' | 'stateSinceMs' | 'stoppedUntilMs' | 'intervalMs'
>;

/**
 * Where a node is between two decisions. `due`: past 2 intervals, and nobody has decided yet that it expired.
 * `retirable`: silent for so long that it is to be retired.
 */
export const PHASES = ['online', 'stale', 'due', 'expired', 'stopped', 'inactive', 'retirable', 'retired'] as const;
export type Phase = (typeof PHASES)[number];

/** When the node was last heard of, for `inactive` and `retired`, in milliseconds. */
export function lastHeardMs(node: LivenessFacts): number {
  return node.seenMs ?? node.firstSeenMs;
}

/** Since its last accepted beat, or since the end of the time a `restart` goodbye gave it, less the grace; never below 0. */
export function ageMs(node: LivenessFacts, nowMs: number, timings: Timings): number {
  const from = Math.max(lastHeardMs(node), node.stoppedUntilMs ?? -Infinity);
  return Math.max(0, nowMs - from - timings.grace);
}

/** The rule of domain-rules section 2, without what the verdict holds back. */
export function phaseOf(node: LivenessFacts, nowMs: number, timings: Timings): Phase {
  if (node.state === 'retired') return 'retired';
  const back = node.state === 'stopped' && node.stoppedUntilMs !== null && nowMs >= node.stoppedUntilMs;
  if (node.state === 'live' || back) {
    const age = ageMs(node, nowMs, timings);
    if (age > EXPIRE_INTERVALS * node.intervalMs) return 'due';
    // Nobody heard of it since its goodbye, so the end of that time alone makes it no better than stale.
    return back || age > node.intervalMs ? 'stale' : 'online';
  }
  const silent = nowMs - lastHeardMs(node);
  if (silent > timings.retireAfter) return 'retirable';
  return silent > timings.inactiveAfter ? 'inactive' : node.state;
}

/** Reported within `expectedWindow`, and not stopped or retired (domain-rules section 2). */
export function isExpected(node: LivenessFacts, phase: Phase, nowMs: number, timings: Timings): boolean {
  if (phase === 'stopped' || phase === 'retired') return false;
  return node.seenMs !== null && nowMs - node.seenMs <= timings.expectedWindow;
}

/** When phase or expectation next change by themselves, in milliseconds of our clock; Infinity when only an act changes them. */
export function nextChangeMs(node: LivenessFacts, phase: Phase, expected: boolean, timings: Timings): number {
  const change = phaseEndMs(node, phase, timings);
  return expected && node.seenMs !== null ? Math.min(change, node.seenMs + timings.expectedWindow + 1) : change;
}

function phaseEndMs(node: LivenessFacts, phase: Phase, timings: Timings): number {
  const heard = lastHeardMs(node);
  switch (phase) {
    case 'online':
      return heard + timings.grace + node.intervalMs + 1;
    case 'stale': {
      const from = Math.max(heard, node.stoppedUntilMs ?? -Infinity);
      return from + timings.grace + EXPIRE_INTERVALS * node.intervalMs + 1;
    }
    case 'stopped':
      return Math.min(node.stoppedUntilMs ?? Infinity, heard + timings.inactiveAfter + 1);
    case 'expired':
      return heard + timings.inactiveAfter + 1;
    case 'inactive':
      return heard + timings.retireAfter + 1;
    case 'due':
    case 'retirable':
    case 'retired':
      return Infinity;
  }
}

/**
 * The state that is shown. Past 2 intervals it is `unknown` while nothing may expire, and else `stale` until the next
 * sweep has decided.
 */
export function stateOf(phase: Phase, held: boolean): LivenessState {
  if (phase === 'due') return held ? 'unknown' : 'stale';
  return phase === 'retirable' ? 'inactive' : phase;
}

/**
 * Why it is in that state, for a person.
 * @param held why nothing may expire now; null when it may
 */
export function reasonOf(
  node: LivenessFacts & Pick<FleetNode, 'report'>,
  phase: Phase,
  held: string | null,
  nowMs: number
): string {
  const silence = `no report for ${inWords(nowMs - lastHeardMs(node))}`;
  const pace = `it reports every ${inWords(node.intervalMs)}`;
  switch (phase) {
    case 'online':
      return `reported ${inWords(nowMs - lastHeardMs(node))} ago`;
    case 'stale':
      if (node.state === 'stopped') return `it said that it restarts, and has not come back: ${silence}`;
      return `${silence}; ${pace}`;
    case 'due':
      return held === null ? `${silence}; ${pace}` : `${silence}, but nothing may expire now: ${held}`;
    case 'expired':
      if (node.seenMs === null)
        return 'its only heartbeat was old when it came; it is online once it sends a present one';
      return `${silence}; offline since ${new Date(node.stateSinceMs).toISOString()}`;
    case 'stopped':
      if (node.stoppedUntilMs === null) return `it shut down cleanly ${inWords(nowMs - node.stateSinceMs)} ago`;
      return `it is restarting: it said so ${inWords(nowMs - node.stateSinceMs)} ago`;
    case 'inactive':
    case 'retirable':
      return silence;
    case 'retired':
      return `retired ${inWords(nowMs - node.stateSinceMs)} ago; a person must bring it back`;
  }
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration as a person says it: `95 s`, `12 min`, `5 h`, `16 days`. */
export function inWords(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 2 * MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < 2 * HOUR) return `${Math.floor(span / MINUTE)} min`;
  return span < 2 * DAY ? `${Math.floor(span / HOUR)} h` : `${Math.floor(span / DAY)} days`;
}
