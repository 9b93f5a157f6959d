import type { GatewayState } from '@openclaw-fleet/contract';
import type { Sighting } from './probe.ts';
import { PROBE_TIMEOUT } from './probe.ts';
import { code } from './parse.ts';

/** Durations in milliseconds, of real time whatever the timings profile: a real gateway's start does not get faster. */
export const STATE_LIMITS = {
  /** Consecutive probe timeouts that mean hung. */
  timeouts: 3,
  /** Ticks a connection may miss before the gateway counts as hung; 3 of 30 s. */
  missedTicks: 3,
  tickInterval: 30_000,
  /** A start that takes longer is stuck. */
  start: 180_000,
  /** The gateway's own budget for a drain that ends in a stop. */
  drain: 330_000,
  /** A suspension is a lease of 2 minutes; this long after its last sign it counts no more. */
  suspension: 130_000,
} as const;

type Answer = Extract<Sighting, { kind: 'answer' }>;

/** What is remembered of one gateway. All times are of the bridge's monotonic clock. */
export interface GatewayMemory {
  /** The last round that told something; timeouts do not. */
  readonly last:
    | { readonly kind: 'answer'; readonly atMs: number; readonly answer: Answer }
    | { readonly kind: 'refused'; readonly sinceMs: number }
    | { readonly kind: 'unclear'; readonly reason: string }
    | null;
  /** Rounds in a row that timed out, and when the first of them did. */
  readonly timeouts: number;
  readonly silentSinceMs: number | null;
  /** When the start now under way was first seen. */
  readonly startingSinceMs: number | null;
  /** When the drain now under way was first seen. */
  readonly drainingSinceMs: number | null;
  readonly shutdown: Announcement | null;
  /** Last sign of a suspension. */
  readonly suspendedAtMs: number | null;
  /** The last sign of life on the open read connection; null while there is none. */
  readonly tickAtMs: number | null;
  readonly tickIntervalMs: number;
}

interface Announcement {
  readonly atMs: number;
  readonly reason: string;
  /** How long the gateway said it would be away; null: for good. */
  readonly expectedMs: number | null;
  /** When the process that said so was last there. */
  readonly presentAtMs: number;
}

export const NOTHING_SEEN: GatewayMemory = {
  last: null,
  timeouts: 0,
  silentSinceMs: null,
  startingSinceMs: null,
  drainingSinceMs: null,
  shutdown: null,
  suspendedAtMs: null,
  tickAtMs: null,
  tickIntervalMs: STATE_LIMITS.tickInterval,
};

export type GatewayInput =
  | { readonly kind: 'probed'; readonly sighting: Sighting }
  /** The event `shutdown`. */
  | { readonly kind: 'shutdown'; readonly reason: string; readonly expectedMs: number | null }
  /** The event `gateway.suspension`, or what a hello said of it. */
  | { readonly kind: 'suspension'; readonly phase: string }
  | { readonly kind: 'tick' }
  | { readonly kind: 'connected'; readonly tickIntervalMs: number | null }
  | { readonly kind: 'disconnected' };

/** The memory after `input`. Pure. @param nowMs monotonic */
export function advance(memory: GatewayMemory, input: GatewayInput, nowMs: number): GatewayMemory {
  switch (input.kind) {
    case 'probed':
      return afterProbe(memory, input.sighting, nowMs);
    case 'shutdown':
      return {
        ...memory,
        shutdown: { atMs: nowMs, reason: input.reason, expectedMs: input.expectedMs, presentAtMs: nowMs },
      };
    case 'suspension':
      return { ...memory, suspendedAtMs: input.phase === 'accepting' ? null : nowMs };
    case 'tick':
      return memory.tickAtMs === null ? memory : { ...memory, tickAtMs: nowMs };
    case 'connected':
      return { ...memory, tickAtMs: nowMs, tickIntervalMs: input.tickIntervalMs ?? STATE_LIMITS.tickInterval };
    case 'disconnected':
      return { ...memory, tickAtMs: null };
  }
}

