/** Either of these within `flapWindow` is flapping (domain-rules section 2). */
const FLAP_EXPIRIES = 3;
const FLAP_DEPARTURES = 10;

/** When a node last left `online` and last expired, oldest first. It exists only for nodes that ever left. */
export interface Departures {
  readonly departures: number[];
  readonly expiries: number[];
  /** The event that tells of this bout of flapping was written. */
  told: boolean;
}

export function newDepartures(): Departures {
  return { departures: [], expiries: [], told: false };
}

/** Remembers one that left `online`. */
export function noteDeparture(of: Departures, atMs: number): void {
  keepLast(of.departures, atMs, FLAP_DEPARTURES);
}

/** Remembers an expiry. */
export function noteExpiry(of: Departures, atMs: number): void {
  keepLast(of.expiries, atMs, FLAP_EXPIRIES);
}

/** Whether it left or expired too often within `windowMs` before `nowMs` (domain-rules section 2). */
export function isFlapping(of: Departures | null, nowMs: number, windowMs: number): boolean {
  if (of === null) return false;
  return (
    within(of.expiries, FLAP_EXPIRIES, nowMs - windowMs) || within(of.departures, FLAP_DEPARTURES, nowMs - windowMs)
  );
}

/**
 * Whether an expiry at `nowMs` is told of by an event of its own: while a node flaps, one event stands for all.
 * @param of with this expiry already noted
 */
export function tellsExpiry(of: Departures, nowMs: number, windowMs: number): 'alone' | 'flapping' | 'folded' {
  if (!isFlapping(of, nowMs, windowMs)) return 'alone';
  return of.told ? 'folded' : 'flapping';
}

function keepLast(times: number[], atMs: number, most: number): void {
  times.push(atMs);
  if (times.length > most) times.shift();
}

function within(times: readonly number[], needed: number, sinceMs: number): boolean {
  const oldest = times[times.length - needed];
  return oldest !== undefined && oldest > sinceMs;
}
