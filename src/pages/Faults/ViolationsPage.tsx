import { VIOLATION_CODES, VIOLATION_SEVERITIES } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useViolations } from '../../api/faults.ts';
import { useSummary } from '../../api/fleet.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { ROWS } from '../../components/FaultTable/PagedTable.tsx';
import { ViolationsTable } from '../../components/FaultTable/ViolationsTable.tsx';
import { MultiFilter } from '../../components/MultiFilter.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { severityWord, violationWord } from '../../words.ts';
import { byKind, bySeverity, zonesOf } from './counts.ts';
import { FaultList } from './FaultList.tsx';
import { FilterBar, Pills } from './FilterBar.tsx';
import { useFaultFilters } from './use-fault-filters.ts';

const WORST_FIRST = VIOLATION_SEVERITIES.toReversed();

/** Which policies are broken, where, and what to do about it. */
export default function ViolationsPage() {
  const { filters, change, clear } = useFaultFilters('code', VIOLATION_CODES, VIOLATION_SEVERITIES);
  const { data: summary } = useSummary();
  const names = useTargetNames();
  const query = useViolations({
    state: filters.state,
    code: filters.kinds,
    severity: filters.severities,
    zone: filters.zones,
    target: filters.target,
    limit: ROWS,
  });
  // The summary counts what is open.
  const counts = filters.state === 'open' ? summary?.violations : undefined;
  const [severities, codes] = [counts && bySeverity(counts), counts && byKind(counts)];
  return (
    <PageFrame
      title={t('violations.title', 'Violations')}
      subTitle={t('violations.subtitle', 'Where a target breaks its policy, and what to do about it.')}
    >
      <FilterBar
        fields={
          <MultiFilter
            label={t('violations.code', 'Kinds of violation')}
            options={VIOLATION_CODES.map((value) => ({
              value,
              label: violationWord(value),
              description: codes && t('violations.open-count', '{{count}} open', { count: codes[value] ?? 0 }),
            }))}
            value={filters.kinds}
            placeholder={t('violations.all-codes', 'All kinds')}
            width={40}
            onChange={(code) => change({ code })}
          />
        }
        zones={zonesOf(summary)}
        names={names}
        filters={filters}
        onChange={change}
        onClear={clear}
      >
        <Pills
          label={t('faults.filter.severity', 'Severity, with the number in the whole fleet')}
          options={WORST_FIRST.map((value) => ({ value, word: severityWord(value), count: severities?.[value] }))}
          chosen={filters.severities}
          onChange={(severity) => change({ severity })}
        />
      </FilterBar>
      <FaultList
        query={query}
        table={ViolationsTable}
        names={names}
        filtered={filters.any}
        onClear={clear}
        good={{
          title: t('violations.none', 'No open violations'),
          text: t('violations.none-text', 'Every target that reports keeps to its policy.'),
        }}
      />
    </PageFrame>
  );
}
