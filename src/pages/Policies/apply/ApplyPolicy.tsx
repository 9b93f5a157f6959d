import { Alert, Button, Stack } from '@grafana/ui';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useApplyPolicyToMany } from '../../../api/apply-policy.ts';
import { usePreviewPolicy } from '../../../api/policies.ts';
import { ActionButton } from '../../../components/ActionButton.tsx';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { Failure, Loading } from '../../../components/states.tsx';
import { t } from '../../../i18n.ts';
import { Group } from '../Group.tsx';
import { EffectView } from '../review/EffectView.tsx';
import { Results } from './Results.tsx';
import { MOST_TARGETS, TargetChoice } from './TargetChoice.tsx';

interface Props {
  readonly policy: PolicyProfile;
  /** Chosen already, by the link that led here. */
  readonly first: readonly string[];
  readonly onClose: () => void;
}

/** Gives targets a policy: choose them, see what it would do, then it is applied to one after the other. */
export function ApplyPolicy({ policy, first, onClose }: Props) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(first));
  const [asks, setAsks] = useState(false);
  const preview = usePreviewPolicy(policy.id);
  const apply = useApplyPolicyToMany(policy.id);
  const ids = [...chosen];
  const show = (): void => preview.mutate({ applyTo: ids });
  if (apply.results.size > 0) return <Results policy={policy} apply={apply} onClose={onClose} />;
  return (
    <Stack direction="column" gap={2}>
      <Group
        title={t('policies.apply.title', 'Apply to targets')}
        hint={t(
          'policies.apply.hint',
          'They get this policy instead of the one that they have. Their own desired state stays, and still outranks it.'
        )}
      >
        <TargetChoice
          policyId={policy.id}
          chosen={chosen}
          onChange={(next) => {
            setChosen(next);
            preview.reset();
          }}
        />
      </Group>
      {(preview.isPending || preview.error !== null || preview.data !== undefined) && (
        <Group title={t('policies.apply.effect', 'What it would do')}>
          {preview.isPending && <Loading />}
          {preview.error !== null && <Failure error={preview.error} onRetry={show} />}
          {preview.data !== undefined && <EffectView preview={preview.data} />}
        </Group>
      )}
      <Stack direction="row" gap={1}>
        {preview.data === undefined ? (
          <ActionButton role="operator" why={whyNot(ids.length)} onClick={show}>
            {t('policies.apply.preview', 'Show what it would do')}
          </ActionButton>
        ) : (
          <ActionButton role="approver" onClick={() => setAsks(true)}>
            {t('policies.apply.apply', 'Apply to {{targets}} targets…', { targets: ids.length })}
          </ActionButton>
        )}
        <Button variant="secondary" fill="outline" onClick={onClose}>
          {t('policies.apply.cancel', 'Back to the policy')}
        </Button>
      </Stack>
      {asks && (
        <ActionDialog
          title={t('policies.apply.ask', 'Apply {{name}} to {{targets}} targets?', {
            name: policy.name,
            targets: ids.length,
          })}
          confirm={t('policies.apply.confirm', 'Apply the policy')}
          onConfirm={(reason) => {
            // How it goes is shown on the page, target by target.
            void apply.run(ids, reason);
            return Promise.resolve();
          }}
          onDismiss={() => setAsks(false)}
        >
          <p>
            {t('policies.apply.text', 'Each is judged by the new policy at once. This is done to one after the other:')}
          </p>
          <ul
            style={{ maxHeight: 160, overflowY: 'auto', paddingLeft: 20 }}
            tabIndex={0}
            aria-label={t('policies.apply.list', 'Targets')}
          >
            {ids.map((id) => (
              <li key={id}>{id}</li>
            ))}
          </ul>
        </ActionDialog>
      )}
      {ids.length > MOST_TARGETS && <Alert severity="info" title={whyNot(ids.length) ?? ''} />}
    </Stack>
  );
}

function whyNot(count: number): string | null {
  if (count === 0) return t('policies.apply.none', 'Choose at least one target.');
  return count > MOST_TARGETS
    ? t('policies.apply.many', 'Choose at most {{most}} targets at once.', { most: MOST_TARGETS })
    : null;
}
