import { css } from '@emotion/css';
import { dateTimeFormat } from '@grafana/data';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { ClipboardButton, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { ConfigRevision } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useParams } from 'react-router-dom';
import { t } from '../../i18n.ts';
import { useConfig } from '../../api/configurations.ts';
import { usePeople } from '../../api/people.ts';
import { usePolicies } from '../../api/policies.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Loading } from '../../components/states.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { can } from '../../permissions.ts';
import { Compare } from './Compare.tsx';
import { WantedBy } from './ConfigurationsPage.tsx';
import { NewRevision } from './NewRevision.tsx';
import { ValuesTable } from './ValuesTable.tsx';

/** One revision: its values, and how it differs from another or from what a target runs. */
export default function ConfigurationPage() {
  const { configId = '' } = useParams();
  const [writes, setWrites] = useState(false);
  const query = useConfig(configId);
  const revision = query.data?.id === configId ? query.data : undefined;
  return (
    <PageFrame
      title={revision?.title ?? shortHash(configId)}
      parent={{ text: t('configurations.title', 'Configurations'), url: href.configurations() }}
      actions={
        <ActionButton
          role="approver"
          icon="plus"
          why={revision === undefined ? t('configurations.one.not-there', 'The revision is not loaded.') : null}
          onClick={() => setWrites(true)}
        >
          <Trans i18nKey="configurations.one.new">New revision from this</Trans>
        </ActionButton>
      }
    >
      <Loadable query={query}>
        {(found) => {
          // The one that was looked at before stays until this one is there.
          if (found.id !== configId) return <Loading />;
          return (
            <Stack direction="column" gap={3}>
              <Facts revision={found} />
              <Compare id={found.id} />
              <Stack direction="column" gap={1}>
                <Text element="h2" variant="h4">
                  <Trans i18nKey="configurations.one.values">Managed paths and their values</Trans>
                </Text>
                <ValuesTable values={found.values} />
              </Stack>
            </Stack>
          );
        }}
      </Loadable>
      {writes && revision !== undefined && <NewRevision values={revision.values} onDismiss={() => setWrites(false)} />}
    </PageFrame>
  );
}

function Facts({ revision }: { readonly revision: ConfigRevision }) {
  const styles = useStyles2(getStyles);
  const people = usePeople(can('approver'));
  const { nameOf } = useTargetNames();
  const { data: policies } = usePolicies();
  const { id, createdAt, createdBy, reason, adoptedFrom } = revision;
  return (
    <dl className={styles.facts}>
      <dt>
        <Trans i18nKey="configurations.one.id">Revision</Trans>
      </dt>
      <dd>
        <code className={styles.id}>{id}</code>{' '}
        <ClipboardButton
          size="sm"
          variant="secondary"
          fill="text"
          icon="copy"
          aria-label={t('configurations.one.copy', 'Copy the id of the revision')}
          getText={() => id}
        />
      </dd>
      <dt>
        <Trans i18nKey="configurations.one.by">Stored by</Trans>
      </dt>
      <dd title={createdBy}>{people.get(createdBy) ?? createdBy}</dd>
      <dt>
        <Trans i18nKey="configurations.one.when">When</Trans>
      </dt>
      <dd>
        {dateTimeFormat(createdAt)} (<TimeAgo at={createdAt} />)
      </dd>
      <dt>
        <Trans i18nKey="configurations.one.reason">Reason</Trans>
      </dt>
      <dd>{reason}</dd>
      {adoptedFrom !== null && (
        <>
          <dt>
            <Trans i18nKey="configurations.one.adopted">Adopted from</Trans>
          </dt>
          <dd>
            <TextLink href={href.target(adoptedFrom)}>{nameOf(adoptedFrom)}</TextLink>
          </dd>
        </>
      )}
      <dt>
        <Trans i18nKey="configurations.one.wanted">Wanted by</Trans>
      </dt>
      <dd>
        <WantedBy policies={(policies?.items ?? []).filter(({ desired }) => desired.configRevision === id)} />
      </dd>
    </dl>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'max-content 1fr',
    gap: theme.spacing(0.5, 2),
    margin: 0,
    dt: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
    dd: { margin: 0 },
  }),
  id: css({ overflowWrap: 'anywhere' }),
});
