import { t } from '../../i18n.ts';
import type { FieldName } from './form/fields.ts';

export interface FieldGroup {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly fields: readonly FieldName[];
}

/** The fields of a policy as they are read and edited together. */
export const fieldGroups = (): readonly FieldGroup[] => [
  {
    id: 'drift',
    title: t('policies.group.drift', 'Drift'),
    hint: t('policies.group.drift-hint', 'What the fleet does when a target is not as it should be.'),
    fields: ['driftMode', 'desired.allowAutoRemediation', 'unknownConfigSeverity'],
  },
  {
    id: 'desired',
    title: t('policies.group.desired', 'Desired state'),
    hint: t('policies.group.desired-hint', 'What a target should be. A target’s own desired state outranks it.'),
    fields: [
      'desired.bridgeVersion',
      'minimumBridgeVersion',
      'desired.configRevision',
      'desired.maxSyncLagMs',
      'desired.requiredCapabilities',
      'requireSignature',
    ],
  },
  {
    id: 'limits',
    title: t('policies.group.limits', 'Limits'),
    hint: t(
      'policies.group.limits-hint',
      'What is over a limit is a violation. An empty limit is none, save for failed jobs, where it is 50 %.'
    ),
    fields: [
      'limits.cpuPct',
      'limits.memUsedBytes',
      'limits.queueDepth',
      'limits.failedPushes1h',
      'limits.jobFailureRatio',
      'limits.minimumScore',
    ],
  },
  {
    id: 'tags',
    title: t('policies.group.tags', 'Tags'),
    hint: t('policies.group.tags-hint', 'A target without one of them breaks the policy.'),
    fields: ['requiredTags'],
  },
  {
    id: 'guardrails',
    title: t('policies.group.guardrails', 'Guardrails'),
    hint: t(
      'policies.group.guardrails-hint',
      'Limits of repairs that are tighter for these targets than for the fleet. An empty one is that of the fleet.'
    ),
    fields: [
      'guardrails.automation',
      'guardrails.attempts',
      'guardrails.inFlightShare',
      'guardrails.inFlightMost',
      'guardrails.blastShare',
      'guardrails.planMost',
      'guardrails.criticalTwo',
      'guardrails.breakerRate',
      'guardrails.breakerLeast',
      'guardrails.witnessAsks',
    ],
  },
];
