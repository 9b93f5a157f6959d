import type { Timings, Verdict } from '@openclaw-fleet/contract';
import { inWords } from './liveness.ts';
import { blindness, groupVerdict, holdUntil, SIGHTED, SMALL_ZONE } from './verdict.ts';
import type { Blindness, Counts, GroupVerdict } from './verdict.ts';
import type { Zone } from './zone.ts';

/** An approver's word that an outage is real (domain-rules section 2). */
interface ConfirmedOutage {
  readonly reason: string;
  readonly actor: string;
  readonly atMs: number;
}

/** The one place where the blindness verdict is computed, and with it what may expire (domain-rules section 2). */
export class Judge {
  readonly #timings: Timings;
  #startedMs: number;
  #fleet: GroupVerdict = 'normal';
  #pool: GroupVerdict = 'normal';
  #blindness: Blindness = SIGHTED;
  #canaryFailures = 0;
  #confirmed: ConfirmedOutage | null = null;
  #leftBlindMs = -Infinity;
  #leftFullMs = -Infinity;
  #sinceMs: number;
  #counts: Counts = { expected: 0, online: 0 };

  /** @param startedMs when this collector started, or took the lead */
  constructor(timings: Timings, startedMs: number) {
    this.#timings = timings;
    this.#startedMs = startedMs;
    this.#sinceMs = startedMs;
  }

  get verdict(): Verdict {
    return this.#blindness.blind === null ? this.#fleet : 'blind';
  }

  /** Since when the fleet's verdict is what it is, in milliseconds of our clock. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Judges from here on as after a start: what happened before was not seen. */
  startAgain(nowMs: number): void {
    this.#startedMs = nowMs;
  }

  /** Takes the result of one canary beat through the collector's own public listener. */
  canary(ok: boolean): void {
    this.#canaryFailures = ok ? 0 : this.#canaryFailures + 1;
  }

  /** @throws {RangeError} when the fleet is not blind: there is no outage to confirm */
  confirm(outage: ConfirmedOutage): void {
    if (this.#blindness.blind === null) {
      throw new RangeError('The fleet is not blind, so there is no outage to confirm: nodes expire by themselves.');
    }
    this.#confirmed = outage;
  }

  /** Judges every zone and the fleet by their present counts. */
  judge(zones: ReadonlyMap<string, Zone>, nowMs: number): void {
    const fleet = { expected: 0, online: 0 };
    const pool = { expected: 0, online: 0 };
    for (const zone of zones.values()) {
      add(fleet, zone);
      if (zone.expected < SMALL_ZONE) add(pool, zone);
    }
    this.#counts = fleet;
    if (nowMs - this.#startedMs < this.#timings.noVerdictAfterStart) return;

    const before = this.verdict;
    this.#fleet = groupVerdict(this.#fleet, fleet);
    this.#pool = groupVerdict(this.#pool, pool);
    const wasBlind = this.#blindness.blind !== null;
    this.#blindness = blindness(this.#blindness, fleet, this.#canaryFailures, nowMs, this.#timings);
    if (wasBlind && this.#blindness.blind === null) {
      this.#leftBlindMs = nowMs;
      this.#confirmed = null;
    }
    if (this.verdict !== before) this.#sinceMs = nowMs;

    const small = pool.expected < SMALL_ZONE ? this.verdict : this.#pool;
    for (const zone of zones.values()) {
      const own = zone.verdict === 'blind' ? 'normal' : zone.verdict;
      const verdict = zone.expected < SMALL_ZONE ? small : groupVerdict(own, zone);
      if (zone.verdict === 'full' && verdict !== 'full') this.#leftFullMs = nowMs;
      zone.heldUntilMs = holdUntil(zone.verdict, verdict, zone.heldUntilMs, nowMs, this.#timings);
      zone.verdict = verdict;
    }
  }

  /**
   * Nothing is repaired automatically before this (domain-rules section 2): after a start, and after the fleet left `blind` or
   * any of its zones `full`. Milliseconds of our clock.
   */
  get automationFromMs(): number {
    const last = Math.max(this.#startedMs, this.#leftBlindMs, this.#leftFullMs);
    return last + this.#timings.noAutomationAfterStart;
  }

  /** Why no node of the fleet may expire now, for a person; null when nothing holds the whole fleet. */
  fleetHeld(nowMs: number): string | null {
    const gate = this.#timings.noExpiryAfterStart;
    if (this.#blindness.blind !== null && this.#confirmed === null) return `the fleet is blind: ${this.reason(nowMs)}`;
    if (nowMs - this.#startedMs < gate) {
      return `the collector started ${inWords(nowMs - this.#startedMs)} ago, and waits ${inWords(gate)} for the nodes`;
    }
    if (nowMs - this.#leftBlindMs < gate) {
      return `the fleet was blind until ${inWords(nowMs - this.#leftBlindMs)} ago, and the collector waits ${inWords(gate)} for the nodes`;
    }
    return null;
  }

  /** Why no node of `zone` may expire now; null when they may. */
  zoneHeld(zone: Zone, nowMs: number): string | null {
    const fleet = this.fleetHeld(nowMs);
    if (fleet !== null || nowMs >= zone.heldUntilMs) return fleet;
    return `zone ${zone.name} has just become ${zone.verdict}; its nodes wait ${inWords(zone.heldUntilMs - nowMs)} more`;
  }

  /** Why the fleet's verdict is what it is, for a person. */
  reason(nowMs: number): string {
    const { expected, online } = this.#counts;
    const counts = `${online} of ${expected} expected nodes are online`;
    if (nowMs - this.#startedMs < this.#timings.noVerdictAfterStart) {
      return `the collector started ${inWords(nowMs - this.#startedMs)} ago and does not judge yet; ${counts}`;
    }
    const blind = this.#blindness.blind;
    if (blind === null) return counts;
    const cause =
      blind.cause === 'canary'
        ? `the collector's own canary beat failed; ${counts}`
        : `${counts}: the collector itself may be cut off`;
    if (this.#confirmed === null) return cause;
    return `${cause}; ${this.#confirmed.actor} confirmed that the outage is real: ${this.#confirmed.reason}`;
  }
}

function add(sum: { expected: number; online: number }, counts: Counts): void {
  sum.expected += counts.expected;
  sum.online += counts.online;
}
