import type { DriftMode, JobsBlock, LivenessState, PlaybookId, Timings } from '@openclaw-fleet/contract';
import type { Fault } from '../../assessment/types.ts';
import { duration, percent } from '../../assessment/words.ts';
import type { RepairFault } from '../types.ts';
import { burstOf } from './anomaly.ts';
import { keysOfCondition, standsFor } from './conditions.ts';

/** Beats that must be missed before a silent target is acted on (domain-rules section 2). */
export const MISSED_BEATS = 3;
const HOUR = 3_600_000;
const RANK: Readonly<Record<RepairFault['severity'], number>> = {
  critical: 0,
  major: 1,
  high: 1,
  minor: 2,
  warning: 2,
};

/** What is looked at of a target. Times are milliseconds of our clock. */
export interface FaultySubject {
  readonly state: LivenessState;
  /** When its last accepted beat came; null: never. */
  readonly seenMs: number | null;
  readonly intervalMs: number;
  /** Open drifts and violations. */
  readonly faults: readonly Fault[];
  readonly jobs: JobsBlock | null;
  readonly bridged: boolean;
}

const keyOf = ({ kind, code }: Fault): string => `${kind}.${code}`;

/**
 * What a playbook is for at a target, the worst first, the oldest first among equals: open drifts and violations that have a
 * playbook, a silence that may be acted on, a burst of failures. A violation gives way to the drift or anomaly that stands
 * for the same condition.
 */
export function repairFaults(target: FaultySubject, nowMs: number, timings: Timings): RepairFault[] {
  const found: RepairFault[] = target.faults.flatMap((fault) => {
    if (fault.playbook === null || isSilence(fault, target)) return [];
    const { severity, playbook, openedMs, message } = fault;
    return [{ key: keyOf(fault), severity, playbook, openedMs, message }];
  });
  if (target.bridged) {
    const silence = silenceOf(target, nowMs, timings);
    if (silence !== null) found.push(silence);
    const failures = failuresOf(target, found);
    if (failures !== null) found.push(failures);
  }
  if (found.length < 2) return found;
  const keys = new Set(found.map(({ key }) => key));
  return found.filter(({ key }) => !keys.has(standsFor(key) ?? '')).sort(worstFirst);
}

function worstFirst(a: RepairFault, b: RepairFault): number {
  const byRank = RANK[a.severity] - RANK[b.severity];
  if (byRank !== 0) return byRank;
  return a.openedMs - b.openedMs || (a.key < b.key ? -1 : 1);
}

/**
 * A lag that opened with no beat since is no more than that silence, which is acted on by its own rule: sooner, its severity
 * would have automation restart the bridge after 3 min, and never after 6.
 */
function isSilence(fault: Fault, { bridged, seenMs }: FaultySubject): boolean {
  if (!bridged || seenMs === null || fault.openedMs <= seenMs) return false;
  return keysOfCondition('drift.sync').includes(keyOf(fault));
}

/** Acting on an expiry needs 3 missed beats and at least 300 s (domain-rules section 2). */
function silenceOf({ state, seenMs, intervalMs }: FaultySubject, nowMs: number, timings: Timings): RepairFault | null {
  if (state !== 'expired' || seenMs === null) return null;
  const openedMs = seenMs + timings.grace + Math.max(MISSED_BEATS * intervalMs, timings.expiryActAfter);
  if (nowMs < openedMs) return null;
  return {
    key: 'liveness.expired',
    severity: 'minor',
    playbook: 'BridgeStuck',
    openedMs,
    message: `No heartbeat came for ${duration(nowMs - seenMs)}; one is due every ${duration(intervalMs)}.`,
  };
}

function failuresOf({ jobs, seenMs }: FaultySubject, found: readonly RepairFault[]): RepairFault | null {
  const burst = burstOf(jobs);
  if (burst === null || jobs === null || seenMs === null) return null;
  const violation = found.find(({ key }) => standsFor(key) === 'anomaly.job-failures');
  return {
    key: 'anomaly.job-failures',
    severity: 'minor',
    playbook: 'FailureBurst',
    // Nobody notes when a burst began; it is as old as the hour that shows it.
    openedMs: violation?.openedMs ?? seenMs - HOUR,
    message: `${jobs.failures_1h} of ${jobs.results_1h} job results of the last hour failed, and ${percent(100 * burst.baseline, 'up')} of those of the 23 hours before.`,
  };
}

/**
 * Every open drift and violation as `drift.config`, or `drift.config:critical`, in order: what a plan's digest holds of them.
 * A violation that says what an open drift says is left out.
 */
export function openFaultKeys(faults: readonly Fault[]): string[] {
  const keys = new Set(faults.map(keyOf));
  return faults
    .filter((fault) => !keys.has(standsFor(keyOf(fault)) ?? ''))
    .map((fault) => (fault.severity === 'critical' ? `${keyOf(fault)}:critical` : keyOf(fault)))
    .sort();
}

/** The worst fault that a playbook is for; null: there is none. @param faults as `repairFaults` gives them */
export function faultFor(playbook: PlaybookId, faults: readonly RepairFault[]): RepairFault | null {
  return faults.find((fault) => fault.playbook === playbook) ?? null;
}

/** Whether automation may act on a fault: a minor one, or major config drift under `ApplyAndAutoCorrect` (domain-rules section 6). */
export function isLowRisk({ key, severity }: Pick<RepairFault, 'key' | 'severity'>, driftMode: DriftMode): boolean {
  if (severity === 'minor' || severity === 'warning') return true;
  return key === 'drift.config' && severity === 'major' && driftMode === 'ApplyAndAutoCorrect';
}

/** Whether an action on a fault needs an approval whatever else is so. */
export function isCritical({ severity }: Pick<RepairFault, 'severity'>): boolean {
  return severity === 'critical';
}
