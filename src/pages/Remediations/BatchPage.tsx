import { Trans } from '@grafana/i18n';
import { Alert, Stack, Text } from '@grafana/ui';
import type { Batch } from '@openclaw-fleet/contract';
import { useParams } from 'react-router-dom';
import { t } from '../../i18n.ts';
import { useBatch } from '../../api/repairs.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { subjectOfBatch } from '../../components/Approvals/run-actions.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { BatchBadge } from '../../components/RunsTable/BatchBadge.tsx';
import { RunsTable } from '../../components/RunsTable/RunsTable.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { playbookWord } from '../../words.ts';
import { Decisions, GlassBroken } from './Decisions.tsx';
import { PlanDetails } from './PlanDetails.tsx';
import { Columns, Section } from './Section.tsx';
import { useDecisions } from './use-decisions.tsx';
import { Waves } from './Waves.tsx';

/** One repair of several nodes. */
export default function BatchPage() {
  const { batchId = '' } = useParams();
  return <OneBatch key={batchId} batchId={batchId} />;
}

function OneBatch({ batchId }: { readonly batchId: string }) {
  const query = useBatch(batchId, true);
  const { nameOf } = useTargetNames();
  const batch = query.data;
  const { buttons, dialog } = useDecisions(batch === undefined ? null : subjectOfBatch(batch), nameOf);
  const title =
    batch === undefined
      ? t('batch.title.any', 'Repair of several nodes')
      : t('batch.title.of', '{{playbook}}: {{count}} nodes', {
          playbook: playbookWord(batch.plan.playbook),
          count: batch.progress.total,
        });
  return (
    <PageFrame
      title={title}
      actions={buttons}
      parent={{ text: t('remediations.title', 'Remediations'), url: href.remediations() }}
    >
      <Loadable query={query}>{(data) => <BatchView batch={data} nameOf={nameOf} />}</Loadable>
      {dialog}
    </PageFrame>
  );
}

interface ViewProps {
  readonly batch: Batch;
  readonly nameOf: (id: string) => string;
}

function BatchView({ batch, nameOf }: ViewProps) {
  const { plan, runs, state } = batch;
  return (
    <>
      <GlassBroken plan={plan} />
      <Standing batch={batch} />
      <Waves batch={batch} />
      <Section title={t('batch.runs', 'Runs')}>
        <RunsTable label={t('batch.runs', 'Runs')} runs={runs} nameOf={nameOf} grouped={false} />
      </Section>
      <Columns>
        <div>
          <PlanDetails plan={plan} nameOf={nameOf} />
        </div>
        <div>
          <Decisions plan={plan} waits={state === 'pending_approval'} />
        </div>
      </Columns>
    </>
  );
}

function Standing({ batch: { state, reason, plan } }: { readonly batch: Batch }) {
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <BatchBadge state={state} />
        {state !== 'halted' && <Text>{reason}</Text>}
      </Stack>
      {state === 'halted' && (
        <Alert severity="error" title={t('batch.halted.title', 'Halted: no more nodes are touched')}>
          {reason}{' '}
          <Trans i18nKey="batch.halted.text">
            What failed may be tried again by itself. Cancel the batch to end that, then look at what failed.
          </Trans>
        </Alert>
      )}
      {state === 'pending_approval' && plan.approveBefore !== null && (
        <Text>
          <Trans i18nKey="run.expiry.approve">It must be approved, or it expires</Trans>{' '}
          <TimeAgo at={plan.approveBefore} />.
        </Text>
      )}
    </Stack>
  );
}
