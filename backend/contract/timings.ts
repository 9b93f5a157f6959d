/** Every duration the fleet's rules use, in milliseconds. Sources: domain-rules; each section is named. */
export interface Timings {
  /** Told interval between two beats of a node, and its bounds (section 1). */
  readonly beat: number;
  readonly beatMin: number;
  readonly beatMax: number;
  /** Taken off a beat's age before it is judged (section 2). */
  readonly grace: number;
  /** `last_heartbeat` may lie this far ahead of our clock (section 1). */
  readonly futureLimit: number;
  /** Two superseded beats this far apart move the mark (section 1). */
  readonly setBackGap: number;
  /** Window of the allowance for replays and duplicates (section 1). */
  readonly replayWindow: number;
  /** How often a bridge probes its gateway (section 1). */
  readonly probe: number;
  /** A node that reported within this is expected (section 2). */
  readonly expectedWindow: number;
  /** Under 15 % online for this long is blind (section 2). */
  readonly blindHold: number;
  /** Between two canary beats of the collector (section 2). */
  readonly canary: number;
  /** Nodes of a zone that turned partial or full wait this long before they expire (section 2). */
  readonly zoneHold: number;
  /** After a start, a failover, or leaving full or blind: no new expiry, no new automation, no verdict (section 2). */
  readonly noExpiryAfterStart: number;
  readonly noAutomationAfterStart: number;
  readonly noVerdictAfterStart: number;
  /** Three starts within this raise an alert (section 2). */
  readonly restartWindow: number;
  /** Window in which expiries and departures are counted as flapping (section 2). */
  readonly flapWindow: number;
  /** A node that said `restart` is `stopped` for at most this (section 1). */
  readonly goodbyeRestart: number;
  readonly inactiveAfter: number;
  readonly retireAfter: number;
  /** How long the event log is kept (section 7). */
  readonly eventRetention: number;
  /** How long a gateway may take to run a revision before a mismatch is drift; a real one needs it, so no profile shortens it (section 4). */
  readonly convergence: number;
  /** A configuration that differs for longer is major drift (section 4). */
  readonly configDriftMajorAfter: number;
  /** A gateway in error for longer is critical drift (section 4). */
  readonly runtimeDriftCriticalAfter: number;
  /** How long score, drift, violations and timelines are kept (section 7). */
  readonly historyRetention: number;
  /** An approval must come within this of the request (section 6). */
  readonly approvalExpiry: number;
  /** Execution must begin within this of the approval (section 6). */
  readonly executionExpiry: number;
  /** Retries may use an unchanged plan for this long after its approval (section 6). */
  readonly retryWindow: number;
  /** A fault must be this old before automation's first attempt (section 6). */
  readonly firstAttemptAfter: number;
  /** Between the end of an attempt and the next, jittered; also before an unreachable target is asked again (section 6). */
  readonly attemptBackoff: number;
  /** Window in which attempts are counted (section 6). */
  readonly attemptWindow: number;
  /** The condition must stay clear for this long before a run has succeeded (section 6). */
  readonly verifyClear: number;
  /** Window in which nodes that became expired or critical hold automation back (section 6). */
  readonly blastWindow: number;
  /** A node that fell silent is acted on after this long at the least (section 2). */
  readonly expiryActAfter: number;
  /** In a `partial` zone of more than 50 nodes one automatic run may start in this time (section 2). */
  readonly partialPace: number;
  /** A node restarts its gateway at most once in the first, and three times in the second (section 6). */
  readonly restartGap: number;
  readonly restartHour: number;
  /** Between two resumed jobs of a FailureBurst (seed 000: gradually resume with guardrail window). */
  readonly resumeSoak: number;
  /** How long a real gateway may take to start; no profile shortens it (openclaw-notes section 10). */
  readonly gatewayStart: number;
  /** How long a signed action request is good for; no profile shortens it: machines that are busy need it. */
  readonly actionValidity: number;
  /** How long runs and their evidence are kept (section 7). */
  readonly runRetention: number;
  /** How long alerts of a target under repair are silenced unless that is renewed: what a crash may leave behind. */
  readonly silence: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const production: Timings = {
  beat: 60 * SECOND,
  beatMin: 30 * SECOND,
  beatMax: 120 * SECOND,
  grace: 10 * SECOND,
  futureLimit: 5 * MINUTE,
  setBackGap: 30 * SECOND,
  replayWindow: MINUTE,
  probe: 10 * SECOND,
  expectedWindow: HOUR,
  blindHold: 15 * SECOND,
  canary: 15 * SECOND,
  zoneHold: MINUTE,
  noExpiryAfterStart: 130 * SECOND,
  noAutomationAfterStart: 300 * SECOND,
  noVerdictAfterStart: 100 * SECOND,
  restartWindow: 15 * MINUTE,
  flapWindow: HOUR,
  goodbyeRestart: 300 * SECOND,
  inactiveAfter: 14 * DAY,
  retireAfter: 90 * DAY,
  eventRetention: 7 * DAY,
  convergence: 120 * SECOND,
  configDriftMajorAfter: 10 * MINUTE,
  runtimeDriftCriticalAfter: 15 * MINUTE,
  historyRetention: 90 * DAY,
  approvalExpiry: 30 * MINUTE,
  executionExpiry: 10 * MINUTE,
  retryWindow: HOUR,
  firstAttemptAfter: MINUTE,
  attemptBackoff: 10 * MINUTE,
  attemptWindow: DAY,
  verifyClear: 5 * MINUTE,
  blastWindow: HOUR,
  expiryActAfter: 300 * SECOND,
  partialPace: 100 * SECOND,
  restartGap: 5 * MINUTE,
  restartHour: HOUR,
  resumeSoak: MINUTE,
  gatewayStart: 180 * SECOND,
  actionValidity: 60 * SECOND,
  runRetention: 400 * DAY,
  silence: 30 * MINUTE,
};

/** By how much the demo profile is faster: a 3 s beat (domain-rules, preamble). */
export const DEMO_SPEED = 20;

const demo: Timings = {
  ...(Object.fromEntries(
    Object.entries(production).map(([name, ms]) => [name, (ms as number) / DEMO_SPEED])
  ) as unknown as Timings),
  convergence: production.convergence,
  gatewayStart: production.gatewayStart,
  actionValidity: production.actionValidity,
};

export const TIMINGS = { production, demo } as const;
export type TimingsProfile = keyof typeof TIMINGS;
export const TIMINGS_PROFILES = ['production', 'demo'] as const satisfies TimingsProfile[];
