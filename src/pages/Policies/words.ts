import type { DriftMode } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import type { FieldName, NumberField } from './form/fields.ts';

/** What the fleet does about drift by itself, in short. */
export const driftModeWord = (mode: DriftMode): string =>
  ({
    Audit: t('policies.mode.audit', 'Report only'),
    ApplyAndMonitor: t('policies.mode.monitor', 'People repair'),
    ApplyAndAutoCorrect: t('policies.mode.auto', 'Repairs by itself'),
  })[mode];

export const driftModeText = (mode: DriftMode): string =>
  ({
    Audit: t('policies.mode.audit-text', 'Drift is reported. Nothing is repaired by itself (Audit).'),
    ApplyAndMonitor: t(
      'policies.mode.monitor-text',
      'Drift is reported, and people repair it. Nothing is repaired by itself (ApplyAndMonitor).'
    ),
    ApplyAndAutoCorrect: t(
      'policies.mode.auto-text',
      'Minor drift, and configurations that differ, are repaired by automation. A person decides the rest (ApplyAndAutoCorrect).'
    ),
  })[mode];

export const unitWord = (unit: NumberField['unit']): string =>
  ({
    seconds: t('policies.unit.seconds', 's'),
    percent: t('policies.unit.percent', '%'),
    MiB: t('policies.unit.mib', 'MiB'),
    count: '',
    points: t('policies.unit.points', 'points'),
  })[unit];

/** Names of a policy's fields, as people read them. */
export const fieldWord = (name: FieldName): string =>
  ({
    name: t('policies.field.name', 'Name'),
    description: t('policies.field.description', 'Description'),
    owner: t('policies.field.owner', 'Owner'),
    driftMode: t('policies.field.drift-mode', 'What happens about drift'),
    'desired.allowAutoRemediation': t('policies.field.auto', 'Automation may repair'),
    'desired.bridgeVersion': t('policies.field.version', 'Bridge version'),
    minimumBridgeVersion: t('policies.field.minimum', 'Lowest bridge version'),
    'desired.configRevision': t('policies.field.revision', 'Configuration'),
    unknownConfigSeverity: t('policies.field.unknown-config', 'A configuration that nobody issued is'),
    'desired.maxSyncLagMs': t('policies.field.sync', 'Longest sync lag'),
    'desired.requiredCapabilities': t('policies.field.capabilities', 'Required capabilities'),
    requireSignature: t('policies.field.signature', 'Signed heartbeats required'),
    'limits.cpuPct': t('policies.field.cpu', 'CPU'),
    'limits.memUsedBytes': t('policies.field.memory', 'Memory'),
    'limits.queueDepth': t('policies.field.queue', 'Queued jobs'),
    'limits.failedPushes1h': t('policies.field.pushes', 'Failed pushes in an hour'),
    'limits.jobFailureRatio': t('policies.field.jobs', 'Failed jobs of an hour'),
    'limits.minimumScore': t('policies.field.score', 'Lowest health score'),
    requiredTags: t('policies.field.tags', 'Required tags'),
    'guardrails.automation': t('policies.field.automation', 'Automation may act on these targets'),
    'guardrails.attempts': t('policies.field.attempts', 'Attempts on one fault in 24 hours'),
    'guardrails.inFlightShare': t('policies.field.in-flight-share', 'Share of targets under repair at once'),
    'guardrails.inFlightMost': t('policies.field.in-flight-most', 'Targets under repair at once'),
    'guardrails.blastShare': t('policies.field.blast-share', 'Share that may fail in an hour before automation stops'),
    'guardrails.planMost': t('policies.field.plan-most', 'Targets of one plan'),
    'guardrails.criticalTwo': t('policies.field.critical-two', 'Critical targets above which two must approve'),
    'guardrails.breakerRate': t('policies.field.breaker-rate', 'Success rate below which a playbook stops'),
    'guardrails.breakerLeast': t('policies.field.breaker-least', 'Runs before a playbook is judged'),
    'guardrails.witnessAsks': t('policies.field.witness-asks', 'Times a bridge is asked before a repair'),
  })[name];

/** What a field is for, where its name does not say enough; empty: it does. */
export const fieldHint = (name: FieldName): string =>
  (
    ({
      owner: t('policies.hint.owner', 'The team that alerts of its targets name.'),
      'desired.allowAutoRemediation': t(
        'policies.hint.auto',
        'Off keeps automation away, whatever happens about drift. On has an effect only where targets repair by themselves.'
      ),
      'desired.bridgeVersion': t('policies.hint.version', 'Such as 1.4.0. Empty: any version will do.'),
      minimumBridgeVersion: t(
        'policies.hint.minimum',
        'A bridge below it is critical drift, and its target is isolated. Empty: the default of the collector.'
      ),
      'desired.configRevision': t(
        'policies.hint.revision',
        'What gateways should run. Empty: any configuration will do.'
      ),
      unknownConfigSeverity: t('policies.hint.unknown-config', 'Such as an edit on the node itself.'),
      'desired.maxSyncLagMs': t(
        'policies.hint.sync',
        'How old the last state of a gateway may be. Empty: the default of the collector.'
      ),
      'desired.requiredCapabilities': t(
        'policies.hint.capabilities',
        'What a bridge must be able to do, such as restart or reload.'
      ),
      requireSignature: t('policies.hint.signature', 'Heartbeats without a signature of their own are refused.'),
      requiredTags: t('policies.hint.tags', 'Tags that a target must have, such as env:production.'),
    }) as Partial<Record<FieldName, string>>
  )[name] ?? '';
