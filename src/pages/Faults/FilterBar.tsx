import { Trans } from '@grafana/i18n';
import { Button, Combobox, Field, FilterPill, RadioButtonGroup, Stack, Text } from '@grafana/ui';
import { useId } from 'react';
import type { ReactNode } from 'react';
import { t } from '../../i18n.ts';
import type { TargetNames } from '../../api/target-names.ts';
import { MultiFilter } from '../../components/MultiFilter.tsx';
import { FAULT_STATES } from './use-fault-filters.ts';
import type { FaultState } from './use-fault-filters.ts';

/** Names of targets that are offered at a time. */
const OFFERED = 100;

interface Option<Value extends string> {
  readonly value: Value;
  readonly word: string;
  /** Absent: not known, or not of what is shown. */
  readonly count?: number;
}

interface PillsProps<Value extends string> {
  readonly label: string;
  readonly options: readonly Option<Value>[];
  readonly chosen: readonly Value[];
  readonly onChange: (chosen: Value[]) => void;
}

/** One button for each value, with how many there are of it; none chosen means all. */
export function Pills<Value extends string>({ label, options, chosen, onChange }: PillsProps<Value>) {
  return (
    <div role="group" aria-label={label}>
      <Stack direction="row" gap={0.5} alignItems="center" wrap="wrap">
        {options.map(({ value, word, count }) => {
          const selected = chosen.includes(value);
          return (
            <FilterPill
              key={value}
              label={count === undefined ? word : `${word} ${count}`}
              selected={selected}
              onClick={() => onChange(selected ? chosen.filter((each) => each !== value) : [...chosen, value])}
            />
          );
        })}
      </Stack>
    </div>
  );
}

interface Props {
  /** Pills of severities and kinds. */
  readonly children: ReactNode;
  /** Further fields, beside the others. */
  readonly fields?: ReactNode;
  readonly zones: readonly string[];
  readonly names: TargetNames;
  readonly filters: {
    readonly state: FaultState;
    readonly zones: readonly string[];
    readonly target: string | null;
    readonly any: boolean;
  };
  readonly onChange: (values: Record<string, string | readonly string[] | null>) => void;
  readonly onClear: () => void;
}

/** The filters of a list of faults. */
export function FilterBar({ children, fields, zones, names, filters, onChange, onClear }: Props) {
  const id = useId();
  const offered = (text: string): Promise<{ value: string; label: string; description: string }[]> => {
    const wanted = text.trim().toLowerCase();
    const found = names.all.filter((each) => each.name.toLowerCase().includes(wanted) || each.id.includes(wanted));
    return Promise.resolve(
      found.slice(0, OFFERED).map((each) => ({ value: each.id, label: each.name, description: each.id }))
    );
  };
  return (
    <Stack direction="column" gap={1}>
      {children}
      <Stack direction="row" gap={2} alignItems="flex-end" wrap="wrap">
        {fields}
        <Field label={t('faults.filter.state', 'State')} noMargin>
          <RadioButtonGroup<FaultState>
            aria-label={t('faults.filter.state', 'State')}
            options={FAULT_STATES.map((value) => ({ value, label: stateLabel(value) }))}
            value={filters.state}
            onChange={(state) => onChange({ state: state === 'open' ? null : state })}
          />
        </Field>
        <MultiFilter
          label={t('faults.filter.zone', 'Zones')}
          options={[...new Set([...zones, ...filters.zones])].map((value) => ({ value, label: value }))}
          value={filters.zones}
          placeholder={t('faults.filter.all-zones', 'All zones')}
          width={30}
          onChange={(zone) => onChange({ zone })}
        />
        <Field label={t('faults.filter.target', 'Target')} htmlFor={`${id}-target`} noMargin>
          <Combobox
            id={`${id}-target`}
            options={offered}
            value={filters.target === null ? null : { value: filters.target, label: names.nameOf(filters.target) }}
            placeholder={t('faults.filter.any-target', 'Type a name')}
            width={40}
            isClearable
            onChange={(chosen) => onChange({ target: chosen?.value ?? null })}
          />
        </Field>
        {filters.any && (
          <Button variant="secondary" fill="text" icon="times" onClick={onClear}>
            <Trans i18nKey="faults.filter.clear">Clear filters</Trans>
          </Button>
        )}
      </Stack>
    </Stack>
  );
}

const stateLabel = (state: FaultState): string =>
  ({
    open: t('faults.filter.open', 'Open'),
    resolved: t('faults.filter.resolved', 'Resolved'),
    all: t('faults.filter.all', 'All'),
  })[state];

/** How many there are, and how many of them are shown. */
export function Shown({ shown, total }: { readonly shown: number; readonly total: number | null }) {
  return (
    <Text color="secondary" variant="bodySmall" element="p">
      {total === null
        ? t('faults.filter.shown', '{{shown}} shown, the newest first', { shown })
        : t('faults.filter.shown-of', '{{shown}} of {{total}} shown, the newest first', { shown, total })}
    </Text>
  );
}
