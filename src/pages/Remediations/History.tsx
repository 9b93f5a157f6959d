import { Trans } from '@grafana/i18n';
import { Button, Combobox, Field, Stack, Text } from '@grafana/ui';
import { PLAYBOOK_IDS, TRIGGERS } from '@openclaw-fleet/contract';
import { useId } from 'react';
import { t } from '../../i18n.ts';
import { useRuns } from '../../api/repairs.ts';
import type { TargetNames } from '../../api/target-names.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { MultiFilter } from '../../components/MultiFilter.tsx';
import { RunsTable } from '../../components/RunsTable/RunsTable.tsx';
import { Empty, Loading } from '../../components/states.tsx';
import { TargetFilter } from '../../components/TargetFilter.tsx';
import { playbookWord, runStateWord, triggerWord } from '../../words.ts';
import { ENDS, useHistoryFilters } from './use-history-filters.ts';
import type { HistoryFilters } from './use-history-filters.ts';

/** Repairs that have ended, by what the address asks for. */
export function History({ names }: { readonly names: TargetNames }) {
  const filters = useHistoryFilters();
  const query = useRuns(filters.query);
  return (
    <Stack direction="column" gap={1}>
      <Filters filters={filters} names={names} />
      <Loadable query={query}>
        {({ pages }) => {
          const runs = pages.flatMap(({ items }) => items);
          const total = pages[0]?.total ?? 0;
          if (runs.length === 0) return query.isPlaceholderData ? <Loading /> : <Nothing filters={filters} />;
          return (
            <div aria-busy={query.isPlaceholderData} style={{ opacity: query.isPlaceholderData ? 0.5 : 1 }}>
              <Text variant="bodySmall" color="secondary">
                {t('history.count', '{{shown}} of {{total}} repairs', { shown: runs.length, total })}
              </Text>
              <RunsTable label={t('history.label', 'Repairs that have ended')} runs={runs} nameOf={names.nameOf} />
              {query.hasNextPage && (
                <div>
                  <Button
                    variant="secondary"
                    disabled={query.isFetchingNextPage}
                    onClick={() => void query.fetchNextPage()}
                  >
                    <Trans i18nKey="history.more">Load more</Trans>
                  </Button>
                </div>
              )}
            </div>
          );
        }}
      </Loadable>
    </Stack>
  );
}

function Nothing({ filters }: { readonly filters: HistoryFilters }) {
  if (!filters.any)
    return (
      <Empty good title={t('history.none', 'No repair has ended yet')}>
        <Trans i18nKey="history.none-text">What is repaired, refused or denied is listed here.</Trans>
      </Empty>
    );
  return (
    <Empty
      title={t('history.no-match', 'No repair matches these filters')}
      button={
        <Button variant="secondary" onClick={filters.clear}>
          <Trans i18nKey="history.clear">Clear filters</Trans>
        </Button>
      }
    />
  );
}

interface FiltersProps {
  readonly filters: HistoryFilters;
  readonly names: TargetNames;
}

function Filters({ filters, names }: FiltersProps) {
  const id = useId();
  return (
    <Stack direction="row" gap={2} alignItems="flex-end" wrap="wrap">
      <MultiFilter
        label={t('history.filter.state', 'How it ended')}
        options={ENDS.map((value) => ({ value, label: runStateWord(value) }))}
        value={filters.states}
        placeholder={t('history.filter.any', 'Any')}
        width={32}
        onChange={(state) => filters.set({ state })}
      />
      <Field label={t('history.filter.playbook', 'Playbook')} htmlFor={`${id}-playbook`} noMargin>
        <Combobox
          id={`${id}-playbook`}
          options={PLAYBOOK_IDS.map((value) => ({ value, label: playbookWord(value) }))}
          value={filters.playbook}
          placeholder={t('history.filter.any', 'Any')}
          width={28}
          isClearable
          onChange={(chosen) => filters.set({ playbook: chosen?.value ?? null })}
        />
      </Field>
      <Field label={t('history.filter.trigger', 'Begun by')} htmlFor={`${id}-trigger`} noMargin>
        <Combobox
          id={`${id}-trigger`}
          options={TRIGGERS.map((value) => ({ value, label: triggerWord(value) }))}
          value={filters.trigger}
          placeholder={t('history.filter.any', 'Any')}
          width={20}
          isClearable
          onChange={(chosen) => filters.set({ trigger: chosen?.value ?? null })}
        />
      </Field>
      <TargetFilter names={names} value={filters.target} onChange={(target) => filters.set({ target })} />
      {filters.any && (
        <Button variant="secondary" fill="text" icon="times" onClick={filters.clear}>
          <Trans i18nKey="history.clear">Clear filters</Trans>
        </Button>
      )}
    </Stack>
  );
}
