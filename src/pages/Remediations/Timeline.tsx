import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Text, useStyles2 } from '@grafana/ui';
import type { RunDetail } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { Who } from '../../components/Approvals/Who.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { Section } from './Section.tsx';
import { timelineOf } from './timeline.ts';

export function Timeline({ run }: { readonly run: RunDetail }) {
  const styles = useStyles2(getStyles);
  return (
    <Section title={t('run.timeline.title', 'What became of it')}>
      <ol className={styles} aria-label={t('run.timeline.title', 'What became of it')}>
        {timelineOf(run).map(({ at, what, who, why }) => (
          <li key={`${at} ${what}`}>
            <Text weight="medium">{what}</Text>{' '}
            {who !== null && (
              <>
                {t('run.timeline.by', 'by')} <Who {...who} />{' '}
              </>
            )}
            <Text variant="bodySmall" color="secondary">
              <TimeAgo at={at} />
            </Text>
            {why !== '' && <div>{why}</div>}
          </li>
        ))}
      </ol>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) =>
  css({
    listStyle: 'none',
    padding: theme.spacing(0, 0, 0, 2),
    borderLeft: `2px solid ${theme.colors.border.medium}`,
    display: 'grid',
    gap: theme.spacing(1),
  });
