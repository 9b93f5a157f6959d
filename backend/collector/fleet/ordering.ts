import type { Timings } from '@openclaw-fleet/contract';

/** How many accepted beats a node's memory keeps (domain-rules section 1). */
const RING_SIZE = 10;
/** A superseded candidate that waited this many intervals says nothing about the clock any more. */
const CANDIDATE_INTERVALS = 5;
/** Intervals past its usual lag after which a beat counts as replayed, and a first one as old. */
const LATE_INTERVALS = 2;

const VERSION = 1;
const AT_VERSION = 0;
const AT_COUNT = 1;
const AT_CANDIDATE_KEY = 2;
const AT_CANDIDATE_RECEIVED = 3;
const AT_SEQ = 4;
const AT_ASKED = 5;
const AT_RING = 6;
const ENTRY = 3;
const SLOTS = AT_RING + RING_SIZE * ENTRY;

/**
 * What is remembered of a node's beats, newest first: a ring of the last accepted ones (key, receipt, body hash), the
 * superseded candidate (key, receipt), the newest sequence number seen of its boot, and whether the last answer asked for
 * the full state. What is absent is NaN; a ring entry without a receipt is an old first beat, whose lag is not trusted.
 */
export type Memory = number[];

/** What ordering looks at of one beat. */
export interface Sighting {
  /** `last_heartbeat`, in milliseconds of the node's clock. */
  readonly key: number;
  /** When it came, in milliseconds of our clock. */
  readonly receivedMs: number;
  /** First 48 bits of the body's hash. */
  readonly hash: number;
  /** `seq`; NaN when it has none. */
  readonly seq: number;
  /** It has a `boot_id`, which is that of the last accepted beat. */
  readonly sameBoot: boolean;
}

export interface Decision {
  /** `refused`: the clock is ahead by more than `futureLimit`. */
  readonly status: 'accepted' | 'duplicate' | 'superseded' | 'conflict' | 'refused';
  /** The memory after it; null when it is unchanged. */
  readonly memory: Memory | null;
  /** A first beat that is old: it records the node and does not make it alive. */
  readonly late: boolean;
  /** Beats that the sequence numbers say were sent in between and never seen. */
  readonly missed: number;
}

const unchanged = (status: Decision['status']): Decision => ({ status, memory: null, late: false, missed: 0 });
const DUPLICATE = unchanged('duplicate');
const CONFLICT = unchanged('conflict');
const REFUSED = unchanged('refused');
const SUPERSEDED = unchanged('superseded');

/** Whether `last_heartbeat` lies too far in the future to be taken (domain-rules section 1): the answer is 422. */
export function clockAhead(keyMs: number, nowMs: number, timings: Timings): boolean {
  return keyMs > nowMs + timings.futureLimit;
}

/** The memory of a node that never reported. */
export function blankMemory(): Memory {
  // All doubles from the start: an array that changes its kind of element costs more than it saves.
  const memory = Array.from({ length: SLOTS }, () => NaN);
  memory.fill(0);
  memory[AT_VERSION] = VERSION;
  memory[AT_CANDIDATE_KEY] = NaN;
  memory[AT_CANDIDATE_RECEIVED] = NaN;
  memory[AT_SEQ] = NaN;
  return memory;
}

/** Reads a stored memory. One of another version is forgotten: the mark still orders, and lags are learnt anew. */
export function readMemory(stored: readonly number[]): Memory {
  return stored.length === SLOTS && stored[AT_VERSION] === VERSION ? stored.slice() : blankMemory();
}

/** Overwrites one memory with another. */
export function copyMemory(from: Memory, to: Memory): void {
  for (let slot = 0; slot < SLOTS; slot++) to[slot] = at(from, slot);
}

/** The least trusted lag (receipt less key) of the ring, in milliseconds; NaN when there is none. */
export function leastLag(memory: Memory): number {
  let least = NaN;
  const end = AT_RING + at(memory, AT_COUNT) * ENTRY;
  for (let entry = AT_RING; entry < end; entry += ENTRY) {
    const lag = at(memory, entry + 1) - at(memory, entry);
    if (!(lag >= least)) least = Number.isNaN(lag) ? least : lag;
  }
  return least;
}

/** When the `index`-th newest accepted beat came; NaN when it is not remembered, or was an old first one. */
export function receivedAt(memory: Memory, index: number): number {
  return index < at(memory, AT_COUNT) ? at(memory, AT_RING + index * ENTRY + 1) : NaN;
}

/** Whether `key` is that of the newest accepted beat. */
export function isNewest(memory: Memory, key: number): boolean {
  return at(memory, AT_COUNT) > 0 && at(memory, AT_RING) === key;
}

/** Whether the answer to the newest beat asked for the full state; a repeat of that beat gets the same answer. */
export function askedFullState(memory: Memory): boolean {
  return at(memory, AT_ASKED) === 1;
}

