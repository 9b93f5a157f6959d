import type {
  ActionReceipt,
  ActionRefusal,
  ActionRequest,
  Observation,
  ReceiptState,
  Verb,
} from '@openclaw-fleet/contract';

/** A few measurements, as a receipt carries them. */
export type Measurements = ActionReceipt['before'];

/** How an action ended. */
export interface ActionOutcome {
  readonly state: Exclude<ReceiptState, 'running'>;
  /** With the state `refused` alone. */
  readonly refusal: ActionRefusal | null;
  /** In words, for a person: what happened, and what to do next where something did not work. */
  readonly message: string;
  readonly before: Measurements;
  readonly after: Measurements;
}

/** What an actuator tells while it carries an action out. */
export interface ActionProgress {
  /** One line of what was done and seen; goes into the receipt. No secret, no free text of others. */
  note(text: string): void;
  /**
   * Must be called before the first effect, and stores durably that there may be one. An action that never began and whose
   * bridge ended has done nothing; one that began is settled by looking.
   * @param before what will tell, after a crash, whether it happened: a boot id, a hash
   * @param restarts it restarts something, which counts against the limits
   * @throws Error when it cannot be stored: nothing may be done then
   */
  begin(before: Measurements, restarts?: boolean): void;
  /** The limits on the node let it restart something now. */
  readonly mayRestart: boolean;
}

/** What settling starts from: an action that began, and whose end nobody wrote down. */
export interface Unsettled {
  readonly request: ActionRequest;
  /** As `begin` stored it. */
  readonly before: Measurements;
  /** Wall clock, milliseconds since the epoch. */
  readonly begunMs: number;
}

/** What an observation says beside what the door knows itself. */
export type Seen = Omit<Observation, 'node_id' | 'at' | 'busy' | 'restart_allowed_at'>;

/** Carries actions out. It is asked for one at a time, and for none twice. */
export interface Actuator {
  /** What it can do here, now: a verb that it does not name is refused. */
  verbs(): readonly Verb[];
  /** Refuses before it calls `begin`. What it throws counts as failed, or as unknown once it had begun. */
  carryOut(request: ActionRequest, progress: ActionProgress): Promise<ActionOutcome>;
  /** Tells what became of an action by looking. It does nothing. */
  settle(unsettled: Unsettled, note: (text: string) => void): Promise<ActionOutcome>;
  /** Looks afresh. */
  observe(): Promise<Seen>;
}

/** One action, as it is kept. */
export interface ActionRecord {
  /** SHA-256 over the RFC 8785 form of the request: a repeat is the same request, or is refused. */
  readonly digest: string;
  readonly request: ActionRequest;
  /** Since when it may have had an effect; null: it has none. ISO-8601. */
  readonly begunAt: string | null;
  /** It counts against the limits of restarts. */
  readonly restarts: boolean;
  readonly receipt: ActionReceipt;
}

/** Where actions are kept, durably: before they have an effect, and after. All methods throw what storage throws. */
export interface Receipts {
  /** Null: never taken. */
  get(actionId: string): ActionRecord | null;
  /** Returns once it would survive the end of the machine. */
  put(record: ActionRecord): void;
  /** Every record that can be read. */
  all(): readonly ActionRecord[];
  remove(actionId: string): void;
  /**
   * Since when everything that was taken is remembered. The first call says so, for good; where the records are lost, that is
   * lost with them, and begins anew. Milliseconds, never after `nowMs`.
   * @param nowMs wall clock
   */
  since(nowMs: number): number;
}
