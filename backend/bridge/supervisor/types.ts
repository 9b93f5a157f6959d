/** It could not be done. The message says what happened and what to do next; it goes into a receipt. */
export class SupervisorError extends Error {
  override readonly name = 'SupervisorError';
}

/** OpenClaw's exit code for a configuration that is not valid: starting it again does not help (openclaw-notes section 3). */
export const EXIT_BAD_CONFIG = 78;

/** How long a gateway may take to end by itself (SIGTERM), and by force (SIGKILL), before that failed. Milliseconds. */
export const TERM_WAIT = 15_000;
export const KILL_WAIT = 10_000;

/** Ends and starts the gateway's process, whether it answers or not. Never by SIGHUP or SIGUSR1 (openclaw-notes section 3). */
export interface Supervisor {
  readonly kind: 'child' | 'systemd' | 'container';
  /** Takes charge of the gateway. @throws Error naming the setting */
  start(): void;
  /** Lets go of it; the gateway goes on. */
  stop(): void;
  /** Names the process, or the start, of now: another one means that it was restarted. Null: there is none, or none is known. */
  current(): Promise<string | null>;
  /**
   * SIGTERM, SIGKILL after 15 s, start. Resolves once the new process was started; whether it comes up is for probes to tell.
   * @throws SupervisorError
   */
  restart(note: (text: string) => void): Promise<void>;
  /** Why the gateway is not started again, in words; null: it is, or may be. */
  given(): Promise<string | null>;
}
