import type { Run, RunState, RunStep } from '@openclaw-fleet/contract';
import type {
  Actor,
  AuditEntry,
  HoldRow,
  IdempotencyRow,
  NewChange,
  NewEvent,
  RemediationChange,
} from '../storage/types.ts';
import { planRow, runRow, type PlanRecord, type RunRecord } from './records.ts';
import { assertTransition, isEnded } from './run-machine.ts';

/** The collector itself, as the audit names it. */
export const SYSTEM: Actor = { name: 'system', via: 'system' };

/** How a target is called, for events. */
export interface Named {
  readonly name: string;
  readonly zone: string;
  readonly owner: string | null;
}

/** One transition, or several that belong together, before they are stored. Later words on the same thing replace earlier ones. */
export class Draft {
  readonly nowMs: number;
  readonly plans = new Map<string, PlanRecord>();
  readonly runs = new Map<string, RunRecord>();
  readonly #named: (targetId: string) => Named;
  readonly #steps = new Map<string, { runId: string; step: RunStep }>();
  readonly #putHolds: HoldRow[] = [];
  readonly #dropHolds: Pick<HoldRow, 'kind' | 'targetId' | 'subject'>[] = [];
  readonly #idempotency: IdempotencyRow[] = [];
  readonly #events: NewEvent[] = [];
  readonly #timeline: NewChange[] = [];
  readonly #audit: AuditEntry[] = [];
  /** What else happens once it is stored. */
  readonly #after: (() => void)[] = [];

  constructor(nowMs: number, named: (targetId: string) => Named) {
    this.nowMs = nowMs;
    this.#named = named;
  }

  get at(): string {
    return new Date(this.nowMs).toISOString();
  }

  plan(record: PlanRecord): void {
    this.plans.set(record.plan.id, record);
  }

  /** Puts a run as it is to be, with those of its steps that changed. */
  run(record: RunRecord, changed: readonly RunStep[] = []): RunRecord {
    const next = { ...record, run: { ...record.run, updatedAt: this.at } };
    this.runs.set(next.run.id, next);
    for (const step of changed) this.#steps.set(`${next.run.id} ${step.index}`, { runId: next.run.id, step });
    return next;
  }

  /** A run that was not there: tells of it as of a transition. @param because what it was asked for with */
  create(record: RunRecord, plan: PlanRecord, actor: Actor, because = plan.plan.reason): void {
    const next = this.run(record, record.steps);
    this.#tell(next.run, null, plan, actor, because);
  }

  /**
   * A run's next state, with its event, its timeline's entry and its audit record.
   * @param reason why, in words
   * @param because what the one who did it said, where somebody did
   */
  transition(
    record: RunRecord,
    plan: PlanRecord,
    to: RunState,
    reason: string,
    by: { readonly actor: Actor; readonly because: string | null } = { actor: SYSTEM, because: null },
    changes: Partial<Run> = {}
  ): RunRecord {
    const before = record.run.state;
    assertTransition(before, to);
    const ended = isEnded(to) ? { endedAt: this.at, refusal: changes.refusal ?? null } : {};
    const next = this.run({ ...record, run: { ...record.run, ...changes, ...ended, state: to, reason } });
    this.#tell(next.run, before, plan, by.actor, by.because);
    return next;
  }

  #tell(run: Run, before: RunState | null, { plan }: PlanRecord, actor: Actor, because: string | null): void {
    const { id: runId, planId, batchId, playbook, fault, state, reason, trigger, breakGlass, targetId } = run;
    const data = { runId, planId, batchId, playbook, fault, before, state, reason, trigger, breakGlass };
    const named = this.#named(targetId);
    this.#events.push({
      name: 'remediation-status',
      targetId,
      atMs: this.nowMs,
      data: { ...data, targetId, at: this.at, ...named },
    });
    this.note(targetId, summaryOf(run), actor, because, data);
    const refusal = run.refusal?.reason ?? null;
    this.audit(actor, `remediation.${state}`, runId, because ?? reason, {
      ...data,
      targetId,
      digest: plan.digest,
      attempt: run.attempt,
      refusal,
    });
  }

  /** An entry of a target's timeline. */
  note(nodeId: string, summary: string, actor: Actor, reason: string | null, data: Record<string, unknown> = {}): void {
    const who = actor.via === 'system' ? null : actor.name;
    this.#timeline.push({ nodeId, atMs: this.nowMs, kind: 'repair', summary, actor: who, reason, data });
  }

  audit(actor: Actor, action: string, subject: string, reason: string | null, data: Record<string, unknown>): void {
    this.#audit.push({ actor, action, subject, reason, atMs: this.nowMs, data });
  }

  putHold(row: HoldRow): void {
    this.#putHolds.push(row);
  }

  dropHold(key: Pick<HoldRow, 'kind' | 'targetId' | 'subject'>): void {
    this.#dropHolds.push(key);
  }

  idempotent(row: IdempotencyRow): void {
    this.#idempotency.push(row);
  }

  then(effect: () => void): void {
    this.#after.push(effect);
  }

  get empty(): boolean {
    const lists = [this.#putHolds, this.#dropHolds, this.#idempotency, this.#audit, this.#events, this.#timeline];
    return this.plans.size === 0 && this.runs.size === 0 && lists.every((list) => list.length === 0);
  }

  /** For storage: each run as the revision after the one it was read at. */
  change(): RemediationChange {
    return {
      plans: [...this.plans.values()].map(planRow),
      runs: [...this.runs.values()].map((record) => runRow({ ...record, rev: record.rev + 1 })),
      steps: [...this.#steps.values()].map(({ runId, step }) => ({
        runId,
        index: step.index,
        doc: JSON.stringify(step),
      })),
      putHolds: this.#putHolds,
      dropHolds: this.#dropHolds,
      idempotency: this.#idempotency,
      events: this.#events,
      timeline: this.#timeline,
      audit: this.#audit,
    };
  }

  /** Once it is stored. */
  done(): void {
    for (const effect of this.#after) effect();
  }
}

const VERBS: Readonly<Record<RunState, string>> = {
  pending_approval: 'waits for approval',
  approved: 'is approved',
  running: 'began',
  verifying: 'is being verified',
  succeeded: 'succeeded',
  failed: 'failed',
  no_effect: 'had no effect',
  rolled_back: 'was rolled back',
  no_fault: 'found no fault',
  unreachable: 'reached nobody',
  denied: 'was denied',
  cancelled: 'was cancelled',
  expired: 'expired',
  voided: 'is void',
  blocked: 'was held back',
};

function summaryOf({ playbook, state, reason, breakGlass }: Run): string {
  return `${playbook} ${VERBS[state]}${breakGlass ? ' (break-glass)' : ''}: ${reason}`;
}
