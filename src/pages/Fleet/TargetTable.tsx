import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Button, Checkbox, Icon, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import type { FleetTarget, TargetSort } from '@openclaw-fleet/contract';
import type { ReactNode } from 'react';
import { t } from '../../i18n.ts';
import type { Order } from './filter.ts';
import { orderAfter } from './filter.ts';
import { TargetRow } from './TargetRow.tsx';

interface Props {
  readonly rows: readonly FleetTarget[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly picked: ReadonlySet<string>;
  readonly onPick: (id: string, picked: boolean) => void;
  readonly onPickAll: (picked: boolean) => void;
  /** Other rows than these were asked for, and have not come yet. */
  readonly isOld: boolean;
}

/** Targets, in the order of the API. */
export function TargetTable({ rows, order, onOrder, picked, onPick, onPickAll, isOld }: Props) {
  const styles = useStyles2(getStyles);
  const all = rows.length > 0 && rows.every(({ id }) => picked.has(id));
  const sorted = { order, onOrder };
  return (
    <div className={styles.scroll} aria-busy={isOld}>
      <table
        className={isOld ? `${styles.table} ${styles.old}` : styles.table}
        aria-label={t('fleet.table.caption', 'Nodes that match the filters')}
      >
        <thead>
          <tr>
            <th scope="col" className={styles.check}>
              <Checkbox
                value={all}
                indeterminate={!all && rows.some(({ id }) => picked.has(id))}
                aria-label={t('fleet.table.pick-all', 'Select all shown')}
                onChange={(event) => onPickAll(event.currentTarget.checked)}
              />
            </th>
            <Column {...sorted} by="name">
              <Trans i18nKey="fleet.table.name">Name</Trans>
            </Column>
            <Column {...sorted} by="zone">
              <Trans i18nKey="fleet.table.zone">Zone</Trans>
            </Column>
            <Column {...sorted} by="score">
              <Trans i18nKey="fleet.table.health">Health</Trans>
            </Column>
            <Column {...sorted} by="state">
              <Trans i18nKey="fleet.table.state">State</Trans>
            </Column>
            <Column {...sorted} by="lastSeenAt">
              <Trans i18nKey="fleet.table.seen">Last seen</Trans>
            </Column>
            <th scope="col">
              <Trans i18nKey="fleet.table.owner">Owner</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((target) => (
            <TargetRow key={target.id} target={target} picked={picked.has(target.id)} onPick={onPick} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ColumnProps {
  readonly by: TargetSort;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly children: ReactNode;
}

function Column({ by, order, onOrder, children }: ColumnProps) {
  const isSorted = order.by === by;
  return (
    <th scope="col" aria-sort={isSorted ? (order.descending ? 'descending' : 'ascending') : 'none'}>
      <Button fill="text" size="sm" variant="secondary" onClick={() => onOrder(orderAfter(order, by))}>
        {children}
        {isSorted && <Icon name={order.descending ? 'arrow-down' : 'arrow-up'} />}
      </Button>
    </th>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scroll: css({ overflowX: 'auto' }),
  table: css({
    width: '100%',
    'th, td': { padding: theme.spacing(0.5, 1), textAlign: 'left', whiteSpace: 'nowrap' },
    th: {
      fontSize: theme.typography.bodySmall.fontSize,
      fontWeight: theme.typography.fontWeightMedium,
      color: theme.colors.text.secondary,
      borderBottom: `1px solid ${theme.colors.border.medium}`,
      button: { padding: 0 },
    },
    td: { borderBottom: `1px solid ${theme.colors.border.weak}` },
    'tbody tr:hover': { background: theme.colors.action.hover },
  }),
  old: css({ opacity: 0.6 }),
  check: css({ width: 32 }),
});
