import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Badge, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { href } from '../../constants.ts';
import { faultWord, playbookWord } from '../../words.ts';
import { TimeAgo } from '../TimeAgo.tsx';
import { DecisionButtons } from './DecisionButtons.tsx';
import { approvalsMissing, runActions } from './run-actions.ts';
import type { Decision, Onlooker, Subject } from './run-actions.ts';
import { Who } from './Who.tsx';

interface Props {
  readonly subject: Subject;
  readonly onlooker: Onlooker;
  readonly nameOf: (id: string) => string;
  readonly onDecide: (decision: Decision) => void;
  readonly compact: boolean;
}

/** One plan that waits: what, where, who asked and why, until when, and what the reader can do about it. */
export function PendingCard({ subject, onlooker, nameOf, onDecide, compact }: Props) {
  const styles = useStyles2(getStyles);
  const { kind, id, plan } = subject;
  const [first] = plan.targets;
  const about =
    plan.targets.length === 1
      ? nameOf(first?.targetId ?? '')
      : t('approvals.card.nodes', '{{count}} nodes', { count: plan.targets.length });
  const actions = runActions(subject, onlooker);
  const whyNot = actions.find(({ decision }) => decision === 'approve')?.why ?? null;
  const severe = plan.targets.some(({ severity }) => severity === 'critical');
  const isolated = plan.targets.some((target) => target.isolated);
  const given = plan.approvalsNeeded - approvalsMissing(plan);
  return (
    <li className={styles.card}>
      <Stack direction="column" gap={1}>
        <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
          <TextLink href={kind === 'runs' ? href.run(id) : href.batch(id)} inline={false}>
            {t('approvals.card.title', '{{playbook}}: {{about}}', { playbook: playbookWord(plan.playbook), about })}
          </TextLink>
          {severe && <Badge color="red" icon="exclamation-circle" text={t('words.severity.critical', 'Critical')} />}
          {isolated && <Badge color="red" icon="lock" text={t('repair.targets.isolated', 'Isolated')} />}
        </Stack>
        {!compact && (
          <Text>
            {[...new Set(plan.targets.map(({ fault }) => faultWord(fault)))].join(', ')}
            {'. '}
            {plan.approvalReason}
          </Text>
        )}
        <Text variant={compact ? 'bodySmall' : 'body'}>
          <Trans i18nKey="approvals.card.asked">Asked for by</Trans>{' '}
          <Who actor={plan.requestedBy} name={plan.requestedByName} short /> <TimeAgo at={plan.createdAt} />:{' '}
          {plan.reason}
        </Text>
        <Text variant="bodySmall" color="secondary">
          {t('approvals.card.count', '{{given}} of {{needed}} approvals.', { given, needed: plan.approvalsNeeded })}{' '}
          <Trans i18nKey="approvals.card.expires">Expires</Trans> <TimeAgo at={plan.approveBefore} />.
        </Text>
        {whyNot !== null && (
          <Text variant="bodySmall" color="secondary">
            {whyNot}
          </Text>
        )}
        <DecisionButtons
          actions={compact ? actions.filter(({ decision }) => decision !== 'cancel') : actions}
          size="sm"
          about={about}
          onDecide={onDecide}
        />
      </Stack>
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  card: css({
    listStyle: 'none',
    padding: theme.spacing(1.5),
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.primary,
  }),
});