function afterProbe(memory: GatewayMemory, sighting: Sighting, nowMs: number): GatewayMemory {
  const spoke = { ...memory, timeouts: 0, silentSinceMs: null };
  switch (sighting.kind) {
    case 'timeout':
      return { ...memory, timeouts: memory.timeouts + 1, silentSinceMs: memory.silentSinceMs ?? nowMs };
    case 'unclear':
      return { ...spoke, last: sighting };
    case 'refused': {
      const sinceMs = memory.last?.kind === 'refused' ? memory.last.sinceMs : nowMs;
      return {
        ...spoke,
        last: { kind: 'refused', sinceMs },
        startingSinceMs: null,
        drainingSinceMs: null,
        suspendedAtMs: null,
      };
    }
    case 'answer':
      return {
        ...spoke,
        last: { kind: 'answer', atMs: nowMs, answer: sighting },
        startingSinceMs:
          sighting.phase === 'starting' ? (memory.startingSinceMs ?? memory.silentSinceMs ?? nowMs) : null,
        drainingSinceMs: sighting.phase === 'draining' ? (memory.drainingSinceMs ?? nowMs) : null,
        shutdown: announcement(memory, sighting, nowMs),
        suspendedAtMs: suspension(memory, sighting, nowMs),
        // A gateway that was stopped for minutes owes its ticks from now on.
        tickAtMs: memory.tickAtMs !== null && memory.timeouts > 0 ? nowMs : memory.tickAtMs,
      };
  }
}

/** What is left of an announced end: nothing once a gateway has started after it, or when nothing came of it. */
function announcement(memory: GatewayMemory, answer: Answer, nowMs: number): Announcement | null {
  const { shutdown, last } = memory;
  if (shutdown === null) return null;
  const wasAway = last?.kind !== 'answer' || last.answer.phase === 'starting';
  if (answer.phase === 'starting') return shutdown.expectedMs === null ? null : shutdown;
  if (answer.phase === 'draining') return { ...shutdown, presentAtMs: nowMs };
  const ageMs = nowMs - shutdown.atMs;
  const startedAfterwards = answer.uptimeMs !== null && answer.uptimeMs < ageMs;
  return startedAfterwards || wasAway || ageMs > STATE_LIMITS.start ? null : { ...shutdown, presentAtMs: nowMs };
}

function suspension(memory: GatewayMemory, answer: Answer, nowMs: number): number | null {
  if (memory.suspendedAtMs === null || answer.phase === 'started') return null;
  return answer.phase === 'draining' ? nowMs : memory.suspendedAtMs;
}

/** The gateway's state and why, the most important first. */
export interface Judgement {
  readonly state: GatewayState;
  readonly reasons: readonly string[];
}

/** Judges what is remembered (openclaw-notes section 11). Pure. @param nowMs monotonic */
export function judge(memory: GatewayMemory, nowMs: number): Judgement {
  const { last, timeouts } = memory;
  if (timeouts === 0) return settled(memory, nowMs);
  const silence = `no answer within ${PROBE_TIMEOUT / 1000} s, ${times(timeouts)} in a row`;
  const excuse = excused(memory, nowMs);
  if (excuse !== null) return { state: excuse.state, reasons: [...excuse.reasons, silence] };
  if (timeouts >= STATE_LIMITS.timeouts) return { state: 'hung', reasons: [silence] };
  if (last === null) return { state: 'unknown', reasons: [silence] };
  const before = settled(memory, nowMs);
  return { state: before.state, reasons: [`${silence} (${STATE_LIMITS.timeouts} mean hung)`, ...before.reasons] };
}

/** Silence that was announced, or that a start explains. */
function excused(memory: GatewayMemory, nowMs: number): Judgement | null {
  const restart = announcedRestart(memory, nowMs);
  if (restart !== null) return restart;
  if (isSuspended(memory, nowMs)) return { state: 'draining', reasons: ['suspended by its operator'] };
  const starting = memory.last?.kind === 'refused' ? memory.silentSinceMs : memory.startingSinceMs;
  if (starting !== null && nowMs - starting <= STATE_LIMITS.start) {
    return { state: 'starting', reasons: [`starting for ${seconds(nowMs - starting)}`] };
  }
  return null;
}

