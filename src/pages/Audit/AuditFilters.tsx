import { Trans } from '@grafana/i18n';
import { Button, Combobox, Field, Input, Label, Stack, TimeRangeInput } from '@grafana/ui';
import { useId, useState } from 'react';
import { t } from '../../i18n.ts';
import type { UrlState } from '../../hooks/use-url-state.ts';
import { actionWord, knownActions } from './audit-words.ts';
import { addressOf, pickerRange } from './range.ts';

interface Props {
  readonly url: UrlState;
  readonly people: ReadonlyMap<string, string>;
  readonly any: boolean;
  readonly onClear: () => void;
}

/** The filters of the audit, as the page's address has them. */
export function AuditFilters({ url, people, any, onClear }: Props) {
  const id = useId();
  const actor = url.get('actor');
  const action = url.get('action');
  const actors = [
    ...[...people].map(([value, label]) => ({ value, label, description: value })),
    { value: 'system', label: t('audit.filter.system', 'The collector itself'), description: 'system' },
  ];
  const actions = knownActions().map((value) => ({ value, label: actionWord(value), description: value }));
  return (
    <Stack direction="row" gap={2} alignItems="flex-end" wrap="wrap">
      <Field label={<Label id={`${id}-range`}>{t('audit.filter.range', 'Time range')}</Label>} noMargin>
        <div role="group" aria-labelledby={`${id}-range`}>
          <TimeRangeInput
            value={pickerRange(url.get('from'), url.get('to'))}
            placeholder={t('audit.filter.any-time', 'Any time')}
            clearable
            showIcon
            isReversed={false}
            onChange={(range) => url.set(addressOf(range))}
          />
        </div>
      </Field>
      <Field label={t('audit.filter.actor', 'Who')} htmlFor={`${id}-actor`} noMargin>
        <Combobox
          id={`${id}-actor`}
          options={actors}
          value={actor === null ? null : { value: actor, label: people.get(actor) ?? actor }}
          placeholder={t('audit.filter.any-actor', 'Anybody')}
          createCustomValue
          isClearable
          width={30}
          onChange={(chosen) => url.set({ actor: chosen?.value ?? null })}
        />
      </Field>
      <Field label={t('audit.filter.action', 'Action')} htmlFor={`${id}-action`} noMargin>
        <Combobox
          id={`${id}-action`}
          options={actions}
          value={action === null ? null : { value: action, label: actionWord(action) }}
          placeholder={t('audit.filter.any-action', 'Any action')}
          createCustomValue
          isClearable
          width={40}
          onChange={(chosen) => url.set({ action: chosen?.value ?? null })}
        />
      </Field>
      <Field label={t('audit.filter.subject', 'What it was done to')} htmlFor={`${id}-subject`} noMargin>
        <Subject
          key={url.get('subject') ?? ''}
          id={`${id}-subject`}
          value={url.get('subject') ?? ''}
          onChange={(subject) => url.set({ subject })}
        />
      </Field>
      {any && (
        <Button variant="secondary" fill="text" icon="times" onClick={onClear}>
          <Trans i18nKey="audit.filter.clear">Clear filters</Trans>
        </Button>
      )}
    </Stack>
  );
}

interface SubjectProps {
  readonly id: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** The collector finds a subject as it is written, so what is half typed is not asked for. */
function Subject({ id, value, onChange }: SubjectProps) {
  const [text, setText] = useState(value);
  const done = (): void => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <Input
        id={id}
        value={text}
        width={36}
        maxLength={256}
        placeholder={t('audit.filter.any-subject', 'Id of a target, run, policy or revision')}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={done}
      />
    </form>
  );
}
