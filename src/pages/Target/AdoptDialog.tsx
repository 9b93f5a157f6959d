import { Field, Input, Stack, Text } from '@grafana/ui';
import type { AdoptedConfig, FleetTarget } from '@openclaw-fleet/contract';
import { useId, useState } from 'react';
import { t } from '../../i18n.ts';
import { useAdoptConfig } from '../../api/targets.ts';
import { ActionDialog } from '../../components/ActionDialog.tsx';

interface Props {
  readonly target: Pick<FleetTarget, 'id' | 'name'>;
  readonly onAdopted: (adopted: AdoptedConfig) => void;
  readonly onDismiss: () => void;
}

/** Makes what a gateway runs a revision. */
export function AdoptDialog({ target: { id, name }, onAdopted, onDismiss }: Props) {
  const [title, setTitle] = useState(t('target.adopt.default-title', 'As {{name}} runs it', { name }));
  const adopt = useAdoptConfig(id);
  const field = useId();
  const lacksTitle = title.trim() === '' ? t('target.adopt.title-missing', 'Give it a title first.') : null;
  return (
    <ActionDialog
      title={t('target.adopt.title', 'Adopt what {{name}} runs?', { name })}
      confirm={t('target.adopt.confirm', 'Make it a revision')}
      blocked={lacksTitle}
      onConfirm={async (reason) => onAdopted(await adopt.mutateAsync({ title: title.trim(), reason }))}
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        <Text>
          {t(
            'target.adopt.text',
            'The values that {{name}} reported become a configuration revision. Secrets in it are references, and what no revision may manage is left out. Nothing changes on any node.',
            { name }
          )}
        </Text>
        <Field label={t('target.adopt.field', 'Title of the revision')} htmlFor={field} required noMargin>
          <Input id={field} value={title} maxLength={128} onChange={(event) => setTitle(event.currentTarget.value)} />
        </Field>
      </Stack>
    </ActionDialog>
  );
}
