import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Checkbox, Combobox, Field, Input, RadioButtonList, Stack, TagsInput, TextArea, useStyles2 } from '@grafana/ui';
import { DRIFT_MODES } from '@openclaw-fleet/contract';
import { useId } from 'react';
import { useConfigs } from '../../../api/configurations.ts';
import { t } from '../../../i18n.ts';
import { severityWord } from '../../../words.ts';
import { driftModeText, driftModeWord, fieldHint, fieldWord, unitWord } from '../words.ts';
import { isFlag, isList, isNumber, NUMBERS } from './fields.ts';
import type { FieldName, ListName, PolicyForm } from './fields.ts';

interface Props {
  readonly name: FieldName;
  readonly form: PolicyForm;
  readonly error: string | undefined;
  readonly onChange: (change: Partial<PolicyForm>) => void;
}

/** One field of a policy with its label, what it is for, and what is wrong with it. */
export function FieldInput({ name, form, error, onChange }: Props) {
  const id = useId();
  const styles = useStyles2(getStyles);
  const hint = fieldHint(name);
  const common = {
    invalid: error !== undefined,
    error,
    noMargin: true,
    required: name === 'name',
    ...(hint !== '' && { description: hint }),
  };
  const set = (value: PolicyForm[FieldName]): void => onChange({ [name]: value });
  if (isFlag(name))
    return (
      <Stack direction="column" gap={0.5} alignItems="flex-start">
        <Checkbox
          label={fieldWord(name)}
          description={hint}
          value={form[name]}
          invalid={error !== undefined}
          onChange={(event) => set(event.currentTarget.checked)}
        />
        {error !== undefined && <span role="alert">{error}</span>}
      </Stack>
    );
  if (name === 'driftMode')
    return (
      <fieldset>
        <legend className={styles.legend}>{fieldWord(name)}</legend>
        <RadioButtonList
          name={id}
          value={form.driftMode}
          options={DRIFT_MODES.map((value) => ({
            value,
            label: driftModeWord(value),
            description: driftModeText(value),
          }))}
          onChange={(value) => set(value)}
        />
      </fieldset>
    );
  const label = labelOf(name);
  if (isList(name))
    return (
      <Field {...common} label={label} htmlFor={id}>
        <ListInput id={id} name={name} form={form} onChange={set} />
      </Field>
    );
  if (name === 'desired.configRevision')
    return (
      <Field {...common} label={label} htmlFor={id}>
        <RevisionInput id={id} value={form[name]} onChange={set} />
      </Field>
    );
  if (name === 'unknownConfigSeverity')
    return (
      <Field {...common} label={label} htmlFor={id}>
        <Combobox
          id={id}
          value={form[name]}
          options={(['major', 'critical'] as const).map((value) => ({ value, label: severityWord(value) }))}
          onChange={({ value }) => set(value)}
        />
      </Field>
    );
  if (name === 'description')
    return (
      <Field {...common} label={label} htmlFor={id}>
        <TextArea
          id={id}
          aria-invalid={error !== undefined}
          rows={2}
          value={form[name]}
          onChange={(event) => set(event.currentTarget.value)}
        />
      </Field>
    );
  return (
    <Field {...common} label={label} htmlFor={id}>
      <Input
        id={id}
        // Grafana 12.3 marks it by colour alone.
        aria-invalid={error !== undefined}
        value={form[name]}
        {...(isNumber(name) && { inputMode: 'decimal' as const, suffix: unitWord(NUMBERS[name].unit) })}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </Field>
  );
}

/** Numbers say their unit in their name too, which a suffix does not do for a screen reader. */
function labelOf(name: FieldName): string {
  const unit = isNumber(name) ? unitWord(NUMBERS[name].unit) : '';
  return unit === '' ? fieldWord(name) : `${fieldWord(name)} (${unit})`;
}

interface ListProps {
  readonly id: string;
  readonly name: ListName;
  readonly form: PolicyForm;
  readonly onChange: (value: string[]) => void;
}

const ListInput = ({ id, name, form, onChange }: ListProps) => (
  <TagsInput
    id={id}
    tags={[...form[name]]}
    addOnBlur
    autoColors={false}
    placeholder={t('policies.form.list', 'Type one and press Enter')}
    onChange={onChange}
  />
);

interface RevisionProps {
  readonly id: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function RevisionInput({ id, value, onChange }: RevisionProps) {
  const configs = useConfigs();
  const known = (configs.data?.pages ?? []).flatMap(({ items }) => items);
  const options = known.map((each) => ({ value: each.id, label: each.title, description: each.id.slice(0, 12) }));
  // One that is further back in the list, or just typed.
  const own =
    value === '' || options.some((each) => each.value === value) ? [] : [{ value, label: value.slice(0, 12) }];
  return (
    <Combobox
      id={id}
      isClearable
      createCustomValue
      customValueDescription={t('policies.form.revision-id', 'Use the revision of this id')}
      placeholder={t('policies.form.revision', 'Any configuration')}
      loading={configs.isLoading}
      value={value === '' ? null : value}
      options={[...own, ...options]}
      onChange={(option) => onChange(option?.value ?? '')}
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  legend: css({
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    marginBottom: theme.spacing(0.5),
  }),
});
