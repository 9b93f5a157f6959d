/** One matcher of a silence, as Alertmanager writes it. */
export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  /** Absent: true, as before Alertmanager 0.22. */
  readonly isEqual?: boolean | undefined;
}

/** A silence that there is in Alertmanager. Times in milliseconds since the epoch. */
export interface Silence {
  readonly id: string;
  readonly state: 'active' | 'pending' | 'expired';
  readonly createdBy: string;
  readonly comment: string;
  readonly matchers: readonly Matcher[];
  readonly startsMs: number;
  readonly endsMs: number;
  readonly updatedMs: number;
}

/** A silence to be made, or to be changed where `id` names one. */
export interface SilenceDraft {
  readonly id: string | null;
  readonly createdBy: string;
  readonly comment: string;
  readonly matchers: readonly Matcher[];
  readonly startsMs: number;
  readonly endsMs: number;
}

/** A repair that acts on a target now. */
export interface ActingRun {
  readonly id: string;
  readonly targetId: string;
  /** What people call the target. The node chose it. */
  readonly name: string;
  /** Where the run is looked at. */
  readonly url: string;
}

/** One Alertmanager that answered. Each call throws AlertmanagerError. */
export interface AlertmanagerSession {
  /** Those by `openclaw-fleet` with two matchers, one of them `kind="symptom"`, when it was asked; ended ones too. */
  readonly silences: readonly Silence[];
  put(draft: SilenceDraft): Promise<void>;
  /** Ends it now. One that is gone already is no error. */
  expire(id: string): Promise<void>;
}

export interface Alertmanager {
  /** Asks one after the other until one answers. @throws AlertmanagerError when none does, with what each said */
  open(): Promise<AlertmanagerSession>;
  /** Ends what is under way. */
  close(): void;
}

/** What Alertmanager was asked failed. The message holds no secret. */
export class AlertmanagerError extends Error {
  override readonly name = 'AlertmanagerError';
  /** There was no answer, so that nothing else will get one now. */
  readonly unreachable: boolean;

  constructor(message: string, unreachable: boolean) {
    super(message);
    this.unreachable = unreachable;
  }
}
