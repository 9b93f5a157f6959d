import { Badge, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { Run } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { t } from '../../i18n.ts';
import { href } from '../../constants.ts';
import { faultWord, playbookWord, runStateWord, triggerWord } from '../../words.ts';
import { RunBadge } from '../badges.tsx';
import { refusalWord } from '../RepairDialog/plan-words.ts';
import { span, TimeAgo, useNow } from '../TimeAgo.tsx';
import { groupRuns } from './group-runs.ts';
import type { RunGroup } from './group-runs.ts';
import { StepProgress } from './StepProgress.tsx';
import { getTableStyles } from './styles.ts';

export interface RunsTableProps {
  readonly runs: readonly Run[];
  /** What the table is, for who cannot see what is around it. */
  readonly label: string;
  /** What people call a target. Left out: the runs are all of one, and it is not named. */
  readonly nameOf?: (targetId: string) => string;
  /** Shows the step that each is at, for runs that are under way. */
  readonly progress?: boolean;
  /** Puts runs of one batch under a line of their own. */
  readonly grouped?: boolean;
}

/** Repairs, one a line, each a link to its page. */
export function RunsTable({ runs, label, nameOf, progress = false, grouped = true }: RunsTableProps) {
  const styles = useStyles2(getTableStyles);
  const groups = grouped ? groupRuns(runs) : runs.map((run): RunGroup => ({ batchId: null, runs: [run] }));
  const columns = nameOf === undefined ? 5 : 6;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{t('runs.column.state', 'State')}</th>
            {nameOf !== undefined && <th scope="col">{t('runs.column.node', 'Node')}</th>}
            <th scope="col">{t('runs.column.repair', 'Repair')}</th>
            <th scope="col">{t('runs.column.begun', 'Asked for')}</th>
            <th scope="col">{t('runs.column.took', 'Took')}</th>
            <th scope="col">
              {progress ? t('runs.column.progress', 'Progress') : t('runs.column.reason', 'What came of it')}
            </th>
          </tr>
        </thead>
        {groups.map(({ batchId, runs: members }) => (
          <tbody key={batchId ?? members[0]?.id}>
            {batchId !== null && (
              <tr className={styles.group}>
                <th scope="rowgroup" colSpan={columns}>
                  <BatchLine batchId={batchId} runs={members} />
                </th>
              </tr>
            )}
            {members.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                name={nameOf === undefined ? null : nameOf(run.targetId)}
                progress={progress}
              />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function BatchLine({ batchId, runs }: { readonly batchId: string; readonly runs: readonly Run[] }) {
  const [first] = runs;
  const counts = new Map<Run['state'], number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const words = [...counts].map(([state, count]) => `${String(count)} ${runStateWord(state)}`);
  return (
    <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
      <TextLink href={href.batch(batchId)} inline={false}>
        {t('runs.batch', 'Batch: {{playbook}}', { playbook: first === undefined ? '' : playbookWord(first.playbook) })}
      </TextLink>
      <Text variant="bodySmall" color="secondary">
        {t('runs.batch-shown', 'of those shown: {{words}}', { words: words.join(', ') })}
      </Text>
    </Stack>
  );
}

interface RowProps {
  readonly run: Run;
  /** Null: it is not shown. */
  readonly name: string | null;
  readonly progress: boolean;
}

const RunRow = memo(function RunRow({ run, name, progress }: RowProps) {
  const styles = useStyles2(getTableStyles);
  const { state, playbook, trigger, refusal, startedAt, endedAt } = run;
  return (
    <tr>
      <td className={styles.narrow}>
        <Stack direction="row" gap={0.5} wrap="wrap">
          <RunBadge state={state} />
          {run.breakGlass && (
            <Badge color="red" icon="exclamation-triangle" text={t('runs.break-glass', 'Break-glass')} />
          )}
        </Stack>
      </td>
      {name !== null && (
        <td className={styles.narrow}>
          <TextLink href={href.target(run.targetId)} inline={false}>
            {name}
          </TextLink>
        </td>
      )}
      <td className={styles.narrow}>
        <TextLink href={href.run(run.id)} inline={false}>
          {playbookWord(playbook)}
        </TextLink>
        <Text element="p" variant="bodySmall" color="secondary">
          {faultWord(run.fault)}
          {run.attempt > 1 && `, ${t('runs.attempt', 'attempt {{attempt}}', { attempt: run.attempt })}`}
        </Text>
      </td>
      <td className={styles.narrow}>
        <TimeAgo at={run.createdAt} />
        <Text element="p" variant="bodySmall" color="secondary">
          {trigger === 'manual' ? (run.requestedByName ?? run.requestedBy) : triggerWord(trigger)}
        </Text>
      </td>
      <td className={styles.narrow}>{startedAt === null ? '–' : <Took from={startedAt} to={endedAt} />}</td>
      <td className={styles.wide}>
        {progress ? (
          <StepProgress runId={run.id} />
        ) : (
          <>
            {refusal !== null && <Text weight="medium">{refusalWord(refusal.reason)}. </Text>}
            {run.reason}
          </>
        )}
      </td>
    </tr>
  );
});

/** How long something took, or has taken so far. */
function Took({ from, to }: { readonly from: string; readonly to: string | null }) {
  const nowMs = useNow();
  return <>{span((to === null ? nowMs : Date.parse(to)) - Date.parse(from))}</>;
}
