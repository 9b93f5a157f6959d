import { stepsFor } from './rules.ts';
import { AlertmanagerError, type ActingRun, type Alertmanager } from './types.ts';

export interface SilencesOptions {
  readonly alertmanager: Alertmanager;
  /** The runs that act now. */
  readonly acting: () => readonly ActingRun[];
  /** Whether a run is one of ours: another fleet may use the same Alertmanager. */
  readonly known: (runId: string) => Promise<boolean>;
  /** How long a silence lasts unless it is renewed. Milliseconds. */
  readonly lastsMs: number;
  /**
   * Between two looks while repairs act, but no more than a quarter of `lastsMs`: one is renewed before it ends. After
   * failures it is waited for at most this long. Milliseconds.
   */
  readonly lookMs: number;
  /** Never goes back: what waits is counted by it. Milliseconds. */
  readonly clock: () => number;
  /** As Alertmanager has it, or nearly. Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** 0 to under 1. */
  readonly random: () => number;
  /** Written here for metrics. */
  readonly state: { held: number; failures: number };
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
    debug(fields: object, message: string): void;
  };
}

/** The first wait after a failure, as a part of `lookMs`; each further one is twice as long. */
const FIRST_WAIT = 1 / 12;
const LOOKS_A_LIFE = 4;

/**
 * Keeps one silence in Alertmanager for each run that acts, and none for others. Level-triggered: each look compares what is
 * with what should be, so that nothing need be remembered over a crash. It has no timer: call `tick` about once a second.
 * Nothing waits for it: repairs go on whatever becomes of a silence.
 */
export class Silences {
  readonly #options: SilencesOptions;
  /** The runs that had what they need after the last look; null: that is not known. */
  #settled: ReadonlySet<string> | null = null;
  #notBeforeMs = -Infinity;
  /** Since the last look that succeeded. */
  #failures = 0;
  #looking = false;
  #stopped = false;

  constructor(options: SilencesOptions) {
    this.#options = { ...options, lookMs: Math.min(options.lookMs, options.lastsMs / LOOKS_A_LIFE) };
  }

  /** Looks if that is due. Never rejects; a call while another is under way does nothing. */
  async tick(): Promise<void> {
    const { acting, clock, lookMs } = this.#options;
    if (this.#looking || this.#over()) return;
    this.#looking = true;
    try {
      const runs = acting();
      if (!this.#isDue(runs)) return;
      await this.#look(runs);
      this.#settled = new Set(runs.map(({ id }) => id));
      this.#notBeforeMs = clock() + lookMs;
      if (this.#failures > 0) this.#options.log.info({}, 'silences in Alertmanager are up to date again');
      this.#failures = 0;
    } catch (error) {
      if (!this.#over()) this.#failed(error);
    } finally {
      this.#looking = false;
    }
  }

  /** Nothing is asked any more. Silences stay: they end by themselves, or the next start goes on with them. */
  stop(): void {
    this.#stopped = true;
    this.#options.alertmanager.close();
  }

  #over(): boolean {
    return this.#stopped;
  }

  #isDue(runs: readonly ActingRun[]): boolean {
    const isTime = this.#options.clock() >= this.#notBeforeMs;
    if (this.#settled === null) return isTime;
    const settled = this.#settled;
    if (runs.length !== settled.size || runs.some(({ id }) => !settled.has(id))) return true;
    return runs.length > 0 && isTime;
  }

  async #look(runs: readonly ActingRun[]): Promise<void> {
    const { alertmanager, wallClock, lastsMs, state } = this.#options;
    const session = await alertmanager.open();
    const { put, expire, leftOver, held } = stepsFor(runs, session.silences, { nowMs: wallClock(), lastsMs });
    const own = await this.#own(leftOver);
    await eachOf([
      ...put.map((draft) => () => session.put(draft)),
      ...[...expire, ...own].map((id) => () => session.expire(id)),
    ]);
    state.held = held;
  }

  /** The left-over silences of runs of this fleet. */
  async #own(leftOver: readonly { readonly id: string; readonly runId: string }[]): Promise<string[]> {
    const own: string[] = [];
    for (const { id, runId } of leftOver) if (await this.#options.known(runId)) own.push(id);
    return own;
  }

  #failed(error: unknown): void {
    const { log, state, clock, lookMs, random } = this.#options;
    state.failures++;
    const waitMs = Math.min(lookMs, FIRST_WAIT * lookMs * 2 ** Math.min(this.#failures, 16)) * (0.5 + random() / 2);
    this.#settled = null;
    this.#notBeforeMs = clock() + waitMs;
    const message = 'silences could not be brought up to date in Alertmanager; repairs go on, and it is tried again';
    // Once per outage.
    if (this.#failures++ === 0) log.error({ err: error }, message);
    else log.debug({ err: error }, message);
  }
}

/** Does each, whatever becomes of the others, unless nobody answers any more. @throws what failed first */
async function eachOf(work: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const one of work) {
    try {
      await one();
    } catch (error) {
      failures.push(error);
      if (!(error instanceof AlertmanagerError) || error.unreachable) break;
    }
  }
  if (failures.length > 0) throw failures[0];
}
