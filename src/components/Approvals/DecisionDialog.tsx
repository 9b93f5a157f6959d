import { Trans } from '@grafana/i18n';
import { Alert, Stack, Text } from '@grafana/ui';
import { useState } from 'react';
import { t } from '../../i18n.ts';
import { useApprove, useBatch, useCancel, useDeny, useRun } from '../../api/repairs.ts';
import type { PlanKind } from '../../api/repairs.ts';
import { playbookWord } from '../../words.ts';
import { ActionDialog } from '../ActionDialog.tsx';
import { RunBadge } from '../badges.tsx';
import { BatchBadge } from '../RunsTable/BatchBadge.tsx';
import { BlastRadius, PlanActions, PlanTargets } from '../RepairDialog/PlanSummary.tsx';
import { consequence, decisionWord, titleWord } from './decision-words.ts';
import type { Decided } from './decision-words.ts';
import { approvalsMissing } from './run-actions.ts';
import type { Subject } from './run-actions.ts';
import { Who } from './Who.tsx';

/** What deciding alone takes: whoever is paged reads it. Characters. */
const GLASS_REASON = 20;

interface Props {
  readonly subject: Subject;
  readonly decision: Decided;
  readonly nameOf: (id: string) => string;
  readonly onDismiss: () => void;
}

/** One decision about a plan, with everything that it is about. What was seen as it opened is what gets approved. */
export function DecisionDialog({ decision, nameOf, onDismiss, ...props }: Props) {
  const [subject] = useState(props.subject);
  const { kind, id, plan } = subject;
  const approve = useApprove();
  const deny = useDeny();
  const cancel = useCancel();
  const decide = (reason: string): Promise<unknown> => {
    const about = { kind, id, reason };
    if (decision === 'deny') return deny.mutateAsync(about);
    if (decision === 'cancel') return cancel.mutateAsync(about);
    return approve.mutateAsync({ ...about, digest: plan.digest, breakGlass: decision === 'break-glass' });
  };
  const isGlass = decision === 'break-glass';
  const text = consequence(decision, subject, approvalsMissing(plan));
  return (
    <ActionDialog
      title={titleWord(decision)}
      confirm={decisionWord(decision)}
      destructive={decision !== 'approve'}
      {...(isGlass && {
        leastReason: GLASS_REASON,
        acknowledge: t('approvals.glass.known', 'I decide this alone. I know that the owner is paged now.'),
      })}
      onConfirm={decide}
      failure={() => <NowState kind={kind} id={id} />}
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        {isGlass ? (
          <Alert severity="error" title={t('approvals.glass.title', 'This pages the owner')}>
            {text}
          </Alert>
        ) : (
          <Text>{text}</Text>
        )}
        <Text>
          <Text weight="medium">{playbookWord(plan.playbook)}</Text>
          {', '}
          <Trans i18nKey="approvals.asked-by">asked for by</Trans>{' '}
          <Who actor={plan.requestedBy} name={plan.requestedByName} />: {plan.reason}
        </Text>
        {decision !== 'cancel' && decision !== 'deny' && <PlanActions plan={plan} />}
        <BlastRadius targets={plan.targets} />
        <PlanTargets targets={plan.targets.map((target) => ({ target, held: [], waits: [] }))} nameOf={nameOf} />
      </Stack>
    </ActionDialog>
  );
}

/** How it is by now, for who has just been told that it cannot be decided that way. */
const NowState = ({ kind, id }: { readonly kind: PlanKind; readonly id: string }) =>
  kind === 'runs' ? <NowRun id={id} /> : <NowBatch id={id} />;

function NowRun({ id }: { readonly id: string }) {
  const { data } = useRun(id);
  if (data === undefined) return null;
  return (
    <div>
      <Trans i18nKey="approvals.now">It is now:</Trans> <RunBadge state={data.state} /> {data.reason}
    </div>
  );
}

function NowBatch({ id }: { readonly id: string }) {
  const { data } = useBatch(id);
  if (data === undefined) return null;
  return (
    <div>
      <Trans i18nKey="approvals.now">It is now:</Trans> <BatchBadge state={data.state} /> {data.reason}
    </div>
  );
}
