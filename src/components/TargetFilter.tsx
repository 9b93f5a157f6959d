import { Combobox, Field } from '@grafana/ui';
import { useId } from 'react';
import { t } from '../i18n.ts';
import type { TargetNames } from '../api/target-names.ts';

/** Names that are offered at a time. */
const OFFERED = 100;

interface Props {
  readonly names: TargetNames;
  /** Null: any. */
  readonly value: string | null;
  readonly onChange: (targetId: string | null) => void;
}

/** Chooses one target by its name or id. */
export function TargetFilter({ names, value, onChange }: Props) {
  const id = useId();
  const offered = (text: string): Promise<{ value: string; label: string; description: string }[]> => {
    const wanted = text.trim().toLowerCase();
    const found = names.all.filter((each) => each.name.toLowerCase().includes(wanted) || each.id.includes(wanted));
    return Promise.resolve(
      found.slice(0, OFFERED).map((each) => ({ value: each.id, label: each.name, description: each.id }))
    );
  };
  return (
    <Field label={t('components.target-filter.label', 'Node')} htmlFor={id} noMargin>
      <Combobox
        id={id}
        options={offered}
        value={value === null ? null : { value, label: names.nameOf(value) }}
        placeholder={t('components.target-filter.any', 'Type a name')}
        width={32}
        isClearable
        onChange={(chosen) => onChange(chosen?.value ?? null)}
      />
    </Field>
  );
}
