import { Trans } from '@grafana/i18n';
import { locationService } from '@grafana/runtime';
import { Alert, Button, LoadingPlaceholder, Stack, Text, TextLink } from '@grafana/ui';
import type { DryRun, PlaybookId } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../i18n.ts';
import { failureOf } from '../api/client.ts';
import type { FleetError } from '../api/client.ts';
import { isOtherPlan, useRequestBatch, useRequestRepair } from '../api/repairs.ts';
import { href } from '../constants.ts';
import { useIdempotencyKey } from '../hooks/use-idempotency-key.ts';
import { missing } from '../permissions.ts';
import { ActionDialog } from './ActionDialog.tsx';
import { outlook } from './RepairDialog/outlook.ts';
import type { TargetOutlook } from './RepairDialog/outlook.ts';
import { PlaybookChoice } from './RepairDialog/PlaybookChoice.tsx';
import { BlastRadius, PlanActions, PlanTargets } from './RepairDialog/PlanSummary.tsx';
import { useDryRun } from './RepairDialog/use-dry-run.ts';
import { Failure } from './states.tsx';

export interface RepairDialogProps {
  /** What to repair: one, or a batch of at most 50. */
  readonly targets: readonly { readonly id: string; readonly name: string }[];
  /** Left out: for one target, what its worst open fault suggests; for several, the person chooses. */
  readonly playbook?: PlaybookId;
  readonly onDismiss: () => void;
}

/** Shows the plan of a repair (a dry run), and asks for it. Then the run's page follows. */
export function RepairDialog({ targets, playbook: given, onDismiss }: RepairDialogProps) {
  const ids = targets.map(({ id }) => id);
  const [chosen, setChosen] = useState<PlaybookId | null>(given ?? null);
  const plan = useDryRun(ids, chosen);
  const requestOne = useRequestRepair();
  const requestBatch = useRequestBatch();
  const once = useIdempotencyKey();
  const isBatch = ids.length > 1;
  const playbook = chosen ?? plan.data?.plan.playbook ?? null;
  const looked = plan.data === undefined ? [] : outlook(plan.data);
  const needsApproval = (plan.data?.plan.approvalsNeeded ?? 0) > 0;

  const request = async (reason: string): Promise<void> => {
    if (playbook === null || plan.data === undefined) return;
    const { digest, approvalsNeeded } = plan.data.plan;
    try {
      const address = await once([playbook, reason, digest, approvalsNeeded], async (idempotencyKey) => {
        const body = { playbook, reason, digest, approvalsNeeded, idempotencyKey };
        if (isBatch) return href.batch((await requestBatch.mutateAsync({ ...body, targetIds: ids })).id);
        return href.run((await requestOne.mutateAsync({ ...body, targetId: ids[0] ?? '' })).id);
      });
      locationService.push(address);
    } catch (error) {
      if (isOtherPlan(failureOf(error))) plan.again();
      throw error;
    }
  };

  return (
    <ActionDialog
      title={titleOf(targets)}
      confirm={
        needsApproval ? t('repair.confirm.ask', 'Ask for approval') : t('repair.confirm.start', 'Start the repair')
      }
      blocked={missing('operator') ?? blockedBy(plan.data, looked, isBatch && chosen === null)}
      onConfirm={request}
      failure={nextStep}
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={2}>
        <PlaybookChoice
          value={playbook}
          suggested={playbook !== null && (given !== undefined || !isBatch) && chosen === (given ?? null)}
          onChange={setChosen}
        />
        {plan.error !== null && <Failure error={plan.error} onRetry={plan.again} />}
        {plan.data !== undefined && <Plan dryRun={plan.data} targets={targets} looked={looked} onAgain={plan.again} />}
        {plan.data === undefined && plan.error === null && playbookIsKnown(isBatch, chosen) && (
          <LoadingPlaceholder text={t('repair.planning', 'Looking at what would happen…')} />
        )}
      </Stack>
    </ActionDialog>
  );
}

