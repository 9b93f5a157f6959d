import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Button, Pagination, Stack, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import type { ReactNode } from 'react';

/** Rows that are drawn at once: more of them make a slow page, and nobody reads them. */
export const ROWS = 100;

/** What the collector has beyond what was read. */
export interface More {
  readonly busy: boolean;
  readonly load: () => void;
}

interface Props<Item> {
  /** What the table has, for who cannot see it. */
  readonly label: string;
  readonly head: ReactNode;
  readonly items: readonly Item[];
  readonly row: (item: Item) => ReactNode;
  readonly compact?: boolean;
  /** Absent: everything is there. */
  readonly more?: More;
}

/** A table that draws a page of its rows at a time, and on its last page offers to read more. */
export function PagedTable<Item>({ label, head, items, row, compact = false, more }: Props<Item>) {
  const styles = useStyles2(getStyles, compact);
  const [wanted, setWanted] = useState(1);
  const pages = Math.max(1, Math.ceil(items.length / ROWS));
  const page = Math.min(wanted, pages);
  return (
    <Stack direction="column" gap={1}>
      <div className={styles.scroll}>
        <table className={styles.table} aria-label={label}>
          <thead>
            <tr>{head}</tr>
          </thead>
          <tbody>{items.slice((page - 1) * ROWS, page * ROWS).map(row)}</tbody>
        </table>
      </div>
      <Stack direction="row" gap={1} justifyContent="flex-end" alignItems="center">
        <Pagination currentPage={page} numberOfPages={pages} onNavigate={setWanted} hideWhenSinglePage />
        {more !== undefined && page === pages && (
          <Button
            variant="secondary"
            size="sm"
            icon={more.busy ? 'spinner' : 'angle-down'}
            disabled={more.busy}
            onClick={() => {
              setWanted(pages + 1);
              more.load();
            }}
          >
            <Trans i18nKey="faults.table.more">Load more</Trans>
          </Button>
        )}
      </Stack>
    </Stack>
  );
}

const getStyles = (theme: GrafanaTheme2, compact: boolean) => ({
  scroll: css({ overflowX: 'auto', position: 'relative' }),
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    'th, td': {
      padding: theme.spacing(compact ? 0.5 : 1),
      textAlign: 'left',
      verticalAlign: 'top',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    th: {
      color: theme.colors.text.secondary,
      fontSize: theme.typography.bodySmall.fontSize,
      fontWeight: theme.typography.fontWeightMedium,
      whiteSpace: 'nowrap',
    },
    'tbody tr:hover': { background: theme.colors.background.secondary },
  }),
});
