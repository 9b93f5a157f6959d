import { DRIFT_CATEGORIES, DRIFT_SEVERITIES } from '@openclaw-fleet/contract';
import type { DriftRecord } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useDrift } from '../../api/faults.ts';
import { useSummary } from '../../api/fleet.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { DriftTable } from '../../components/FaultTable/DriftTable.tsx';
import { ROWS } from '../../components/FaultTable/PagedTable.tsx';
import type { FaultTableProps } from '../../components/FaultTable/ViolationsTable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { driftWord, severityWord } from '../../words.ts';
import { byKind, bySeverity, zonesOf } from './counts.ts';
import { DriftDetails } from './DriftDetails.tsx';
import { FaultList } from './FaultList.tsx';
import { FilterBar, Pills } from './FilterBar.tsx';
import { useFaultFilters } from './use-fault-filters.ts';

const WORST_FIRST = DRIFT_SEVERITIES.toReversed();

const Table = (props: FaultTableProps<DriftRecord>) => (
  <DriftTable {...props} details={(item) => <DriftDetails item={item} />} />
);

/** Where targets differ from what is desired of them. */
export default function DriftPage() {
  const { filters, change, clear } = useFaultFilters('category', DRIFT_CATEGORIES, DRIFT_SEVERITIES);
  const { data: summary } = useSummary();
  const names = useTargetNames();
  const query = useDrift({
    state: filters.state,
    category: filters.kinds,
    severity: filters.severities,
    zone: filters.zones,
    target: filters.target,
    limit: ROWS,
  });
  // The summary counts what is open.
  const counts = filters.state === 'open' ? summary?.drift : undefined;
  const [severities, categories] = [counts && bySeverity(counts), counts && byKind(counts)];
  return (
    <PageFrame
      title={t('drift.title', 'Drift')}
      subTitle={t('drift.subtitle', 'Where a target differs from what is desired of it.')}
    >
      <FilterBar zones={zonesOf(summary)} names={names} filters={filters} onChange={change} onClear={clear}>
        <Pills
          label={t('faults.filter.severity', 'Severity, with the number in the whole fleet')}
          options={WORST_FIRST.map((value) => ({ value, word: severityWord(value), count: severities?.[value] }))}
          chosen={filters.severities}
          onChange={(severity) => change({ severity })}
        />
        <Pills
          label={t('drift.category', 'Category, with the number in the whole fleet')}
          options={DRIFT_CATEGORIES.map((value) => ({ value, word: driftWord(value), count: categories?.[value] }))}
          chosen={filters.kinds}
          onChange={(category) => change({ category })}
        />
      </FilterBar>
      <FaultList
        query={query}
        table={Table}
        names={names}
        filtered={filters.any}
        onClear={clear}
        good={{
          title: t('drift.none', 'No open drift'),
          text: t('drift.none-text', 'Every target that reports is as it is desired.'),
        }}
      />
    </PageFrame>
  );
}
