import type { Logger } from 'pino';
import type { ChainPoint } from './chain.ts';
import type { LookAside } from './look-aside.ts';

/** Every so many looks the whole chain is read: with one an hour, once a day. */
const WHOLE_EVERY = 24;
/**
 * The waits after looks in a row that failed, as parts of an hour; after more of them it is the hour. Apart enough that they
 * alone do not raise OpenClawMetricsIncomplete: what goes on is told by OpenClawAuditUnverified.
 */
const RETRIES = [1 / 60, 1 / 6, 1 / 2];

/** What the last look came to. */
export interface AuditStanding {
  readonly intact: boolean;
  /** When that was, in milliseconds since the epoch. */
  readonly atMs: number;
}

export interface AuditWatchOptions {
  readonly look: LookAside;
  /** As Prometheus has it, which says how long ago a look was. */
  readonly wallClock: () => number;
  /** Between two looks, in milliseconds. */
  readonly hourMs: number;
  /** Calls `what` in so many milliseconds. @returns what calls that off */
  readonly after: (ms: number, what: () => void) => () => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Told when the chain could not be read: what was known of it stays. */
  readonly onFailure: () => void;
}

/**
 * The collector's own eye on its audit chain, once an hour, and sooner after a look that failed: whole with the first look
 * and every 24th, else what is new. A chain that was found broken stays so until a look at all of it finds it sound.
 */
export class AuditWatch {
  readonly #options: AuditWatchOptions;
  #standing: AuditStanding | null = null;
  /** The last record found sound. */
  #last: ChainPoint | null = null;
  #sinceWhole = 0;
  /** In a row. */
  #failures = 0;
  #cancelNext: () => void = () => undefined;
  #looking: Promise<void> | null = null;
  readonly #stopping = new AbortController();

  constructor(options: AuditWatchOptions) {
    this.#options = options;
  }

  /** Null before the first look came to something. */
  standing(): AuditStanding | null {
    return this.#standing;
  }

  /** Looks from now on, until it is stopped. */
  start(): void {
    void this.#round();
  }

  async #round(): Promise<void> {
    await this.look();
    if (!this.#stopped()) this.#cancelNext = this.#options.after(this.#waitMs(), () => void this.#round());
  }

  #waitMs(): number {
    const part = this.#failures === 0 ? 1 : (RETRIES[this.#failures - 1] ?? 1);
    return part * this.#options.hourMs;
  }

  /** A call during a look joins it. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Ends a look that is under way; no further one begins. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelNext();
    await this.#looking;
  }

  #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #look(): Promise<void> {
    const { look, wallClock, log, onFailure } = this.#options;
    if (this.#stopped()) return;
    const due = this.#standing?.intact !== true || this.#sinceWhole + 1 >= WHOLE_EVERY;
    try {
      const { whole, verification } = await look(this.#last, due, this.#stopping.signal);
      this.#failures = 0;
      this.#sinceWhole = whole ? 0 : this.#sinceWhole + 1;
      const wasBroken = this.#standing?.intact === false;
      this.#standing = { intact: verification.ok, atMs: wallClock() };
      if (verification.ok) {
        this.#last = verification.sound.last ?? this.#last;
        if (wasBroken) log.info({ record: this.#last?.seq }, 'the audit chain is whole again');
        return;
      }
      const { seq, fault, message } = verification.broken;
      log.error(
        { record: seq, fault },
        `the audit chain is broken: ${message}. Copy the database as it is, run openclaw-fleet audit verify, and go on with the runbook OpenClawAuditChainBroken`
      );
    } catch (error) {
      if (this.#stopped()) return;
      this.#failures++;
      onFailure();
      const retrySeconds = this.#waitMs() / 1000;
      log.warn({ err: error, retrySeconds }, 'the audit chain could not be verified; it is tried again');
    }
  }
}
