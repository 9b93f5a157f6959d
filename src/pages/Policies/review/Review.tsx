import { Alert, Button, Stack } from '@grafana/ui';
import type { PolicyProfile, PolicyProposal } from '@openclaw-fleet/contract';
import { useEffect, useRef, useState } from 'react';
import { useChangePolicy, usePreviewPolicy } from '../../../api/policies.ts';
import type { FleetError } from '../../../api/client.ts';
import { ActionButton } from '../../../components/ActionButton.tsx';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { Failure, Loading } from '../../../components/states.tsx';
import { t } from '../../../i18n.ts';
import type { PolicyPatch } from '../form/form.ts';
import { Group } from '../Group.tsx';
import { DifferencesTable } from './DifferencesTable.tsx';
import { differences } from './differences.ts';
import { effectOf } from './effect.ts';
import { EffectView } from './EffectView.tsx';

/** What became of a change: the profile as it is now, or what waits for another person. */
export type Saved = PolicyProfile | PolicyProposal;
export const isProposal = (saved: Saved): saved is PolicyProposal => 'requestedBy' in saved;

interface Props {
  readonly base: PolicyProfile;
  readonly patch: PolicyPatch;
  /** It cannot be saved on this version any more. */
  readonly outdated: boolean;
  /** The collector refused it: what is wrong with which field. */
  readonly onInvalid: (error: FleetError) => void;
  readonly onBack: () => void;
  readonly onSaved: (saved: Saved) => void;
}

/** What a change is and what it would do, before it is saved. */
export function Review({ base, patch, outdated, onInvalid, onBack, onSaved }: Props) {
  const { id } = base;
  const preview = usePreviewPolicy(id);
  const save = useChangePolicy(id);
  const [asks, setAsks] = useState(false);
  const { mutate } = preview;
  const change = JSON.stringify(patch);
  const tell = useRef(onInvalid);
  useEffect(() => {
    tell.current = onInvalid;
  });
  useEffect(() => {
    mutate(
      { change: JSON.parse(change) as PolicyPatch },
      { onError: (error) => error.kind === 'invalid' && tell.current(error) }
    );
  }, [mutate, change, base.version]);

  const begins = preview.data === undefined ? 0 : effectOf(preview.data).begins.targets;
  const why = outdated
    ? t('policies.review.outdated', 'Somebody else changed the policy: decide about your edits first.')
    : preview.data === undefined
      ? t('policies.review.no-preview', 'What it would do is not known yet.')
      : null;
  return (
    <Stack direction="column" gap={2}>
      <Group title={t('policies.review.changes', 'Your changes')}>
        <DifferencesTable
          label={t('policies.review.changes', 'Your changes')}
          items={differences(base, { ...base, ...patch })}
        />
      </Group>
      <Group title={t('policies.review.effect', 'What they would do')}>
        {preview.isPending && <Loading />}
        {preview.error !== null && <Failure error={preview.error} onRetry={() => mutate({ change: patch })} />}
        {preview.data !== undefined && <EffectView preview={preview.data} />}
      </Group>
      <Stack direction="row" gap={1}>
        <ActionButton role="approver" why={why} onClick={() => setAsks(true)}>
          {t('policies.review.save', 'Save…')}
        </ActionButton>
        <Button variant="secondary" fill="outline" onClick={onBack}>
          {t('policies.review.back', 'Back to editing')}
        </Button>
      </Stack>
      {asks && (
        <ActionDialog
          title={t('policies.review.title', 'Change the policy {{name}}?', { name: base.name })}
          confirm={t('policies.review.confirm', 'Save the change')}
          onConfirm={async (reason) => {
            onSaved(await save.mutateAsync({ version: base.version, change: { ...patch, reason } }));
          }}
          onDismiss={() => setAsks(false)}
        >
          {begins > 1 ? (
            <Alert
              severity="info"
              title={t(
                'policies.review.second',
                'Where automation is on for these {{begins}} targets, this becomes a proposal: nothing changes until another person approves it.',
                { begins }
              )}
            />
          ) : (
            <p>
              {t('policies.review.text', 'It takes effect at once on every target of the policy ({{targets}}).', {
                targets: base.targets,
              })}
            </p>
          )}
        </ActionDialog>
      )}
    </Stack>
  );
}
