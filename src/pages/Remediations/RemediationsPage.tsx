import { Trans } from '@grafana/i18n';
import { Text } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { useRepairStatus, useRuns } from '../../api/repairs.ts';
import { useTargetNames } from '../../api/target-names.ts';
import type { TargetNames } from '../../api/target-names.ts';
import { Approvals } from '../../components/Approvals/Approvals.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { RunsTable } from '../../components/RunsTable/RunsTable.tsx';
import { EfficacyTable } from './EfficacyTable.tsx';
import { History } from './History.tsx';
import { Holds } from './Holds.tsx';
import { PauseButton, PauseNotice } from './Pausing.tsx';
import { Columns, Section } from './Section.tsx';
import { StatusStrip } from './StatusStrip.tsx';

/** What waits for a decision, what runs, what happened, and what holds repairs back. */
export default function RemediationsPage() {
  const status = useRepairStatus();
  const names = useTargetNames();
  return (
    <PageFrame
      title={t('remediations.title', 'Remediations')}
      subTitle={t('remediations.subtitle', 'Repairs: what waits, what runs, what happened, and what holds them back.')}
      actions={<PauseButton holds={status.data?.holds} />}
    >
      <Loadable query={status}>
        {(data) => (
          <>
            <PauseNotice holds={data.holds} />
            <StatusStrip status={data} />
          </>
        )}
      </Loadable>
      <Columns>
        <div>
          <Section title={t('remediations.waits', 'Waits for approval')}>
            <Approvals />
          </Section>
          <Section title={t('remediations.now', 'Runs now')}>
            <RunsNow names={names} />
          </Section>
        </div>
        <div>
          <Section title={t('remediations.holds', 'What holds repairs back')}>
            {status.data !== undefined && <Holds holds={status.data.holds} nameOf={names.nameOf} />}
          </Section>
          <Section title={t('remediations.efficacy', 'How playbooks do')}>
            {status.data !== undefined && <EfficacyTable efficacy={status.data.efficacy} />}
          </Section>
        </div>
      </Columns>
      <Section title={t('remediations.history', 'What happened')}>
        <History names={names} />
      </Section>
    </PageFrame>
  );
}

const NOW = { state: ['approved', 'running', 'verifying'], limit: 100 } as const;

function RunsNow({ names }: { readonly names: TargetNames }) {
  const query = useRuns(NOW);
  return (
    <Loadable query={query}>
      {({ pages }) => {
        const runs = pages.flatMap(({ items }) => items);
        return runs.length === 0 ? (
          <Text color="secondary">
            <Trans i18nKey="remediations.idle">No repair is under way.</Trans>
          </Text>
        ) : (
          <RunsTable label={t('remediations.now', 'Runs now')} runs={runs} nameOf={names.nameOf} progress />
        );
      }}
    </Loadable>
  );
}
