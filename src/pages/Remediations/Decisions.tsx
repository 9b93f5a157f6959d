import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Alert, Badge, Text, useStyles2 } from '@grafana/ui';
import type { Approval, Plan } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { approvalsMissing } from '../../components/Approvals/run-actions.ts';
import { Who } from '../../components/Approvals/Who.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { Section } from './Section.tsx';

export const decidedWord = (decision: Approval['decision']): string =>
  ({
    approve: t('run.decided.approve', 'Approved'),
    deny: t('run.decided.deny', 'Denied'),
    'break-glass': t('run.decided.break-glass', 'Broke the glass'),
  })[decision];

/** Who decided what about a plan, when and why; and how many must still. */
export function Decisions({ plan, waits }: { readonly plan: Plan; readonly waits: boolean }) {
  const styles = useStyles2(getStyles);
  const missing = approvalsMissing(plan);
  return (
    <Section title={t('run.approvals.title', 'Approvals')}>
      <Text>{plan.approvalReason}</Text>
      {plan.approvals.length > 0 && (
        <ul className={styles} aria-label={t('run.approvals.label', 'Decisions about this plan')}>
          {plan.approvals.map(({ person, actor, name, decision, reason, at }) => (
            <li key={`${person} ${at}`}>
              <Badge
                color={decision === 'approve' ? 'green' : 'red'}
                icon={decision === 'approve' ? 'check' : decision === 'deny' ? 'times' : 'exclamation-triangle'}
                text={decidedWord(decision)}
              />{' '}
              <Who actor={actor} name={name} /> <TimeAgo at={at} />: {reason}
            </li>
          ))}
        </ul>
      )}
      {waits && missing > 0 && (
        <Text>
          {t('run.approvals.missing', '{{count}} more must approve it.', { count: missing })}{' '}
          <Trans i18nKey="run.approvals.before">The time for that ends</Trans> <TimeAgo at={plan.approveBefore} />.
        </Text>
      )}
    </Section>
  );
}

/** Loud, wherever a plan is shown that one person decided alone. */
export function GlassBroken({ plan }: { readonly plan: Plan }) {
  const broken = plan.approvals.find(({ decision }) => decision === 'break-glass');
  if (!plan.breakGlass) return null;
  return (
    <Alert severity="error" title={t('run.glass.title', 'Break-glass: one person decided this alone')}>
      {broken === undefined ? (
        <Trans i18nKey="run.glass.text">The owner was paged, and the audit marks it.</Trans>
      ) : (
        <>
          <Who actor={broken.actor} name={broken.name} /> <TimeAgo at={broken.at} />: {broken.reason}
        </>
      )}
    </Alert>
  );
}

const getStyles = (theme: GrafanaTheme2) =>
  css({ listStyle: 'none', padding: 0, display: 'grid', gap: theme.spacing(1) });
