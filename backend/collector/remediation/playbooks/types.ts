import type {
  ActionRefusal,
  Instruction,
  Observation,
  PlannedTarget,
  PlaybookId,
  ReceiptState,
  RunState,
  Timings,
  Verb,
} from '@openclaw-fleet/contract';

/** What became of one step, for the steps after it. */
export interface StepOutcome {
  readonly id: string;
  /** The job it was for, where it is done for one job after the other. */
  readonly item: string | null;
  readonly state: 'succeeded' | 'failed' | 'skipped';
  /** Of a verb: what the bridge said; null where no receipt came. */
  readonly receipt: { readonly state: ReceiptState; readonly refusal: ActionRefusal | null } | null;
  /** What a soak measured as it began. */
  readonly baseline: Observation | null;
}

/** What a step looks at when it decides what to ask, and whether it holds. Pure data: the same context, the same answer. */
export interface StepContext {
  readonly target: PlannedTarget;
  readonly fault: string;
  readonly timings: Timings;
  /** What the bridge saw before the first verb. */
  readonly before: Observation;
  /** What it saw last. */
  readonly latest: Observation;
  /** What of the target is to be repaired, by the second witness: the face of BridgeStuck; null where there is one alone. */
  readonly face: string | null;
  /** The jobs that the second witness named, in order. */
  readonly jobs: readonly string[];
  /** The job this step is for. */
  readonly item: string | null;
  /** The steps so far, in order. */
  readonly done: readonly StepOutcome[];
}

/** What a look says: it holds, it does not hold yet, or it never will. */
export type Judgement =
  | { readonly is: 'holds'; readonly words: string }
  | { readonly is: 'not-yet'; readonly words: string }
  | { readonly is: 'failed'; readonly words: string };

/** What is asked of the bridge, or why nothing is. */
export type Ask =
  | { readonly instruction: Instruction; readonly gatewayBootId: string | null; readonly words: string }
  | { readonly skip: string };

interface Base {
  /** Its name in the playbook. */
  readonly id: string;
  /** `context.item` goes in for `{item}`. */
  readonly title: string;
  /** Done for each job that the witness named, one after the other, together with its neighbours that say so too. */
  readonly each?: true;
}
/** Asks the second witness. */
interface WitnessStep extends Base {
  readonly does: 'witness';
}
/** Asks the bridge to do one thing, at most once. */
export interface VerbStep extends Base {
  readonly does: 'verb';
  readonly verb: Verb;
  /** Looks afresh before it decides what to ask. */
  readonly looks?: true;
  ask(context: StepContext): Ask;
  /** How long its outcome is waited for. Milliseconds. */
  timeout(timings: Timings): number;
  /** The run goes on when it fails: nothing depends on it. */
  readonly optional?: true;
}
/** Looks until it holds. */
export interface VerifyStep extends Base {
  readonly does: 'verify';
  judge(context: StepContext): Judgement;
  /** Within which it must hold; 0: one look decides. Milliseconds. */
  timeout(timings: Timings): number;
}
/** Measures, and waits. */
export interface SoakStep extends Base {
  readonly does: 'soak';
  wait(timings: Timings): number;
}
/** The condition stays clear (domain-rules section 6: success is not that the command returned). */
interface ClearStep extends Base {
  readonly does: 'clear';
  /** How long it may take to become clear; then it must stay so for `verifyClear`. Milliseconds. */
  settle(timings: Timings): number;
}
/** Writes down what it was and what it is. */
interface RecordStep extends Base {
  readonly does: 'record';
}
export type PlaybookStep = WitnessStep | VerbStep | VerifyStep | SoakStep | ClearStep | RecordStep;

/** One playbook, as data: what is done in which order, how it is verified, what is undone. */
export interface Playbook {
  readonly id: PlaybookId;
  /** For a person: what it does. */
  readonly summary: string;
  /** Under the runbook's address. */
  readonly anchor: string;
  readonly steps: readonly PlaybookStep[];
  /** Carried out when a run that has used a verb is cancelled or fails; each skips itself where there is nothing to undo. */
  readonly rollback: readonly VerbStep[];
  /** The verbs with the parameters that are known when it is planned, for the plan and its digest. */
  actions(target: Pick<PlannedTarget, 'desiredRevision' | 'desiredConfigHash'> | null): {
    readonly verb: Verb;
    readonly parameters: Record<string, unknown>;
  }[];
}

/** How a run ends that a step ended. */
export interface Ending {
  readonly state: RunState;
  readonly reason: string;
}
