import { Trans } from '@grafana/i18n';
import { Field, Input, Stack } from '@grafana/ui';
import { DEFAULT_PROFILE_ID } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { useCreatePolicy } from '../../api/policies.ts';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { href } from '../../constants.ts';
import { t } from '../../i18n.ts';

/** As the contract's `profileIdSchema` has it. */
const ID = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

/** An id that says the same as a name, such as `edge-berlin`; empty where nothing of it can be one. */
export const idFor = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');

/** Makes a policy that expects nothing and has no targets yet; what it expects is edited on its page. */
export function NewPolicyDialog({ onDismiss }: { readonly onDismiss: () => void }) {
  const create = useCreatePolicy();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [ownId, setOwnId] = useState<string | null>(null);
  const [owner, setOwner] = useState('');
  const id = ownId ?? idFor(name);
  const isBad = id !== '' && !ID.test(id);
  const missing = name.trim() === '' || id === '';
  return (
    <ActionDialog
      title={t('policies.create.title', 'New policy')}
      confirm={t('policies.create.confirm', 'Create policy')}
      blocked={
        missing
          ? t('policies.create.missing', 'Enter a name and an id.')
          : isBad
            ? t('policies.create.bad-id', 'Correct the id.')
            : null
      }
      onConfirm={async (reason) => {
        await create.mutateAsync({
          id,
          name: name.trim(),
          owner: owner.trim() === '' ? null : owner.trim(),
          reason,
        });
        navigate(`${href.policy(id)}?edit=true`);
      }}
      hasFields
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        <p>
          <Trans i18nKey="policies.create.text" values={{ id: DEFAULT_PROFILE_ID }}>
            It expects nothing and has no targets at first. What it expects you enter next; then you apply it to
            targets, which have the policy {'{{id}}'} until then.
          </Trans>
        </p>
        <Field label={t('policies.field.name', 'Name')} required htmlFor="new-policy-name" noMargin>
          <Input id="new-policy-name" autoFocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        </Field>
        <Field
          label={t('policies.create.id', 'Id')}
          description={t(
            'policies.create.id-hint',
            'Lower-case letters, digits and dashes. It cannot be changed later.'
          )}
          required
          htmlFor="new-policy-id"
          invalid={isBad}
          error={t('policies.create.id-wrong', 'It must be lower-case letters, digits and dashes, such as production.')}
          noMargin
        >
          <Input
            id="new-policy-id"
            aria-invalid={isBad}
            value={id}
            onChange={(event) => setOwnId(event.currentTarget.value)}
          />
        </Field>
        <Field
          label={t('policies.field.owner', 'Owner')}
          description={t('policies.hint.owner', 'The team that alerts of its targets name.')}
          htmlFor="new-policy-owner"
          noMargin
        >
          <Input id="new-policy-owner" value={owner} onChange={(event) => setOwner(event.currentTarget.value)} />
        </Field>
      </Stack>
    </ActionDialog>
  );
}
