import { t, Trans } from '@grafana/i18n';
import { Badge, Button, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { FleetTarget, Hold, Run } from '@openclaw-fleet/contract';
import { useRuns } from '../../api/repairs.ts';
import { RunBadge } from '../../components/badges.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { Empty } from '../../components/states.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { holdWord, playbookWord, triggerWord } from '../../words.ts';
import { ActionsCard } from './ActionsCard.tsx';
import { Because } from './Notices.tsx';
import { Section } from './Section.tsx';
import { tableStyles } from './table.ts';
import type { TargetFacts } from './use-target-facts.ts';

interface Props {
  readonly target: FleetTarget;
  readonly facts: TargetFacts;
}

/** What was done to it, what holds repairs back, and what may be done. */
export function RepairsTab({ target, facts }: Props) {
  return (
    <Stack direction="column" gap={2}>
      <Runs targetId={target.id} />
      <Holds holds={facts.holds} />
      <ActionsCard actions={facts.actions} name={target.name} />
    </Stack>
  );
}

function Runs({ targetId }: { readonly targetId: string }) {
  const query = useRuns({ target: targetId });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  return (
    <Section title={t('target.runs.title', 'Repairs of this target')}>
      <Loadable query={{ ...query, data: data?.pages.flatMap(({ items }) => items) }}>
        {(runs) =>
          runs.length === 0 ? (
            <Empty good title={t('target.runs.none', 'No repair of it is on record')} />
          ) : (
            <RunTable runs={runs} />
          )
        }
      </Loadable>
      {hasNextPage && (
        <Button variant="secondary" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          <Trans i18nKey="target.runs.more">Show older repairs</Trans>
        </Button>
      )}
    </Section>
  );
}

function RunTable({ runs }: { readonly runs: readonly Run[] }) {
  const styles = useStyles2(tableStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={t('target.runs.table', 'Repairs of this target, the newest first')}>
        <thead>
          <tr>
            <th>
              <Trans i18nKey="target.runs.when">When</Trans>
            </th>
            <th>
              <Trans i18nKey="target.runs.playbook">Playbook</Trans>
            </th>
            <th>
              <Trans i18nKey="target.runs.state">State</Trans>
            </th>
            <th>
              <Trans i18nKey="target.runs.why">Why</Trans>
            </th>
            <th>
              <Trans i18nKey="target.runs.by">Begun by</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td className={styles.narrow}>
                <TimeAgo at={run.createdAt} />
              </td>
              <td>
                <TextLink href={href.run(run.id)} inline={false}>
                  {playbookWord(run.playbook)}
                </TextLink>
                <Text variant="bodySmall" color="secondary">
                  {run.fault}
                </Text>
              </td>
              <td className={styles.narrow}>
                <Stack direction="column" gap={0.5}>
                  <RunBadge state={run.state} />
                  {run.breakGlass && (
                    <Badge color="red" icon="exclamation-triangle" text={t('target.runs.break-glass', 'Break-glass')} />
                  )}
                </Stack>
              </td>
              <td>{run.refusal?.message ?? run.reason}</td>
              <td>
                {triggerWord(run.trigger)}
                <div>
                  <Text variant="bodySmall" color="secondary">
                    {run.requestedBy}
                  </Text>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Holds({ holds }: { readonly holds: readonly Hold[] | undefined }) {
  return (
    <Section title={t('target.holds.title', 'What holds repairs back')}>
      {holds !== undefined && holds.length === 0 && (
        <Text>
          <Trans i18nKey="target.holds.none">Nobody and nothing holds repairs of it back.</Trans>
        </Text>
      )}
      {holds?.map((hold) => (
        <Stack key={`${hold.kind} ${hold.targetId ?? ''} ${hold.subject ?? ''}`} direction="row" gap={1} wrap="wrap">
          <Badge color="purple" icon="pause" text={holdWord(hold.kind)} />
          <Text>{hold.targetId === null ? t('target.holds.everything', 'Everything') : (hold.subject ?? '')}</Text>
          <Because hold={hold} />
        </Stack>
      ))}
    </Section>
  );
}
