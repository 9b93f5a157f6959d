import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Alert, Stack, Text, useStyles2 } from '@grafana/ui';
import { COMPONENTS } from '@openclaw-fleet/contract';
import type { Component, ComponentScore, HealthScore } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useHealthScore, useScoreHistory } from '../../api/targets.ts';
import { BandBadge } from '../../components/badges.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { componentWord } from '../../words.ts';
import { ScoreSparkline } from './ScoreSparkline.tsx';
import { Section } from './Section.tsx';
import { tableStyles } from './table.ts';

/** The score, why it is what it is, and how it was. */
export function ScoreCard({ targetId }: { readonly targetId: string }) {
  const score = useHealthScore(targetId);
  const history = useScoreHistory(targetId);
  return (
    <Section title={t('target.score.title', 'Health score')}>
      <Loadable query={score}>
        {(data) => (
          <Stack direction="column" gap={2}>
            <Stack direction="row" gap={3} wrap="wrap" alignItems="flex-start" justifyContent="space-between">
              <Total score={data} />
              <Loadable query={history}>{(read) => <ScoreSparkline history={read} />}</Loadable>
            </Stack>
            {data.caps.length > 0 && <Caps caps={data.caps} />}
            <Components components={data.components} />
            {data.reasons.length > 0 && <Reasons reasons={data.reasons} />}
          </Stack>
        )}
      </Loadable>
    </Section>
  );
}

function Total({ score: { score, band, bandSince, assessedAt } }: { readonly score: HealthScore }) {
  const styles = useStyles2(getStyles);
  return (
    <Stack direction="column" gap={0.5}>
      <Stack direction="row" gap={1} alignItems="baseline">
        <span className={styles.total}>{score ?? '–'}</span>
        <Text color="secondary">
          <Trans i18nKey="target.score.of">of 100</Trans>
        </Text>
        <BandBadge band={band} />
      </Stack>
      <Text variant="bodySmall" color="secondary">
        <Trans i18nKey="target.score.since">It came into this band</Trans> <TimeAgo at={bandSince} />
        {'. '}
        <Trans i18nKey="target.score.assessed">Assessed</Trans> <TimeAgo at={assessedAt} />.
      </Text>
      {score === null && (
        <Text>
          <Trans i18nKey="target.score.none">There is too little to judge it by, so it has no score.</Trans>
        </Text>
      )}
    </Stack>
  );
}

const Caps = ({ caps }: Pick<HealthScore, 'caps'>) => (
  <Alert
    bottomSpacing={0}
    severity="warning"
    title={t('target.score.capped', 'The sum is held down, because a sum hides this')}
  >
    <ul>
      {caps.map(({ at, reason }) => (
        <li key={reason}>{t('target.score.cap', 'At most {{at}}: {{reason}}', { at, reason })}</li>
      ))}
    </ul>
  </Alert>
);

function Reasons({ reasons }: Pick<HealthScore, 'reasons'>) {
  const styles = useStyles2(getStyles);
  return (
    <div>
      <Text element="h3" variant="h6">
        {t('target.score.reasons', 'What is wrong, the worst first')}
      </Text>
      <ol className={styles.list}>
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ol>
    </div>
  );
}

function Components({ components }: Pick<HealthScore, 'components'>) {
  const styles = useStyles2(tableStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={t('target.score.components', 'The five components of the score')}>
        <thead>
          <tr>
            <th>
              <Trans i18nKey="target.score.component">Component</Trans>
            </th>
            <th>
              <Trans i18nKey="target.score.points">Points</Trans>
            </th>
            <th>
              <Trans i18nKey="target.score.why">Why</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {COMPONENTS.map((each) => (
            <ComponentRow key={each} component={each} score={components[each]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly component: Component;
  readonly score: ComponentScore;
}
function ComponentRow({ component, score: { points, max, reason, inputs } }: RowProps) {
  const styles = useStyles2(tableStyles);
  const own = useStyles2(getStyles);
  const name = componentWord(component);
  const used = Object.entries(inputs);
  return (
    <tr>
      <th scope="row" className={styles.narrow}>
        {name}
      </th>
      <td className={styles.narrow}>
        <Stack direction="row" gap={1} alignItems="center">
          <span className={own.points}>
            {points === null
              ? t('target.score.not-judged', 'Not judged')
              : t('target.score.points-of', '{{points}} of {{max}}', { points: Math.round(points * 10) / 10, max })}
          </span>
          {points !== null && <meter className={own.meter} min={0} max={max} value={points} aria-label={name} />}
        </Stack>
      </td>
      <td>
        {reason}
        {used.length > 0 && (
          <details>
            <summary className={own.summary}>
              <Trans i18nKey="target.score.inputs">What it was computed from</Trans>
            </summary>
            <Text variant="bodySmall" color="secondary">
              {used.map(([input, value]) => `${input}: ${inputText(value)}`).join(' · ')}
            </Text>
          </details>
        )}
      </td>
    </tr>
  );
}

const inputText = (value: ComponentScore['inputs'][string]): string => {
  if (value === null) return '–';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
};

const getStyles = (theme: GrafanaTheme2) => ({
  total: css({ ...theme.typography.h1, margin: 0, lineHeight: 1 }),
  points: css({ minWidth: '9ch', display: 'inline-block' }),
  meter: css({ width: 80 }),
  summary: css({ fontSize: theme.typography.bodySmall.fontSize, color: theme.colors.text.secondary }),
  list: css({ paddingLeft: theme.spacing(3), margin: 0 }),
});
