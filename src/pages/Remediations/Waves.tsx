import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Text, useStyles2 } from '@grafana/ui';
import type { Batch } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { Section } from './Section.tsx';
import { wavesOf } from './waves.ts';
import type { Wave } from './waves.ts';

const stateWord = ({ state, index }: Wave): string =>
  ({
    done: t('batch.wave.done', 'ended'),
    'under-way': t('batch.wave.under-way', 'under way'),
    waits: index === 0 ? t('batch.wave.not-begun', 'not begun yet') : t('batch.wave.waits', 'waits for the one before'),
  })[state];

/** How far each wave is: the first nodes, then a few more, then the rest. */
export function Waves({ batch }: { readonly batch: Batch }) {
  const styles = useStyles2(getStyles);
  const { total, done, failed } = batch.progress;
  const held = batch.runs.filter(({ state }) => state === 'blocked').length;
  return (
    <Section title={t('batch.progress', 'Progress')}>
      <Text>
        {t('batch.summary', '{{done}} of {{total}} nodes done, {{failed}} failed.', { done, total, failed })}
        {held > 0 && ` ${t('batch.held', 'Held back from the start: {{count}}.', { count: held })}`}
      </Text>
      <ol className={styles.waves} aria-label={t('batch.waves', 'Waves')}>
        {wavesOf(batch).map((wave) => (
          <li key={wave.index}>
            <Text weight="medium">
              {wave.index === 0
                ? t('batch.wave.first', 'First nodes')
                : t('batch.wave.name', 'Wave {{number}}', { number: wave.index + 1 })}
            </Text>
            <progress
              className={styles.bar}
              value={wave.ended}
              max={wave.total}
              aria-label={t('batch.wave.bar', '{{ended}} of {{total}} ended', { ended: wave.ended, total: wave.total })}
            />
            <Text variant="bodySmall" color={wave.failed > 0 ? 'error' : 'secondary'}>
              {t('batch.wave.count', '{{ended}} of {{total}}, {{state}}', {
                ended: wave.ended,
                total: wave.total,
                state: stateWord(wave),
              })}
              {wave.failed > 0 && `, ${t('batch.wave.failed', '{{count}} failed', { count: wave.failed })}`}
            </Text>
          </li>
        ))}
      </ol>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  waves: css({
    listStyle: 'none',
    margin: 0,
    padding: 0,
    display: 'grid',
    gap: theme.spacing(1),
    gridTemplateColumns: 'repeat(auto-fill, minmax(200px, 1fr))',
    li: {
      display: 'grid',
      gap: theme.spacing(0.25),
      padding: theme.spacing(1),
      border: `1px solid ${theme.colors.border.weak}`,
      borderRadius: theme.shape.radius.default,
    },
  }),
  bar: css({ width: '100%', height: 6, accentColor: theme.colors.primary.main }),
});
