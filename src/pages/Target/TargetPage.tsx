import { Trans } from '@grafana/i18n';
import { LinkButton, Stack, Tab, TabContent, TabsBar } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { useParams } from 'react-router-dom';
import { t } from '../../i18n.ts';
import { FleetError } from '../../api/client.ts';
import { useHealthScore, useTarget } from '../../api/targets.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Empty, Failure } from '../../components/states.tsx';
import { href } from '../../constants.ts';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { missing } from '../../permissions.ts';
import { useOpen } from './actions-context.ts';
import { FaultsTab } from './FaultsTab.tsx';
import { JobsTab } from './JobsTab.tsx';
import { MetricsTab } from './MetricsTab.tsx';
import { Notices } from './Notices.tsx';
import { OverviewTab } from './OverviewTab.tsx';
import { RepairsTab } from './RepairsTab.tsx';
import { actionOf } from './target-actions.ts';
import { tabs } from './tabs.ts';
import type { TabId } from './tabs.ts';
import { TargetDialogs } from './TargetDialogs.tsx';
import { TargetHeader } from './TargetHeader.tsx';
import { TimelineTab } from './TimelineTab.tsx';
import { useTargetFacts } from './use-target-facts.ts';
import type { TargetFacts } from './use-target-facts.ts';

const parent = () => ({ text: t('target.parent', 'Fleet'), url: href.fleet() });

/** One target: how it is, why, what was, and what can be done. */
export default function TargetPage() {
  const { targetId = '' } = useParams();
  const lacks = missing('viewer');
  if (lacks !== null)
    return (
      <PageFrame title={targetId} parent={parent()}>
        <Failure error={new FleetError('not-permitted', 403, lacks)} />
      </PageFrame>
    );
  // Another target is another page: nothing of the one before it may be shown meanwhile.
  return <Target key={targetId} id={targetId} />;
}

function Target({ id }: { readonly id: string }) {
  const query = useTarget(id);
  if (query.data !== undefined)
    return (
      <TargetDialogs target={query.data}>
        <Known query={query} target={query.data} />
      </TargetDialogs>
    );
  return (
    <PageFrame title={id} parent={parent()}>
      {query.error?.kind === 'not-found' ? (
        <Empty
          title={t('target.not-found.title', 'There is no target with the id {{id}}', { id })}
          button={
            <LinkButton href={href.fleet()} icon="arrow-left">
              <Trans i18nKey="target.not-found.back">Back to the fleet</Trans>
            </LinkButton>
          }
        >
          <Trans i18nKey="target.not-found.text">
            It never reported to this collector, or it was retired so long ago that it was forgotten.
          </Trans>
        </Empty>
      ) : (
        <Loadable query={query}>{() => null}</Loadable>
      )}
    </PageFrame>
  );
}

interface KnownProps {
  readonly query: ReturnType<typeof useTarget>;
  readonly target: FleetTarget;
}

function Known({ query, target }: KnownProps) {
  const url = useUrlState();
  const facts = useTargetFacts(target);
  const score = useHealthScore(target.id);
  const all = tabs(facts.faults?.length, facts.openRuns?.length);
  const shown = all.find(({ id }) => id === url.get('tab'))?.id ?? 'overview';
  return (
    <PageFrame title={target.name} parent={parent()} actions={<RepairButton facts={facts} />}>
      <Loadable query={query}>
        {() => (
          <Stack direction="column" gap={2}>
            <Notices target={target} facts={facts} score={score.data} />
            <TargetHeader target={target} holds={facts.holds} />
            <TabsBar>
              {all.map(({ id, label, counter }) => (
                <Tab
                  key={id}
                  label={label}
                  active={id === shown}
                  counter={counter ?? null}
                  onChangeTab={() => url.set({ tab: id === 'overview' ? null : id })}
                />
              ))}
            </TabsBar>
            <TabContent>
              <Shown tab={shown} target={target} facts={facts} />
            </TabContent>
          </Stack>
        )}
      </Loadable>
    </PageFrame>
  );
}

interface ShownProps {
  readonly tab: TabId;
  readonly target: FleetTarget;
  readonly facts: TargetFacts;
}

function Shown({ tab, target, facts }: ShownProps) {
  switch (tab) {
    case 'overview':
      return <OverviewTab target={target} facts={facts} />;
    case 'drift':
      return <FaultsTab target={target} />;
    case 'jobs':
      return <JobsTab target={target} />;
    case 'repairs':
      return <RepairsTab target={target} facts={facts} />;
    case 'timeline':
      return <TimelineTab targetId={target.id} />;
    case 'metrics':
      return <MetricsTab target={target} />;
  }
}

function RepairButton({ facts }: { readonly facts: TargetFacts }) {
  const open = useOpen();
  const { role, why, playbook } = actionOf(facts.actions, 'repair');
  return (
    <ActionButton role={role} why={why} icon="wrench" onClick={() => open.repair(playbook ?? undefined)}>
      {t('target.repair', 'Repair')}
    </ActionButton>
  );
}
