import { Trans } from '@grafana/i18n';
import { Alert, Badge, Stack, Text, TextLink } from '@grafana/ui';
import { isEnded } from '@openclaw-fleet/contract';
import type { RunDetail } from '@openclaw-fleet/contract';
import { useParams } from 'react-router-dom';
import { t } from '../../i18n.ts';
import { useRun } from '../../api/repairs.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { subjectOfRun } from '../../components/Approvals/run-actions.ts';
import { RunBadge } from '../../components/badges.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { refusalWord } from '../../components/RepairDialog/plan-words.ts';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { faultWord, playbookWord } from '../../words.ts';
import { Decisions, GlassBroken } from './Decisions.tsx';
import { PlanDetails } from './PlanDetails.tsx';
import { Columns } from './Section.tsx';
import { Steps } from './Steps.tsx';
import { Timeline } from './Timeline.tsx';
import { useDecisions } from './use-decisions.tsx';

/** One repair of one node. Another id is another page: nothing of the one before is shown, or decided. */
export default function RunPage() {
  const { runId = '' } = useParams();
  return <OneRun key={runId} runId={runId} />;
}

function OneRun({ runId }: { readonly runId: string }) {
  const query = useRun(runId, true);
  const { nameOf } = useTargetNames();
  const run = query.data;
  const { buttons, dialog } = useDecisions(run === undefined ? null : subjectOfRun(run), nameOf);
  const title =
    run === undefined
      ? t('run.title.any', 'Repair')
      : t('run.title.of', '{{playbook}}: {{name}}', {
          playbook: playbookWord(run.playbook),
          name: nameOf(run.targetId),
        });
  return (
    <PageFrame
      title={title}
      actions={buttons}
      parent={{ text: t('remediations.title', 'Remediations'), url: href.remediations() }}
    >
      <Loadable query={query}>{(data) => <RunView run={data} nameOf={nameOf} />}</Loadable>
      {dialog}
    </PageFrame>
  );
}

interface ViewProps {
  readonly run: RunDetail;
  readonly nameOf: (id: string) => string;
}

function RunView({ run, nameOf }: ViewProps) {
  // Who decides reads the plan; afterwards everybody looks at the steps.
  const waits = run.state === 'pending_approval';
  return (
    <>
      <GlassBroken plan={run.plan} />
      <Standing run={run} nameOf={nameOf} />
      <Columns>
        <div>
          {waits && <PlanDetails plan={run.plan} nameOf={nameOf} />}
          <Steps steps={run.steps} />
          {!waits && <PlanDetails plan={run.plan} nameOf={nameOf} />}
        </div>
        <div>
          <Decisions plan={run.plan} waits={waits} />
          <Timeline run={run} />
        </div>
      </Columns>
    </>
  );
}

/** How it stands, in a few lines: state, why, until when, and what holds it back. */
function Standing({ run, nameOf }: ViewProps) {
  const { state, refusal, plan, batchId } = run;
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <RunBadge state={state} />
        {run.breakGlass && (
          <Badge color="red" icon="exclamation-triangle" text={t('runs.break-glass', 'Break-glass')} />
        )}
        {run.cancelRequested && !isEnded(state) && (
          <Badge color="orange" icon="times" text={t('run.cancelling', 'Ends after the step under way')} />
        )}
        <TextLink href={href.target(run.targetId)} inline={false}>
          {nameOf(run.targetId)}
        </TextLink>
        <Text color="secondary">{faultWord(run.fault)}</Text>
        {batchId !== null && (
          <TextLink href={href.batch(batchId)} inline={false}>
            {t('run.batch', 'Part of a batch, wave {{wave}}', { wave: run.wave + 1 })}
          </TextLink>
        )}
      </Stack>
      {refusal === null && run.reason !== '' && <Text>{run.reason}</Text>}
      {refusal !== null && (
        <Alert
          severity={state === 'blocked' ? 'error' : 'warning'}
          title={
            state === 'blocked'
              ? t('run.held.blocked', 'It was held back: {{why}}', { why: refusalWord(refusal.reason) })
              : t('run.held.waits', 'It waits: {{why}}', { why: refusalWord(refusal.reason) })
          }
        >
          {refusal.message}
        </Alert>
      )}
      {state === 'pending_approval' && plan.approveBefore !== null && (
        <Text>
          <Trans i18nKey="run.expiry.approve">It must be approved, or it expires</Trans>{' '}
          <TimeAgo at={plan.approveBefore} />.
        </Text>
      )}
      {state === 'approved' && plan.executeBefore !== null && (
        <Text>
          <Trans i18nKey="run.expiry.begin">It must begin, or it expires</Trans> <TimeAgo at={plan.executeBefore} />.
        </Text>
      )}
    </Stack>
  );
}
