import { t } from '@grafana/i18n';
import { Combobox, Input, RadioButtonGroup, Stack, Text, useStyles2 } from '@grafana/ui';
import type { FleetTarget, TargetPolicyView } from '@openclaw-fleet/contract';
import { useId, useState } from 'react';
import { useConfigs } from '../../api/configurations.ts';
import { usePatchDesiredState } from '../../api/targets.ts';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { Changed } from './ApplyProfileDialog.tsx';
import { changeOf, draftOf, FIELDS, invalidField, NULLABLE } from './desired-draft.ts';
import type { DesiredField, Draft, FieldDraft } from './desired-draft.ts';
import { PreviewSummary } from './PreviewSummary.tsx';
import { formStyles } from './table.ts';
import { useConflict } from './use-conflict.ts';
import { usePreview } from './use-preview.ts';

interface Props {
  readonly target: Pick<FleetTarget, 'id' | 'name'>;
  readonly view: TargetPolicyView;
  readonly onDismiss: () => void;
}

/** Changes what is expected of one target alone, after a look at what that does. */
export function ChangeDesiredDialog({ target: { id, name }, view, onDismiss }: Props) {
  // Only what the person touched is kept: what somebody else changes meanwhile shows in the rest.
  const [touched, setTouched] = useState<Partial<Draft>>({});
  const draft: Draft = { ...draftOf(view), ...touched };
  const wrong = invalidField(draft);
  const change = wrong === null ? changeOf(view, draft) : null;
  const preview = usePreview(id, view.version, change === null ? null : { desired: change });
  const conflict = useConflict(preview.forget);
  const patch = usePatchDesiredState(id);
  const why =
    wrong !== null
      ? t('target.change.wrong', 'Correct this first: {{field}}.', { field: fieldWord(wrong) })
      : change === null
        ? t('target.change.nothing', 'Nothing is changed yet.')
        : null;
  return (
    <ActionDialog
      title={t('target.change.title', 'Change what is expected of {{name}}?', { name })}
      confirm={t('target.change.confirm', 'Change it')}
      blocked={why ?? (preview.data === null ? t('target.preview.first', 'Look at the preview first.') : null)}
      onConfirm={(reason) =>
        conflict.guard(() => patch.mutateAsync({ version: view.version, change: { ...change, reason } }))
      }
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        <Text>
          {t(
            'target.change.text',
            'This is for {{name}} alone and outranks its profile {{profile}}. Other nodes are not affected.',
            { name, profile: view.policyProfileId }
          )}
        </Text>
        {conflict.happened && <Changed />}
        {FIELDS.map((field) => (
          <FieldEditor
            key={field}
            field={field}
            value={draft[field]}
            onChange={(next) => setTouched((before) => ({ ...before, [field]: next }))}
          />
        ))}
        <PreviewSummary preview={preview} why={why} />
      </Stack>
    </ActionDialog>
  );
}

function fieldWord(field: DesiredField): string {
  return {
    bridgeVersion: t('target.desired.bridge-version', 'Bridge version'),
    configRevision: t('target.desired.revision', 'Configuration revision'),
    maxSyncLagMs: t('target.change.sync-lag', 'Longest sync lag (seconds)'),
    allowAutoRemediation: t('target.desired.auto', 'Automatic repairs'),
    requiredCapabilities: t('target.change.capabilities', 'Required capabilities (separated by commas)'),
  }[field];
}

interface EditorProps {
  readonly field: DesiredField;
  readonly value: FieldDraft;
  readonly onChange: (value: FieldDraft) => void;
}
function FieldEditor({ field, value, onChange }: EditorProps) {
  const styles = useStyles2(formStyles);
  const id = useId();
  const label = fieldWord(field);
  const modes = [
    { value: 'profile' as const, label: t('target.change.profile', 'As its profile') },
    { value: 'own' as const, label: t('target.change.own', 'Its own') },
    ...(NULLABLE.includes(field)
      ? [{ value: 'nothing' as const, label: t('target.change.expects-nothing', 'Nothing expected') }]
      : []),
  ];
  return (
    <fieldset>
      <legend className={styles.legend}>{label}</legend>
      <Stack direction="row" gap={1} wrap="wrap" alignItems="center">
        <RadioButtonGroup
          id={id}
          aria-label={t('target.change.whose', 'Who says: {{label}}', { label })}
          options={modes}
          value={value.mode}
          onChange={(mode) => onChange({ ...value, mode })}
        />
        {value.mode === 'own' && <ValueEditor field={field} value={value} onChange={onChange} label={label} />}
      </Stack>
    </fieldset>
  );
}

function ValueEditor({ field, value, onChange, label }: EditorProps & { readonly label: string }) {
  const id = useId();
  const change = (text: string): void => onChange({ ...value, text });
  switch (field) {
    case 'configRevision':
      return <RevisionChoice value={value.text} onChange={change} label={label} />;
    case 'allowAutoRemediation':
      return (
        <RadioButtonGroup
          id={id}
          aria-label={label}
          options={[
            { value: 'true', label: t('target.desired.on', 'On') },
            { value: 'false', label: t('target.desired.off', 'Off') },
          ]}
          value={value.text}
          onChange={change}
        />
      );
    default:
      return (
        <Input
          aria-label={label}
          width={40}
          type={field === 'maxSyncLagMs' ? 'number' : 'text'}
          value={value.text}
          onChange={(event) => change(event.currentTarget.value)}
        />
      );
  }
}

interface RevisionProps {
  readonly value: string;
  readonly label: string;
  readonly onChange: (id: string) => void;
}
function RevisionChoice({ value, label, onChange }: RevisionProps) {
  const id = useId();
  const { data } = useConfigs({ limit: 500 });
  const options = (data?.pages ?? []).flatMap(({ items }) =>
    items.map((each) => ({ value: each.id, label: each.title, description: shortHash(each.id) }))
  );
  return (
    <Combobox
      id={id}
      aria-label={label}
      width={40}
      options={options}
      value={value === '' ? null : value}
      placeholder={t('target.change.choose-revision', 'Choose a revision')}
      onChange={(chosen) => onChange(chosen.value)}
    />
  );
}
