import { t, Trans } from '@grafana/i18n';
import { Alert, RadioButtonList, Stack, Text, useStyles2 } from '@grafana/ui';
import type { FleetTarget, TargetPolicyView } from '@openclaw-fleet/contract';
import { useId, useState } from 'react';
import { usePolicies } from '../../api/policies.ts';
import { useApplyPolicy } from '../../api/targets.ts';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PreviewSummary } from './PreviewSummary.tsx';
import { formStyles } from './table.ts';
import { useConflict } from './use-conflict.ts';
import { usePreview } from './use-preview.ts';

interface Props {
  readonly target: Pick<FleetTarget, 'id' | 'name'>;
  readonly view: TargetPolicyView;
  readonly onDismiss: () => void;
}

/** Gives a target another profile, after a look at what that does. */
export function ApplyProfileDialog({ target: { id, name }, view, onDismiss }: Props) {
  const styles = useStyles2(formStyles);
  const group = useId();
  const [chosen, setChosen] = useState<string | null>(null);
  const policies = usePolicies();
  const apply = useApplyPolicy(id);
  const preview = usePreview(id, view.version, chosen === null ? null : { policyId: chosen });
  const conflict = useConflict(preview.forget);
  const why = chosen === null ? t('target.profile.choose', 'Choose a profile first.') : null;
  return (
    <ActionDialog
      title={t('target.profile.title', 'Apply another profile to {{name}}?', { name })}
      confirm={t('target.profile.confirm', 'Apply the profile')}
      blocked={why ?? (preview.data === null ? t('target.preview.first', 'Look at the preview first.') : null)}
      onConfirm={(reason) =>
        conflict.guard(() => apply.mutateAsync({ version: view.version, policyId: chosen ?? '', reason }))
      }
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        <Text>
          <Trans i18nKey="target.profile.text" values={{ name, profile: view.policyProfileId }}>
            {'{{name}}'} has the profile {'{{profile}}'} now. What is its own stays its own and outranks the new
            profile.
          </Trans>
        </Text>
        {conflict.happened && <Changed />}
        <Loadable query={policies}>
          {({ items }) => (
            <fieldset>
              <legend className={styles.legend}>{t('target.profile.label', 'Profile')}</legend>
              <RadioButtonList<string>
                name={group}
                value={chosen ?? ''}
                options={items
                  .filter((each) => each.id !== view.policyProfileId)
                  .map((each) => ({ value: each.id, label: each.name, description: each.description }))}
                onChange={setChosen}
              />
              {items.length < 2 && (
                <Text color="secondary">
                  {t('target.profile.none', 'There is no other profile. Create one first.')}
                </Text>
              )}
            </fieldset>
          )}
        </Loadable>
        <PreviewSummary preview={preview} why={why} />
      </Stack>
    </ActionDialog>
  );
}

/** Somebody else was first. */
export const Changed = () => (
  <Alert bottomSpacing={0} severity="warning" title={t('target.conflict.title', 'Somebody changed this meanwhile')}>
    <Trans i18nKey="target.conflict.text">
      What is expected of it was read anew, and what you entered is kept. Look at the preview again before you confirm.
    </Trans>
  </Alert>
);