function settled(memory: GatewayMemory, nowMs: number): Judgement {
  const { last, shutdown } = memory;
  if (last === null) return { state: 'unknown', reasons: ['not probed yet'] };
  if (last.kind === 'unclear') return { state: 'unknown', reasons: [`the probe is unclear: ${last.reason}`] };
  if (last.kind === 'answer') return answering(memory, last.answer, nowMs);
  const restart = announcedRestart(memory, nowMs);
  if (restart !== null) return restart;
  const refused = `connection refused for ${seconds(nowMs - last.sinceMs)}`;
  if (shutdown === null) return { state: 'dead', reasons: [`${refused}: nothing listens`] };
  const said = `it announced "${code(words(shutdown.reason))}"`;
  return shutdown.expectedMs === null
    ? { state: 'dead', reasons: [`stopped: ${said}`, refused] }
    : { state: 'dead', reasons: [`did not come back: ${said} ${seconds(nowMs - shutdown.atMs)} ago`, refused] };
}

function answering(memory: GatewayMemory, answer: Answer, nowMs: number): Judgement {
  if (answer.phase === 'draining') return draining(memory, nowMs);
  if (answer.phase === 'starting') return starting(memory, answer, nowMs);
  if (memory.shutdown !== null) return draining(memory, nowMs);
  const tickLimit = STATE_LIMITS.missedTicks * memory.tickIntervalMs;
  const quietMs = memory.tickAtMs === null ? 0 : nowMs - memory.tickAtMs;
  if (quietMs > tickLimit && !isSuspended(memory, nowMs)) {
    return {
      state: 'hung',
      reasons: [`no tick on its event stream for ${seconds(quietMs)}, although it answers probes`],
    };
  }
  return { state: 'running', reasons: [] };
}

function draining(memory: GatewayMemory, nowMs: number): Judgement {
  const { shutdown } = memory;
  const elapsedMs = nowMs - (memory.drainingSinceMs ?? nowMs);
  if (elapsedMs > STATE_LIMITS.drain && !isSuspended(memory, nowMs)) {
    return { state: 'hung', reasons: [`still draining after ${seconds(elapsedMs)}`] };
  }
  if (shutdown !== null) {
    const end = shutdown.expectedMs === null ? 'stop' : 'restart';
    return {
      state: 'draining',
      reasons: [`draining before the ${end} it announced (${code(words(shutdown.reason))})`],
    };
  }
  if (isSuspended(memory, nowMs)) return { state: 'draining', reasons: ['suspended by its operator'] };
  return { state: 'draining', reasons: ['draining: it takes no new work'] };
}

function starting(memory: GatewayMemory, answer: Answer, nowMs: number): Judgement {
  const elapsedMs = nowMs - (memory.startingSinceMs ?? nowMs);
  const pending = answer.pending === null ? '' : `, waiting for ${code(answer.pending)}`;
  const migrating = /migrat/i.test(answer.pending ?? '');
  if (elapsedMs > STATE_LIMITS.start && !migrating && !isSuspended(memory, nowMs)) {
    return { state: 'hung', reasons: [`not started after ${seconds(elapsedMs)}${pending}`] };
  }
  return {
    state: memory.shutdown === null ? 'starting' : 'restarting',
    reasons: [`starting for ${seconds(elapsedMs)}${pending}`],
  };
}

/** Not there, but it said that it would be back, and may still be. The allowance runs from when it was last there. */
function announcedRestart(memory: GatewayMemory, nowMs: number): Judgement | null {
  const { shutdown } = memory;
  if (shutdown === null || shutdown.expectedMs === null) return null;
  if (nowMs - shutdown.presentAtMs > shutdown.expectedMs + STATE_LIMITS.start) return null;
  const said = `it announced "${code(words(shutdown.reason))}" ${seconds(nowMs - shutdown.atMs)} ago`;
  return { state: 'restarting', reasons: [`restarting: ${said}`] };
}

function isSuspended(memory: GatewayMemory, nowMs: number): boolean {
  return memory.suspendedAtMs !== null && nowMs - memory.suspendedAtMs <= STATE_LIMITS.suspension;
}

/** Shutdown reasons are short phrases of the gateway; as one word they pass for a code. */
const words = (reason: string): string => reason.replace(/\s+/g, '-');
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
