import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';

/** How the plain tables of this page look. */
export const tableStyles = (theme: GrafanaTheme2) => ({
  scroll: css({ overflowX: 'auto' }),
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    'th, td': {
      padding: theme.spacing(0.75, 1),
      textAlign: 'left',
      verticalAlign: 'top',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    'tr:last-child > *': { borderBottom: 'none' },
    'thead th': {
      fontSize: theme.typography.bodySmall.fontSize,
      color: theme.colors.text.secondary,
      fontWeight: theme.typography.fontWeightMedium,
      whiteSpace: 'nowrap',
      borderBottom: `1px solid ${theme.colors.border.medium}`,
    },
    'th[scope=row]': { fontWeight: theme.typography.fontWeightMedium },
  }),
  hash: css({ fontFamily: theme.typography.fontFamilyMonospace, whiteSpace: 'nowrap' }),
  narrow: css({ width: '1%', whiteSpace: 'nowrap' }),
});

/** How groups of choices in the dialogs of this page look. */
export const formStyles = (theme: GrafanaTheme2) => ({
  legend: css({
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    marginBottom: theme.spacing(0.5),
  }),
});
