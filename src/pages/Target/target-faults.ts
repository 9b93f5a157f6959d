import type {
  DriftRecord,
  DriftSeverity,
  PlaybookId,
  PolicyViolation,
  ViolationCode,
  ViolationSeverity,
} from '@openclaw-fleet/contract';

/** What is open on a target, drift or violation, in one form. */
export interface OpenFault {
  /** Such as `drift.config`. */
  readonly key: string;
  /** What repairs count it by, and a quarantine names: a violation may say again what a drift says. */
  readonly condition: string;
  readonly severity: DriftSeverity | ViolationSeverity;
  readonly since: string;
  /** In words, for a person. */
  readonly text: string;
  readonly playbook: PlaybookId | null;
}

const RANK: Record<OpenFault['severity'], number> = { critical: 2, major: 1, high: 1, minor: 0, warning: 0 };

/** Violations that stand for what repairs call by another name. */
const CONDITIONS: Partial<Record<ViolationCode, string>> = {
  'config-drift': 'drift.config',
  'sync-lag-over-limit': 'drift.sync',
  'runtime-error': 'drift.runtime',
  'job-failures-over-limit': 'anomaly.job-failures',
};

/** The worst first, and among equals the oldest; resolved ones are left out. */
export function openFaults(drift: readonly DriftRecord[], violations: readonly PolicyViolation[]): OpenFault[] {
  const found = [
    ...drift
      .filter(({ resolvedAt }) => resolvedAt === null)
      .map((each): OpenFault => ({
        key: `drift.${each.category}`,
        condition: `drift.${each.category}`,
        severity: each.severity,
        since: each.detectedAt,
        text: each.reason,
        playbook: each.suggestedPlaybookId ?? null,
      })),
    ...violations
      .filter(({ resolvedAt }) => resolvedAt === null)
      .map((each): OpenFault => ({
        key: `violation.${each.code}`,
        condition: CONDITIONS[each.code] ?? `violation.${each.code}`,
        severity: each.severity,
        since: each.createdAt,
        text: each.message,
        playbook: each.suggestedPlaybookId ?? null,
      })),
  ];
  return found.sort((a, b) => RANK[b.severity] - RANK[a.severity] || Date.parse(a.since) - Date.parse(b.since));
}