/** Notes what the answer asks, in a memory that a decision just made. */
export function noteAsked(memory: Memory, asked: boolean): void {
  memory[AT_ASKED] = asked ? 1 : 0;
}

/**
 * Decides what becomes of a beat (domain-rules section 1).
 * @param memory of the node; null when it never reported. It is not changed
 * @param markMs the newest `last_heartbeat` accepted
 * @param intervalMs the pace the node is judged by
 */
export function decide(
  memory: Memory | null,
  markMs: number,
  beat: Sighting,
  intervalMs: number,
  timings: Timings
): Decision {
  if (clockAhead(beat.key, beat.receivedMs, timings)) return REFUSED;
  const lag = beat.receivedMs - beat.key;
  const slack = LATE_INTERVALS * intervalMs;
  if (memory === null) return first(beat, lag > timings.grace + slack);

  const known = find(memory, beat.key);
  if (known !== -1) return at(memory, known + 2) === beat.hash ? DUPLICATE : CONFLICT;

  const least = leastLag(memory);
  const fresh = beat.key > markMs && lag <= (Number.isNaN(least) ? timings.grace : least) + slack;
  if (fresh) return accept(memory.slice(), memory, beat);
  // The publisher itself says that it sent this one before one we saw: no clock needs to be believed.
  if (beat.sameBoot && beat.seq <= at(memory, AT_SEQ)) return SUPERSEDED;
  return supersede(memory, beat, intervalMs, timings);
}

function first(beat: Sighting, late: boolean): Decision {
  const memory = blankMemory();
  enter(memory, beat, late ? NaN : beat.receivedMs);
  memory[AT_SEQ] = beat.seq;
  if (late) setCandidate(memory, beat);
  return { status: 'accepted', memory, late, missed: 0 };
}

function accept(next: Memory, before: Memory, beat: Sighting): Decision {
  enter(next, beat, beat.receivedMs);
  next[AT_CANDIDATE_KEY] = NaN;
  next[AT_CANDIDATE_RECEIVED] = NaN;
  const seen = at(before, AT_SEQ);
  const counts = beat.sameBoot && !Number.isNaN(seen);
  next[AT_SEQ] = counts ? Math.max(seen, beat.seq) : beat.seq;
  const missed = counts ? beat.seq - seen - 1 : 0;
  return { status: 'accepted', memory: next, late: false, missed: missed > 0 ? missed : 0 };
}

function supersede(memory: Memory, beat: Sighting, intervalMs: number, timings: Timings): Decision {
  const candidateKey = at(memory, AT_CANDIDATE_KEY);
  const waited = beat.receivedMs - at(memory, AT_CANDIDATE_RECEIVED);
  if (waited <= CANDIDATE_INTERVALS * intervalMs) {
    if (beat.key === candidateKey) return SUPERSEDED;
    if (beat.key > candidateKey) {
      if (waited < timings.setBackGap) return keepCandidate(memory, beat);
      const reset = memory.slice();
      reset[AT_COUNT] = 0;
      return accept(reset, memory, beat);
    }
  }
  const next = memory.slice();
  setCandidate(next, beat);
  noteSeq(next, beat);
  return { status: 'superseded', memory: next, late: false, missed: 0 };
}

function keepCandidate(memory: Memory, beat: Sighting): Decision {
  if (!beat.sameBoot || Number.isNaN(beat.seq)) return SUPERSEDED;
  const next = memory.slice();
  noteSeq(next, beat);
  return { status: 'superseded', memory: next, late: false, missed: 0 };
}

function noteSeq(memory: Memory, beat: Sighting): void {
  if (beat.sameBoot && !(beat.seq <= at(memory, AT_SEQ))) memory[AT_SEQ] = beat.seq;
}

function setCandidate(memory: Memory, beat: Sighting): void {
  memory[AT_CANDIDATE_KEY] = beat.key;
  memory[AT_CANDIDATE_RECEIVED] = beat.receivedMs;
}

function enter(memory: Memory, beat: Sighting, receivedMs: number): void {
  for (let slot = SLOTS - 1; slot >= AT_RING + ENTRY; slot--) memory[slot] = at(memory, slot - ENTRY);
  memory[AT_RING] = beat.key;
  memory[AT_RING + 1] = receivedMs;
  memory[AT_RING + 2] = beat.hash;
  memory[AT_COUNT] = Math.min(at(memory, AT_COUNT) + 1, RING_SIZE);
}

function find(memory: Memory, key: number): number {
  const end = AT_RING + at(memory, AT_COUNT) * ENTRY;
  for (let entry = AT_RING; entry < end; entry += ENTRY) {
    if (memory[entry] === key) return entry;
  }
  return -1;
}

function at(memory: Memory, index: number): number {
  return memory[index] ?? NaN;
}
