import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import { useCallback, useState } from 'react';
import { t } from '../../i18n.ts';
import { PageFrame } from '../../components/PageFrame.tsx';
import { RepairDialog } from '../../components/RepairDialog.tsx';
import type { RepairDialogProps } from '../../components/RepairDialog.tsx';
import { Failure } from '../../components/states.tsx';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { can } from '../../permissions.ts';
import { NoMatches, NotPermitted, NoTargets } from './Empties.tsx';
import { addressOf, NO_FILTER, orderText } from './filter.ts';
import type { FleetFilter, Order } from './filter.ts';
import { Filters } from './Filters.tsx';
import { MapBlock } from './MapBlock.tsx';
import { Placeholder } from './Placeholder.tsx';
import { Summary } from './Summary.tsx';
import { TableBlock } from './TableBlock.tsx';
import { useFleetPage } from './use-fleet-page.ts';

/** The fleet: how it is doing, a map of it, and a table. */
export default function FleetPage() {
  if (!can('viewer')) return <NotPermitted />;
  return (
    <PageFrame title={t('fleet.title', 'Fleet')}>
      <Fleet />
    </PageFrame>
  );
}

function Fleet() {
  const styles = useStyles2(getStyles);
  const url = useUrlState();
  const { set } = url;
  const { filter, filtered, order, picks, summary, status, map, targets, rows, total, onMore, offers } =
    useFleetPage(url);
  const change = useCallback((to: Partial<FleetFilter>) => set(addressOf(to)), [set]);
  const select = useCallback((node: string | null) => set({ node }), [set]);
  const sort = useCallback((to: Order) => set({ sort: orderText(to) }), [set]);
  const pick = useCallback((ids: readonly string[]) => set({ pick: ids }), [set]);

  const [repairs, setRepairs] = useState<RepairDialogProps['targets'] | null>(null);

  const reads = [summary, map, targets];
  const failed = reads.find(({ error }) => error !== null);
  const isEmpty = summary.data?.total === 0 && map.data?.total === 0 && !filtered;
  const nothingMatches = filtered && map.data?.total === 0;
  const retry = (): void => reads.forEach((each) => void each.refetch());

  return (
    <>
      {failed?.error && (
        <Failure
          error={failed.error}
          onRetry={retry}
          {...(failed.data !== undefined && { lastGoodMs: failed.dataUpdatedAt })}
        />
      )}
      {summary.data ? (
        <Summary
          summary={summary.data}
          status={status.data}
          statusError={status.error?.message ?? null}
          readMs={summary.dataUpdatedAt}
          isStale={summary.error !== null}
        />
      ) : (
        summary.error === null && <Placeholder height={190} />
      )}
      {isEmpty ? (
        <NoTargets />
      ) : (
        <>
          <Filters filter={filter} onChange={change} {...offers} />
          {nothingMatches ? (
            <NoMatches onClear={() => change(NO_FILTER)} />
          ) : (
            <div className={styles.container}>
              <div className={styles.columns}>
                {map.data ? (
                  <MapBlock map={map.data} zones={summary.data?.zones} selectedId={url.get('node')} onSelect={select} />
                ) : (
                  map.error === null && <Placeholder height={400} />
                )}
                {rows ? (
                  <TableBlock
                    rows={rows}
                    total={total ?? rows.length}
                    order={order}
                    onOrder={sort}
                    picks={picks}
                    onPicks={pick}
                    onRepair={setRepairs}
                    isOld={targets.isPlaceholderData}
                    onMore={onMore}
                    isLoadingMore={targets.isFetchingNextPage}
                  />
                ) : (
                  targets.error === null && <Placeholder height={400} />
                )}
              </div>
            </div>
          )}
        </>
      )}
      {/* It stays while the table changes: a filter may leave nothing of it before somebody has read the plan. */}
      {repairs !== null && <RepairDialog targets={repairs} onDismiss={() => setRepairs(null)} />}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  container: css({ containerType: 'inline-size' }),
  columns: css({
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr)',
    gap: theme.spacing(3),
    alignItems: 'start',
    '@container (min-width: 1400px)': { gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)' },
  }),
});
