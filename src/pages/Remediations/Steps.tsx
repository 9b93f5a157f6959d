import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, Text, useStyles2 } from '@grafana/ui';
import type { IconName } from '@grafana/ui';
import type { RunStep } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { t } from '../../i18n.ts';
import { span, TimeAgo } from '../../components/TimeAgo.tsx';
import { Evidence } from './Evidence.tsx';
import { hasEvidence } from './evidence.ts';
import { Section } from './Section.tsx';

const stateWord = (state: RunStep['state']): string =>
  ({
    pending: t('run.step.pending', 'Not yet'),
    running: t('run.step.running', 'Under way'),
    succeeded: t('run.step.succeeded', 'Done'),
    failed: t('run.step.failed', 'Failed'),
    skipped: t('run.step.skipped', 'Skipped'),
  })[state];

const ICONS: Record<RunStep['state'], IconName> = {
  pending: 'circle',
  running: 'sync',
  succeeded: 'check-circle',
  failed: 'exclamation-circle',
  skipped: 'arrow-right',
};

/** The steps of a run, each with what it saw, as they happen. */
export function Steps({ steps }: { readonly steps: readonly RunStep[] }) {
  const styles = useStyles2(getStyles);
  return (
    <Section title={t('run.steps.title', 'Steps')}>
      {steps.length === 0 ? (
        <Text color="secondary">{t('run.steps.none', 'None: it never began.')}</Text>
      ) : (
        <ol className={styles.list} aria-label={t('run.steps.title', 'Steps')}>
          {steps.map((step) => (
            <Step key={step.index} step={step} />
          ))}
        </ol>
      )}
    </Section>
  );
}

const Step = memo(function Step({ step }: { readonly step: RunStep }) {
  const styles = useStyles2(getStyles);
  const { title, state, summary, startedAt, endedAt, verb } = step;
  const now = state === 'running';
  return (
    <li className={styles.step} aria-current={now ? 'step' : undefined}>
      <Icon name={ICONS[state]} className={styles[state]} />
      <div>
        <div>
          <Text weight="medium" color={state === 'pending' ? 'secondary' : 'primary'}>
            {title}
          </Text>{' '}
          <Text variant="bodySmall" color="secondary">
            {verb !== null && (
              <>
                <code>{verb}</code>{' '}
              </>
            )}
            {stateWord(state)}
            {startedAt !== null &&
              (endedAt === null ? (
                <>
                  , {t('run.step.began', 'began')} <TimeAgo at={startedAt} />
                </>
              ) : (
                `, ${span(Date.parse(endedAt) - Date.parse(startedAt))}`
              ))}
          </Text>
        </div>
        {summary !== '' && <div>{summary}</div>}
        {hasEvidence(step) && <Evidence step={step} />}
      </div>
    </li>
  );
});

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  step: css({
    display: 'grid',
    gridTemplateColumns: '20px minmax(0, 1fr)',
    gap: theme.spacing(1),
    padding: theme.spacing(1),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&[aria-current]': { background: theme.colors.background.secondary },
  }),
  pending: css({ color: theme.colors.text.disabled }),
  running: css({ color: theme.colors.info.text }),
  succeeded: css({ color: theme.colors.success.text }),
  failed: css({ color: theme.colors.error.text }),
  skipped: css({ color: theme.colors.text.secondary }),
});
