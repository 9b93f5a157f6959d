import type { DriftSeverity, ViolationSeverity } from '@openclaw-fleet/contract';

const PROMETHEUS: Readonly<Record<DriftSeverity | ViolationSeverity, 'info' | 'warning' | 'critical'>> = {
  minor: 'info',
  major: 'warning',
  warning: 'warning',
  high: 'warning',
  critical: 'critical',
};

/** Labels of a severity: `severity` as alerting knows it, and the fleet's own word (domain-rules section 5). */
export const SEVERITY_LABELS = ['severity', 'seed_severity'] as const;

/** The values of SEVERITY_LABELS for a drift's or a violation's severity. */
export function severityLabels(
  severity: DriftSeverity | ViolationSeverity
): Readonly<Record<(typeof SEVERITY_LABELS)[number], string>> {
  return { severity: PROMETHEUS[severity], seed_severity: severity };
}
