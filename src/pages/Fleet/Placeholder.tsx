import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import { t } from '../../i18n.ts';

interface Props {
  /** As high as what will come, so that nothing moves when it does. Pixels. */
  readonly height: number;
  readonly label?: string;
}

/** Keeps the place of what is still being read. */
export function Placeholder({ height, label }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div role="status" className={styles.box} style={{ minHeight: height }}>
      {label ?? t('fleet.loading', 'Loading…')}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({
    display: 'grid',
    placeItems: 'center',
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
    color: theme.colors.text.secondary,
  }),
});
