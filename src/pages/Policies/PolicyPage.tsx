import { Alert, Stack, Text, TextLink } from '@grafana/ui';
import type { MaintenanceWindow, PolicyProfile } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { useDeletePolicy, usePolicy } from '../../api/policies.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { t } from '../../i18n.ts';
import { can } from '../../permissions.ts';
import { ApplyPolicy } from './apply/ApplyPolicy.tsx';
import { PolicyEditor } from './form/PolicyEditor.tsx';
import { FromFile } from './marks.tsx';
import { PolicyView } from './PolicyView.tsx';
import { policyActions } from './policy-actions.ts';
import { Proposals } from './proposals/Proposals.tsx';
import { isProposal } from './review/Review.tsx';
import type { Saved } from './review/Review.tsx';
import { WaiversSection } from './waivers/WaiversSection.tsx';
import { WindowsEditor } from './windows/WindowsEditor.tsx';
import { WindowsSection } from './windows/WindowsSection.tsx';

export default function PolicyPage() {
  const { policyId = '' } = useParams();
  // Another policy is another page: what was edited of the last one must not be saved to it.
  return <OnePolicy key={policyId} id={policyId} />;
}

type Mode = 'view' | 'edit' | 'apply';

function OnePolicy({ id }: { readonly id: string }) {
  const policy = usePolicy(id);
  const url = useUrlState();
  const [deletes, setDeletes] = useState(false);
  const { data } = policy;
  const wanted: Mode = url.get('edit') !== null ? 'edit' : url.get('apply') !== null ? 'apply' : 'view';
  const mode = data === undefined || !isOpen(wanted, data) ? 'view' : wanted;
  const actions = data === undefined ? null : policyActions(data);
  return (
    <PageFrame
      title={data?.name ?? id}
      parent={{ text: t('policies.title', 'Policies'), url: href.policies() }}
      subTitle={data?.description}
      actions={
        actions !== null &&
        mode === 'view' && (
          <Stack direction="row" gap={1}>
            <ActionButton role="approver" why={actions.edit} icon="pen" onClick={() => url.set({ edit: 'true' })}>
              {t('policies.action.edit', 'Edit')}
            </ActionButton>
            <ActionButton
              role="approver"
              why={actions.apply}
              variant="secondary"
              onClick={() => url.set({ apply: 'true' })}
            >
              {t('policies.action.apply', 'Apply to targets')}
            </ActionButton>
            <ActionButton
              role="approver"
              why={actions.remove}
              variant="destructive"
              fill="outline"
              onClick={() => setDeletes(true)}
            >
              {t('policies.action.delete', 'Delete')}
            </ActionButton>
          </Stack>
        )
      }
    >
      <Loadable query={policy}>{(it) => <Content policy={it} mode={mode} />}</Loadable>
      {deletes && data !== undefined && <DeleteDialog policy={data} onDismiss={() => setDeletes(false)} />}
    </PageFrame>
  );
}

/** Whether a link may lead there: what a role or the policy does not allow is shown as it is. */
function isOpen(mode: Mode, policy: PolicyProfile): boolean {
  if (mode === 'view') return true;
  return can('approver') && (mode === 'apply' || policyActions(policy).edit === null);
}

function Content({ policy, mode }: { readonly policy: PolicyProfile; readonly mode: Mode }) {
  const url = useUrlState();
  const [saved, setSaved] = useState<Saved | null>(null);
  const [windows, setWindows] = useState<MaintenanceWindow[] | null>(null);
  const { edit: why } = policyActions(policy);
  const close = (): void => url.set({ edit: null, apply: null, target: null });
  const onSaved = (result: Saved): void => {
    setSaved(result);
    setWindows(null);
    close();
  };
  if (mode === 'edit') return <PolicyEditor policy={policy} onClose={close} onSaved={onSaved} />;
  if (mode === 'apply') return <ApplyPolicy policy={policy} first={url.list('target')} onClose={close} />;
  if (windows !== null)
    return <WindowsEditor policy={policy} windows={windows} onClose={() => setWindows(null)} onSaved={onSaved} />;
  return (
    <Stack direction="column" gap={2}>
      {saved !== null && <Outcome saved={saved} />}
      <Facts policy={policy} why={why} />
      <Proposals policy={policy} />
      <PolicyView policy={policy} />
      <WindowsSection policy={policy} why={why} onChange={setWindows} />
      <WaiversSection policy={policy} why={why} onSaved={setSaved} />
    </Stack>
  );
}

function Outcome({ saved }: { readonly saved: Saved }) {
  if (!isProposal(saved))
    return (
      <Alert
        severity="success"
        title={t('policies.saved.title', 'The change is saved: it is version {{version}} now', {
          version: saved.version,
        })}
      />
    );
  return (
    <Alert
      severity="info"
      title={t('policies.proposed.title', 'Nothing is changed yet: another person must approve it')}
    >
      {t(
        'policies.proposed.text',
        'Automation would begin on {{targets}} targets, so one person alone cannot decide it. It is proposed below; tell another approver. It ends if nobody approves it:',
        { targets: saved.targets.length }
      )}{' '}
      <TimeAgo at={saved.approveBefore} />.
    </Alert>
  );
}

/** What there is to know about it before its fields. */
function Facts({ policy, why }: { readonly policy: PolicyProfile; readonly why: string | null }) {
  const { id, owner, targets, version, updatedAt, updatedBy, provisioned } = policy;
  return (
    <Stack direction="column" gap={1}>
      {provisioned && <Alert severity="info" title={why ?? ''} />}
      <Stack direction="row" gap={2} alignItems="center" wrap="wrap">
        <Text>{t('policies.facts.id', 'Id: {{id}}', { id })}</Text>
        <Text>{t('policies.facts.owner', 'Owner: {{owner}}', { owner: owner ?? '–' })}</Text>
        <TextLink href={href.fleet(`?profile=${encodeURIComponent(id)}`)} inline={false}>
          {t('policies.facts.targets', 'Targets: {{targets}}', { targets })}
        </TextLink>
        <Text color="secondary">
          {t('policies.facts.version', 'Version {{version}}, by {{who}}', { version, who: updatedBy })},{' '}
          <TimeAgo at={updatedAt} />
        </Text>
        {provisioned && <FromFile />}
      </Stack>
    </Stack>
  );
}

function DeleteDialog({ policy, onDismiss }: { readonly policy: PolicyProfile; readonly onDismiss: () => void }) {
  const remove = useDeletePolicy(policy.id);
  const navigate = useNavigate();
  return (
    <ActionDialog
      title={t('policies.delete.title', 'Delete the policy {{name}}?', { name: policy.name })}
      confirm={t('policies.delete.confirm', 'Delete policy')}
      destructive
      acknowledge={t('policies.delete.known', 'I know that this cannot be taken back')}
      onConfirm={async (reason) => {
        await remove.mutateAsync({ version: policy.version, reason });
        navigate(href.policies());
      }}
      onDismiss={onDismiss}
    >
      <p>
        {t(
          'policies.delete.text',
          'No target in the fleet has it. Those that had it and are forgotten would come back with the default policy. The audit keeps what it was.'
        )}
      </p>
    </ActionDialog>
  );
}
