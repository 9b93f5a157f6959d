import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { t } from '../../../i18n.ts';
import type { Difference } from './differences.ts';

interface Props {
  readonly label: string;
  readonly items: readonly Difference[];
  /** Said in a column of its own, such as that it was edited as well. */
  readonly note?: (item: Difference) => string;
}

/** What differs, before and after. */
export function DifferencesTable({ label, items, note }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{t('policies.diff.field', 'Field')}</th>
            <th scope="col">{t('policies.diff.before', 'Before')}</th>
            <th scope="col">{t('policies.diff.after', 'After')}</th>
            {note !== undefined && <th scope="col">{t('policies.diff.note', 'Your edits')}</th>}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.name} ${item.before} ${item.after}`}>
              <th scope="row">{item.label}</th>
              <td>{item.before}</td>
              <td>{item.after}</td>
              {note !== undefined && <td>{note(item)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scroll: css({ overflowX: 'auto' }),
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    'th, td': {
      padding: theme.spacing(0.75, 1),
      textAlign: 'left',
      verticalAlign: 'top',
      overflowWrap: 'anywhere',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    th: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
  }),
});
