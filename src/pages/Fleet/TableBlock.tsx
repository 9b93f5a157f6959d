import { Trans } from '@grafana/i18n';
import { Button, Stack, Text } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { memo, useCallback, useMemo } from 'react';
import { t } from '../../i18n.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import type { RepairDialogProps } from '../../components/RepairDialog.tsx';
import type { Order } from './filter.ts';
import { whyNotRepair } from './fleet-actions.ts';
import { TargetTable } from './TargetTable.tsx';

interface Props {
  readonly rows: readonly FleetTarget[];
  /** How many match, those that are not loaded included. */
  readonly total: number;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  /** Ids of the nodes that the next repair is for. */
  readonly picks: readonly string[];
  readonly onPicks: (ids: readonly string[]) => void;
  readonly onRepair: (targets: RepairDialogProps['targets']) => void;
  readonly isOld: boolean;
  /** Null: everything is loaded. */
  readonly onMore: (() => void) | null;
  readonly isLoadingMore: boolean;
}

/** The table, and what can be done with several of its rows at once. */
export const TableBlock = memo(function TableBlock({
  rows,
  total,
  order,
  onOrder,
  picks,
  onPicks,
  onRepair,
  isOld,
  onMore,
  isLoadingMore,
}: Props) {
  const picked = useMemo(() => new Set(picks), [picks]);
  const onPick = useCallback(
    (id: string, isPicked: boolean) => onPicks(isPicked ? [...picks, id] : picks.filter((each) => each !== id)),
    [picks, onPicks]
  );
  const onPickAll = (isPicked: boolean): void => {
    const shown = rows.map(({ id }) => id);
    onPicks(isPicked ? [...new Set([...picks, ...shown])] : picks.filter((each) => !shown.includes(each)));
  };
  const nameOf = (id: string): string => rows.find((row) => row.id === id)?.name ?? id;
  return (
    <section aria-labelledby="fleet-table-title">
      <Stack direction="row" alignItems="center" justifyContent="space-between" gap={1} wrap="wrap">
        <Stack direction="row" alignItems="baseline" gap={1}>
          <Text element="h2" variant="h4" id="fleet-table-title">
            <Trans i18nKey="fleet.table.title">Nodes</Trans>
          </Text>
          <Text color="secondary">
            {t('fleet.table.count', '{{shown}} of {{total}}', {
              shown: rows.length.toLocaleString(),
              total: total.toLocaleString(),
            })}
          </Text>
        </Stack>
        <Stack direction="row" gap={1} alignItems="center">
          {picks.length > 0 && (
            <Button variant="secondary" fill="text" size="sm" onClick={() => onPicks([])}>
              {t('fleet.table.unpick', 'Clear selection ({{count}})', { count: picks.length })}
            </Button>
          )}
          <ActionButton
            role="operator"
            size="sm"
            icon="wrench"
            why={whyNotRepair(picks.length)}
            onClick={() => onRepair(picks.map((id) => ({ id, name: nameOf(id) })))}
          >
            <Trans i18nKey="fleet.table.repair">Repair selected</Trans>
          </ActionButton>
        </Stack>
      </Stack>
      <TargetTable
        rows={rows}
        order={order}
        onOrder={onOrder}
        picked={picked}
        onPick={onPick}
        onPickAll={onPickAll}
        isOld={isOld}
      />
      {onMore !== null && (
        <Stack direction="row" justifyContent="center">
          <Button variant="secondary" disabled={isLoadingMore} onClick={onMore}>
            {isLoadingMore ? t('fleet.table.loading-more', 'Loading…') : t('fleet.table.more', 'Load more')}
          </Button>
        </Stack>
      )}
    </section>
  );
});
