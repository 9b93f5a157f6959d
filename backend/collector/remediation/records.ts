import type { ActionRequest, BATCH_STATES, Observation, Plan, Run, RunStep } from '@openclaw-fleet/contract';
import { StorageError, type Actor, type PlanRow, type RunRow, type StepRow } from '../storage/types.ts';
import type { Ending, StepOutcome } from './playbooks/types.ts';
import type { Requester } from './types.ts';

/** A plan as remediation keeps it. Never changed in place. */
export interface PlanRecord {
  readonly plan: Plan;
  readonly requester: Requester;
  /** When it had every approval it needs; null: not yet. Milliseconds. */
  readonly approvedMs: number | null;
  /** Null: a plan of one run. */
  readonly batch: BatchStanding | null;
}
export type BatchState = (typeof BATCH_STATES)[number];
export interface BatchStanding {
  readonly state: BatchState;
  readonly reason: string;
  /** Automatic runs for one fault join it while it is open. */
  readonly fault: string;
}

/** One step of a run, by the playbook's id of it. */
export interface Place {
  readonly id: string;
  readonly item: string | null;
  readonly rollback: boolean;
}

/** How far a step has come; everything that a restart needs to go on with it. Times in milliseconds of our clock. */
export interface StepWork {
  readonly startedMs: number;
  /** It is over then. */
  readonly deadlineMs: number;
  /** What was asked of the bridge, exactly: it is sent again as it is, never another one. */
  readonly request: ActionRequest | null;
  readonly baseline: Observation | null;
}

/** What the executor needs to go on with a run, stored with it. */
export interface Work {
  /** All of its steps that are known, in order; those for each job follow from the witness. */
  readonly places: readonly Place[];
  /** The place of the step that is under way, or next. */
  readonly cursor: number;
  /** Null: it is still to begin. */
  readonly step: StepWork | null;
  readonly done: readonly StepOutcome[];
  readonly before: Observation | null;
  readonly latest: Observation | null;
  readonly face: string | null;
  readonly jobs: readonly string[];
  /** A verb was sent, or may have been. */
  readonly acted: boolean;
  /** Who asked for its end. */
  readonly stoppedBy: { readonly actor: Actor; readonly reason: string } | null;
  /** How it will end once its rollback is through; null: it goes forward. */
  readonly ending: Ending | null;
}

/** A run as remediation keeps it. Never changed in place. */
export interface RunRecord {
  readonly run: Run;
  readonly rev: number;
  readonly work: Work;
  readonly steps: readonly RunStep[];
}

export const NO_WORK: Work = {
  places: [],
  cursor: 0,
  step: null,
  done: [],
  before: null,
  latest: null,
  face: null,
  jobs: [],
  acted: false,
  stoppedBy: null,
  ending: null,
};

export function planRow({ plan, requester, approvedMs, batch }: PlanRecord): PlanRow {
  return {
    id: plan.id,
    createdMs: Date.parse(plan.createdAt),
    doc: JSON.stringify({ plan, requester, approvedMs, batch }),
  };
}

/** What was stored before names were kept has none. */
export function planOf(row: PlanRow): PlanRecord {
  return parsed<PlanRecord>(row.doc, `Plan ${row.id}`, ['plan', 'requester'], (record) => {
    const { requestedByName, approvals } = record.plan;
    const named = approvals.map((each) => ({ ...each, name: each.name ?? null }));
    return { ...record, plan: { ...record.plan, requestedByName: requestedByName ?? null, approvals: named } };
  });
}

export function runRow({ run, rev, work }: RunRecord): RunRow {
  const { id, planId, batchId, targetId, playbook, fault, trigger, state } = run;
  return {
    id,
    planId,
    batchId,
    targetId,
    playbook,
    fault,
    trigger,
    state,
    rev,
    createdMs: Date.parse(run.createdAt),
    endedMs: run.endedAt === null ? null : Date.parse(run.endedAt),
    doc: JSON.stringify({ run, work }),
  };
}

/** As planOf. */
export function runOf(row: RunRow, steps: readonly StepRow[]): RunRecord {
  const { run, work } = parsed<Pick<RunRecord, 'run' | 'work'>>(row.doc, `Run ${row.id}`, ['run', 'work']);
  const sorted = [...steps].sort((a, b) => a.index - b.index);
  return {
    run: { ...run, requestedByName: run.requestedByName ?? null },
    rev: row.rev,
    work,
    steps: sorted.map(({ doc }) => parsed<RunStep>(doc, `A step of run ${row.id}`)),
  };
}

/** What is stored was written by this file; what does not parse, or lacks a part, was changed by somebody else. */
function parsed<T>(
  doc: string,
  what: string,
  parts: readonly string[] = [],
  read: (value: T) => T = (value) => value
): T {
  try {
    const value: unknown = JSON.parse(doc);
    if (typeof value !== 'object' || value === null) throw new TypeError('no object');
    const has = new Map(Object.entries(value));
    if (parts.some((part) => typeof has.get(part) !== 'object' || has.get(part) === null)) throw new TypeError('parts');
    return read(value as T);
  } catch {
    throw new StorageError(`${what} cannot be read: its stored text is damaged. Restore the database from a backup.`);
  }
}
