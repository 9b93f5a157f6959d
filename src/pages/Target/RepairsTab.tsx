import { Trans } from '@grafana/i18n';
import { Badge, Button, Stack, Text } from '@grafana/ui';
import type { FleetTarget, Hold } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useRuns } from '../../api/repairs.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { RunsTable } from '../../components/RunsTable/RunsTable.tsx';
import { Empty } from '../../components/states.tsx';
import { faultWord, holdWord } from '../../words.ts';
import { ActionsCard } from './ActionsCard.tsx';
import { Because } from './Notices.tsx';
import { Section } from './Section.tsx';
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
            <RunsTable
              label={t('target.runs.table', 'Repairs of this target, the newest first')}
              runs={runs}
              grouped={false}
            />
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
          <Text>
            {hold.targetId === null
              ? t('target.holds.everything', 'Everything')
              : hold.subject === null
                ? ''
                : faultWord(hold.subject)}
          </Text>
          <Because hold={hold} />
        </Stack>
      ))}
    </Section>
  );
}
