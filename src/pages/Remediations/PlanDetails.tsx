import { Trans } from '@grafana/i18n';
import { ClipboardButton, Stack, Text } from '@grafana/ui';
import type { Plan } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { Who } from '../../components/Approvals/Who.tsx';
import { BlastRadius, PlanActions, PlanTargets } from '../../components/RepairDialog/PlanSummary.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { triggerWord } from '../../words.ts';
import { Section } from './Section.tsx';

interface Props {
  readonly plan: Plan;
  readonly nameOf: (id: string) => string;
}

/** What was planned: by whom and why, what, and to which nodes. */
export function PlanDetails({ plan, nameOf }: Props) {
  return (
    <Section title={t('run.plan.title', 'Plan')}>
      <Text>
        {plan.trigger === 'manual' ? (
          <>
            <Trans i18nKey="run.plan.asked">Asked for by</Trans>{' '}
            <Who actor={plan.requestedBy} name={plan.requestedByName} />
          </>
        ) : (
          t('run.plan.began', 'Began by itself: {{trigger}}', { trigger: triggerWord(plan.trigger) })
        )}{' '}
        <TimeAgo at={plan.createdAt} />: {plan.reason}
      </Text>
      <PlanActions plan={plan} />
      <BlastRadius targets={plan.targets} />
      <PlanTargets targets={plan.targets.map((target) => ({ target, held: [], waits: [] }))} nameOf={nameOf} />
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <Text variant="bodySmall" color="secondary">
          <Trans i18nKey="run.plan.digest">Digest, which is what an approval approves:</Trans>{' '}
          <code title={plan.digest}>{plan.digest.slice(0, 12)}</code>
        </Text>
        <ClipboardButton
          size="sm"
          variant="secondary"
          fill="text"
          icon="copy"
          aria-label={t('run.plan.copy', 'Copy the digest')}
          getText={() => plan.digest}
        />
      </Stack>
    </Section>
  );
}
