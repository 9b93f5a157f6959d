import type { Logger } from 'pino';
import type { ChainPoint } from './chain.ts';
import type { LookAside } from './look-aside.ts';

/** Every so many looks the whole chain is read: with one an hour, once a day. */
const WHOLE_EVERY = 24;

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
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Told when the chain could not be read: what was known of it stays. */
  readonly onFailure: () => void;
}

/**
 * The collector's own eye on its audit chain: whole with the first look and every 24th, else what is new. A chain that was
 * found broken stays so until a look at all of it finds it sound.
 */
export class AuditWatch {
  readonly #options: AuditWatchOptions;
  #standing: AuditStanding | null = null;
  /** The last record found sound. */
  #last: ChainPoint | null = null;
  #sinceWhole = 0;
  #looking: Promise<void> | null = null;
  readonly #stopping = new AbortController();

  constructor(options: AuditWatchOptions) {
    this.#options = options;
  }

  /** Null before the first look came to something. */
  standing(): AuditStanding | null {
    return this.#standing;
  }

  /** To be called once after the start, and once an hour. A call during a look joins it. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Ends a look that is under way; no further one begins. */
  async stop(): Promise<void> {
    this.#stopping.abort();
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
      onFailure();
      log.warn({ err: error }, 'the audit chain could not be verified; it is tried again with the next look');
    }
  }
}
