import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Button, Checkbox, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import { BANDS, LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { Band, LivenessState } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { t } from '../../i18n.ts';
import { usePolicies } from '../../api/policies.ts';
import { MultiFilter } from '../../components/MultiFilter.tsx';
import { bandWord, stateWord } from '../../words.ts';
import { isFiltered, NO_FILTER } from './filter.ts';
import type { FleetFilter } from './filter.ts';
import { SearchBox } from './SearchBox.tsx';

interface Props {
  readonly filter: FleetFilter;
  readonly onChange: (change: Partial<FleetFilter>) => void;
  /** What is offered to choose from. */
  readonly zones: readonly string[];
  readonly owners: readonly string[];
  readonly tags: readonly string[];
}

/** What to show, in the map and the table alike. */
export const Filters = memo(function Filters({ filter, onChange, zones, owners, tags }: Props) {
  const styles = useStyles2(getStyles);
  const policies = usePolicies().data?.items ?? [];
  return (
    <section className={styles.bar} aria-label={t('fleet.filter.label', 'Filters')}>
      <div className={styles.search}>
        <SearchBox value={filter.q} onSearch={(q) => onChange({ q })} />
      </div>
      <Choice
        label={t('fleet.filter.zone', 'Zone')}
        value={filter.zone}
        options={zones}
        onChange={(zone) => onChange({ zone })}
      />
      <Choice<Band>
        label={t('fleet.filter.band', 'Health')}
        value={filter.band}
        options={BANDS}
        word={bandWord}
        onChange={(band) => onChange({ band })}
      />
      <Choice<LivenessState>
        label={t('fleet.filter.state', 'State')}
        value={filter.state}
        options={LIVENESS_STATES}
        word={stateWord}
        onChange={(state) => onChange({ state })}
      />
      <Choice
        label={t('fleet.filter.owner', 'Owner')}
        value={filter.owner}
        options={[...policies.flatMap(({ owner }) => owner ?? []), ...owners]}
        custom
        onChange={(owner) => onChange({ owner })}
      />
      <Choice
        label={t('fleet.filter.profile', 'Policy')}
        value={filter.profile}
        options={policies.map(({ id }) => id)}
        custom
        onChange={(profile) => onChange({ profile })}
      />
      <Choice
        label={t('fleet.filter.tag', 'Tags')}
        value={filter.tag}
        options={tags}
        custom
        onChange={(tag) => onChange({ tag })}
      />
      <div className={styles.check}>
        <Checkbox
          label={t('fleet.filter.isolated', 'Isolated only')}
          value={filter.isolated}
          onChange={(event) => onChange({ isolated: event.currentTarget.checked })}
        />
      </div>
      <Button
        variant="secondary"
        fill="text"
        icon="times"
        disabled={!isFiltered(filter)}
        onClick={() => onChange(NO_FILTER)}
      >
        <Trans i18nKey="fleet.filter.clear">Clear filters</Trans>
      </Button>
    </section>
  );
});

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: readonly T[];
  readonly options: readonly T[];
  readonly word?: (value: T) => string;
  /** Whether what is not offered may be typed. */
  readonly custom?: boolean;
  readonly onChange: (value: T[]) => void;
}

function Choice<T extends string>({ label, value, options, word, custom = false, onChange }: ChoiceProps<T>) {
  const styles = useStyles2(getStyles);
  // A value of a link is shown, whether it is offered or not.
  const offered = [...new Set([...options, ...value])].map((each) => ({ value: each, label: word?.(each) ?? each }));
  return (
    <div className={styles.choice}>
      <MultiFilter<T>
        label={label}
        placeholder={t('fleet.filter.any', 'Any')}
        value={value}
        options={offered}
        createCustomValue={custom}
        onChange={onChange}
      />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: theme.spacing(1, 1.5) }),
  search: css({ flex: '1 1 170px', maxWidth: 320 }),
  choice: css({ flex: '1 1 100px', minWidth: 100, maxWidth: 240 }),
  check: css({ display: 'flex', alignItems: 'center', height: theme.spacing(theme.components.height.md) }),
});
