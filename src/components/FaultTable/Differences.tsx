import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Text, useStyles2 } from '@grafana/ui';
import type { ConfigDifference } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

interface Props {
  readonly differences: readonly ConfigDifference[];
  /** Headings of the two sides; expected and actual when they are left out. */
  readonly sides?: readonly [string, string];
}

/** Managed paths with their two values, where they differ. */
export function Differences({ differences, sides }: Props) {
  const styles = useStyles2(getStyles);
  const [left, right] = sides ?? [
    t('faults.differences.expected', 'Expected'),
    t('faults.differences.actual', 'Actual'),
  ];
  if (differences.length === 0)
    return (
      <Text color="secondary">
        <Trans i18nKey="faults.differences.none">
          The paths that differ are not known: only drift of the configuration has them, once the bridge has reported
          its values.
        </Trans>
      </Text>
    );
  return (
    <table className={styles.table} aria-label={t('faults.differences.label', 'Paths that differ')}>
      <thead>
        <tr>
          <th>
            <Trans i18nKey="faults.differences.path">Path</Trans>
          </th>
          <th>{left}</th>
          <th>{right}</th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ path, expected, actual }) => (
          <tr key={path}>
            <th scope="row">{path}</th>
            <td className={styles.removed}>{expected}</td>
            <td className={styles.added}>{actual}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    fontSize: theme.typography.bodySmall.fontSize,
    'th, td': {
      padding: theme.spacing(0.5, 1),
      textAlign: 'left',
      verticalAlign: 'top',
      overflowWrap: 'anywhere',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    'td, th[scope=row]': { fontFamily: theme.typography.fontFamilyMonospace },
    'th[scope=row]': { fontWeight: theme.typography.fontWeightRegular },
  }),
  removed: css({ background: theme.colors.error.transparent }),
  added: css({ background: theme.colors.success.transparent }),
});