/** What to do about a refusal, below its words. */
function nextStep(error: FleetError) {
  if (isOtherPlan(error))
    return (
      <div>
        <Trans i18nKey="repair.other-plan">
          The plan above was made anew. Read it, and confirm again if it is still what you want.
        </Trans>
      </div>
    );
  const runId = error.problem?.runId;
  if (runId === undefined) return null;
  return (
    <div>
      <TextLink href={href.run(runId)}>{t('repair.blocked-run', 'Look at the run that was held back')}</TextLink>
    </div>
  );
}

const playbookIsKnown = (isBatch: boolean, chosen: PlaybookId | null): boolean => !isBatch || chosen !== null;

function titleOf(targets: RepairDialogProps['targets']): string {
  const [first] = targets;
  return targets.length === 1
    ? t('repair.title.one', 'Repair {{name}}', { name: first?.name ?? '' })
    : t('repair.title.several', 'Repair {{count}} nodes', { count: targets.length });
}

/** Why it cannot be asked for as it is planned; null: it can. */
function blockedBy(dryRun: DryRun | undefined, looked: readonly TargetOutlook[], mustChoose: boolean): string | null {
  if (mustChoose) return t('repair.wait.choose', 'Choose a playbook to see what would happen.');
  if (dryRun === undefined) return t('repair.wait.plan', 'Nothing can be started without a plan.');
  if (looked.every(({ held }) => held.length > 0))
    return looked.length === 1
      ? t('repair.wait.held', 'This is held back, so there is nothing to start. The plan says why, and what to do.')
      : t('repair.wait.all-held', 'Every node is held back, so there is nothing to start. The plan says why.');
  return null;
}

interface PlanProps {
  readonly dryRun: DryRun;
  readonly targets: RepairDialogProps['targets'];
  readonly looked: readonly TargetOutlook[];
  readonly onAgain: () => void;
}

function Plan({ dryRun: { plan }, targets, looked, onAgain }: PlanProps) {
  const names = new Map(targets.map(({ id, name }) => [id, name]));
  const held = looked.filter((each) => each.held.length > 0).length;
  return (
    <Stack direction="column" gap={2}>
      <Section title={t('repair.section.what', 'What happens to each node')}>
        <PlanActions plan={plan} />
      </Section>
      <Section
        title={t('repair.section.targets', 'To which nodes')}
        button={
          <Button variant="secondary" fill="text" size="sm" icon="sync" onClick={onAgain}>
            <Trans i18nKey="repair.again">Look again</Trans>
          </Button>
        }
      >
        <BlastRadius targets={plan.targets} />
        <PlanTargets targets={looked} nameOf={(id) => names.get(id) ?? id} outlook />
        {held > 0 && held < looked.length && (
          <Text color="secondary">
            {t('repair.partly', 'The plan is for the other {{count}}; what is held back is recorded with its reason.', {
              count: looked.length - held,
            })}
          </Text>
        )}
        {looked.length > 1 && (
          <Text color="secondary">
            <Trans i18nKey="repair.waves">
              It goes in waves, a few nodes first. If one of those first ones fails, the rest is left alone.
            </Trans>
          </Text>
        )}
      </Section>
      <Section title={t('repair.section.approvals', 'Approvals')}>
        <Text>{plan.approvalReason}</Text>
        {plan.approvalsNeeded > 1 && (
          <Alert severity="warning" title={t('repair.two', 'Two persons other than you must approve this')} />
        )}
      </Section>
    </Stack>
  );
}

interface SectionProps {
  readonly title: string;
  readonly button?: React.ReactNode;
  readonly children: React.ReactNode;
}

const Section = ({ title, button, children }: SectionProps) => (
  <Stack direction="column" gap={1}>
    <Stack direction="row" justifyContent="space-between" alignItems="center">
      <Text element="h5">{title}</Text>
      {button}
    </Stack>
    {children}
  </Stack>
);
