import { Alert, Stack, Text, TextLink } from '@grafana/ui';
import type { PlaybookId, PolicyProfile, PolicyProposal } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useMe } from '../../../api/fleet.ts';
import { useDecideProposal, useProposals } from '../../../api/policies.ts';
import { ActionButton } from '../../../components/ActionButton.tsx';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { Failure } from '../../../components/states.tsx';
import { TimeAgo, useNow } from '../../../components/TimeAgo.tsx';
import { href } from '../../../constants.ts';
import { t } from '../../../i18n.ts';
import { playbookWord } from '../../../words.ts';
import type { PolicyPatch } from '../form/form.ts';
import { proposalActions } from '../policy-actions.ts';
import { DifferencesTable } from '../review/DifferencesTable.tsx';
import { differences } from '../review/differences.ts';

/** Changes of a policy that wait for another person. */
export function Proposals({ policy }: { readonly policy: PolicyProfile }) {
  const { data, error, refetch } = useProposals(policy.id);
  if (error !== null && data === undefined) return <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      {(data?.items ?? []).map((each) => (
        <Proposal key={each.id} proposal={each} policy={policy} />
      ))}
    </>
  );
}

interface Props {
  readonly proposal: PolicyProposal;
  readonly policy: PolicyProfile;
}

function Proposal({ proposal, policy }: Props) {
  const [decides, setDecides] = useState<'approve' | 'deny' | null>(null);
  const me = useMe();
  const actions = proposalActions(proposal, me.data, policy.version, useNow());
  const who = proposal.requestedByName ?? proposal.requestedBy;
  return (
    <Alert
      severity="warning"
      title={t('policies.proposal.title', '{{who}} proposes a change that waits for another person', { who })}
    >
      <Stack direction="column" gap={2}>
        <Text>
          {t('policies.proposal.reason', 'Reason: {{reason}}', { reason: proposal.reason })} (
          <TimeAgo at={proposal.createdAt} />; {t('policies.proposal.until', 'to be approved')}{' '}
          <TimeAgo at={proposal.approveBefore} />)
        </Text>
        <DifferencesTable
          label={t('policies.proposal.changes', 'What is proposed')}
          items={differences(policy, { ...policy, ...(proposal.change as PolicyPatch) })}
        />
        <Starts proposal={proposal} />
        <Stack direction="row" gap={1}>
          <ActionButton role="approver" why={actions.approve} size="sm" onClick={() => setDecides('approve')}>
            {t('policies.proposal.approve', 'Approve…')}
          </ActionButton>
          <ActionButton
            role="approver"
            why={actions.deny}
            size="sm"
            variant="secondary"
            onClick={() => setDecides('deny')}
          >
            {t('policies.proposal.deny', 'Deny…')}
          </ActionButton>
        </Stack>
      </Stack>
      {decides !== null && (
        <DecideDialog decision={decides} proposal={proposal} policy={policy} onDismiss={() => setDecides(null)} />
      )}
    </Alert>
  );
}

/** What automation would begin, and on which targets. */
function Starts({ proposal: { targets, playbooks } }: Pick<Props, 'proposal'>) {
  const what = playbooks.map((each) => playbookWord(each as PlaybookId)).join(', ');
  return (
    <div>
      <Text>
        {t('policies.proposal.starts', 'Automation would begin on {{targets}} targets: {{what}}.', {
          targets: targets.length,
          what,
        })}
      </Text>{' '}
      <details>
        <summary>{t('policies.proposal.targets', 'Show the targets')}</summary>
        <Stack direction="row" gap={1} wrap="wrap">
          {targets.map((id) => (
            <TextLink key={id} href={href.target(id)} inline={false}>
              {id}
            </TextLink>
          ))}
        </Stack>
      </details>
    </div>
  );
}

interface DecideProps extends Props {
  readonly decision: 'approve' | 'deny';
  readonly onDismiss: () => void;
}

function DecideDialog({ decision, proposal, policy, onDismiss }: DecideProps) {
  const decide = useDecideProposal(policy.id);
  const approves = decision === 'approve';
  return (
    <ActionDialog
      title={
        approves
          ? t('policies.proposal.approve-title', 'Approve the change of {{name}}?', { name: policy.name })
          : t('policies.proposal.deny-title', 'Deny the change of {{name}}?', { name: policy.name })
      }
      confirm={
        approves
          ? t('policies.proposal.approve-confirm', 'Approve the change')
          : t('policies.proposal.deny-confirm', 'Deny the change')
      }
      destructive={!approves}
      onConfirm={(reason) => decide.mutateAsync({ proposalId: proposal.id, decision, reason })}
      onDismiss={onDismiss}
    >
      {approves ? (
        <>
          <p>
            {t(
              'policies.proposal.approve-text',
              'It takes effect at once on every target of the policy ({{targets}}).',
              {
                targets: policy.targets,
              }
            )}
          </p>
          <Starts proposal={proposal} />
        </>
      ) : (
        <p>{t('policies.proposal.deny-text', 'The proposal ends, and the policy stays as it is.')}</p>
      )}
    </ActionDialog>
  );
}
