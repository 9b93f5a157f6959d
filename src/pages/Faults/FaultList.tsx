import { t, Trans } from '@grafana/i18n';
import { Button, Stack } from '@grafana/ui';
import type { PlaybookId } from '@openclaw-fleet/contract';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import type { ComponentType } from 'react';
import type { FleetError } from '../../api/client.ts';
import type { TargetNames } from '../../api/target-names.ts';
import { playbookOf, targetIdsOf } from '../../components/FaultTable/faults.ts';
import type { Fault } from '../../components/FaultTable/faults.ts';
import type { FaultTableProps } from '../../components/FaultTable/ViolationsTable.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { RepairDialog } from '../../components/RepairDialog.tsx';
import { Empty, Loading } from '../../components/states.tsx';
import { Shown } from './FilterBar.tsx';
import { RepairBar } from './RepairBar.tsx';
import { useChoice } from './use-choice.ts';

interface Page<Item> {
  readonly items: Item[];
  readonly total: number | null;
  readonly nextCursor: string | null;
}

interface Props<Item extends Fault> {
  readonly query: UseInfiniteQueryResult<InfiniteData<Page<Item>, string | null>, FleetError>;
  readonly table: ComponentType<FaultTableProps<Item>>;
  readonly names: TargetNames;
  /** Whether the address filters anything. */
  readonly filtered: boolean;
  readonly onClear: () => void;
  /** What it means that there is none at all. */
  readonly good: { readonly title: string; readonly text: string };
}

/** A list of faults in each of its states, with the repair of one and of several. */
export function FaultList<Item extends Fault>({ query, table: Table, names, filtered, onClear, good }: Props<Item>) {
  const { data } = query;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const { choice, chosen, choose } = useChoice(items);
  const [repair, setRepair] = useState<{ ids: readonly string[]; playbook?: PlaybookId } | null>(null);
  const onRepair = useCallback(
    (item: Item) => setRepair({ ids: [item.targetId], playbook: item.suggestedPlaybookId }),
    []
  );
  const more = query.hasNextPage
    ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() }
    : undefined;
  return (
    <>
      <Loadable query={query}>
        {({ pages }) => {
          if (items.length === 0) {
            if (query.isPlaceholderData) return <Loading />;
            if (more !== undefined) return <NoneYet more={more} />;
            return filtered ? (
              <NothingMatches onClear={onClear} />
            ) : (
              <Empty good title={good.title}>
                {good.text}
              </Empty>
            );
          }
          return (
            <div aria-busy={query.isPlaceholderData} style={{ opacity: query.isPlaceholderData ? 0.5 : 1 }}>
              <Stack direction="column" gap={1}>
                <Shown shown={items.length} total={pages[0]?.total ?? null} />
                <RepairBar
                  items={items}
                  chosen={chosen}
                  onChoose={choose}
                  onRepair={() => setRepair({ ids: targetIdsOf(chosen), playbook: playbookOf(chosen) })}
                />
                <Table items={items} nameOf={names.nameOf} onRepair={onRepair} choice={choice} more={more} />
              </Stack>
            </div>
          );
        }}
      </Loadable>
      {/* It stays while the list changes: the fault may be gone before somebody has read the plan. */}
      {repair !== null && (
        <RepairDialog
          targets={repair.ids.map((id) => ({ id, name: names.nameOf(id) }))}
          playbook={repair.playbook}
          onDismiss={() => setRepair(null)}
        />
      )}
    </>
  );
}

const NothingMatches = ({ onClear }: { readonly onClear: () => void }) => (
  <Empty
    title={t('faults.empty.no-match', 'Nothing matches')}
    button={
      <Button variant="secondary" onClick={onClear}>
        <Trans i18nKey="faults.filter.clear">Clear filters</Trans>
      </Button>
    }
  >
    <Trans i18nKey="faults.empty.no-match-text">No record fits all of the filters.</Trans>
  </Empty>
);

/** The collector looks through a part of the records at a time, and there may be none in it. */
const NoneYet = ({ more }: { readonly more: { readonly busy: boolean; readonly load: () => void } }) => (
  <Empty
    title={t('faults.empty.none-yet', 'Nothing found so far')}
    button={
      <Button variant="secondary" disabled={more.busy} onClick={more.load}>
        <Trans i18nKey="faults.empty.search-on">Search on</Trans>
      </Button>
    }
  >
    <Trans i18nKey="faults.empty.none-yet-text">There are more records to look through.</Trans>
  </Empty>
);
