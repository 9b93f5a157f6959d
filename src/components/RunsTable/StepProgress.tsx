import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Text, useStyles2 } from '@grafana/ui';
import type { RunStep } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useRun } from '../../api/repairs.ts';

/** How far a run is. @returns null: it has no steps */
export function progressOf(steps: readonly RunStep[]): { done: number; total: number; title: string } | null {
  if (steps.length === 0) return null;
  const done = steps.filter(({ state }) => state !== 'pending' && state !== 'running').length;
  const now = steps.find(({ state }) => state === 'running') ?? steps.find(({ state }) => state === 'pending');
  return { done, total: steps.length, title: (now ?? steps[steps.length - 1])?.title ?? '' };
}

/** The step that a run is at. */
export function StepProgress({ runId }: { readonly runId: string }) {
  const styles = useStyles2(getStyles);
  const { data } = useRun(runId);
  const progress = data === undefined ? null : progressOf(data.steps);
  if (progress === null) return <Text color="secondary">–</Text>;
  const { done, total, title } = progress;
  const label = t('runs.progress', '{{done}} of {{total}} steps', { done, total });
  return (
    <div className={styles.box}>
      <progress className={styles.bar} value={done} max={total} aria-label={label} />
      <Text variant="bodySmall">
        {label}: {title}
      </Text>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({ display: 'grid', gap: theme.spacing(0.25), minWidth: 160 }),
  bar: css({ width: '100%', height: 6, accentColor: theme.colors.primary.main }),
});
