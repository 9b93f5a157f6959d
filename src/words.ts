import { DRIFT_CATEGORIES } from '@openclaw-fleet/contract';
import type {
  Band,
  ChangeKind,
  Component,
  DriftCategory,
  DriftSeverity,
  HoldKind,
  LivenessState,
  PlaybookId,
  RunState,
  Trigger,
  Verdict,
  ViolationCode,
  ViolationSeverity,
} from '@openclaw-fleet/contract';
import { t } from './i18n.ts';

/** Words by name, translated once: a page may ask for one a thousand times, and each translation is a search. */
function inWords<Name extends string>(translate: () => Record<Name, string>): (name: Name) => string {
  let words: Record<Name, string> | null = null;
  return (name) => (words ??= translate())[name];
}

/** The words of the contract, as people read them. One place for each. */
export const bandWord = inWords<Band>(() => ({
  healthy: t('words.band.healthy', 'Healthy'),
  warning: t('words.band.warning', 'Warning'),
  degraded: t('words.band.degraded', 'Degraded'),
  critical: t('words.band.critical', 'Critical'),
  unknown: t('words.band.unknown', 'Unknown'),
}));

export const stateWord = inWords<LivenessState>(() => ({
  online: t('words.state.online', 'Online'),
  stale: t('words.state.stale', 'Stale'),
  expired: t('words.state.expired', 'Expired'),
  stopped: t('words.state.stopped', 'Stopped'),
  inactive: t('words.state.inactive', 'Inactive'),
  retired: t('words.state.retired', 'Retired'),
  unknown: t('words.state.unknown', 'Unknown'),
}));

export const severityWord = inWords<DriftSeverity | ViolationSeverity>(() => ({
  minor: t('words.severity.minor', 'Minor'),
  major: t('words.severity.major', 'Major'),
  warning: t('words.severity.warning', 'Warning'),
  high: t('words.severity.high', 'High'),
  critical: t('words.severity.critical', 'Critical'),
}));

export const verdictWord = inWords<Verdict>(() => ({
  normal: t('words.verdict.normal', 'Normal'),
  partial: t('words.verdict.partial', 'Partial disruption'),
  full: t('words.verdict.full', 'Full disruption'),
  blind: t('words.verdict.blind', 'Blind'),
}));

export const runStateWord = inWords<RunState>(() => ({
  pending_approval: t('words.run.pending-approval', 'Waits for approval'),
  approved: t('words.run.approved', 'Approved'),
  running: t('words.run.running', 'Running'),
  verifying: t('words.run.verifying', 'Verifying'),
  succeeded: t('words.run.succeeded', 'Succeeded'),
  failed: t('words.run.failed', 'Failed'),
  no_effect: t('words.run.no-effect', 'No effect'),
  rolled_back: t('words.run.rolled-back', 'Rolled back'),
  no_fault: t('words.run.no-fault', 'No fault found'),
  unreachable: t('words.run.unreachable', 'Unreachable'),
  denied: t('words.run.denied', 'Denied'),
  cancelled: t('words.run.cancelled', 'Cancelled'),
  expired: t('words.run.expired', 'Expired'),
  voided: t('words.run.voided', 'Voided'),
  blocked: t('words.run.blocked', 'Blocked'),
}));

export const driftWord = inWords<DriftCategory>(() => ({
  version: t('words.drift.version', 'Version'),
  config: t('words.drift.config', 'Configuration'),
  sync: t('words.drift.sync', 'Sync'),
  runtime: t('words.drift.runtime', 'Runtime'),
}));

export const violationWord = inWords<ViolationCode>(() => ({
  'version-behind': t('words.violation.version-behind', 'Version behind'),
  'version-below-minimum': t('words.violation.version-below-minimum', 'Version below the minimum'),
  'config-drift': t('words.violation.config-drift', 'Configuration drift'),
  'sync-lag-over-limit': t('words.violation.sync-lag-over-limit', 'Sync lag over the limit'),
  'runtime-error': t('words.violation.runtime-error', 'Runtime error'),
  'cpu-over-limit': t('words.violation.cpu-over-limit', 'CPU over the limit'),
  'memory-over-limit': t('words.violation.memory-over-limit', 'Memory over the limit'),
  'queue-depth-over-limit': t('words.violation.queue-depth-over-limit', 'Queue over the limit'),
  'failed-pushes-over-limit': t('words.violation.failed-pushes-over-limit', 'Failed pushes over the limit'),
  'job-failures-over-limit': t('words.violation.job-failures-over-limit', 'Job failures over the limit'),
  'required-tag-missing': t('words.violation.required-tag-missing', 'Required tag missing'),
  'required-capability-missing': t('words.violation.required-capability-missing', 'Required capability missing'),
  'score-below-minimum': t('words.violation.score-below-minimum', 'Score below the minimum'),
}));

export const componentWord = inWords<Component>(() => ({
  connectivity: t('words.component.connectivity', 'Connectivity'),
  sync: t('words.component.sync', 'Sync freshness'),
  policy: t('words.component.policy', 'Policy compliance'),
  runtime: t('words.component.runtime', 'Runtime health'),
  jobs: t('words.component.jobs', 'Job stability'),
}));

export const playbookWord = inWords<PlaybookId>(() => ({
  BridgeStuck: t('words.playbook.bridge-stuck', 'Restart a stuck gateway'),
  ConfigDrift: t('words.playbook.config-drift', 'Restore the configuration'),
  FailureBurst: t('words.playbook.failure-burst', 'Calm failing jobs'),
}));

export const triggerWord = inWords<Trigger>(() => ({
  manual: t('words.trigger.manual', 'A person'),
  automation: t('words.trigger.automation', 'Automation'),
  alertmanager: t('words.trigger.alertmanager', 'Alertmanager'),
  retry: t('words.trigger.retry', 'A retry'),
}));

/** A fault as repairs count it, such as `drift.config`. */
export function faultWord(fault: string): string {
  const [kind, code = ''] = fault.split('.');
  if (fault === 'none') return t('words.fault.none', 'No open fault');
  if (fault === 'liveness.expired') return t('words.fault.expired', 'No heartbeats');
  if (fault === 'anomaly.job-failures') return t('words.fault.burst', 'Burst of failing jobs');
  if (kind === 'drift' && isOneOf(DRIFT_CATEGORIES, code))
    return t('words.fault.drift', '{{category}} drift', { category: driftWord(code) });
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');
}

const isOneOf = <T extends string>(all: readonly T[], one: string): one is T =>
  (all as readonly string[]).includes(one);

export const holdWord = inWords<HoldKind>(() => ({
  pause: t('words.hold.pause', 'Pause'),
  cordon: t('words.hold.cordon', 'Cordon'),
  quarantine: t('words.hold.quarantine', 'Quarantine'),
  breaker: t('words.hold.breaker', 'Open breaker'),
}));

export const changeWord = inWords<ChangeKind>(() => ({
  liveness: t('words.change.liveness', 'Liveness'),
  report: t('words.change.report', 'Report'),
  health: t('words.change.health', 'Health'),
  drift: t('words.change.drift', 'Drift'),
  violation: t('words.change.violation', 'Violation'),
  policy: t('words.change.policy', 'Policy'),
  isolation: t('words.change.isolation', 'Isolation'),
  repair: t('words.change.repair', 'Repair'),
}));
