import { Combobox, Field, Input, Stack, TagsInput } from '@grafana/ui';
import type { PolicyProfile, ViolationCode } from '@openclaw-fleet/contract';
import { VIOLATION_CODES } from '@openclaw-fleet/contract';
import { useId, useState } from 'react';
import { useAddWaiver } from '../../../api/policies.ts';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { t } from '../../../i18n.ts';
import { violationWord } from '../../../words.ts';

interface Props {
  readonly policy: PolicyProfile;
  readonly onDismiss: () => void;
}

const WEEK_MS = 7 * 86_400_000;
const YEAR_MS = 366 * 86_400_000;

/** An id that says what is waived and that no other waiver has, such as `cpu-over-limit-2`. */
export function waiverId(code: ViolationCode, taken: readonly string[]): string {
  for (let count = 1; ; count += 1) {
    const id = count === 1 ? code : `${code}-${String(count)}`;
    if (!taken.includes(id)) return id;
  }
}

/** An instant as a field of the browser has it: local time, to the minute. */
export function localText(ms: number): string {
  const offset = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offset).toISOString().slice(0, 16);
}

/** Asks for a waiver. It takes effect at once; it can start no automation, since it only leaves violations out. */
export function WaiverDialog({ policy, onDismiss }: Props) {
  const add = useAddWaiver(policy.id);
  const id = useId();
  const [code, setCode] = useState<ViolationCode | null>(null);
  const [targets, setTargets] = useState<string[]>([]);
  const [now] = useState(() => Date.now());
  const [expires, setExpires] = useState(() => localText(now + WEEK_MS));
  const taken = policy.waivers.map((each) => each.id);
  const end = new Date(expires).getTime();
  const isBad = !(end > now && end <= now + YEAR_MS);
  return (
    <ActionDialog
      title={t('policies.waiver.title', 'Add a waiver to {{name}}', { name: policy.name })}
      confirm={t('policies.waiver.confirm', 'Add waiver')}
      hasFields
      blocked={
        code === null
          ? t('policies.waiver.missing', 'Choose which violation is not counted.')
          : isBad
            ? t('policies.waiver.bad-end', 'Choose an end in the future, at most a year ahead.')
            : null
      }
      onConfirm={async (reason) => {
        if (code === null) return;
        await add.mutateAsync({
          version: policy.version,
          waiver: {
            id: waiverId(code, taken),
            code,
            targetIds: targets.length === 0 ? null : targets,
            expiresAt: new Date(end).toISOString(),
            reason,
          },
        });
      }}
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        <p>
          {t(
            'policies.waiver.text',
            'The violation is not counted until then: scores rise where it is so, and its alerts end. Then it counts again by itself.'
          )}
        </p>
        <Field label={t('policies.waivers.code', 'Violation')} htmlFor={`${id}-code`} required noMargin>
          <Combobox<ViolationCode>
            id={`${id}-code`}
            autoFocus
            value={code}
            placeholder={t('policies.waiver.choose', 'Choose a violation')}
            options={VIOLATION_CODES.map((value) => ({ value, label: violationWord(value) }))}
            onChange={({ value }) => setCode(value)}
          />
        </Field>
        <Field
          label={t('policies.waivers.targets', 'Targets')}
          description={t(
            'policies.waiver.targets-hint',
            'Ids of targets. Empty: every target of the policy ({{targets}}).',
            {
              targets: policy.targets,
            }
          )}
          htmlFor={`${id}-targets`}
          noMargin
        >
          <TagsInput
            id={`${id}-targets`}
            tags={targets}
            addOnBlur
            autoColors={false}
            placeholder={t('policies.waiver.target', 'Type an id and press Enter')}
            onChange={setTargets}
          />
        </Field>
        <Field
          label={t('policies.waiver.end', 'It ends')}
          description={t('policies.waiver.end-hint', 'At most a year ahead, in the time zone of your browser.')}
          htmlFor={`${id}-end`}
          required
          noMargin
        >
          <Input
            id={`${id}-end`}
            type="datetime-local"
            value={expires}
            min={localText(now)}
            max={localText(now + YEAR_MS)}
            onChange={(event) => setExpires(event.currentTarget.value)}
          />
        </Field>
      </Stack>
    </ActionDialog>
  );
}
