import { isEnded, type Plan, type Run } from '@openclaw-fleet/contract';
import type { RemediationChange } from '../../storage/types.ts';
import type { Requester } from '../types.ts';

/** One person's word about a plan, as it was said, whatever became of it. */
export interface Said {
  readonly planId: string;
  readonly person: string | null;
  readonly what: 'approve' | 'deny' | 'break-glass';
  /** They named the digest of the plan, or none. */
  readonly meantIt: boolean;
  readonly atMs: number;
}

/** A run as the journal has followed it. */
export interface Followed {
  run: Run;
  readonly planId: string;
  readonly createdMs: number;
  startedMs: number | null;
  endedMs: number | null;
  /** Verbs that a bridge carried out for it. */
  verbs: number;
}

export interface PlanSeen {
  readonly plan: Plan;
  /** Who asked, as a person. */
  readonly requester: string | null;
}

const STANDS_FOR: Readonly<Record<string, string>> = {
  'violation.config-drift': 'drift.config',
  'violation.sync-lag-over-limit': 'drift.sync',
  'violation.runtime-error': 'drift.runtime',
  'violation.job-failures-over-limit': 'anomaly.job-failures',
};

/** One condition under each of its names. */
export function condition(fault: string): string {
  return STANDS_FOR[fault] ?? fault;
}

/**
 * What happened, told from what was stored and what was said and done, and from nothing that remediation thinks of it. Holds
 * and limits are counted here anew.
 */
export class Journal {
  readonly runs = new Map<string, Followed>();
  readonly plans = new Map<string, PlanSeen>();
  readonly said: Said[] = [];
  fleetPaused = false;
  readonly paused = new Set<string>();
  readonly cordoned = new Set<string>();
  readonly retired = new Set<string>();
  /** When a quarantine of a target and condition, by `key`, was last ended. */
  readonly cleared = new Map<string, number>();
  readonly quarantined = new Set<string>();
  /** Ends of a playbook on a fault, oldest first, since its breaker was last closed. */
  readonly ends = new Map<string, string[]>();
  readonly breakers = new Set<string>();
  onCreated: (followed: Followed) => void = () => undefined;
  onBegan: (followed: Followed) => void = () => undefined;
  onEnded: (followed: Followed) => void = () => undefined;

  static key(targetId: string, fault: string): string {
    return `${targetId} ${condition(fault)}`;
  }

  /** Takes what was stored. */
  stored({ plans, runs }: RemediationChange, nowMs: number): void {
    for (const { id, doc } of plans) {
      const { plan, requester } = JSON.parse(doc) as { plan: Plan; requester: Requester };
      this.plans.set(id, { plan, requester: requester.person });
    }
    for (const { doc } of runs) this.#run((JSON.parse(doc) as { run: Run }).run, nowMs);
  }

  #run(run: Run, nowMs: number): void {
    const known = this.runs.get(run.id);
    if (known === undefined) {
      const followed: Followed = {
        run,
        planId: run.planId,
        createdMs: nowMs,
        startedMs: null,
        endedMs: isEnded(run.state) ? nowMs : null,
        verbs: 0,
      };
      this.runs.set(run.id, followed);
      this.onCreated(followed);
      return;
    }
    const before = known.run.state;
    known.run = run;
    if (before === run.state) return;
    if (run.state === 'running') {
      known.startedMs = nowMs;
      this.onBegan(known);
    }
    if (!isEnded(run.state)) return;
    known.endedMs = nowMs;
    this.#counted(known, nowMs);
    this.onEnded(known);
  }

  /** Quarantines and breakers, by the rule as it is written (domain-rules section 6). */
  #counted({ run, verbs }: Followed, nowMs: number): void {
    const key = Journal.key(run.targetId, run.fault);
    if (verbs > 0 && run.state !== 'succeeded' && this.attempts(run.targetId, run.fault, nowMs).length >= 3) {
      this.quarantined.add(key);
    }
    if (!['succeeded', 'failed', 'no_effect', 'rolled_back'].includes(run.state)) return;
    const subject = `${run.playbook} ${run.fault}`;
    const ends = [...(this.ends.get(subject) ?? []), run.state].slice(-20);
    this.ends.set(subject, ends);
    const good = ends.filter((state) => state === 'succeeded').length;
    if (ends.length >= 5 && good < ends.length / 2) this.breakers.add(subject);
  }

  /** Runs on a target's condition for which a bridge did something, that count at this instant. */
  attempts(targetId: string, fault: string, nowMs: number): Followed[] {
    const sinceMs = Math.max(nowMs - 24 * 3_600_000, this.cleared.get(Journal.key(targetId, fault)) ?? -Infinity);
    return this.of(targetId, fault).filter(({ verbs, endedMs }) => verbs > 0 && (endedMs ?? Infinity) > sinceMs);
  }

  /** Runs on a target's condition, oldest first. */
  of(targetId: string, fault: string): Followed[] {
    return [...this.runs.values()].filter(
      ({ run }) => run.targetId === targetId && condition(run.fault) === condition(fault)
    );
  }

  ofPlan(planId: string): Followed[] {
    return [...this.runs.values()].filter((one) => one.planId === planId);
  }

  clear(targetId: string, nowMs: number, fault: string | null = null): void {
    for (const key of new Set([
      ...this.quarantined,
      ...[...this.runs.values()].map(({ run }) => Journal.key(run.targetId, run.fault)),
    ])) {
      if (!key.startsWith(`${targetId} `) || (fault !== null && key !== Journal.key(targetId, fault))) continue;
      this.quarantined.delete(key);
      this.cleared.set(key, nowMs);
    }
  }

  close(subject: string): void {
    this.breakers.delete(subject);
    this.ends.delete(subject);
  }

  /** Targets with a run in flight. */
  inFlight(): Set<string> {
    const flying = [...this.runs.values()].filter(({ run }) => run.state === 'running' || run.state === 'verifying');
    return new Set(flying.map(({ run }) => run.targetId));
  }
}
